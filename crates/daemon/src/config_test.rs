//! `-t`: what is wrong with the configuration (spec config-language 9).

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use evervip_config::{Loaded, Mode};
use nix::fcntl::OFlag;

use crate::command_line::Options;
use crate::configuration::{self, Machine};
use crate::namespace;

/// Tests the configuration; complaints go to standard error or are appended to `log`.
pub(crate) fn run(options: &Options, log: Option<&Path>) -> ExitCode {
    let (lines, code) = test(options);
    let Some(path) = log else {
        for line in lines {
            eprintln!("{line}");
        }
        return ExitCode::from(code);
    };
    match append(&lines, path) {
        Ok(()) => ExitCode::from(code),
        Err(error) => {
            eprintln!(
                "Unable to open config-test log file {}: {error}",
                path.display()
            );
            ExitCode::from(1)
        }
    }
}

/// The exit status; complaints are appended to `log`.
pub(crate) fn code(options: &Options, log: &Path) -> u8 {
    let (lines, code) = test(options);
    match append(&lines, log) {
        Ok(()) => code,
        Err(_) => 1,
    }
}

/// The complaints and the exit status.
fn test(options: &Options) -> (Vec<String>, u8) {
    // A namespace that is not there yet is no mistake in the file: as the original, go on without it.
    let _ = namespace::enter(&options.configuration, &Machine::default());
    let loaded = configuration::load_once(&options.configuration, Mode::Test);
    (loaded.test_lines().collect(), verdict(&loaded, options))
}

fn verdict(loaded: &Loaded, options: &Options) -> u8 {
    let code = loaded.test_exit_code();
    // What was wrong with the command line counts like an ignored line of the file.
    let doubtful = code == 0 && options.is_doubtful;
    if doubtful { IGNORED_SOMETHING } else { code }
}

/// Exit status for a configuration that runs, with something in it ignored.
const IGNORED_SOMETHING: u8 = 5;

fn append(lines: &[String], path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(path)?;
    for line in lines {
        writeln!(file, "{line}")?;
    }
    Ok(())
}
