//! `evervip`, the operator's tool.
//!
//! All code is here, so that tests can call it with a writer instead of a terminal.
#![forbid(unsafe_code)]

mod annotate;
mod check;
mod dump;
mod options;

use std::io::{self, Write};
use std::process::ExitCode;

pub use annotate::annotate;
pub use options::{Command, parse};

/// Runs the tool with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    match run(arguments, &mut out, &mut err) {
        Ok(code) => ExitCode::from(code),
        // The reader has gone, as with `evervip check f | head`: nobody is left to be told.
        Err(_) => ExitCode::from(USAGE),
    }
}

/// Runs the tool; returns its exit code.
///
/// # Errors
/// When the output cannot be written.
pub fn run(
    arguments: impl Iterator<Item = std::ffi::OsString>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let code = match parse(arguments) {
        Ok(Command::Help) => {
            out.write_all(options::HELP.as_bytes())?;
            0
        }
        Ok(Command::Version) => {
            writeln!(out, "evervip {}", env!("CARGO_PKG_VERSION"))?;
            0
        }
        Ok(Command::Check { files, strict }) => check::check(&files, strict, out)?,
        Ok(Command::Dump { file }) => dump::dump(&file, out, err)?,
        Err(text) => {
            writeln!(err, "evervip: {text}\nTry 'evervip --help'.")?;
            USAGE
        }
    };
    out.flush()?;
    Ok(code)
}

/// Exit code for a bad command line, and for warnings under `--strict`.
const USAGE: u8 = 1;
