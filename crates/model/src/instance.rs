//! A virtual router as configured.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::{
    Family, NotifyCommands, Priority, TrackedInterface, TrackedScript, Version, VirtualAddress,
    Vrid,
};

/// `state` of the configuration. Below priority 255 it has next to no effect (spec vrrp-runtime 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InitialState {
    /// `state MASTER`.
    Master,
    /// `state BACKUP`.
    Backup,
}

/// A unicast neighbour (spec vrrp-keywords 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnicastPeer {
    /// Its address.
    pub address: IpAddr,
    /// Least TTL accepted from it when sources are checked.
    pub min_ttl: u8,
    /// Greatest TTL accepted from it when sources are checked.
    pub max_ttl: u8,
}

/// Where adverts go.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// To a group, TTL 255.
    Multicast {
        /// Usually 224.0.0.18 or `ff02::12`.
        group: IpAddr,
    },
    /// One copy to every peer, in configuration order.
    Unicast {
        /// At least one.
        peers: Vec<UnicastPeer>,
        /// TTL of what we send.
        ttl: u8,
        /// Packets from others than the peers are dropped.
        check_source: bool,
    },
    /// `unicast_fault_no_peer` and no peer: the instance stays in FAULT.
    NoPeer,
}

/// Version 2 authentication (RFC 2338 10; spec wire 2.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// Type 0.
    None,
    /// Type 1: eight bytes in clear, padded with zeros.
    Pass([u8; 8]),
}

impl std::fmt::Debug for Authentication {
    /// Never shows the password: debug output ends up in logs and bug reports.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Pass(_) => "Pass(***)",
        })
    }
}

/// Gratuitous ARP and neighbour advertisement settings (spec vrrp-runtime 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GratuitousArp {
    /// Time from becoming MASTER to the second burst; zero is none.
    pub delay: Duration,
    /// Rounds in a burst, at least 1.
    pub repeat: u32,
    /// Period of the refresh; zero is none.
    pub refresh: Duration,
    /// Rounds of a refresh, at least 1.
    pub refresh_repeat: u32,
    /// Time to the second burst after a lower-priority advert.
    pub lower_prio_delay: Duration,
    /// Rounds of a burst after a lower-priority advert; 0 is none.
    pub lower_prio_repeat: u32,
}

impl Default for GratuitousArp {
    fn default() -> Self {
        Self {
            delay: Duration::from_secs(5),
            repeat: 5,
            refresh: Duration::ZERO,
            refresh_repeat: 1,
            lower_prio_delay: Duration::from_secs(5),
            lower_prio_repeat: 5,
        }
    }
}

/// Why this version cannot run an instance: it is held in FAULT, and a diagnostic says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnsupportedReason {
    /// An IPv6 instance.
    Inet6,
    /// `auth_type AH`.
    AuthenticationHeader,
    /// No `interface`: the routing table would choose one.
    NoInterface,
}

/// A `vrrp_instance` block with all defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Name.
    pub name: Arc<str>,
    /// `state`.
    pub initial_state: InitialState,
    /// `interface`; `None` only with [`UnsupportedReason::NoInterface`].
    pub interface: Option<String>,
    /// `virtual_router_id`.
    pub vrid: Vrid,
    /// Configured priority.
    pub priority: Priority,
    /// Protocol version.
    pub version: Version,
    /// Address family.
    pub family: Family,
    /// Time between two adverts.
    pub advert_interval: Duration,
    /// A running master of lower priority is left alone.
    pub nopreempt: bool,
    /// Time that a running master of lower priority is left alone; zero is none.
    pub preempt_delay: Duration,
    /// Adverts missed before takeover, 1 to 100 (`down_timer_adverts`, default 3).
    pub down_timer_adverts: u8,
    /// Address lists of repeated adverts of one master are not compared.
    pub skip_check_adv_addr: bool,
    /// A master does not answer adverts of lower priority.
    pub lower_prio_no_advert: bool,
    /// A master sends one more advert before it yields.
    pub higher_prio_send_advert: bool,
    /// Configured source address (`mcast_src_ip`, `unicast_src_ip`).
    pub source: Option<IpAddr>,
    /// FAULT while the configured source address is missing (`track_src_ip`).
    pub track_source: bool,
    /// Multicast or unicast.
    pub delivery: Delivery,
    /// Version 2 authentication.
    pub authentication: Authentication,
    /// Advertised addresses, in file order; at most 255.
    pub addresses: Vec<VirtualAddress>,
    /// Addresses that come and go with the state but are not advertised; any family.
    pub excluded_addresses: Vec<VirtualAddress>,
    /// `track_interface`, including the sync group's.
    pub track_interfaces: Vec<TrackedInterface>,
    /// `track_script`, including the sync group's.
    pub track_scripts: Vec<TrackedScript>,
    /// Whether the instance's own interface being down is a FAULT (not `dont_track_primary`).
    pub track_primary: bool,
    /// Gratuitous ARP settings.
    pub garp: GratuitousArp,
    /// Hooks.
    pub notify: NotifyCommands,
    /// Set when this version cannot run the instance.
    pub unsupported: Option<UnsupportedReason>,
}

impl Instance {
    /// An instance that says nothing but its name and its id: keepalived's defaults, IPv4,
    /// version 2, no interface and no address yet.
    #[must_use]
    pub fn new(name: Arc<str>, vrid: Vrid) -> Self {
        Self {
            name,
            initial_state: InitialState::Backup,
            interface: None,
            vrid,
            priority: Priority::DEFAULT,
            version: Version::V2,
            family: Family::Inet,
            advert_interval: Duration::from_secs(1),
            nopreempt: false,
            preempt_delay: Duration::ZERO,
            down_timer_adverts: 3,
            skip_check_adv_addr: false,
            lower_prio_no_advert: false,
            higher_prio_send_advert: false,
            source: None,
            track_source: false,
            delivery: Delivery::Multicast {
                group: IpAddr::from([224, 0, 0, 18]),
            },
            authentication: Authentication::None,
            addresses: Vec::new(),
            excluded_addresses: Vec::new(),
            track_interfaces: Vec::new(),
            track_scripts: Vec::new(),
            track_primary: true,
            garp: GratuitousArp::default(),
            notify: NotifyCommands::default(),
            unsupported: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Authentication;

    #[test]
    fn debug_output_never_shows_a_password() {
        assert_eq!(
            format!("{:?}", Authentication::Pass(*b"12345678")),
            "Pass(***)"
        );
    }
}
