//! Waiting for one running command: time-out, stop, and the ladder of signals.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use crate::Outcome;
use crate::launch::{Group, Leader, Running};

/// Waits for a check and ends it when it takes too long or when `stop` changes.
pub(crate) async fn watch_check(
    mut running: Running,
    name: &str,
    limit: Duration,
    mut stop: watch::Receiver<u64>,
) -> Outcome {
    let group = running.group;
    let cause = tokio::select! {
        biased;
        status = running.leader.wait() => return ended(status),
        () = stopped(&mut stop) => Cause::Stop,
        () = tokio::time::sleep(limit) => Cause::TimeOut,
    };
    let status = terminate(&mut running.leader, group, name, cause, &mut stop).await;
    match cause {
        Cause::TimeOut => Outcome::TimedOut,
        Cause::Stop => ended(status),
    }
}

/// Why a running check is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    TimeOut,
    Stop,
}

/// SIGTERM to the group, SIGKILL after a grace time and then again and again: a process in an
/// uninterruptible wait dies only when that wait is over.
async fn terminate(
    leader: &mut Leader,
    group: Group,
    name: &str,
    cause: Cause,
    stop: &mut watch::Receiver<u64>,
) -> io::Result<ExitStatus> {
    group.signal(Signal::SIGTERM);
    let mut kill_at = Instant::now() + cause.grace();
    let mut stopping = cause == Cause::Stop;
    loop {
        tokio::select! {
            biased;
            status = leader.wait() => {
                // Members that outlived a leader which died of our signal are nobody's
                // any more. The group's number cannot have been given away: process ids
                // are handed out in a circle.
                if status.as_ref().is_ok_and(|s| s.signal() == Some(Signal::SIGTERM as i32)) {
                    group.signal(Signal::SIGKILL);
                }
                return status;
            }
            () = stopped(stop), if !stopping => {
                stopping = true;
                kill_at = kill_at.min(Instant::now() + Cause::Stop.grace());
            }
            () = sleep_until(kill_at) => break,
        }
    }
    loop {
        group.signal(Signal::SIGKILL);
        if let Ok(status) = timeout(KILL_AGAIN, leader.wait()).await {
            return status;
        }
        tracing::warn!(
            "Script {name} child (PID {}) failed to terminate after kill",
            group.leader()
        );
    }
}

impl Cause {
    /// Time between SIGTERM and SIGKILL (spec vrrp-runtime 7.1, 9.3).
    const fn grace(self) -> Duration {
        match self {
            Self::TimeOut => Duration::from_secs(2),
            Self::Stop => Duration::from_secs(1),
        }
    }
}

/// Returns when checks are to stop; never when nobody can ask for it any more.
async fn stopped(stop: &mut watch::Receiver<u64>) {
    if stop.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The meaning of a leader's end.
fn ended(status: io::Result<ExitStatus>) -> Outcome {
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => Outcome::Exited(code),
            (None, signal) => Outcome::Signalled(signal.unwrap_or_default()),
        },
        Err(error) => cannot_run(&error),
    }
}

/// The outcome of a command that the system did not let run.
pub(crate) fn cannot_run(error: &io::Error) -> Outcome {
    Outcome::CannotRun {
        errno: error.raw_os_error().unwrap_or_default(),
        reason: reason(error),
    }
}

/// An error in the system's words, without the number that `Display` appends.
pub(crate) fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => nix::errno::Errno::from_raw(number).desc().to_owned(),
        None => error.to_string(),
    }
}

/// Time between two SIGKILLs for a process that does not die (spec vrrp-runtime 7.1).
const KILL_AGAIN: Duration = Duration::from_secs(10);
