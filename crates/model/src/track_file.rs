//! Files whose number is a measure of health (spec vrrp-keywords 12).

use std::path::PathBuf;
use std::sync::Arc;

use crate::Weight;

/// Index into [`Config::files`](crate::Config::files).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileIndex(pub usize);

/// What is written into a file when the daemon starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InitialContent {
    /// The number.
    pub value: i32,
    /// Also into a file that exists.
    pub overwrite: bool,
}

/// A `track_file`: status = number in the file × weight; absent or empty is 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackFile {
    /// Name; of several with one name the first is the one that is tracked.
    pub name: Arc<str>,
    /// The file, as written.
    pub path: PathBuf,
    /// Default weight of the tracks that name none, -254 to 254; 1 unless configured.
    pub weight: Weight,
    /// Default direction of the tracks that name none.
    pub reverse: bool,
    /// `init_file`.
    pub initial: Option<InitialContent>,
}

/// One line of a `track_file` block of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TrackedFile {
    /// Which file.
    pub file: FileIndex,
    /// Weight in force; 0 means that a number other than 0 is a FAULT.
    pub weight: Weight,
    /// The contribution changes its sign; with weight 0: the number 0 is a FAULT.
    pub reverse: bool,
}
