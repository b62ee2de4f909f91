//! Groups of instances that change state together.

use std::sync::Arc;

use crate::{NotifyCommands, Tracks};

/// Index into [`Config::instances`](crate::Config::instances).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceIndex(pub usize);

/// A `vrrp_sync_group` (spec vrrp-runtime 8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncGroup {
    /// Name, unique among the groups.
    pub name: Arc<str>,
    /// Members in configuration order, at least one. An instance is in one group at most.
    pub members: Vec<InstanceIndex>,
    /// Commands run when the group as a whole has changed state.
    pub notify: NotifyCommands,
    /// Mail when the group has changed state (`smtp_alert`).
    pub smtp_alert: bool,
    /// What the group itself tracks; it is part of what each member tracks, too.
    pub tracks: Tracks,
    /// Members may track with weights (`sync_group_tracking_weight`).
    pub tracking_weight: bool,
    /// `notify_priority_changes` of members that do not say it themselves.
    pub notify_priority_changes: Option<bool>,
}

impl SyncGroup {
    /// A group that says nothing but its name and its members.
    #[must_use]
    pub fn new(name: Arc<str>, members: Vec<InstanceIndex>) -> Self {
        Self {
            name,
            members,
            notify: NotifyCommands::default(),
            smtp_alert: false,
            tracks: Tracks::default(),
            tracking_weight: false,
            notify_priority_changes: None,
        }
    }
}
