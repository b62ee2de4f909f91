//! What the state dump shows of `global_defs` and nothing else asks for.

use evervip_model::{Command, Credentials, DumpOnly, InstanceDefaults, NotifyFifo};

use crate::lower::Lower;
use crate::lower::draft::{CommandDraft, ScriptUser};
use crate::lower::script::DEFAULT_USER;

impl Lower<'_> {
    /// `None` where nothing differs from what holds without a word.
    pub(in crate::lower) fn dump_only(&self) -> Option<Box<DumpOnly>> {
        let globals = &self.globals;
        let mut shown = DumpOnly {
            instances: InstanceDefaults {
                script_user: self.shown_script_user(),
                ..globals.instances.clone()
            },
            checkers: globals.checkers.clone(),
        };
        shown.checkers.fifo = NotifyFifo {
            fifo: globals.lvs_fifo.fifo.clone().map(|(fifo, _)| fifo),
            reader: globals.lvs_fifo.reader.as_ref().and_then(as_written),
        };
        (shown != DumpOnly::default()).then(|| Box::new(shown))
    }

    fn shown_script_user(&self) -> Option<Credentials> {
        match self.globals.script_user {
            ScriptUser::Set(runner) => Some(runner.credentials),
            ScriptUser::Invalid => None,
            ScriptUser::Unset => {
                let usual = InstanceDefaults::default().script_user;
                // With script security only that account will do.
                let usual = usual.filter(|_| !self.globals.model.script_security);
                self.host.user(DEFAULT_USER).or(usual)
            }
        }
    }
}

/// Nobody looks for the program of a command that is not run.
fn as_written(draft: &CommandDraft) -> Option<Command> {
    use std::os::unix::ffi::OsStringExt;
    let argv = draft.argv.iter().cloned();
    let argv: Vec<_> = argv.map(std::ffi::OsString::from_vec).collect();
    Some(Command {
        path: argv.first()?.into(),
        argv,
        credentials: draft.runner.credentials,
        supplementary_groups: Box::default(),
    })
}
