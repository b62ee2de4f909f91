//! `reload_check_config`: a configuration is tested as `-t` does before anything is reloaded
//! (spec cli-and-process 4). In a process of its own, so that a name service that does not answer
//! holds nothing up for longer than that process may take.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use evervip_model::ReloadCheck;
use evervip_os::process::{Fork, fork_single_threaded};
use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::command_line::Options;
use crate::{child, config_test};

/// How long a test may take.
const LIMIT: Duration = Duration::from_secs(5);
/// How often its end is looked for.
const PACE: Duration = Duration::from_millis(5);
/// Where complaints go that nobody wants.
const NOWHERE: &str = "/dev/null";

/// Whether the configuration passes the test that the running one asks for. Until then `meanwhile` is
/// called again and again.
pub(super) fn passes(check: &ReloadCheck, options: &Options, meanwhile: impl FnMut()) -> bool {
    let log = match check {
        ReloadCheck::Off => return true,
        ReloadCheck::Quiet => Path::new(NOWHERE),
        ReloadCheck::LogTo(file) => file,
    };
    tracing::debug!("validate conf before Reload");
    if let Err(error) = empty(log) {
        tracing::warn!("Unable to write {}: {error}", log.display());
    }
    let passed = match fork_single_threaded() {
        Ok(Fork::Child) => child::leave(config_test::code(options, log)),
        Ok(Fork::Parent { child }) => succeeds(child, meanwhile),
        Err(error) => {
            tracing::error!("Cannot test the configuration: {error}");
            false
        }
    };
    if !passed {
        tracing::info!(
            "New config failed validation, see {} for details",
            log.display()
        );
    }
    passed
}

fn empty(log: &Path) -> io::Result<()> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let file = options.mode(0o600).custom_flags(flags.bits()).open(log)?;
    drop(file);
    Ok(())
}

fn succeeds(child: Pid, mut meanwhile: impl FnMut()) -> bool {
    let end = Instant::now() + LIMIT;
    loop {
        match waitpid(child, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) if Instant::now() < end => {
                meanwhile();
                std::thread::sleep(PACE);
            }
            Ok(WaitStatus::StillAlive) => {
                tracing::warn!("The test of the configuration takes too long, ending it");
                let _ = kill(child, Signal::SIGKILL);
                let _ = waitpid(child, None);
                return false;
            }
            Ok(status) => return matches!(status, WaitStatus::Exited(_, 0)),
            // Nobody else waits for it: it cannot be gone.
            Err(_) => return false,
        }
    }
}
