//! `startup_script` and `shutdown_script`: the guardian waits for them (spec cli-and-process 9).

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use evervip_model::Command;
use evervip_os::spawn::{Child, Spawner};
use nix::sys::signal::{Signal, killpg};

/// From SIGTERM to SIGKILL for one that takes too long.
const LAST_CHANCE: Duration = Duration::from_secs(2);
/// How long the end of a killed one is waited for.
const AFTER_KILL: Duration = Duration::from_secs(2);
/// How often its end is looked for: a start or stop is longer by so much at most.
const PACE: Duration = Duration::from_millis(10);

/// Runs a script, `startup` or `shutdown`, and waits for its end, whatever it is. Afterwards the
/// start or stop goes on.
pub(super) fn run(which: &str, command: &Command, timeout: Duration) {
    tracing::debug!("Running {which} script {}", command.path.display());
    let mut child = match Spawner::default().spawn(command, &[]) {
        Ok(child) => child,
        Err(error) => {
            tracing::error!(
                "{which} script {} cannot be run: {error}",
                command.path.display()
            );
            return;
        }
    };
    if let Some(status) = ended_within(&mut child, timeout) {
        describe(which, status);
        return;
    }
    tracing::warn!("{which} script timed out");
    for (signal, patience) in [
        (Signal::SIGTERM, LAST_CHANCE),
        (Signal::SIGKILL, AFTER_KILL),
    ] {
        // It leads its group, and is not reaped yet: the number is still its own.
        let _ = killpg(child.pid(), signal);
        if ended_within(&mut child, patience).is_some() {
            return;
        }
    }
    tracing::warn!("{which} script does not end, not waiting for it any longer");
}

fn ended_within(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + patience;
    loop {
        // An error means that somebody else has reaped it: it has ended.
        let status = child.try_wait().unwrap_or(Some(ExitStatus::default()));
        if status.is_some() || Instant::now() >= end {
            return status;
        }
        std::thread::sleep(PACE);
    }
}

fn describe(which: &str, status: ExitStatus) {
    match (status.code(), status.signal()) {
        (Some(0), _) => tracing::debug!("{which} script script succeeded"),
        (Some(code), _) => tracing::warn!("{which} script script failed, status {code}"),
        (None, signal) => tracing::warn!(
            "{which} script script terminated by signal {}",
            signal.unwrap_or_default()
        ),
    }
}
