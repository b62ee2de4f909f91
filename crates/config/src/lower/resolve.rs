//! Commands as written to commands that can be run (spec cli-and-process 9).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use evervip_model::{Command, NotifyCommands};

use super::Lower;
use super::draft::{CommandDraft, NotifyDraft, Runner};
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::machine::ScriptCheck;
use crate::source::Span;
use crate::weakness::Weakness;

/// Why a command is not run.
pub(super) enum Dropped {
    NotFound,
    NotExecutable,
    NotAFile,
    Insecure(Weakness),
}

impl Dropped {
    /// In messages about the check.
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::NotFound => "not found or not accessible",
            Self::NotExecutable => "not executable for its user",
            Self::NotAFile => "not a regular file",
            Self::Insecure(_) => "insecure: others could replace it",
        }
    }
}

/// What looking at all commands has shown.
#[derive(Default)]
pub(super) struct Seen {
    /// Some command is run although script security is off.
    used: bool,
    /// So is one that the original would not have read.
    used_lost: bool,
    /// Some command could be replaced by others.
    insecure: bool,
    /// The first command that is run.
    first: Option<Span>,
}

impl Seen {
    /// A command that is run although script security is off.
    fn unguarded(&mut self, draft: &CommandDraft) {
        self.used |= !draft.lost;
        self.used_lost |= draft.lost;
        self.first = self.first.or(Some(draft.span));
    }
}

