//! The messages that add and remove a route (spec vrrp-runtime 12, vrrp-keywords 8).

mod encapsulation;
mod metrics;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use evervip_model::{Family, Insertion, Network, NextHop, Route};

use super::builder::MessageBuilder;
use super::error::NetlinkError;
use super::link::Link;
use super::requests::{Addition, Removal, Requests};

/// A route together with what its names stand for now.
#[derive(Debug, Clone, Copy)]
pub struct RouteEntry<'a> {
    /// The route as configured.
    pub route: &'a Route,
    /// Index of its interface, if it names one.
    pub interface: Option<u32>,
    /// Index of the interface of each of its next hops, where one is named.
    pub hops: &'a [Option<u32>],
    /// Number of the table.
    pub table: u32,
}

/// The protocol number that marks an address, route or rule as ours.
pub const KEEPALIVED: u8 = 18;
/// The table of routes that name none.
const MAIN_TABLE: u32 = 254;

impl<'a> RouteEntry<'a> {
    /// A route in the table that it names, or the main one.
    #[must_use]
    pub fn new(route: &'a Route, interface: Option<u32>, hops: &'a [Option<u32>]) -> Self {
        Self {
            route,
            interface,
            hops,
            table: route.table.unwrap_or(MAIN_TABLE),
        }
    }

    /// The same in the table of the VRF that the route names, if it names one. `link` knows the
    /// interfaces by their names.
    #[must_use]
    pub fn in_vrf<'l>(mut self, link: impl FnOnce(&str) -> Option<&'l Link>) -> Self {
        let vrf = self.route.vrf.as_deref();
        if let Some(table) = vrf.and_then(|name| link(name)?.vrf_table) {
            self.table = table;
        }
        self
    }
}

