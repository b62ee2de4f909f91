//! The command line, in the manner of `getopt_long`: clusters of short options, abbreviated long ones,
//! optional arguments attached (spec cli-and-process 1).

mod effect;
mod options;
mod table;
#[cfg(test)]
mod tests;

use std::ffi::OsString;

use lexopt::prelude::{Long, Short, Value};

pub(crate) use options::{ChildRuns, CoreDumps, DEFAULT_CONFIGURATION, Options, Task};
use table::{Argument, Effect, Row, TABLE, find_long};

/// What came of reading the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) options: Options,
    /// Words that belong to no option; the original mentions and ignores them.
    pub(crate) unexpected: Vec<String>,
    /// Lines for standard error that change nothing else.
    pub(crate) notices: Vec<String>,
    /// Lines for standard error; any makes the program exit with 1.
    pub(crate) errors: Vec<String>,
}

/// Reads the words after the program's name, from left to right. All are looked at, so that all
/// errors are reported, unless one asks for an answer instead of a daemon.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Parsed {
    let mut parsed = Parsed {
        options: Options::default(),
        unexpected: Vec::new(),
        notices: Vec::new(),
        errors: Vec::new(),
    };
    let mut parser = lexopt::Parser::from_args(words);
    while !parsed.options.task.is_answer() {
        let (option, written) = match parser.next() {
            Ok(None) => break,
            Ok(Some(Value(word))) => {
                parsed.unexpected.push(word.to_string_lossy().into_owned());
                continue;
            }
            Ok(Some(Short(letter))) => (
                TABLE.iter().find(|row| row.short == Some(letter)),
                format!("-{letter}"),
            ),
            Ok(Some(Long(name))) => (find_long(name), format!("--{name}")),
            Err(error) => {
                parsed.errors.push(error.to_string());
                continue;
            }
        };
        let Some(row) = option else {
            parsed.errors.push(format!("Unknown option {written}"));
            // An argument that was attached to it belongs to it.
            let _ = parser.optional_value();
            continue;
        };
        let value = match argument_of(row, &mut parser) {
            Ok(value) => value,
            Err(Missing) => {
                parsed
                    .errors
                    .push(format!("Missing parameter for option {written}"));
                continue;
            }
        };
        match row.effect {
            Effect::Refused(why) => parsed.errors.push(format!("Option {written} {why}")),
            effect => parsed.options.apply(effect, value, &mut parsed.notices),
        }
    }
    parsed
}

/// An option stands without the argument that it needs.
struct Missing;

/// What is attached to an option, or follows it where it needs an argument.
fn argument_of(row: &Row, parser: &mut lexopt::Parser) -> Result<Option<OsString>, Missing> {
    match row.argument {
        Argument::None => Ok(None),
        Argument::Optional => Ok(parser.optional_value()),
        Argument::Required => {
            let value = parser.value().ok().filter(|value| !value.is_empty());
            value.map(Some).ok_or(Missing)
        }
    }
}
