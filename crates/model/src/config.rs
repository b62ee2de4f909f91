//! The whole configuration.

use crate::{
    BfdInstance, Fixtures, GarpGroup, Globals, Instance, LinkDelays, Linkbeat, SyncGroup,
    TrackFile, TrackGroup, TrackProcess, VrrpScript,
};

/// A whole configuration: see the crate documentation for its invariants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// `global_defs`.
    pub globals: Globals,
    /// `vrrp_script` blocks in use, in file order.
    pub scripts: Vec<VrrpScript>,
    /// `track_file` blocks, in file order.
    pub files: Vec<TrackFile>,
    /// `vrrp_track_process` blocks, in file order.
    pub processes: Vec<TrackProcess>,
    /// `bfd_instance` blocks, in file order.
    pub bfd_instances: Vec<BfdInstance>,
    /// `garp_group` blocks.
    pub garp_groups: Vec<GarpGroup>,
    /// `interface_up_down_delays`.
    pub link_delays: Vec<LinkDelays>,
    /// `linkbeat_interfaces`.
    pub linkbeat: Vec<Linkbeat>,
    /// What is there as long as the daemon runs.
    pub fixtures: Fixtures,
    /// `track_group` blocks.
    pub track_groups: Vec<TrackGroup>,
    /// `vrrp_instance` blocks, in file order.
    pub instances: Vec<Instance>,
    /// `vrrp_sync_group` blocks, in file order.
    pub sync_groups: Vec<SyncGroup>,
}
