//! Arguments.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::{Long, Short, Value};

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// `--help`.
    Help,
    /// `--version`.
    Version,
    /// `check FILE...`.
    Check {
        /// At least one.
        files: Vec<PathBuf>,
        /// Warnings count as failure.
        strict: bool,
    },
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
    let mut parser = lexopt::Parser::from_args(arguments);
    let (mut name, mut files, mut strict) = (None, Vec::new(), false);
    while let Some(argument) = parser.next().map_err(|e| e.to_string())? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Long("strict") => strict = true,
            Value(word) if name.is_none() => name = Some(word),
            Value(file) => files.push(PathBuf::from(file)),
            other => return Err(other.unexpected().to_string()),
        }
    }
    let name = name.ok_or("a command is missing")?;
    match name.to_str() {
        Some("check") if files.is_empty() => Err("check needs a file".to_owned()),
        Some("check") => Ok(Command::Check { files, strict }),
        Some("dump") => match <[_; 1]>::try_from(files) {
            Ok([file]) => Ok(Command::Dump { file }),
            Err(_) => Err("dump needs one file".to_owned()),
        },
        _ => Err(format!("unknown command '{}'", name.to_string_lossy())),
    }
}

pub(crate) const HELP: &str = "\
Usage: evervip check [--strict] FILE...
       evervip dump FILE

  check FILE...   Read configurations as the daemon on this machine would, and
                  show what there is to say about them.
      --strict    Warnings make the exit code 1.
  dump FILE       Print what the daemon would run, as JSON.
  -h, --help      Show this text.
  -V, --version   Show the version.

Exit codes: 0 nothing worse than a warning, 1 warnings with --strict or a bad
command line, 2 the daemon would refuse to start.
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
            Ok(Command::Check {
                files: files.iter().map(PathBuf::from).collect(),
                strict,
            })
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
