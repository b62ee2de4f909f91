//! Which processes a `vrrp_track_process` means (spec vrrp-runtime 7.4).

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use crate::{ParameterMatch, TrackProcess};

/// What a process is compared with. Blocks of different names with the same pattern count the same
/// processes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProcessPattern {
    /// The name that the kernel keeps of a process, cut to [`Self::LONGEST_NAME`] bytes.
    Name(Vec<u8>),
    /// The command line.
    CommandLine {
        /// Its first words, at least one.
        words: Vec<OsString>,
        /// What else it may hold.
        parameters: ParameterMatch,
    },
}

impl ProcessPattern {
    /// The kernel keeps that many bytes of a name.
    pub const LONGEST_NAME: usize = 15;

    /// The pattern of a block.
    #[must_use]
    pub fn of(process: &TrackProcess) -> Self {
        if process.full_command {
            let words = std::iter::once(&process.process).chain(&process.parameters);
            Self::CommandLine {
                words: words.cloned().collect(),
                parameters: process.parameter_match,
            }
        } else {
            let name = process.process.as_bytes();
            Self::Name(name[..name.len().min(Self::LONGEST_NAME)].to_vec())
        }
    }

    /// Whether a process of this name is meant. Never so for a pattern of command lines.
    #[must_use]
    pub fn is_name(&self, name: &[u8]) -> bool {
        matches!(self, Self::Name(wanted) if wanted == name)
    }

    /// Whether a process with this command line is meant: words that each end with a NUL byte, as
    /// the kernel tells them; an empty one belongs to no program. Never so for a pattern of names.
    #[must_use]
    pub fn is_command_line(&self, line: &[u8]) -> bool {
        let Self::CommandLine { words, parameters } = self else {
            return false;
        };
        if line.is_empty() {
            return false;
        }
        let line = line.strip_suffix(b"\0").unwrap_or(line);
        let mut present = line.split(|byte| *byte == 0);
        let last = words.len().saturating_sub(1);
        for (position, word) in words.iter().enumerate() {
            let Some(found) = present.next() else {
                return false;
            };
            let beginning = *parameters == ParameterMatch::Initial && position == last && last > 0;
            let same = if beginning {
                found.starts_with(word.as_bytes())
            } else {
                found == word.as_bytes()
            };
            if !same {
                return false;
            }
        }
        *parameters != ParameterMatch::Exact || present.next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    fn command_line(words: &str, parameters: ParameterMatch) -> ProcessPattern {
        ProcessPattern::CommandLine {
            words: words.split(' ').map(OsString::from).collect(),
            parameters,
        }
    }

    fn line(words: &str) -> Vec<u8> {
        format!("{words} ").replace(' ', "\0").into_bytes()
    }

    #[test]
    fn names_are_compared_as_far_as_the_kernel_keeps_them() {
        let named = |name: &str| {
            let name = OsStr::new(name).as_bytes();
            ProcessPattern::Name(name[..name.len().min(15)].to_vec())
        };
        assert!(named("haproxy").is_name(b"haproxy"));
        assert!(!named("haproxy").is_name(b"haprox"));
        assert!(named("a_very_long_name_indeed").is_name(b"a_very_long_nam"));
        assert!(!named("haproxy").is_command_line(b"haproxy\0"));
    }

    #[test]
    fn command_lines_as_seen_at_the_original() {
        use ParameterMatch::{Exact, Ignored, Initial, Partial};
        // (command line, Exact, Initial, Partial) against "/d 12 13".
        for (words, exact, initial, partial) in [
            ("/d 12", false, false, false),
            ("/d 12 1", false, false, false),
            ("/d 12 13", true, true, true),
            ("/d 12 13 14", false, true, true),
            ("/d 12 134", false, true, false),
            ("/d 12 134 15", false, true, false),
            ("/d 1213", false, false, false),
            ("/d 13 12", false, false, false),
            ("/e 12 13", false, false, false),
        ] {
            for (parameters, meant) in [(Exact, exact), (Initial, initial), (Partial, partial)] {
                let pattern = command_line("/d 12 13", parameters);
                let found = pattern.is_command_line(&line(words));
                assert_eq!(found, meant, "{words} {parameters:?}");
            }
        }
        assert!(command_line("/d", Ignored).is_command_line(&line("/d 1 2")));
        assert!(!command_line("/d", Exact).is_command_line(&line("/d 1")));
        assert!(!command_line("/d", Initial).is_command_line(&line("/dd")));
    }

    #[test]
    fn who_has_no_command_line_is_not_meant() {
        let pattern = command_line("", ParameterMatch::Ignored);
        assert!(!pattern.is_command_line(b""));
        assert!(pattern.is_command_line(b"\0"));
        assert!(!pattern.is_name(b""));
    }

    #[test]
    fn a_command_line_without_its_last_end_is_read_all_the_same() {
        let pattern = command_line("/d 1", ParameterMatch::Exact);
        assert!(pattern.is_command_line(b"/d\x001"));
    }
}
