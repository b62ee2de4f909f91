//! `evervip clear-fault`: lets instances out of the FAULT that `@evervip fault_latch` holds them in.

use std::io::{self, Write};
use std::path::PathBuf;

use evervip_api::{Answer, Cleared, Problem, Request};

use crate::daemon::{Daemon, Trouble};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClearFault {
    /// Names of instances.
    pub instances: Vec<String>,
    /// All that are held, whatever they are called.
    pub all: bool,
    /// The pid file of the daemon (`keepalived -p`).
    pub pid_file: Option<PathBuf>,
    /// The network namespace of the daemon (`keepalived -s`, `net_namespace`).
    pub namespace: Option<String>,
}

impl ClearFault {
    /// Asks the daemon and says what has become of each instance; the exit code is 2 when something
    /// was not done.
    pub(crate) fn run(&self, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
        let daemon = match Daemon::find(self.pid_file.as_deref(), self.namespace.as_deref()) {
            Ok(daemon) => daemon,
            Err(trouble) => return complain(err, &trouble),
        };
        if self.all {
            return match daemon.ask(&Request::ClearAllFaults) {
                Ok(Answer::Cleared(all)) if all.is_empty() => {
                    writeln!(out, "no instance is held in FAULT")?;
                    Ok(0)
                }
                Ok(Answer::Cleared(all)) => tell(out, &all),
                Ok(Answer::Refused(problem)) => refuse(err, "", problem),
                Err(trouble) => complain(err, &trouble),
            };
        }
        let mut code = 0;
        for instance in &self.instances {
            let request = Request::ClearFault {
                instance: instance.clone(),
            };
            code = code.max(match daemon.ask(&request) {
                Ok(Answer::Cleared(all)) => tell(out, &all)?,
                Ok(Answer::Refused(problem)) => refuse(err, instance, problem)?,
                Err(trouble) => complain(err, &trouble)?,
            });
        }
        Ok(code)
    }
}

fn tell(out: &mut dyn Write, all: &[Cleared]) -> io::Result<u8> {
    for one in all {
        let Cleared {
            instance,
            state,
            reasons,
        } = one;
        if reasons.is_empty() && state == "FAULT" {
            writeln!(
                out,
                "{instance}: cleared; still FAULT because another member of its sync group is"
            )?;
        } else if reasons.is_empty() {
            writeln!(out, "{instance}: cleared, now {state}")?;
        } else {
            writeln!(
                out,
                "{instance}: cleared; still {state}, and back by itself when this ends: {}",
                reasons.join(", ")
            )?;
        }
    }
    Ok(0)
}

fn refuse(err: &mut dyn Write, instance: &str, problem: Problem) -> io::Result<u8> {
    let text = match problem {
        Problem::UnknownInstance => format!(
            "the daemon has no instance '{instance}' - names are those behind vrrp_instance; `evervip clear-fault --all` clears what is held"
        ),
        Problem::NoLatch => format!(
            "{instance} has no '@evervip fault_latch': it leaves FAULT by itself when the reason goes, which the log names"
        ),
        Problem::NotLatched => format!(
            "{instance} is not held in FAULT: there is nothing to clear; what else keeps it in FAULT the log names"
        ),
        Problem::UnknownRequest => {
            "the daemon does not know this request: restart it, it is of an older version"
                .to_owned()
        }
        Problem::Busy => "the daemon is busy or about to end: try again".to_owned(),
    };
    writeln!(err, "evervip: {text}")?;
    Ok(FAILED)
}

fn complain(err: &mut dyn Write, trouble: &Trouble) -> io::Result<u8> {
    writeln!(err, "evervip: {trouble}")?;
    Ok(FAILED)
}

/// Exit code when something was not done.
const FAILED: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_become_of_them_is_told() {
        let one = |state: &str, reasons: &[&str]| Cleared {
            instance: "V".to_owned(),
            state: state.to_owned(),
            reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
        };
        let told = |cleared: Cleared| {
            let mut out = Vec::new();
            assert_eq!(tell(&mut out, &[cleared]).unwrap(), 0);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(told(one("BACKUP", &[])), "V: cleared, now BACKUP\n");
        assert_eq!(
            told(one("FAULT", &["(interface eth0 down)", "due to script x"])),
            "V: cleared; still FAULT, and back by itself when this ends: (interface eth0 down), due to script x\n"
        );
        assert!(told(one("FAULT", &[])).contains("another member"));
    }

    #[test]
    fn every_refusal_says_what_to_do() {
        for problem in [
            Problem::UnknownInstance,
            Problem::NoLatch,
            Problem::NotLatched,
            Problem::UnknownRequest,
            Problem::Busy,
        ] {
            let mut err = Vec::new();
            assert_eq!(refuse(&mut err, "V", problem).unwrap(), 2);
            assert!(err.len() > 40, "{problem:?}");
        }
    }
}
