//! One thing that was left.

use std::fmt;
use std::io;
use std::path::PathBuf;

use evervip_model::{Network, Rule, RuleAction};
use evervip_os::netlink::{Link, NetlinkError, Requests, RouteEntry};
use evervip_os::nftables::{self, Family};
use evervip_os::settings_change::SettingsChange;
use evervip_vrrp::{PlacedAddress, PlacedRoute};

/// Something that is there and is to go.
#[derive(Debug)]
pub(super) enum Remnant {
    Rule(Box<Rule>),
    Route {
        route: Box<PlacedRoute>,
        /// Number of its table.
        table: u32,
    },
    Address {
        address: Box<PlacedAddress>,
        /// Name of the interface.
        interface: String,
    },
    /// A macvlan or ipvlan.
    Interface(Box<Link>),
    /// A table of the packet filter.
    Table {
        family: Family,
        name: String,
    },
    /// A kernel setting.
    Setting(SettingsChange),
    PidFile(PathBuf),
    /// The notes about settings, when all of those are back.
    Ledger(PathBuf),
    /// Where this tool would reach the daemon.
    Socket(PathBuf),
}

/// Why something could not be removed.
#[derive(Debug)]
pub(super) enum RemovalError {
    Netlink(NetlinkError),
    File(io::Error),
}

impl Remnant {
    /// What is done to it; with a "d" behind it, what was done.
    pub(super) const fn verb(&self) -> &'static str {
        match self {
            Self::Setting(_) => "restore",
            _ => "remove",
        }
    }

    /// Removes it. What has gone meanwhile is a success.
    pub(super) fn remove(&self, requests: &mut Requests) -> Result<(), RemovalError> {
        match self {
            Self::Rule(rule) => only(requests.remove_rules(&[rule])),
            Self::Route { route, table } => {
                let entry = RouteEntry::new(&route.route, route.interface, &route.hops);
                let table = *table;
                only(requests.remove_routes(&[RouteEntry { table, ..entry }]))
            }
            Self::Address { address, .. } => {
                only(requests.remove_addresses(&[(address.interface, &address.address)]))
            }
            Self::Interface(link) => Ok(requests.delete_link(link.index)?),
            Self::Table { family, name } => Ok(nftables::delete_table(*family, name)?),
            Self::Setting(change) => Ok(change.undo()?),
            Self::PidFile(path) | Self::Ledger(path) | Self::Socket(path) => {
                match std::fs::remove_file(path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                    result => Ok(result?),
                }
            }
        }
    }
}

/// The answer to a single request.
fn only<T>(answers: Vec<Result<T, NetlinkError>>) -> Result<(), RemovalError> {
    for answer in answers {
        answer?;
    }
    Ok(())
}

impl From<NetlinkError> for RemovalError {
    fn from(error: NetlinkError) -> Self {
        Self::Netlink(error)
    }
}

impl From<io::Error> for RemovalError {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl fmt::Display for RemovalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Netlink(error) => error.fmt(f),
            Self::File(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for Remnant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(rule) => write!(f, "rule {}", rule_words(rule)),
            Self::Route { route, table } => write!(f, "route {}", route_words(route, *table)),
            Self::Address { address, interface } => {
                let address = &address.address;
                write!(
                    f,
                    "address {}/{} from {interface}",
                    address.address, address.prefix
                )
            }
            Self::Interface(link) => {
                let kind = link.kind.as_deref().unwrap_or("virtual");
                write!(f, "interface {} ({kind})", link.name)
            }
            Self::Table { family, name } => {
                let family = match family {
                    Family::Ipv4 => "ip",
                    Family::Ipv6 => "ip6",
                };
                write!(f, "packet filter table {family} {name}")
            }
            Self::Setting(change) => {
                let SettingsChange {
                    interface,
                    setting,
                    before,
                    after,
                } = change;
                write!(f, "{setting} of {interface} from {after} to {before}")
            }
            Self::PidFile(path) => write!(f, "pid file {}", path.display()),
            Self::Ledger(path) => write!(f, "notes about settings {}", path.display()),
            Self::Socket(path) => write!(f, "socket {}", path.display()),
        }
    }
}

fn network(network: Option<Network>) -> String {
    network.map_or_else(
        || "default".to_owned(),
        |network| format!("{}/{}", network.address, network.prefix),
    )
}

fn route_words(placed: &PlacedRoute, table: u32) -> String {
    let route = &placed.route;
    let mut words = network(route.destination);
    if let Some(gateway) = route.gateway {
        words += &format!(" via {gateway}");
    }
    if let Some(interface) = &route.interface {
        words += &format!(" dev {interface}");
    }
    words + &format!(" table {table}")
}

fn rule_words(rule: &Rule) -> String {
    let mut words = format!("{}:", rule.preference);
    for (word, end) in [("from", rule.from), ("to", rule.to)] {
        if let Some(end) = end {
            words += &format!(" {word} {}", network(Some(end)));
        }
    }
    if let RuleAction::Table(table) = rule.action {
        words += &format!(" lookup {table}");
    }
    words
}