impl Lower<'_> {
    pub(super) fn resolve(
        &mut self,
        draft: &CommandDraft,
        seen: &mut Seen,
    ) -> Result<Command, Dropped> {
        let first = draft.argv.first().ok_or(Dropped::NotFound)?;
        let written = String::from_utf8_lossy(first).into_owned();
        if first.starts_with(b"</") {
            return Ok(self.readability_check(draft));
        }
        let path = self
            .command_path(draft, first, &written)
            .ok_or(Dropped::NotFound)?;
        match self.host.check_script(&path, draft.runner.credentials) {
            ScriptCheck::NotFound { reason } => {
                let text = format!("Script {written} cannot be accessed - {reason}");
                self.log(Code::UnusableScript, draft.span, text).help =
                    Some("it is not run until the configuration is read again".to_owned());
                Err(Dropped::NotFound)
            }
            ScriptCheck::NotExecutable => {
                // To the original it is a script all the same.
                if !self.globals.model.script_security {
                    seen.unguarded(draft);
                }
                let c = draft.runner.credentials;
                let text = format!(
                    "WARNING - script '{written}' is not executable for uid:gid {}:{} - disabling.",
                    c.uid, c.gid
                );
                self.log(Code::UnusableScript, draft.span, text).help =
                    Some(format!("chmod +x {written}"));
                Err(Dropped::NotExecutable)
            }
            ScriptCheck::NotAFile => {
                if !self.globals.model.script_security {
                    seen.unguarded(draft);
                }
                let text = format!("Wrong file type found in script path '{written}'.");
                self.log(Code::UnusableScript, draft.span, text).help =
                    Some("name the file of the command itself".to_owned());
                Err(Dropped::NotAFile)
            }
            ScriptCheck::Usable {
                path: resolved,
                weakness,
            } => {
                seen.insecure |= weakness.is_some();
                if let Some(weakness) = weakness {
                    self.unsafe_permissions(draft, &written, &weakness);
                    if self.globals.model.script_security {
                        return Err(Dropped::Insecure(weakness));
                    }
                }
                if !self.globals.model.script_security {
                    seen.unguarded(draft);
                }
                let keeps_links = self.globals.model.scripts.use_symlink_paths;
                Ok(Command {
                    path: Some(path)
                        .filter(|path| keeps_links && path.is_absolute())
                        .unwrap_or(resolved),
                    argv: words(draft),
                    credentials: draft.runner.credentials,
                    supplementary_groups: self.supplementary_groups(draft.runner),
                })
            }
        }
    }

    fn supplementary_groups(&self, who: Runner) -> Box<[u32]> {
        if self.globals.model.scripts.supplementary_groups || who.with_groups {
            self.host.supplementary_groups(who.credentials).into()
        } else {
            Box::default()
        }
    }

    /// `</path`: the shell tries to read the file; needs no execute permission.
    fn readability_check(&self, draft: &CommandDraft) -> Command {
        let shell = Path::new("/bin/sh");
        let line = draft.argv.join(&b' ');
        Command {
            path: shell.to_owned(),
            argv: vec![shell.into(), "-c".into(), OsString::from_vec(line)],
            credentials: draft.runner.credentials,
            supplementary_groups: self.supplementary_groups(draft.runner),
        }
    }

    fn command_path(
        &mut self,
        draft: &CommandDraft,
        first: &[u8],
        written: &str,
    ) -> Option<PathBuf> {
        if first.contains(&b'/') {
            return Some(PathBuf::from(OsString::from_vec(first.to_vec())));
        }
        let found = self.host.search_path(written);
        match &found {
            Some(path) => {
                let text = format!(
                    "WARNING - script `{written}` resolved by path search to `{}`. Please specify full path.",
                    path.display()
                );
                self.log(Code::CommandWithoutPath, draft.span, text).help =
                    Some(format!("write {}", path.display()));
            }
            None => {
                let text = format!("Cannot find script {written} in path - disabling");
                self.log(Code::UnusableScript, draft.span, text).help =
                    Some("write the full path".to_owned());
            }
        }
        found
    }

    fn unsafe_permissions(&mut self, draft: &CommandDraft, written: &str, weakness: &Weakness) {
        let end = if self.globals.model.script_security {
            " - disabling"
        } else {
            ""
        };
        let text = format!("Unsafe permissions found for script '{written}'{end}.");
        self.log(Code::InsecureScript, draft.span, text).help = Some(format!(
            "{weakness}: {}, or run the script as another user",
            weakness.remedy()
        ));
    }

    pub(super) fn resolve_notify(
        &mut self,
        notify: &NotifyDraft,
        seen: &mut Seen,
    ) -> NotifyCommands {
        let mut one = |draft: &Option<Box<CommandDraft>>| {
            let command = draft.as_ref().and_then(|d| self.resolve(d, seen).ok());
            command.map(Box::new)
        };
        NotifyCommands {
            master: one(&notify.master),
            backup: one(&notify.backup),
            fault: one(&notify.fault),
            stop: one(&notify.stop),
            any: one(&notify.any),
            master_rx_lower_pri: one(&notify.master_rx_lower_pri),
            deleted: one(&notify.deleted),
        }
    }

    /// `what` is run: there are two sorts that are reported apart.
    pub(super) fn report_script_security(&mut self, seen: &Seen, what: &str) {
        let class = match (seen.used, seen.used_lost) {
            (true, _) => Class::Security,
            // Worth a word, but none that the original has.
            (false, true) => Class::Log,
            (false, false) => return,
        };
        let insecure = if seen.insecure {
            " There are insecure scripts."
        } else {
            ""
        };
        let text = format!(
            "SECURITY VIOLATION - {what} are being executed but script_security not enabled.{insecure}"
        );
        let mut diagnostic = Diagnostic::new(Code::InsecureScript, class, text)
            .help("write enable_script_security into global_defs");
        if let Some(span) = seen.first {
            diagnostic = diagnostic.label(span, "the first of them");
        }
        self.say(diagnostic);
    }
}

/// The command of a check that cannot be run and is kept all the same, as it is written.
pub(super) fn as_written(draft: &CommandDraft) -> Command {
    let argv = words(draft);
    Command {
        path: argv.first().map(PathBuf::from).unwrap_or_default(),
        argv,
        credentials: draft.runner.credentials,
        supplementary_groups: Box::default(),
    }
}

fn words(draft: &CommandDraft) -> Vec<OsString> {
    draft.argv.iter().cloned().map(OsString::from_vec).collect()
}
