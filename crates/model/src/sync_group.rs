//! Groups of instances that change state together.

use std::sync::Arc;

use crate::NotifyCommands;

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
}
