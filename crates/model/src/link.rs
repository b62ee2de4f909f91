//! Settings of interfaces (spec vrrp-keywords 16).

use std::time::Duration;

/// A `garp_group`: interfaces that share a least gap between announcements.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GarpGroup {
    /// Least time between two gratuitous ARPs; `None` is the global one.
    pub garp_interval: Option<Duration>,
    /// Least time between two unsolicited neighbour advertisements; `None` is the global one.
    pub gna_interval: Option<Duration>,
    /// Members; an interface is in one group at most.
    pub interfaces: Vec<String>,
}

/// A line of `interface_up_down_delays`: how long a link state must last until it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkDelays {
    /// Which interface.
    pub interface: String,
    /// For "down".
    pub down: Duration,
    /// For "up".
    pub up: Duration,
}

/// How a link state is polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkbeatMethod {
    /// Whatever works first: MII, ETHTOOL, IOCTL.
    Any,
    /// Transceiver registers.
    Mii,
    /// The driver.
    Ethtool,
    /// Interface flags.
    Ioctl,
}

/// A line of `linkbeat_interfaces`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linkbeat {
    /// Which interface.
    pub interface: String,
    /// How.
    pub method: LinkbeatMethod,
}
