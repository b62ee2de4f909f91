//! What the daemon answers.

use std::fmt;

use thiserror::Error;

/// An instance that was let out of its latch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleared {
    /// Its name.
    pub instance: String,
    /// Its state now, in keepalived's words.
    pub state: String,
    /// What still keeps it in FAULT, in the words of the log.
    pub reasons: Vec<String>,
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// No instance has this name.
    UnknownInstance,
    /// The instance has no `@evervip fault_latch`.
    NoLatch,
    /// It is not held in FAULT.
    NotLatched,
    /// The daemon does not know such a request: it is of another version.
    UnknownRequest,
    /// The daemon does not get to it.
    Busy,
}

const PROBLEMS: [(Problem, &str); 5] = [
    (Problem::UnknownInstance, "unknown-instance"),
    (Problem::NoLatch, "no-latch"),
    (Problem::NotLatched, "not-latched"),
    (Problem::UnknownRequest, "unknown-request"),
    (Problem::Busy, "busy"),
];

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// These have been cleared.
    Cleared(Vec<Cleared>),
    /// Nothing was done.
    Refused(Problem),
}

/// An answer that this version does not understand.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the daemon's answer is not understood: {0:?}")]
pub struct Unreadable(String);

impl fmt::Display for Answer {
    /// The lines, each with its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(problem) => {
                let found = PROBLEMS.iter().find(|(known, _)| known == problem);
                writeln!(f, "error {}", found.map_or("busy", |(_, code)| code))
            }
            Self::Cleared(all) => {
                writeln!(f, "ok")?;
                for one in all {
                    // Names may have blanks, states have none.
                    writeln!(f, "cleared {} {}", one.state, one.instance)?;
                    for reason in &one.reasons {
                        writeln!(f, "reason {}", reason.replace('\n', " "))?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl Answer {
    /// The meaning of an answer.
    ///
    /// # Errors
    /// With its first line that is not understood.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let unreadable = |line: &str| Unreadable(line.chars().take(LONGEST_QUOTED).collect());
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default();
        if let Some(code) = head.strip_prefix("error ") {
            let found = PROBLEMS.iter().find(|(_, known)| *known == code);
            return match found {
                Some((problem, _)) => Ok(Self::Refused(*problem)),
                None => Err(unreadable(head)),
            };
        }
        if head != "ok" {
            return Err(unreadable(head));
        }
        let mut all: Vec<Cleared> = Vec::new();
        for line in lines {
            let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
            match (kind, rest.split_once(' '), all.last_mut()) {
                ("cleared", Some((state, instance)), _) => all.push(Cleared {
                    instance: instance.to_owned(),
                    state: state.to_owned(),
                    reasons: Vec::new(),
                }),
                ("reason", _, Some(last)) => last.reasons.push(rest.to_owned()),
                _ => return Err(unreadable(line)),
            }
        }
        Ok(Self::Cleared(all))
    }
}

/// So much of a line is shown.
const LONGEST_QUOTED: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    fn cleared(instance: &str, state: &str, reasons: &[&str]) -> Cleared {
        Cleared {
            instance: instance.to_owned(),
            state: state.to_owned(),
            reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
        }
    }

    #[test]
    fn answers_are_read_as_written() {
        let mut answers = vec![
            Answer::Cleared(Vec::new()),
            Answer::Cleared(vec![
                cleared("VI_1", "BACKUP", &[]),
                cleared(
                    "two words",
                    "FAULT",
                    &["(interface eth0 down)", "due to script x"],
                ),
                cleared("C", "BACKUP", &[]),
            ]),
        ];
        answers.extend(PROBLEMS.map(|(problem, _)| Answer::Refused(problem)));
        for answer in answers {
            assert_eq!(Answer::parse(&answer.to_string()), Ok(answer));
        }
    }

    #[test]
    fn what_is_not_understood_is_shown_in_part() {
        let long = format!("error {}", "x".repeat(1000));
        for text in [
            "",
            "yes",
            "error",
            "error else",
            "ok\nreason a",
            "ok\ncleared",
            "ok\n\n",
            &long,
        ] {
            let error = Answer::parse(text).unwrap_err();
            assert!(error.to_string().len() < 200, "{text}");
        }
    }
}
