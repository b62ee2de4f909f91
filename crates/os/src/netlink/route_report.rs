//! What the kernel says of a route or a rule: that it was removed, or that it is there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use evervip_model::{Family, Network, RouteReport, RuleReport};

use super::message::{attributes, read_u32};
use super::route::{AF_INET, AF_INET6, KEEPALIVED};
use super::rule::{FRA_DST, FRA_PRIORITY, FRA_PROTOCOL, FRA_SRC};

/// Reads the payload of a route message; `None` for routes of others, and when it makes no sense.
pub(super) fn own_route(payload: &[u8]) -> Option<RouteReport> {
    let (protocol, route) = any_route(payload)?;
    (protocol == KEEPALIVED).then_some(route)
}

/// The same for routes of every protocol, which comes with it.
pub(super) fn any_route(payload: &[u8]) -> Option<(u8, RouteReport)> {
    let [family, prefix, _, tos, table, protocol, ..] = *payload.first_chunk::<FIXED>()?;
    let family = family_of(family)?;
    let mut route = RouteReport {
        family,
        destination: None,
        table: u32::from(table),
        tos,
        metric: None,
        gateway: None,
        interface: None,
    };
    for (kind, value) in attributes(payload.get(FIXED..)?) {
        match kind {
            libc::RTA_DST => route.destination = network(family, value, prefix),
            libc::RTA_GATEWAY => route.gateway = address(family, value),
            libc::RTA_OIF => route.interface = read_u32(value, 0),
            libc::RTA_PRIORITY => route.metric = read_u32(value, 0),
            libc::RTA_TABLE => route.table = read_u32(value, 0)?,
            _ => {}
        }
    }
    Some((protocol, route))
}

/// Reads the payload of a rule message; `None` for rules of others, and when it makes no sense.
pub(super) fn own_rule(payload: &[u8]) -> Option<RuleReport> {
    let (protocol, rule) = any_rule(payload)?;
    (protocol == KEEPALIVED).then_some(rule)
}

/// The same for rules of every protocol, which comes with it; 0 where none is told.
pub(super) fn any_rule(payload: &[u8]) -> Option<(u8, RuleReport)> {
    let [family, to, from, ..] = *payload.first_chunk::<FIXED>()?;
    let family = family_of(family)?;
    let mut rule = RuleReport {
        family,
        preference: 0,
        from: None,
        to: None,
    };
    let mut protocol = 0;
    for (kind, value) in attributes(payload.get(FIXED..)?) {
        match kind {
            FRA_PRIORITY => rule.preference = read_u32(value, 0)?,
            FRA_SRC => rule.from = network(family, value, from),
            FRA_DST => rule.to = network(family, value, to),
            FRA_PROTOCOL => protocol = *value.first()?,
            _ => {}
        }
    }
    Some((protocol, rule))
}

/// Size of `struct rtmsg` and of `struct fib_rule_hdr`.
const FIXED: usize = 12;

const fn family_of(number: u8) -> Option<Family> {
    match number {
        AF_INET => Some(Family::Inet),
        AF_INET6 => Some(Family::Inet6),
        _ => None,
    }
}

fn address(family: Family, bytes: &[u8]) -> Option<IpAddr> {
    match family {
        Family::Inet => {
            let octets: [u8; 4] = bytes.try_into().ok()?;
            Some(Ipv4Addr::from(octets).into())
        }
        Family::Inet6 => {
            let octets: [u8; 16] = bytes.try_into().ok()?;
            Some(Ipv6Addr::from(octets).into())
        }
    }
}

fn network(family: Family, bytes: &[u8], prefix: u8) -> Option<Network> {
    let address = address(family, bytes)?;
    Some(Network { address, prefix })
}
