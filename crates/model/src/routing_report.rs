//! Routes and rules as the kernel tells of them: the engine compares them with those that are
//! configured.

use std::net::IpAddr;

use crate::{Family, Network};

/// A route as the kernel reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteReport {
    /// Family.
    pub family: Family,
    /// Where it leads; `None` is everywhere.
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

/// A rule as the kernel reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleReport {
    /// Family.
    pub family: Family,
    /// Preference.
    pub preference: u32,
    /// Packets of these sources.
    pub from: Option<Network>,
    /// Packets to these destinations.
    pub to: Option<Network>,
}
