//! A virtual router as configured.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::{
    ExtraAnnouncements, Family, HmacAuthentication, Ipvlan, List, NotifyCommands, Priority, Route,
    Rule, TrackLists, TrackedBfd, TrackedFile, TrackedInterface, TrackedProcess, TrackedScript,
    Tracks, Version, VirtualAddress, VirtualMac, Vrid,
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
        /// TTL or hop limit of what we send; `None` is the kernel's default.
        ttl: Option<u8>,
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
    /// Type 2: the key of the authentication header, padded with zeros.
    Header([u8; 8]),
}

impl std::fmt::Debug for Authentication {
    /// Never shows the password: debug output ends up in logs and bug reports.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Pass(_) => "Pass(***)",
            Self::Header(_) => "Header(***)",
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
    /// `garp_extra_if`: those on other interfaces of the addresses.
    pub extra: Option<ExtraAnnouncements>,
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
            extra: None,
        }
    }
}

/// `old_unicast_checksum`: the version 3 checksum of unicast before keepalived 1.3.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OldUnicastChecksum {
    /// As soon as a peer is heard to use it.
    #[default]
    Detect,
    /// From the start.
    Always,
    /// Not even when a peer uses it.
    Never,
}

/// Why an instance cannot run: it is held in FAULT, and a diagnostic says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnsupportedReason {
    /// The interface cannot multicast, and there are no peers.
    NoMulticast,
    /// A virtual MAC or an ipvlan is wanted on an interface that is not Ethernet.
    NotEthernet,
    /// An IPv4 ipvlan without an address of its own.
    NoIpvlanAddress,
    /// Another instance has an address on the same virtual MAC, and they are not in one sync group.
    SharedVirtualMac,
}

