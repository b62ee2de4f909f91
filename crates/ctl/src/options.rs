//! Arguments.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value};
use lexopt::{Parser, ValueExt};

use crate::check::{Check, Colour};
use crate::explain::Explain;
use crate::report::Format;
use crate::simulate::Simulate;

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// `--help`.
    Help,
    /// `--version`.
    Version,
    /// `check FILE...`.
    Check(Check),
    /// `explain FILE...`.
    Explain(Explain),
    /// `simulate FILE FILE...`.
    Simulate(Simulate),
    /// `dump FILE`.
    Dump {
        /// The configuration.
        file: PathBuf,
    },
}

/// Reads the command line.
///
/// # Errors
/// What is wrong with it, in one line.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = Parser::from_args(arguments);
    let mut name = None;
    let mut check = Check::default();
    let mut simulate = Simulate::default();
    while let Some(argument) = parser.next().map_err(|e| e.to_string())? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Long("strict") => check.strict = true,
            Long("elsewhere") => check.elsewhere = true,
            Long("pair") => check.pair = true,
            Long("format") => check.format = choice(&mut parser, "--format", FORMATS)?,
            Long("color" | "colour") => check.colour = choice(&mut parser, "--color", COLOURS)?,
            Short('i') | Long("config-id") => check.config_id = Some(text(&mut parser)?),
            Long("scenario") => {
                let file = parser.value().map_err(|e| e.to_string())?;
                simulate.scenario = Some(PathBuf::from(file));
            }
            Long("seed") => {
                let seed = text(&mut parser)?;
                simulate.seed = seed.parse().map_err(|_| "--seed needs a number")?;
            }
            Value(word) if name.is_none() => name = Some(word),
            Value(file) => check.files.push(PathBuf::from(file)),
            other => return Err(other.unexpected().to_string()),
        }
    }
    let name = name.ok_or("a command is missing")?;
    match name.to_str() {
        Some("check" | "explain" | "dump") if simulate != Simulate::default() => {
            Err("--scenario and --seed are for simulate".to_owned())
        }
        Some("check") if check.files.is_empty() => Err("check needs a file".to_owned()),
        Some("check") if check.pair && check.files.len() < 2 => Err(PAIR_OF_ONE.to_owned()),
        Some("check") => Ok(Command::Check(check)),
        Some("explain") if check.files.is_empty() => Err("explain needs a file".to_owned()),
        Some("explain") if check.pair && check.files.len() < 2 => Err(PAIR_OF_ONE.to_owned()),
        Some("explain") => Ok(Command::Explain(Explain {
            files: check.files,
            pair: check.pair,
            format: check.format,
            config_id: check.config_id,
        })),
        Some("simulate") if !is_plain(&check) => Err(CHECK_ALONE.to_owned()),
        Some("simulate") if check.files.is_empty() => Err("simulate needs a file".to_owned()),
        Some("simulate") => Ok(Command::Simulate(Simulate {
            files: check.files,
            config_id: check.config_id,
            ..simulate
        })),
        Some("dump") => match <[_; 1]>::try_from(check.files) {
            Ok([file]) => Ok(Command::Dump { file }),
            Err(_) => Err("dump needs one file".to_owned()),
        },
        _ => Err(format!("unknown command '{}'", name.to_string_lossy())),
    }
}

/// Whether nothing was asked for that only `check` and `explain` know.
fn is_plain(check: &Check) -> bool {
    !check.strict && !check.pair && check.format == Format::default()
}

fn text(parser: &mut Parser) -> Result<String, String> {
    let value = parser.value().and_then(ValueExt::string);
    value.map_err(|e| e.to_string())
}

/// The meaning of one of several words.
fn choice<T: Copy>(parser: &mut Parser, option: &str, known: &[(&str, T)]) -> Result<T, String> {
    let word = text(parser)?;
    let found = known.iter().find(|(name, _)| *name == word);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        format!("{option} is one of {}, not '{word}'", names.join(", "))
    })
}

const CHECK_ALONE: &str = "--format, --strict and --pair are not for simulate: it prints text";
const PAIR_OF_ONE: &str = "--pair needs the files of two nodes or more";

const FORMATS: &[(&str, Format)] = &[
    ("text", Format::Text),
    ("short", Format::Short),
    ("json", Format::Json),
];

const COLOURS: &[(&str, Colour)] = &[
    ("auto", Colour::Auto),
    ("always", Colour::Always),
    ("never", Colour::Never),
];

