//! What more than one table says in the same way.

use std::collections::HashMap;
use std::net::IpAddr;

use evervip_agentx::Value;
use evervip_dump::Scene;
use evervip_model::{Command, Family, State};
use evervip_vrrp::{InterfaceSnapshot, RouterSnapshot};

/// The number of a state in keepalived's tables.
pub(crate) const fn state_number(state: State) -> i32 {
    match state {
        State::Init => 0,
        State::Backup => 1,
        State::Master => 2,
        State::Fault => 3,
        State::Stop => 5,
    }
}

/// The number of a state in the tables of both RFCs.
pub(crate) const fn rfc_state_number(state: State) -> i32 {
    match state {
        State::Init | State::Fault | State::Stop => 1,
        State::Backup => 2,
        State::Master => 3,
    }
}

/// `InetAddressType` (RFC 4001).
pub(crate) const fn family_number(family: Family) -> u32 {
    match family {
        Family::Inet => 1,
        Family::Inet6 => 2,
    }
}

/// `InetAddressType` of an address.
pub(crate) fn address_type(address: IpAddr) -> Value {
    Value::Integer(if address.is_ipv4() { 1 } else { 2 })
}

/// The bytes of an address.
pub(crate) fn address_bytes(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// `InetAddress` (RFC 4001).
pub(crate) fn address(address: IpAddr) -> Value {
    Value::Octets(address_bytes(address))
}

/// The address that says nothing.
pub(crate) const fn unspecified(family: Family) -> IpAddr {
    match family {
        Family::Inet => IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
        Family::Inet6 => IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED),
    }
}

/// `InetScopeType` (RFC 4001) of a scope of the kernel; 0 where there is none.
pub(crate) fn scope(kernel: u8) -> Value {
    Value::Integer(match kernel {
        0 => 14,
        200 => 5,
        253 => 2,
        254 => 1,
        _ => 0,
    })
}

/// The words of a script, as in the state dump.
pub(crate) fn command(command: Option<&Command>) -> Option<Value> {
    command.map(|command| Value::text(&evervip_dump::command_words(command)))
}

/// A position in a list as an index: from 1 on.
pub(crate) fn index(position: usize) -> u32 {
    u32::try_from(position)
        .unwrap_or(u32::MAX)
        .saturating_add(1)
}

/// The index of static entries in the place of an instance's.
pub(crate) const STATIC: u32 = 0;

/// A number as a `Gauge32`, or its greatest value.
pub(crate) fn gauge(number: impl TryInto<u32>) -> Value {
    Value::Gauge32(number.try_into().unwrap_or(u32::MAX))
}

/// A number as an `INTEGER`, or its greatest value.
pub(crate) fn integer(number: impl TryInto<i32>) -> Value {
    Value::Integer(number.try_into().unwrap_or(i32::MAX))
}

/// A count as a `Counter32`, which starts anew behind its greatest value.
pub(crate) fn counter32(count: u64) -> Value {
    Value::Counter32(u32::try_from(count & u64::from(u32::MAX)).unwrap_or(0))
}

/// The interfaces of a scene by index and by name.
pub(crate) struct Interfaces<'a> {
    by_index: HashMap<u32, &'a InterfaceSnapshot>,
    by_name: HashMap<&'a str, u32>,
    hardware: HashMap<u32, &'a [u8]>,
}

impl<'a> Interfaces<'a> {
    pub(crate) fn of(scene: &'a Scene) -> Self {
        let links = &scene.snapshot.interfaces;
        let hardware = scene.host.links.iter();
        Self {
            by_index: links.iter().map(|link| (link.index, link)).collect(),
            by_name: links.iter().map(|l| (l.name.as_str(), l.index)).collect(),
            hardware: hardware.map(|l| (l.index, &*l.address)).collect(),
        }
    }

    pub(crate) fn name(&self, index: u32) -> Option<&'a str> {
        self.by_index.get(&index).map(|link| link.name.as_str())
    }

    pub(crate) fn index(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The hardware address of an interface; empty where there is none.
    pub(crate) fn hardware(&self, index: Option<u32>) -> Value {
        let address = index.and_then(|index| self.hardware.get(&index));
        Value::Octets(address.map_or_else(Vec::new, |bytes| bytes.to_vec()))
    }

    /// The name of the interface that a router runs on.
    pub(crate) fn own_name(&self, router: &'a RouterSnapshot) -> &'a str {
        let name = router.interface.and_then(|index| self.name(index));
        name.unwrap_or_else(|| evervip_dump::configured_name(&router.spec))
    }
}

/// Hundredths of a second since a router left INIT or FAULT; 0 in these.
pub(crate) fn uptime(scene: &Scene, router: &RouterSnapshot) -> Value {
    let ticks = router.up_since.map_or(0, |since| {
        let nanos = scene
            .snapshot
            .taken
            .as_nanos()
            .saturating_sub(since.as_nanos());
        nanos / 10_000_000
    });
    Value::Ticks(u32::try_from(ticks & u64::from(u32::MAX)).unwrap_or(0))
}

/// The address of the master as far as a router knows it.
pub(crate) fn master_address(router: &RouterSnapshot) -> IpAddr {
    let family = router.spec.family;
    let known = match router.state {
        State::Master => router.source,
        _ => router.master.map(|(address, _)| address),
    };
    known.unwrap_or(unspecified(family))
}
