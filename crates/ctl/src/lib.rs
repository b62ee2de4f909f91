//! `evervip`, the operator's tool.
//!
//! All code is here, so that tests can call it with a writer instead of a terminal.
#![forbid(unsafe_code)]

mod check;
mod clear_fault;
mod convert;
mod daemon;
mod dump;
mod explain;
mod options;
mod pair;
mod report;
pub mod scenario;
mod simulate;
mod teardown;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

pub use check::{Check, Colour};
pub use clear_fault::ClearFault;
pub use explain::Explain;
pub use options::{Command, parse, reference};
pub use report::Format;
pub use simulate::Simulate;
pub use teardown::Teardown;

/// Runs the tool with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let coloured = out.is_terminal() && colours_are_welcome();
    match run(arguments, coloured, &mut out, &mut err) {
        Ok(code) => ExitCode::from(code),
        // The reader has gone, as with `evervip check f | head`: nobody is left to be told.
        Err(_) => ExitCode::from(USAGE),
    }
}

/// `NO_COLOR` forbids colours when it is not empty, and a dumb terminal has none.
fn colours_are_welcome() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    !is_set("NO_COLOR") && !dumb
}

/// Runs the tool; returns its exit code. `coloured` says what `--color=auto` means.
///
/// # Errors
/// When the output cannot be written.
pub fn run(
    arguments: impl Iterator<Item = std::ffi::OsString>,
    coloured: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let code = match parse(arguments) {
        Ok(Command::Help) => {
            out.write_all(reference::help().as_bytes())?;
            0
        }
        Ok(Command::Version) => {
            writeln!(out, "evervip {}", env!("CARGO_PKG_VERSION"))?;
            0
        }
        Ok(Command::Check(check)) => check.run(coloured, out)?,
        Ok(Command::Explain(explain)) => explain.run(out, err)?,
        Ok(Command::Simulate(simulate)) => simulate.run(out, err)?,
        Ok(Command::Convert { file }) => convert::convert(&file, out, err)?,
        Ok(Command::ClearFault(clear)) => clear.run(out, err)?,
        Ok(Command::Dump { file }) => dump::dump(&file, out, err)?,
        Ok(Command::Teardown(teardown)) => teardown.run(out, err)?,
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
