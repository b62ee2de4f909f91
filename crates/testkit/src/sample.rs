//! Configurations, hosts and scripts with the defaults that most tests want.
//!
//! The sample host has `eth0` (index 2) with 10.0.0.1 and `eth1` (index 3) with 10.0.1.1. Instance
//! VRID n on `eth0` has the virtual address 10.0.0.(100 + n).

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{
    Command, Config, Credentials, Delivery, Instance, InstanceIndex, Priority, ScriptIndex,
    SyncGroup, TrackedInterface, TrackedScript, UnicastPeer, VirtualAddress, Vrid, VrrpScript,
    Weight,
};
use evervip_vrrp::{LinkState, SocketKey, SocketKind};
use evervip_wire::PROTOCOL;

/// Index of `eth0`.
pub const ETH0: u32 = 2;
/// Index of `eth1`.
pub const ETH1: u32 = 3;
/// The group of VRRP over IPv4.
pub const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));
/// Own address of the sample host on `eth0`.
pub const OWN: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

/// An IPv4 address of the sample network of `eth0`.
#[must_use]
pub const fn lan(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, last))
}

/// A version 2 instance on `eth0`, advertising every second, with one virtual address.
///
/// # Panics
/// When `vrid` or `priority` is 0.
#[must_use]
pub fn instance(name: &str, vrid: u8, priority: u8) -> Instance {
    let vrid = Vrid::new(vrid).expect("a VRID is not 0");
    Instance {
        interface: Some("eth0".to_owned()),
        priority: Priority::new(priority).expect("a priority is not 0"),
        addresses: vec![vip(&format!(
            "10.0.0.{}",
            100_u8.saturating_add(vrid.value())
        ))]
        .into(),
        ..Instance::new(name.into(), vrid)
    }
}

/// A virtual address with the prefix length /24 or /64.
///
/// # Panics
/// When the text is no address.
#[must_use]
pub fn vip(text: &str) -> VirtualAddress {
    let address: IpAddr = text.parse().expect("an IP address");
    VirtualAddress::new(address, if address.is_ipv4() { 24 } else { 64 })
}

/// Unicast to these peers, sources checked.
#[must_use]
pub fn unicast(peers: &[IpAddr]) -> Delivery {
    Delivery::Unicast {
        peers: peers
            .iter()
            .map(|peer| UnicastPeer {
                address: *peer,
                min_ttl: 0,
                max_ttl: 255,
            })
            .collect(),
        ttl: Some(64),
        check_source: true,
    }
}

/// A check script run every second; one result decides.
#[must_use]
pub fn script(name: &str) -> VrrpScript {
    VrrpScript {
        name: name.into(),
        command: Command {
            path: "/bin/check".into(),
            argv: vec!["/bin/check".into(), name.into()],
            credentials: Credentials { uid: 0, gid: 0 },
            supplementary_groups: Box::default(),
        },
        interval: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
        has_timeout: false,
        weight: 0,
        reverse: false,
        rise: 1,
        fall: 1,
        init_fail: false,
        unusable: None,
    }
}

/// A track of the script with this index.
#[must_use]
pub const fn track(script: usize, weight: Weight) -> TrackedScript {
    TrackedScript {
        script: ScriptIndex(script),
        weight,
        reverse: false,
    }
}

/// A track of an interface.
#[must_use]
pub fn track_interface(interface: &str, weight: Weight) -> TrackedInterface {
    TrackedInterface {
        interface: interface.to_owned(),
        weight,
        reverse: false,
    }
}

/// A sync group of the instances with these indices.
#[must_use]
pub fn group(name: &str, members: impl IntoIterator<Item = usize>) -> SyncGroup {
    let members = members.into_iter().map(InstanceIndex).collect();
    SyncGroup::new(Arc::from(name), members)
}

/// A configuration of instances alone.
#[must_use]
pub fn config(instances: impl IntoIterator<Item = Instance>) -> Config {
    Config {
        instances: instances.into_iter().collect(),
        ..Config::default()
    }
}

/// An Ethernet interface; one that is down lacks its carrier.
#[must_use]
pub fn link(index: u32, name: &str, up: bool) -> LinkState {
    LinkState {
        index,
        name: name.to_owned(),
        up,
        flags: if up { 0x1_1043 } else { 0x1003 },
    }
}

/// The interfaces of the sample host, up.
#[must_use]
pub fn links() -> Vec<LinkState> {
    vec![link(ETH0, "eth0", true), link(ETH1, "eth1", true)]
}

/// The addresses of host number `last`.
#[must_use]
pub fn addresses(last: u8) -> Vec<(u32, IpAddr)> {
    vec![
        (ETH0, IpAddr::from([10, 0, 0, last])),
        (ETH1, IpAddr::from([10, 0, 1, last])),
    ]
}

/// The multicast socket of `eth0`.
#[must_use]
pub const fn multicast_socket() -> SocketKey {
    SocketKey {
        interface: ETH0,
        kind: SocketKind::Multicast(GROUP),
        protocol: PROTOCOL,
    }
}

/// The socket of unicast instances on `eth0`.
#[must_use]
pub const fn unicast_socket() -> SocketKey {
    SocketKey {
        interface: ETH0,
        kind: SocketKind::Unicast(OWN),
        protocol: PROTOCOL,
    }
}
