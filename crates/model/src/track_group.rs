//! Instances whose interfaces guard static addresses, routes and rules (spec vrrp-keywords 17).

use std::sync::Arc;

use crate::InstanceIndex;

/// Index into [`Config::track_groups`](crate::Config::track_groups).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TrackGroupIndex(pub usize);

/// A `track_group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackGroup {
    /// Name, unique among the track groups.
    pub name: Arc<str>,
    /// Members that exist, in configuration order; at least one.
    pub members: Vec<InstanceIndex>,
}
