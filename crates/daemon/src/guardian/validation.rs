//! `reload_check_config`: a configuration is tested as `-t` does before anything is reloaded
//! (spec cli-and-process 4). In a process of its own, so that a name service that does not answer
//! holds nothing up; the guardian goes on meanwhile and is told of its end as of any child's.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use evervip_model::ReloadCheck;
use evervip_os::process::{Fork, fork_single_threaded};
use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;

use crate::command_line::Options;
use crate::{child, config_test};

/// How long a test may take.
const LIMIT: Duration = Duration::from_secs(5);
/// Where complaints go that nobody wants.
const NOWHERE: &str = "/dev/null";

/// What comes of asking for a test.
#[derive(Debug)]
pub(super) enum Test {
    /// None is wanted.
    Unwanted,
    /// It cannot be done, which has been said.
    Impossible,
    /// It is under way.
    Runs(Validation),
}

/// A test that runs.
#[derive(Debug)]
pub(super) struct Validation {
    child: Pid,
    /// When it has taken too long; `None` once it was ended for that.
    until: Option<Instant>,
    /// Where its complaints go.
    log: PathBuf,
    /// Another reload was asked for meanwhile: the file may have changed since it was read.
    again: bool,
}

impl Test {
    /// Begins the test that the running configuration asks for.
    pub(super) fn begin(check: &ReloadCheck, options: &Options) -> Self {
        let log = match check {
            ReloadCheck::Off => return Self::Unwanted,
            ReloadCheck::Quiet => Path::new(NOWHERE),
            ReloadCheck::LogTo(file) => file,
        };
        tracing::debug!("validate conf before Reload");
        if let Err(error) = empty(log) {
            tracing::warn!("Unable to write {}: {error}", log.display());
        }
        match fork_single_threaded() {
            Ok(Fork::Child) => child::leave(config_test::code(options, log)),
            Ok(Fork::Parent { child }) => Self::Runs(Validation {
                child,
                until: Some(Instant::now() + LIMIT),
                log: log.to_owned(),
                again: false,
            }),
            Err(error) => {
                tracing::error!("Cannot test the configuration: {error}");
                Self::Impossible
            }
        }
    }
}

impl Validation {
    /// When [`Self::enforce_limit`] is to be called.
    pub(super) const fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Ends the process if it takes too long; that it has ended is found out as ever.
    pub(super) fn enforce_limit(&mut self) {
        if self.until.is_some_and(|until| until <= Instant::now()) {
            tracing::warn!("The test of the configuration takes too long, ending it");
            self.abandon();
            self.until = None;
        }
    }

    /// Nobody wants to know any more.
    pub(super) fn abandon(&self) {
        // One that has ended by itself is there until it is reaped: the pid is still its own.
        let _ = kill(self.child, Signal::SIGKILL);
    }

    pub(super) const fn ask_again(&mut self) {
        self.again = true;
    }

    /// Whether a reload was asked for while the test ran.
    pub(super) const fn is_to_be_repeated(&self) -> bool {
        self.again
    }

    pub(super) fn is_process(&self, pid: Pid) -> bool {
        self.child == pid
    }

    /// Whether the configuration has passed, by how the process ended.
    pub(super) fn has_passed(&self, end: WaitStatus) -> bool {
        let passed = matches!(end, WaitStatus::Exited(_, 0));
        if !passed {
            tracing::info!(
                "New config failed validation, see {} for details",
                self.log.display()
            );
        }
        passed
    }
}

fn empty(log: &Path) -> io::Result<()> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let file = options.mode(0o600).custom_flags(flags.bits()).open(log)?;
    drop(file);
    Ok(())
}
