//! What an instance watches besides the network.

use std::sync::Arc;
use std::time::Duration;

use crate::{Command, List, TrackedBfd, TrackedFile, TrackedProcess, Weight};

/// Index into [`Config::scripts`](crate::Config::scripts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScriptIndex(pub usize);

/// A `vrrp_script` that at least one instance tracks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VrrpScript {
    /// Name, unique among the scripts of the model.
    pub name: Arc<str>,
    /// What is run.
    pub command: Command,
    /// Time between two starts; at least 1 ms.
    pub interval: Duration,
    /// Longest run time; equals `interval` when the file gives none.
    pub timeout: Duration,
    /// The file gives one.
    pub has_timeout: bool,
    /// Default weight of the tracks that name none.
    pub weight: Weight,
    /// Default direction of the tracks that name none.
    pub reverse: bool,
    /// Consecutive successes that make it good, at least 1.
    pub rise: u32,
    /// Consecutive failures that make it bad, at least 1.
    pub fall: u32,
    /// Counts as failed until it has succeeded `rise` times.
    pub init_fail: bool,
    /// Why it cannot be run: every run counts as one that could not be executed, and is not tried.
    pub unusable: Option<String>,
}

/// One line of a `track_script` block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TrackedScript {
    /// Which script.
    pub script: ScriptIndex,
    /// Weight in force; 0 means that failure is a FAULT.
    pub weight: Weight,
    /// The contribution changes its sign; with weight 0: success is a FAULT.
    pub reverse: bool,
}

/// One line of a `track_interface` block.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TrackedInterface {
    /// Kernel interface name.
    pub interface: String,
    /// Weight; 0 means that "down" is a FAULT.
    pub weight: Weight,
    /// The contribution changes its sign; with weight 0: up is a FAULT.
    pub reverse: bool,
}

/// What the `track_*` blocks of one instance, or of one sync group, say by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tracks {
    /// `track_interface`.
    pub interfaces: List<TrackedInterface>,
    /// `track_script`.
    pub scripts: List<TrackedScript>,
    /// `track_file`.
    pub files: List<TrackedFile>,
    /// `track_process`.
    pub processes: List<TrackedProcess>,
    /// `track_bfd`.
    pub bfd: List<TrackedBfd>,
}

/// The same, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackLists<'a> {
    /// `track_interface`.
    pub interfaces: &'a [TrackedInterface],
    /// `track_script`.
    pub scripts: &'a [TrackedScript],
    /// `track_file`.
    pub files: &'a [TrackedFile],
    /// `track_process`.
    pub processes: &'a [TrackedProcess],
    /// `track_bfd`.
    pub bfd: &'a [TrackedBfd],
}

impl Tracks {
    /// All lists.
    #[must_use]
    pub fn lists(&self) -> TrackLists<'_> {
        TrackLists {
            interfaces: &self.interfaces,
            scripts: &self.scripts,
            files: &self.files,
            processes: &self.processes,
            bfd: &self.bfd,
        }
    }

    /// Whether nothing is tracked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let TrackLists {
            interfaces,
            scripts,
            files,
            processes,
            bfd,
        } = self.lists();
        interfaces.is_empty()
            && scripts.is_empty()
            && files.is_empty()
            && processes.is_empty()
            && bfd.is_empty()
    }
}
