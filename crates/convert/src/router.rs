//! A virtual router that has been checked.

use std::net::IpAddr;

use crate::entry::Entry;

/// Addresses that failover uses; it ignores those behind them.
const MAX_ADDRESSES: usize = 16;
/// Longest name of an interface: that of the kernel.
const MAX_INTERFACE: usize = 15;
/// Longest interval of version 3 in seconds: failover's limit.
const MAX_V3_INTERVAL: u8 = 40;

/// Why there cannot be such a virtual router.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say what they are")]
pub enum Problem {
    #[error("the name '{0}' is used above; give each a name of its own")]
    SameName(String),
    #[error("vrid {vrid} is used by {other} on the same interface; give each a vrid of its own")]
    SameVrid { vrid: u8, other: String },
    #[error("vrid 0 is none; write 1 to 255")]
    VridZero,
    #[error("priority 0 is none: it says that a master resigns; write 1 to 255")]
    PriorityZero,
    #[error("'{0}' cannot be the name of an interface")]
    Interface(String),
    #[error("there are no ip_addresses")]
    NoAddress,
    #[error("'{0}' is no address with a prefix length, such as 192.0.2.1/24")]
    Address(String),
    #[error("version {0} is none; write 2 or 3")]
    Version(u8),
    #[error("version 2 has no IPv6, as in {0}; write \"version\": 3")]
    Ipv6InVersion2(String),
    #[error("advert_interval is 0; write seconds from 1")]
    NoInterval,
    #[error("advert_interval {0} is too long for version 3; write 1 to 40 seconds")]
    Interval(u8),
}

/// An address with its prefix length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) address: IpAddr,
    pub(crate) prefix: u8,
}

/// A value, and whether it is failover's default.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) assumed: bool,
}

impl<T> Setting<T> {
    fn or(given: Option<T>, default: T) -> Self {
        let assumed = given.is_none();
        Self {
            value: given.unwrap_or(default),
            assumed,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Router {
    /// As keepalived takes it.
    pub(crate) name: String,
    /// The name of the file, if it is another one.
    pub(crate) original_name: Option<String>,
    pub(crate) name_assumed: bool,
    pub(crate) vrid: u8,
    pub(crate) interface: String,
    pub(crate) priority: Setting<u8>,
    /// Seconds.
    pub(crate) interval: Setting<u8>,
    pub(crate) preempts: Setting<bool>,
    pub(crate) version: Setting<u8>,
    pub(crate) ipv4: Vec<Network>,
    pub(crate) ipv6: Vec<Network>,
    /// Addresses that failover ignores.
    pub(crate) surplus: Vec<String>,
    /// Fields that nobody knows.
    pub(crate) unknown: Vec<String>,
}

impl Router {
    pub(crate) fn new(entry: Entry) -> Result<Self, Problem> {
        let version = Setting::or(entry.version, 3);
        if !matches!(version.value, 2 | 3) {
            return Err(Problem::Version(version.value));
        }
        let interval = Setting::or(entry.advert_interval, 1);
        check_interval(interval.value, version.value)?;
        let priority = Setting::or(entry.priority, 100);
        if entry.vrid == 0 {
            return Err(Problem::VridZero);
        }
        if priority.value == 0 {
            return Err(Problem::PriorityZero);
        }
        let interface = checked_interface(entry.interface_name)?;
        let mut wanted = entry.ip_addresses;
        let surplus = wanted.split_off(wanted.len().min(MAX_ADDRESSES));
        let networks: Vec<Network> = wanted
            .iter()
            .map(|text| network(text))
            .collect::<Result<_, _>>()?;
        if networks.is_empty() {
            return Err(Problem::NoAddress);
        }
        let (ipv6, ipv4): (Vec<_>, Vec<_>) = networks
            .into_iter()
            .partition(|network| network.address.is_ipv6());
        if let (2, Some(first)) = (version.value, ipv6.first()) {
            return Err(Problem::Ipv6InVersion2(first.address.to_string()));
        }
        let name_assumed = entry.name.is_none();
        let original = entry.name.unwrap_or_else(|| format!("VR_{}", entry.vrid));
        let name = word(&original);
        Ok(Self {
            original_name: (name != original).then_some(original),
            name,
            name_assumed,
            vrid: entry.vrid,
            interface,
            priority,
            interval,
            preempts: Setting::or(entry.preempt_mode, true),
            version,
            ipv4,
            ipv6,
            surplus,
            unknown: entry.others.keys().cloned().collect(),
        })
    }
}

impl Router {
    /// Its instances: each has one family.
    pub(crate) fn instances(&self) -> Vec<(String, &[Network])> {
        let both = !self.ipv4.is_empty() && !self.ipv6.is_empty();
        let ipv6_name = if both {
            format!("{}_6", self.name)
        } else {
            self.name.clone()
        };
        [(self.name.clone(), &self.ipv4), (ipv6_name, &self.ipv6)]
            .into_iter()
            .filter(|(_, networks)| !networks.is_empty())
            .map(|(name, networks)| (name, networks.as_slice()))
            .collect()
    }
}

fn check_interval(seconds: u8, version: u8) -> Result<(), Problem> {
    match (seconds, version) {
        (0, _) => Err(Problem::NoInterval),
        (MAX_V3_INTERVAL.., 3) if seconds > MAX_V3_INTERVAL => Err(Problem::Interval(seconds)),
        _ => Ok(()),
    }
}

fn checked_interface(name: String) -> Result<String, Problem> {
    let fits = !name.is_empty() && name.len() <= MAX_INTERFACE;
    if fits && name.chars().all(is_plain) {
        Ok(name)
    } else {
        Err(Problem::Interface(name))
    }
}

/// What has no meaning of its own in a keepalived.conf.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')
}

/// A name that keepalived reads as one word.
fn word(name: &str) -> String {
    let word: String = name
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    if word.is_empty() {
        "_".to_owned()
    } else {
        word
    }
}

fn network(text: &str) -> Result<Network, Problem> {
    let parse = || {
        let (address, prefix) = text.trim().split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let prefix: u8 = prefix.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= longest).then_some(Network { address, prefix })
    };
    parse().ok_or_else(|| Problem::Address(text.to_owned()))
}
