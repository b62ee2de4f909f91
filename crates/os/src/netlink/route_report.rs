//! Reports of routes and rules that were removed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use evervip_model::{Family, Network};

use super::message::{attributes, read_u32};
use super::route::{AF_INET, AF_INET6, KEEPALIVED};
use super::rule::{FRA_DST, FRA_PRIORITY, FRA_PROTOCOL, FRA_SRC};

/// A route of our protocol that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedRoute {
    /// Family.
    pub family: Family,
    /// Where it led; `None` is everywhere.
    pub destination: Option<Network>,
    /// Table.
    pub table: u32,
    /// Type of service.
    pub tos: u8,
    /// Metric, where it is not 0.
    pub metric: Option<u32>,
    /// Gateway, of a route with one way.
    pub gateway: Option<IpAddr>,
    /// Index of the interface, of a route with one way.
    pub interface: Option<u32>,
}

/// A rule of our protocol that is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedRule {
    /// Family.
    pub family: Family,
    /// Preference.
    pub preference: u32,
    /// Packets of these sources.
    pub from: Option<Network>,
    /// Packets to these destinations.
    pub to: Option<Network>,
}

impl RemovedRoute {
    /// Reads the payload of a route message; `None` for routes of others, and when it makes no sense.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        let (protocol, route) = Self::decode_any(payload)?;
        (protocol == KEEPALIVED).then_some(route)
    }

    /// The same for routes of every protocol, which comes with it.
    pub(super) fn decode_any(payload: &[u8]) -> Option<(u8, Self)> {
        let [family, prefix, _, tos, table, protocol, ..] = *payload.first_chunk::<FIXED>()?;
        let family = family_of(family)?;
        let mut route = Self {
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
}

impl RemovedRule {
    /// Reads the payload of a rule message; `None` for rules of others, and when it makes no sense.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        let (protocol, rule) = Self::decode_any(payload)?;
        (protocol == KEEPALIVED).then_some(rule)
    }

    /// The same for rules of every protocol, which comes with it; 0 where none is told.
    pub(super) fn decode_any(payload: &[u8]) -> Option<(u8, Self)> {
        let [family, to, from, ..] = *payload.first_chunk::<FIXED>()?;
        let family = family_of(family)?;
        let mut rule = Self {
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
