//! What `global_defs` and the single keywords of the top level say (spec config-language 10 and 11).
//!
//! Defaults that they give to instances are in the instances, and here only to be shown. So are
//! settings of LVS.

mod buffers;
mod dump_only;
mod firewall;
mod mail;
mod monitoring;
mod process;
mod reload;
mod script;
mod vrrp;

pub use buffers::{NetlinkBuffer, ReceiveBuffers, ReceivePolicy};
pub use dump_only::{CheckerSettings, DumpOnly, FlushOnStop, GarpDefaults, InstanceDefaults};
pub use firewall::Firewall;
pub use mail::Mail;
pub use monitoring::{Dbus, Dumps, Snmp};
pub use process::{Daemon, PID_DIRECTORY, Process, Processes};
pub use reload::{MarkerFile, Reload, ReloadCheck};
pub use script::{Fifo, GlobalScripts, NotifyFifo, NotifyFifos};
pub use vrrp::{ExtraAnnouncements, VrrpSettings};

use std::time::Duration;

use crate::Extensions;

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
    /// Names, namespace and end of the daemon.
    pub daemon: Daemon,
    /// Names, priorities and limits of its processes.
    pub processes: Processes,
    /// Scripts of the daemon itself.
    pub scripts: GlobalScripts,
    /// FIFOs that are told of state changes.
    pub fifos: NotifyFifos,
    /// The rest of what concerns VRRP.
    pub vrrp: VrrpSettings,
    /// Packet filter.
    pub firewall: Firewall,
    /// Sizes of receive buffers.
    pub buffers: ReceiveBuffers,
    /// When and how the configuration is read again.
    pub reload: Reload,
    /// Files written on demand.
    pub dumps: Dumps,
    /// SNMP.
    pub snmp: Snmp,
    /// D-Bus.
    pub dbus: Dbus,
    /// What is shown and otherwise not asked for; `None` where nothing was said about it.
    pub dump_only: Option<Box<DumpOnly>>,
}
