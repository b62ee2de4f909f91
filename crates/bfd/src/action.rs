//! What is told to the sessions, and what they want done.

use std::net::IpAddr;
use std::sync::Arc;

use evervip_wire::BFD_CONTROL_LEN;

use crate::Line;

/// A session, for as long as it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub(crate) u64);

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// [`Sessions::next_deadline`](crate::Sessions::next_deadline) has been reached. May be sent at
    /// any time; nothing happens early.
    DeadlineReached,
    /// A datagram came.
    PacketReceived {
        /// Whence.
        source: IpAddr,
        /// From which port.
        port: u16,
        /// Where it went.
        destination: IpAddr,
        /// Its TTL or hop limit; `None` when the kernel did not tell.
        ttl: Option<u8>,
        /// It came to the port for several hops.
        multihop: bool,
        /// Its bytes, whatever they are.
        bytes: &'a [u8],
    },
    /// Somebody wants to know the state of every session.
    ReportsWanted,
}

/// What is said of a session to those who follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Name of the session.
    pub name: Arc<str>,
    /// Whether it is up.
    pub up: bool,
}

/// How the packets of a session are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// Whence; the routing table chooses when there is none.
    pub source: Option<IpAddr>,
    /// Whither.
    pub neighbor: IpAddr,
    /// TTL or hop limit.
    pub ttl: u8,
    /// To the port for several hops.
    pub multihop: bool,
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send a packet; how: [`Sessions::sender`](crate::Sessions::sender).
    Send {
        /// Of which session.
        session: SessionId,
        /// The packet.
        bytes: [u8; BFD_CONTROL_LEN],
    },
    /// Tell VRRP.
    Report(Report),
    /// Write a line to the log.
    Log(Line),
}
