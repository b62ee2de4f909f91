//! The whole configuration.

use std::time::Duration;

use crate::{Extensions, Instance, SyncGroup, VrrpScript};

/// Mail settings of `global_defs`; parsed, not used by this version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mail {
    /// `notification_email`.
    pub recipients: Vec<String>,
    /// `notification_email_from`.
    pub from: Option<String>,
    /// `smtp_server`, host and port.
    pub server: Option<(String, u16)>,
}

/// What `global_defs` says beyond the defaults it gives to instances.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Globals {
    /// `router_id`.
    pub router_id: Option<String>,
    /// `enable_script_security`.
    pub script_security: bool,
    /// Interfaces may be missing at start (`dynamic_interfaces`).
    pub dynamic_interfaces: bool,
    /// `log_unknown_vrids`: the packet filter then lets every VRID through.
    pub log_unknown_vrids: bool,
    /// `vrrp_garp_interval`: least time between two gratuitous ARPs on an interface; zero is none.
    pub garp_interval: Duration,
    /// `vrrp_gna_interval`: the same for unsolicited neighbour advertisements.
    pub gna_interval: Duration,
    /// Mail settings.
    pub mail: Mail,
    /// Settings of our own.
    pub extensions: Extensions,
}

/// A whole configuration: see the crate documentation for its invariants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// `global_defs`.
    pub globals: Globals,
    /// `vrrp_script` blocks in use, in file order.
    pub scripts: Vec<VrrpScript>,
    /// `vrrp_instance` blocks, in file order.
    pub instances: Vec<Instance>,
    /// `vrrp_sync_group` blocks, in file order.
    pub sync_groups: Vec<SyncGroup>,
}
