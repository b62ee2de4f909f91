//! What the state dump shows of `global_defs` and nothing else asks for.

use evervip_model::{Command, Credentials, DumpOnly, GarpDefaults, InstanceDefaults, NotifyFifo};

use crate::lower::Lower;
use crate::lower::draft::{CommandDraft, ScriptUser};
use crate::lower::script::DEFAULT_USER;

impl Lower<'_> {
    /// `None` where nothing differs from what holds without a word.
    pub(in crate::lower) fn dump_only(&self) -> Option<Box<DumpOnly>> {
        let globals = &self.globals;
        let mut shown = DumpOnly {
            instances: InstanceDefaults {
                version: globals.version,
                strict: globals.strict,
                multicast_group6: globals.multicast_group6,
                check_unicast_source: globals.check_unicast_source,
                skip_check_adv_addr: globals.skip_check_adv_addr,
                down_timer_adverts: globals.down_timer_adverts,
                lower_prio_no_advert: globals.lower_prio_no_advert,
                higher_prio_send_advert: globals.higher_prio_send_advert,
                garp: GarpDefaults {
                    delay: globals.garp.delay,
                    repeat: globals.garp.repeat,
                    refresh: globals.garp.refresh,
                    refresh_repeat: globals.garp.refresh_repeat,
                    lower_delay: globals.garp.lower_delay,
                    lower_repeat: globals.garp.lower_repeat,
                },
                script_user: self.shown_script_user(),
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
