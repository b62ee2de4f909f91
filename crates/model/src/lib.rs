//! Validated VRRP configuration and the shared words, as plain data.
//!
//! A [`Config`] is what a `keepalived.conf` *means* once every default has been filled in and every
//! cross-reference has been resolved. It says nothing about how the text looked (that is the
//! `config` crate) nor about what is happening now (that is the `vrrp` crate), but for the types of a
//! [`Timestamp`] and of what the kernel says of routing ([`RouteReport`], [`RuleReport`]), which several
//! of those have in common.
//!
//! Invariants that every `Config` satisfies, whoever built it:
//! * indices ([`ScriptIndex`], [`InstanceIndex`] and the like) lie inside the vectors they point into;
//! * an instance's `addresses`, `source` and unicast peers are of the instance's family;
//! * instance names are unique, group names are unique;
//! * in VRRP version 2 `advert_interval` is a whole number of seconds from 1 to 255, in version 3 a
//!   multiple of 10 ms from 10 ms to 40.95 s.
//!
//! This crate does no input or output and knows none of the others.
#![forbid(unsafe_code)]

mod address;
mod bfd;
mod command;
mod config;
mod election;
mod extension;
mod fixture;
mod globals;
mod hmac;
mod instance;
mod link;
mod number;
mod process_pattern;
mod route;
mod routing_report;
mod rule;
mod state;
mod sync_group;
mod time;
mod track_file;
mod track_group;
mod track_process;
mod tracking;
mod virtual_interface;

pub use address::{AddressLifetime, VirtualAddress};
pub use bfd::{BfdIndex, BfdInstance, TrackedBfd};
pub use command::{Command, Credentials, NotifyCommands};
pub use config::Config;
pub use election::{contribution, master_down_interval, skew_time};
pub use extension::{Extensions, NotifyOrder, NotifyRules, RemovedAddresses, UnrunnableScripts};
pub use fixture::{Fixture, Fixtures};
pub use globals::{
    CheckerSettings, Daemon, Dbus, DumpOnly, Dumps, ExtraAnnouncements, Fifo, Firewall,
    FlushOnStop, GarpDefaults, GlobalScripts, Globals, InstanceDefaults, Mail, MarkerFile,
    NetlinkBuffer, NotifyFifo, NotifyFifos, PID_DIRECTORY, Process, Processes, ReceiveBuffers,
    ReceivePolicy, Reload, ReloadCheck, Snmp, VrrpSettings,
};
pub use hmac::{AntiReplay, HmacAuthentication, HmacKey, HmacMode};
pub use instance::{
    Authentication, Delivery, GratuitousArp, InitialState, Instance, OldUnicastChecksum,
    UnicastPeer, UnsupportedReason,
};
pub use link::{GarpGroup, LinkDelays, Linkbeat, LinkbeatMethod};
pub use number::{Family, OutOfRange, Priority, Version, Vrid, Weight};
pub use process_pattern::ProcessPattern;
pub use route::{
    Encapsulation, Insertion, IpEncapsulation, Metric, Network, NextHop, Route, RouteMetrics,
    RouteType,
};
pub use routing_report::{RouteReport, RuleReport};
pub use rule::{PacketMark, Range, Rule, RuleAction};
pub use state::State;
pub use sync_group::{InstanceIndex, SyncGroup};
pub use time::Timestamp;
pub use track_file::{FileIndex, InitialContent, TrackFile, TrackedFile};
pub use track_group::{TrackGroup, TrackGroupIndex};
pub use track_process::{ParameterMatch, ProcessIndex, TrackProcess, TrackedProcess};
pub use tracking::{ScriptIndex, TrackLists, TrackedInterface, TrackedScript, Tracks, VrrpScript};
pub use virtual_interface::{Ipvlan, IpvlanMode, VirtualMac, standard_hardware_address};

/// A list that takes the room of one pointer while it is empty, as most lists of most instances are;
/// otherwise like [`Vec`].
pub type List<T> = thin_vec::ThinVec<T>;
