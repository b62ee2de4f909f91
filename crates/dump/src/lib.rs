//! What an engine knows at one moment, written down as keepalived 2.2.7 does (spec vrrp-runtime 19
//! and 20): programs read these texts, so that every space counts.
//!
//! Pure: a [`Scene`] goes in, text comes out. No password is ever part of it.
#![forbid(unsafe_code)]

mod address;
mod bfd;
mod clock;
mod command;
mod json;
mod places;
mod route;
mod rule;
mod state;
mod statistics;
mod text;

pub use bfd::{BfdFacts, BfdScene, bfd};
pub use clock::{Clock, LocalTime};
pub use command::words as command_words;
pub use json::json;
pub use places::configured_name;
pub use state::{configuration, state};
pub use statistics::statistics;

use evervip_vrrp::{Snapshot, SocketKey};

/// All that is written about.
#[derive(Debug)]
pub struct Scene {
    /// What the engine knows.
    pub snapshot: Snapshot,
    /// What the driver knows beyond it.
    pub host: Host,
    /// What time it is.
    pub clock: Clock,
    /// It is about what was found at the start (`-d`): what instances only have afterwards is left
    /// out.
    pub at_start: bool,
}

/// What the driver knows of the machine.
#[derive(Debug, Default)]
pub struct Host {
    /// The sockets that are open.
    pub sockets: Vec<SocketFacts>,
    /// Interfaces as the kernel describes them.
    pub links: Vec<LinkFacts>,
}

/// An open pair of sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketFacts {
    /// Whose.
    pub key: SocketKey,
    /// Descriptor to receive with.
    pub receive: i32,
    /// Descriptor to send with.
    pub send: i32,
    /// Room for packets that wait, in bytes; 0 is the system's.
    pub room: u32,
}

/// An interface as the kernel describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkFacts {
    /// Its index.
    pub index: u32,
    /// `IFF_*` flags.
    pub flags: u32,
    /// Greatest IP packet, in bytes.
    pub mtu: u32,
    /// `ARPHRD_*`.
    pub hardware_type: u16,
    /// Its own hardware address; empty for those that have none.
    pub address: Vec<u8>,
    /// Its broadcast hardware address.
    pub broadcast: Vec<u8>,
}

/// What stands in the place of a password.
const SECRET: &str = "***";
