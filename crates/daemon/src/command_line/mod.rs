//! The command line, in the manner of `getopt_long`: clusters of short options, abbreviated long ones,
//! optional arguments attached (spec cli-and-process 1).

mod effect;
mod options;
pub(crate) mod table;
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
                parsed.errors.push(surplus(&error));
                continue;
            }
        };
        let is_long = written.starts_with("--");
        let Some(row) = option else {
            // An argument that was attached to it belongs to it.
            let value = is_long.then(|| parser.optional_value()).flatten();
            parsed.errors.push(unknown(&written, value));
            continue;
        };
        let value = match argument_of(row, is_long, &mut parser) {
            Ok(value) => value,
            Err(Mistake::Missing) => {
                parsed
                    .errors
                    .push(format!("Missing parameter for option {written}"));
                continue;
            }
            Err(Mistake::Surplus(value)) => {
                parsed.errors.push(unknown(&written, Some(value)));
                continue;
            }
        };
        let is_empty = row.argument == Argument::Required
            && value.as_ref().is_some_and(|value| value.is_empty());
        match row.effect {
            // As of a variable that is not set: the option is as good as not there.
            effect if is_empty && effect != Effect::UseFile => {}
            Effect::Refused(why) => parsed.errors.push(format!("Option {written} {why}")),
            effect => parsed.options.apply(effect, value, &mut parsed.notices),
        }
    }
    parsed
}

/// What is wrong with the argument of an option.
enum Mistake {
    /// It needs one, and stands without.
    Missing,
    /// It has none, and this is attached to it.
    Surplus(OsString),
}

/// What is attached to an option, or follows it where it needs an argument. A long one must not have
/// an empty one where it needs one.
fn argument_of(
    row: &Row,
    is_long: bool,
    parser: &mut lexopt::Parser,
) -> Result<Option<OsString>, Mistake> {
    match row.argument {
        // Behind a short one there may be further ones.
        Argument::None if !is_long => Ok(None),
        Argument::None => match parser.optional_value() {
            None => Ok(None),
            Some(value) => Err(Mistake::Surplus(value)),
        },
        Argument::Optional => Ok(parser.optional_value()),
        Argument::Required => {
            let value = parser.value().ok();
            let value = value.filter(|value| !is_long || !value.is_empty());
            value.map(Some).ok_or(Mistake::Missing)
        }
    }
}

/// Behind a short option without argument nothing but further ones may stand, as in `-n=5`.
fn surplus(error: &lexopt::Error) -> String {
    match error {
        lexopt::Error::UnexpectedValue { .. } => unknown("-=", None),
        error => error.to_string(),
    }
}

fn unknown(option: &str, value: Option<OsString>) -> String {
    let value = value.map(|value| format!("={}", value.to_string_lossy()));
    format!("Unknown option {option}{}", value.unwrap_or_default())
}
