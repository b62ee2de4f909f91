//! Sessions of bidirectional forwarding detection (RFC 5880, 5881; spec vrrp-keywords 15).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::Weight;

/// Index into [`Config::bfd_instances`](crate::Config::bfd_instances).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BfdIndex(pub usize);

/// A `bfd_instance`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BfdInstance {
    /// Name, at most 31 bytes, unique.
    pub name: Arc<str>,
    /// The other end; `None` for a session that was refused: it can be tracked, and is down for good.
    pub neighbor: Option<IpAddr>,
    /// This end; the routing table chooses when there is none.
    pub source: Option<IpAddr>,
    /// Least interval in which we can receive.
    pub min_rx: Duration,
    /// Least interval in which we want to send.
    pub min_tx: Duration,
    /// Interval in which we send while the session is down.
    pub idle_tx: Duration,
    /// Packets missed until the session is down, 1 to 255.
    pub multiplier: u8,
    /// Waits for the other end to begin.
    pub passive: bool,
    /// TTL or hop limit of what we send, 1 to 255.
    pub ttl: u8,
    /// Greatest loss of TTL that is accepted; `None` is any.
    pub max_hops: Option<u8>,
    /// Port 4784 (RFC 5883) instead of 3784.
    pub multihop: bool,
    /// Default weight of the tracks that name none, -253 to 253.
    pub weight: Weight,
    /// Default direction of the tracks that name none.
    pub reverse: bool,
    /// Reports to VRRP.
    pub vrrp: bool,
    /// Reports to the LVS checkers.
    pub checker: bool,
}

impl BfdInstance {
    /// A session that says nothing but its name: keepalived's defaults, one hop, no neighbour yet.
    #[must_use]
    pub fn new(name: Arc<str>) -> Self {
        let ten = Duration::from_millis(10);
        Self {
            name,
            neighbor: None,
            source: None,
            min_rx: ten,
            min_tx: ten,
            idle_tx: Duration::from_secs(1),
            multiplier: 5,
            passive: false,
            ttl: 255,
            max_hops: Some(0),
            multihop: false,
            weight: 0,
            reverse: false,
            vrrp: true,
            checker: true,
        }
    }
}

/// One line of a `track_bfd` block of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TrackedBfd {
    /// Which session.
    pub bfd: BfdIndex,
    /// Weight in force; 0 means that "down" is a FAULT.
    pub weight: Weight,
    /// The contribution changes its sign; with weight 0: up is a FAULT.
    pub reverse: bool,
}
