//! Core dumps of this process (`-m`, `-M`; spec cli-and-process 1).

use std::io;
use std::sync::OnceLock;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, rlim_t, setrlimit};

/// The kernel's setting for the whole machine: where core dumps go.
const PATTERN: &str = "/proc/sys/kernel/core_pattern";

/// Limits of core dumps that this process was started with, once they have been raised.
static INHERITED_LIMITS: OnceLock<(rlim_t, rlim_t)> = OnceLock::new();

/// The limits, soft and hard, that commands are to have: those before [`allow`]. `None` when they were
/// not raised.
pub(crate) fn inherited_limits() -> Option<(rlim_t, rlim_t)> {
    INHERITED_LIMITS.get().copied()
}

/// Allows core dumps of any size, or of the size that the privilege allows, of this process and of
/// those that are forked later. Commands keep the limit that held before.
///
/// # Errors
/// What getrlimit(2) and setrlimit(2) say; none is expected.
pub fn allow() -> io::Result<()> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_CORE)?;
    let _ = INHERITED_LIMITS.set((soft, hard));
    // Beyond the hard limit only with privilege.
    if setrlimit(Resource::RLIMIT_CORE, RLIM_INFINITY, RLIM_INFINITY).is_err() {
        setrlimit(Resource::RLIMIT_CORE, hard, hard)?;
    }
    Ok(())
}

/// The kernel's setting while it is ours.
#[derive(Debug)]
pub struct CorePattern {
    ours: String,
    before: String,
}

impl CorePattern {
    /// Changes where the core dumps of all processes of the machine go: a path with the words of
    /// core(5), or a program behind `|`.
    ///
    /// # Errors
    /// Without privilege; where `/proc/sys` is read-only, as in most containers; a pattern that is
    /// longer than the kernel takes.
    pub fn set(pattern: &str) -> io::Result<Self> {
        let before = read()?;
        std::fs::write(PATTERN, pattern)?;
        let ours = read()?;
        // The kernel keeps what fits, without a word.
        if ours != pattern.trim_end() {
            let _ = std::fs::write(PATTERN, &before);
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(Self { ours, before })
    }

    /// Puts the setting back, unless somebody else has changed it meanwhile.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn restore(self) -> io::Result<()> {
        if read()? == self.ours {
            std::fs::write(PATTERN, self.before)?;
        }
        Ok(())
    }
}

fn read() -> io::Result<String> {
    Ok(std::fs::read_to_string(PATTERN)?.trim_end().to_owned())
}