/// A `vrrp_instance` block with all defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Name.
    pub name: Arc<str>,
    /// `state`.
    pub initial_state: InitialState,
    /// `interface`; `None` only for unicast from a configured source: the routing table leads its
    /// packets, and each address names an interface of its own.
    pub interface: Option<String>,
    /// `vrf` of the sockets; only without `interface`.
    pub vrf: Option<String>,
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
    /// A MASTER that has slept too long goes back to BACKUP (`timer_expired_backup`): the highest
    /// priority of the other machines, 1 to 254.
    pub timer_expired_backup: Option<u8>,
    /// Held to the standard (`strict_mode`); the settings it changes are changed already.
    pub strict: bool,
    /// Address lists of repeated adverts of one master are not compared.
    pub skip_check_adv_addr: bool,
    /// A master does not answer adverts of lower priority.
    pub lower_prio_no_advert: bool,
    /// A master sends one more advert before it yields.
    pub higher_prio_send_advert: bool,
    /// The address owner ignores adverts (`owner_ignore_adverts`).
    pub owner_ignore_adverts: bool,
    /// `debug`, 0 to 4; no effect is known.
    pub debug: u8,
    /// Configured source address (`mcast_src_ip`, `unicast_src_ip`).
    pub source: Option<IpAddr>,
    /// FAULT while the configured source address is missing (`track_src_ip`).
    pub track_source: bool,
    /// Multicast or unicast.
    pub delivery: Delivery,
    /// Keywords of unicast were written, but no peer that can be used: multicast all the same.
    pub unicast_without_peers: bool,
    /// Receive buffer of the socket in bytes (`kernel_rx_buf_size`); 0 is the system's.
    pub receive_buffer: u32,
    /// `old_unicast_checksum`.
    pub old_unicast_checksum: OldUnicastChecksum,
    /// Version 3 checksums over IPv4 leave the pseudo header out (`v3_checksum_as_v2`).
    pub v3_checksum_as_v2: bool,
    /// Version 2 authentication.
    pub authentication: Authentication,
    /// `auth_hmac`.
    pub hmac: Option<Box<HmacAuthentication>>,
    /// `use_vmac`.
    pub virtual_mac: Option<Box<VirtualMac>>,
    /// `use_ipvlan`.
    pub ipvlan: Option<Box<Ipvlan>>,
    /// Addresses on other interfaces get a virtual MAC too (`use_vmac_addr`).
    pub virtual_mac_for_addresses: bool,
    /// Adverts leave through the real interface (`vmac_xmit_base`).
    pub transmit_on_base: bool,
    /// Packets to the addresses are accepted although the instance is no owner (`accept`).
    pub accept: bool,
    /// `promote_secondaries`.
    pub promote_secondaries: bool,
    /// Advertised addresses, in file order; at most 255.
    pub addresses: List<VirtualAddress>,
    /// Addresses that come and go with the state but are not advertised; any family.
    pub excluded_addresses: List<VirtualAddress>,
    /// `virtual_routes`.
    pub routes: List<Route>,
    /// `virtual_rules`.
    pub rules: List<Rule>,
    /// `track_interface`, including the sync group's.
    pub track_interfaces: List<TrackedInterface>,
    /// `track_script`, including the sync group's.
    pub track_scripts: List<TrackedScript>,
    /// `track_file`, including the sync group's.
    pub track_files: List<TrackedFile>,
    /// `track_process`, including the sync group's.
    pub track_processes: List<TrackedProcess>,
    /// `track_bfd`, including the sync group's.
    pub track_bfd: List<TrackedBfd>,
    /// What of that the instance says itself, where its sync group tracks something, too; `None`:
    /// all of it.
    pub own_tracks: Option<Box<Tracks>>,
    /// Whether the instance's own interface being down is a FAULT (not `dont_track_primary`).
    pub track_primary: bool,
    /// The link state is polled (`linkbeat_use_polling`).
    pub linkbeat_polling: bool,
    /// Gratuitous ARP settings.
    pub garp: GratuitousArp,
    /// Hooks.
    pub notify: NotifyCommands,
    /// When a reload removes the instance, the state word is DELETED instead of FAULT
    /// (`notify_deleted`).
    pub notify_deleted: bool,
    /// Priority changes are written to the FIFOs (`notify_priority_changes`).
    pub notify_priority_changes: bool,
    /// Mail at state changes (`smtp_alert`).
    pub smtp_alert: bool,
    /// After a failure it stays in FAULT until an operator clears it (`@evervip fault_latch`).
    pub fault_latch: bool,
    /// Set when the instance cannot run.
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
            vrf: None,
            vrid,
            priority: Priority::DEFAULT,
            version: Version::V2,
            family: Family::Inet,
            advert_interval: Duration::from_secs(1),
            nopreempt: false,
            preempt_delay: Duration::ZERO,
            down_timer_adverts: 3,
            timer_expired_backup: None,
            strict: false,
            skip_check_adv_addr: false,
            lower_prio_no_advert: false,
            higher_prio_send_advert: false,
            owner_ignore_adverts: false,
            debug: 0,
            source: None,
            track_source: false,
            delivery: Delivery::Multicast {
                group: IpAddr::from([224, 0, 0, 18]),
            },
            unicast_without_peers: false,
            receive_buffer: 0,
            old_unicast_checksum: OldUnicastChecksum::Detect,
            v3_checksum_as_v2: false,
            authentication: Authentication::None,
            hmac: None,
            virtual_mac: None,
            ipvlan: None,
            virtual_mac_for_addresses: false,
            transmit_on_base: false,
            accept: true,
            promote_secondaries: false,
            addresses: List::new(),
            excluded_addresses: List::new(),
            routes: List::new(),
            rules: List::new(),
            track_interfaces: List::new(),
            track_scripts: List::new(),
            track_files: List::new(),
            track_processes: List::new(),
            track_bfd: List::new(),
            own_tracks: None,
            track_primary: true,
            linkbeat_polling: false,
            garp: GratuitousArp::default(),
            notify: NotifyCommands::default(),
            notify_deleted: false,
            notify_priority_changes: false,
            smtp_alert: false,
            fault_latch: false,
            unsupported: None,
        }
    }
}

impl Instance {
    /// What the instance itself says that it tracks.
    #[must_use]
    pub fn own_track_lists(&self) -> TrackLists<'_> {
        match &self.own_tracks {
            Some(own) => own.lists(),
            None => TrackLists {
                interfaces: &self.track_interfaces,
                scripts: &self.track_scripts,
                files: &self.track_files,
                processes: &self.track_processes,
                bfd: &self.track_bfd,
            },
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
