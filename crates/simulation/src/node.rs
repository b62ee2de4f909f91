//! A host as described: what it runs, and where it is plugged in.

use std::net::IpAddr;

use evervip_model::Config;

/// A host of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What its daemon reads.
    pub config: Config,
    /// Its interfaces.
    pub ports: Vec<Port>,
}

/// An interface of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its index, other than that of the host's other interfaces.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Ports of one segment hear each other's multicasts. Unicast is routed between segments.
    pub segment: usize,
    /// Its addresses that are there whatever the daemon does.
    pub addresses: Vec<IpAddr>,
}