impl Requests {
    /// Adds routes, all in one go, in order. The results stand in the same order; one that fails
    /// does not keep the others.
    pub fn add_routes(&mut self, routes: &[RouteEntry<'_>]) -> Vec<Result<Addition, NetlinkError>> {
        let request = ("RTM_NEWROUTE", libc::RTM_NEWROUTE);
        let results = self.each_acknowledged(request, routes, |sequence, entry| {
            Ok(encode_addition(sequence, entry))
        });
        results.into_iter().map(Addition::from_answer).collect()
    }

    /// Removes routes, as [`Self::add_routes`] adds them. Only routes of the same protocol are
    /// removed.
    pub fn remove_routes(
        &mut self,
        routes: &[RouteEntry<'_>],
    ) -> Vec<Result<Removal, NetlinkError>> {
        let request = ("RTM_DELROUTE", libc::RTM_DELROUTE);
        let results = self.each_acknowledged(request, routes, |sequence, entry| {
            Ok(encode_removal(sequence, entry))
        });
        let absent = [libc::ESRCH, libc::ENOENT, libc::ENODEV];
        let removal = |result| Removal::from_answer(result, &absent);
        results.into_iter().map(removal).collect()
    }
}

fn encode_addition(sequence: u32, entry: &RouteEntry<'_>) -> Vec<u8> {
    let route = entry.route;
    let flags = REQUEST | ACKNOWLEDGE | CREATE | insertion_flags(route);
    let fixed = header(entry, route.scope.unwrap_or(0));
    let mut message = MessageBuilder::new(libc::RTM_NEWROUTE, flags, sequence, &fixed);
    identify(&mut message, entry);
    if let Some(source) = route.source {
        message.attribute(libc::RTA_PREFSRC, &octets(source));
    }
    metrics::add(&mut message, &route.metrics);
    if let Some(realms) = route.realms {
        message.number(libc::RTA_FLOW, realms);
    }
    if let Some(preference) = route.preference {
        message.attribute(libc::RTA_PREF, &[preference]);
    }
    if let Some(seconds) = route.expires {
        message.number(libc::RTA_EXPIRES, seconds);
    }
    if let Some(propagate) = route.ttl_propagate {
        message.attribute(RTA_TTL_PROPAGATE, &[u8::from(propagate)]);
    }
    message.finish()
}

/// The scope that matches every one.
const ANY_SCOPE: u8 = libc::RT_SCOPE_NOWHERE;

/// Whatever does not identify a route is left out: the kernel would compare it, and it may have been
/// changed by the kernel itself, as a lifetime is.
fn encode_removal(sequence: u32, entry: &RouteEntry<'_>) -> Vec<u8> {
    let fixed = header(entry, ANY_SCOPE);
    let flags = REQUEST | ACKNOWLEDGE;
    let mut message = MessageBuilder::new(libc::RTM_DELROUTE, flags, sequence, &fixed);
    identify(&mut message, entry);
    message.finish()
}

const fn insertion_flags(route: &Route) -> u16 {
    match route.insertion {
        Insertion::Add => EXCLUSIVE,
        Insertion::Append => APPEND,
        Insertion::Prepend => 0,
    }
}

/// `struct rtmsg`.
fn header(entry: &RouteEntry<'_>, scope: u8) -> [u8; 12] {
    let route = entry.route;
    let prefix = |network: Option<Network>| network.map_or(0, |network| network.prefix);
    let flags = if route.onlink { ON_LINK } else { 0 };
    let [f0, f1, f2, f3] = u32::from(flags).to_ne_bytes();
    [
        family_number(route.family),
        prefix(route.destination),
        prefix(route.from),
        route.tos.unwrap_or(0),
        // A table that does not fit in is told by an attribute.
        u8::try_from(entry.table).unwrap_or(libc::RT_TABLE_UNSPEC),
        route.protocol.unwrap_or(KEEPALIVED),
        scope,
        route.kind.0,
        f0,
        f1,
        f2,
        f3,
    ]
}

/// The attributes by which the kernel tells routes apart.
fn identify(message: &mut MessageBuilder, entry: &RouteEntry<'_>) {
    let route = entry.route;
    let destination = route
        .destination
        .map_or_else(|| anywhere(route.family), |network| network.address);
    message.attribute(libc::RTA_DST, &octets(destination));
    if let Some(from) = route.from {
        message.attribute(libc::RTA_SRC, &octets(from.address));
    }
    if u8::try_from(entry.table).is_err() {
        message.number(libc::RTA_TABLE, entry.table);
    }
    if let Some(gateway) = route.gateway {
        message.attribute(libc::RTA_GATEWAY, &octets(gateway));
    }
    if let Some(index) = entry.interface {
        message.number(libc::RTA_OIF, index);
    }
    if let Some(metric) = route.metric {
        message.number(libc::RTA_PRIORITY, metric);
    }
    if let Some(encapsulation) = &route.encapsulation {
        encapsulation::add(message, encapsulation);
    }
    if !route.next_hops.is_empty() {
        message.nested(libc::RTA_MULTIPATH, |hops| {
            let indices = entry.hops.iter().copied().chain(std::iter::repeat(None));
            for (hop, index) in route.next_hops.iter().zip(indices) {
                add_hop(hops, hop, index);
            }
        });
    }
}

/// `struct rtnexthop` with its attributes.
fn add_hop(message: &mut MessageBuilder, hop: &NextHop, index: Option<u32>) {
    let flags = if hop.onlink { ON_LINK } else { 0 };
    let less_one = u8::try_from(hop.weight.saturating_sub(1)).unwrap_or(u8::MAX);
    let [i0, i1, i2, i3] = index.unwrap_or(0).to_ne_bytes();
    let fixed = [flags, less_one, i0, i1, i2, i3];
    message.structure(&fixed, |message| {
        if let Some(gateway) = hop.gateway {
            message.attribute(libc::RTA_GATEWAY, &octets(gateway));
        }
        if let Some(realms) = hop.realms {
            message.number(libc::RTA_FLOW, realms);
        }
        if let Some(encapsulation) = &hop.encapsulation {
            encapsulation::add(message, encapsulation);
        }
    });
}

pub(super) const fn family_number(family: Family) -> u8 {
    match family {
        Family::Inet => AF_INET,
        Family::Inet6 => AF_INET6,
    }
}

const fn anywhere(family: Family) -> IpAddr {
    match family {
        Family::Inet => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::Inet6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

pub(super) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// `AF_INET`.
pub(super) const AF_INET: u8 = 2;
/// `AF_INET6`.
pub(super) const AF_INET6: u8 = 10;
/// `NLM_F_REQUEST`.
pub(super) const REQUEST: u16 = 0x1;
/// `NLM_F_ACK`.
pub(super) const ACKNOWLEDGE: u16 = 0x4;
/// `NLM_F_EXCL`.
pub(super) const EXCLUSIVE: u16 = 0x200;
/// `NLM_F_CREATE`.
pub(super) const CREATE: u16 = 0x400;
/// `NLM_F_APPEND`.
const APPEND: u16 = 0x800;
/// `RTNH_F_ONLINK`, which is also a flag of whole routes.
const ON_LINK: u8 = 4;
/// `RTA_TTL_PROPAGATE`.
const RTA_TTL_PROPAGATE: u16 = 26;