pub(crate) const HELP: &str = "\
Usage: evervip check [OPTION...] FILE...
       evervip explain [--pair] [--format=text|json] FILE...
       evervip simulate [--scenario FILE] [--seed N] FILE...
       evervip dump FILE

  check FILE...   Read configurations as the daemon on this machine would, and
                  show what there is to say about them: what keepalived would
                  complain about, and what it would not.
      --strict    Warnings make the exit code 1.
      --elsewhere The files are for other machines: interfaces, users and
                  scripts that this one lacks are taken to be there.
      --pair      The files are those of all nodes of a group, two or more:
                  show also what does not fit together, and who is MASTER after
                  each failure. Implies --elsewhere.
      --format=F  text: annotated source; short: one line each, for editors;
                  json: one array, for programs.
      --color=W   auto: on a terminal, unless NO_COLOR is set; always; never.
  -i, --config-id=ID
                  Use the lines that begin with @ID, as keepalived -i.
  explain FILE... Say what the daemon will do: whom each instance talks to, when
                  it takes over and what, what puts it into FAULT or costs it
                  priority, what is run when.
      --pair      The files are those of all nodes of a group: also who is
                  MASTER after each single failure and after recovery.
  simulate FILE...
                  Run the nodes of a group on a virtual network and show who
                  is MASTER when and why, and how long each address had no
                  owner, or two. Exit code 1: something was expected otherwise.
      --scenario=FILE
                  What happens to them (docs/simulate.md); without it the
                  master dies after 20 seconds.
      --seed=N    Another one of the possible runs.
  dump FILE       Print what the daemon would run, as JSON.
  -h, --help      Show this text.
  -V, --version   Show the version.

Exit codes: 0 nothing worse than a warning, 1 warnings with --strict or a bad
command line, 2 errors.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Command, String> {
        parse(words.iter().map(OsString::from))
    }

    #[test]
    fn check_takes_files_and_strict_anywhere() {
        let check = |files: &[&str], strict| {
            Ok(Command::Check(Check {
                files: files.iter().map(PathBuf::from).collect(),
                strict,
                ..Check::default()
            }))
        };
        assert_eq!(parsed(&["check", "a", "b"]), check(&["a", "b"], false));
        assert_eq!(parsed(&["check", "a", "--strict"]), check(&["a"], true));
        assert_eq!(
            parsed(&["--strict", "check", "--", "-a"]),
            check(&["-a"], true)
        );
        assert_eq!(parsed(&["--help"]), Ok(Command::Help));
        assert_eq!(parsed(&["check", "-V"]), Ok(Command::Version));
    }

    #[test]
    fn output_is_chosen() {
        let words = [
            "check",
            "--format=json",
            "--color",
            "never",
            "-i",
            "x",
            "--elsewhere",
            "a",
        ];
        let expect = Check {
            files: vec![PathBuf::from("a")],
            format: Format::Json,
            colour: Colour::Never,
            config_id: Some("x".to_owned()),
            elsewhere: true,
            pair: false,
            strict: false,
        };
        assert_eq!(parsed(&words), Ok(Command::Check(expect)));
        let alone = Err(CHECK_ALONE.to_owned());
        assert_eq!(parsed(&["simulate", "--format=json", "a"]), alone);
        assert_eq!(parsed(&["simulate", "--strict", "a"]), alone);
        let other = Err("--scenario and --seed are for simulate".to_owned());
        assert_eq!(parsed(&["check", "--seed", "7", "a"]), other);
        let text = "--format is one of text, short, json, not 'xml'".to_owned();
        assert_eq!(parsed(&["check", "--format", "xml", "a"]), Err(text));
        assert!(parsed(&["check", "--color"]).is_err());
    }

    #[test]
    fn a_pair_has_two_files() {
        let pair = Check {
            files: vec![PathBuf::from("a"), PathBuf::from("b")],
            pair: true,
            ..Check::default()
        };
        assert_eq!(
            parsed(&["check", "--pair", "a", "b"]),
            Ok(Command::Check(pair))
        );
        let text = Err(PAIR_OF_ONE.to_owned());
        assert_eq!(parsed(&["check", "--pair", "a"]), text);
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(parsed(&[]), Err("a command is missing".to_owned()));
        assert_eq!(
            parsed(&["chek", "a"]),
            Err("unknown command 'chek'".to_owned())
        );
        assert_eq!(parsed(&["check"]), Err("check needs a file".to_owned()));
        assert!(
            parsed(&["check", "--loud", "a"])
                .unwrap_err()
                .contains("--loud")
        );
    }
}
