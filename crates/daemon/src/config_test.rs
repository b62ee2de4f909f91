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

/// Tests the configuration; complaints go to standard error or are appended to `log`.
pub(crate) fn run(options: &Options, log: Option<&Path>) -> ExitCode {
    let loaded = configuration::load(&options.configuration, &Machine::default(), Mode::Test);
    let Some(path) = log else {
        for line in loaded.test_lines() {
            eprintln!("{line}");
        }
        return verdict(&loaded, options);
    };
    match append(&loaded, path) {
        Ok(()) => verdict(&loaded, options),
        Err(error) => {
            eprintln!(
                "Unable to open config-test log file {}: {error}",
                path.display()
            );
            ExitCode::from(1)
        }
    }
}

fn verdict(loaded: &Loaded, options: &Options) -> ExitCode {
    let code = loaded.test_exit_code();
    // What was wrong with the command line counts like an ignored line of the file.
    let doubtful = code == 0 && options.is_doubtful;
    ExitCode::from(if doubtful { IGNORED_SOMETHING } else { code })
}

/// Exit status for a configuration that runs, with something in it ignored.
const IGNORED_SOMETHING: u8 = 5;

fn append(loaded: &Loaded, path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(path)?;
    for line in loaded.test_lines() {
        writeln!(file, "{line}")?;
    }
    Ok(())
}
