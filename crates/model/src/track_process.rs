//! Processes whose presence is a measure of health (spec vrrp-keywords 13).

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use crate::Weight;

/// Index into [`Config::processes`](crate::Config::processes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessIndex(pub usize);

/// How the words of a process's command line are compared with the configured parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParameterMatch {
    /// Not at all.
    Ignored,
    /// All words are equal.
    Exact,
    /// As [`Partial`](Self::Partial), and of the last configured word the beginning is enough.
    Initial,
    /// The first words are equal; further ones may follow.
    Partial,
}

/// A `vrrp_track_process`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackProcess {
    /// Name; of several with one name the first is the one that is tracked.
    pub name: Arc<str>,
    /// Process name (at most 15 bytes of it count) or first word of the command line.
    pub process: OsString,
    /// Words behind it.
    pub parameters: Vec<OsString>,
    /// What the parameters are for.
    pub parameter_match: ParameterMatch,
    /// Compare the command line instead of the process name.
    pub full_command: bool,
    /// Default weight of the tracks that name none, -254 to 254.
    pub weight: Weight,
    /// Default direction of the tracks that name none.
    pub reverse: bool,
    /// At least so many processes make it good; 0 only together with a `quorum_max` of 0.
    pub quorum: u32,
    /// At most so many; `None` is any number.
    pub quorum_max: Option<u32>,
    /// Time that processes must be missing until it counts.
    pub terminate_delay: Duration,
    /// Time that processes must be there until it counts.
    pub fork_delay: Duration,
}

impl TrackProcess {
    /// What says nothing but its name and a process's: one is enough, and counts at once.
    #[must_use]
    pub fn new(name: Arc<str>, process: OsString) -> Self {
        Self {
            name,
            process,
            parameters: Vec::new(),
            parameter_match: ParameterMatch::Ignored,
            full_command: false,
            weight: 0,
            reverse: false,
            quorum: 1,
            quorum_max: None,
            terminate_delay: Duration::ZERO,
            fork_delay: Duration::ZERO,
        }
    }
}

/// One line of a `track_process` block of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TrackedProcess {
    /// Which process.
    pub process: ProcessIndex,
    /// Weight in force; 0 means that a missed quorum is a FAULT.
    pub weight: Weight,
    /// The contribution changes its sign; with weight 0: a met quorum is a FAULT.
    pub reverse: bool,
}
