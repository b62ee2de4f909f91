//! Interfaces of our own on top of real ones: virtual MACs and ipvlans (spec vrrp-runtime 14).
//!
//! What is wanted follows from the configuration alone; the driver makes it so and reports each
//! interface by its key ([`Event::VirtualInterfaceMade`](crate::Event::VirtualInterfaceMade)). A
//! router runs on its own interface, while its base, the configured one, gives the source address.

mod naming;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

use evervip_model::{
    Config, Family, Instance, IpvlanMode, VirtualAddress, standard_hardware_address,
};

pub use naming::{Candidate, Choice, Existing};

use crate::interface::{Interfaces, family_of};
use crate::{Action, Engine, LogLine, Timestamp};

/// What tells one of our interfaces from the others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VirtualInterfaceKey {
    /// Name of the interface below.
    pub base: Box<str>,
    /// What it is.
    pub kind: VirtualInterfaceKind,
}

/// What an interface of ours is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VirtualInterfaceKind {
    /// A private macvlan with this hardware address.
    MacVlan([u8; 6]),
    /// The ipvlan of a router.
    IpVlan {
        /// The router's id.
        vrid: u8,
        /// Whether it is an IPv6 router.
        inet6: bool,
    },
}

/// An interface that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualInterface {
    /// Its identity.
    pub key: VirtualInterfaceKey,
    /// Name of the instance, for log lines.
    pub instance: Arc<str>,
    /// Its configured name.
    pub name: Option<String>,
    /// How a name for it begins when none is configured, or the configured one cannot be had.
    pub prefix: String,
    /// The VRID, with which such a name ends.
    pub vrid: u8,
    /// Family of what it serves.
    pub family: Family,
    /// IPv6 is needed on it.
    pub ipv6: bool,
    /// It needs an IPv6 link-local address to send from.
    pub link_local: Option<LinkLocal>,
    /// Interface group; `None` is that of the base.
    pub group: Option<u32>,
    /// Mode of an ipvlan.
    pub ipvlan_mode: IpvlanMode,
    /// An ipvlan's own address and prefix length.
    pub address: Option<(IpAddr, u8)>,
    /// The families whose membership reports the packet filter has to move to the base
    /// (spec vrrp-runtime 15).
    pub reports: ReportsMoved,
}

/// Where the link-local address of an interface comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkLocal {
    /// It is configured.
    Configured(std::net::Ipv6Addr),
    /// That of the base, or one made of the base's hardware address.
    OfBase,
}

/// For which families the packet filter moves membership reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportsMoved {
    /// IGMP.
    pub ipv4: bool,
    /// MLD and router solicitations.
    pub ipv6: bool,
}

/// The interfaces that a configuration wants, in the order in which they are to be made.
#[must_use]
pub fn virtual_interfaces(config: &Config) -> Vec<VirtualInterface> {
    let mut wanted = Vec::new();
    let mut seen = HashSet::new();
    for instance in &config.instances {
        let own = own_interface(config, instance).into_iter();
        for interface in own.chain(address_interfaces(config, instance)) {
            if seen.insert(interface.key.clone()) {
                wanted.push(interface);
            }
        }
    }
    wanted
}

/// The interface that an instance runs on, unless it is the configured one.
fn own_interface(config: &Config, instance: &Instance) -> Option<VirtualInterface> {
    let key = own_key(instance)?;
    let mut wanted = VirtualInterface {
        prefix: config.globals.vrrp.vmac_prefix.clone(),
        ..plain(key, instance, instance.family)
    };
    if let Some(vmac) = &instance.virtual_mac {
        wanted.name.clone_from(&vmac.name);
        wanted.group = vmac.group;
        wanted.ipv6 |= addresses(instance).any(|a| a.address.is_ipv6());
        if instance.transmit_on_base {
            wanted.link_local = None;
        }
        wanted.reports = ReportsMoved {
            ipv4: instance.family == Family::Inet,
            ipv6: wanted.ipv6,
        };
    } else if let Some(ipvlan) = &instance.ipvlan {
        wanted.name.clone_from(&ipvlan.name);
        wanted.group = ipvlan.group;
        wanted.ipvlan_mode = ipvlan.mode;
        wanted.address = ipvlan.address;
    }
    Some(wanted)
}

/// The interfaces of an instance's addresses that do not go where the instance runs.
fn address_interfaces(config: &Config, instance: &Instance) -> Vec<VirtualInterface> {
    let globals = &config.globals.vrrp;
    let prefix = globals
        .vmac_addr_prefix
        .as_ref()
        .unwrap_or(&globals.vmac_prefix);
    let own = instance.virtual_mac.is_some();
    let wanted = |address: &VirtualAddress| {
        let Place::Virtual(key) = Place::of(instance, address)? else {
            return None;
        };
        if own_key(instance).as_ref() == Some(&key) {
            return None;
        }
        let family = family_of(address.address);
        Some(VirtualInterface {
            prefix: prefix.clone(),
            reports: ReportsMoved {
                ipv4: own && family == Family::Inet,
                ipv6: own && family == Family::Inet6,
            },
            ..plain(key, instance, family)
        })
    };
    addresses(instance).filter_map(wanted).collect()
}

fn plain(key: VirtualInterfaceKey, instance: &Instance, family: Family) -> VirtualInterface {
    let configured = match instance.source {
        Some(IpAddr::V6(source)) if instance.family == family => Some(source),
        _ => None,
    };
    // The kernel gives an ipvlan an address that the others of its base do not have.
    let borrows = family == Family::Inet6 && matches!(key.kind, VirtualInterfaceKind::MacVlan(_));
    VirtualInterface {
        key,
        instance: Arc::clone(&instance.name),
        name: None,
        prefix: String::new(),
        vrid: instance.vrid.value(),
        family,
        ipv6: family == Family::Inet6,
        link_local: borrows.then(|| configured.map_or(LinkLocal::OfBase, LinkLocal::Configured)),
        group: None,
        ipvlan_mode: IpvlanMode::default(),
        address: None,
        reports: ReportsMoved::default(),
    }
}

fn addresses(instance: &Instance) -> impl Iterator<Item = &VirtualAddress> {
    instance
        .addresses
        .iter()
        .chain(&instance.excluded_addresses)
}

/// The key of the interface that an instance runs on; `None` when that is the configured one.
pub(crate) fn own_key(instance: &Instance) -> Option<VirtualInterfaceKey> {
    let kind = if let Some(vmac) = &instance.virtual_mac {
        let standard = standard_hardware_address(instance.vrid.value(), instance.family);
        VirtualInterfaceKind::MacVlan(vmac.address.unwrap_or(standard))
    } else {
        instance.ipvlan.as_ref()?;
        VirtualInterfaceKind::IpVlan {
            vrid: instance.vrid.value(),
            inet6: instance.family == Family::Inet6,
        }
    };
    Some(VirtualInterfaceKey {
        base: instance.interface.as_deref()?.into(),
        kind,
    })
}

/// The interface that an address belongs on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// A real one, by name.
    Real(Box<str>),
    /// One of ours.
    Virtual(VirtualInterfaceKey),
}

impl Place {
    /// `None` when neither address nor instance names an interface.
    fn of(instance: &Instance, address: &VirtualAddress) -> Option<Self> {
        let own = instance.interface.as_deref();
        let base = address.dev.as_deref().or(own)?;
        let family = family_of(address.address);
        if Some(base) == own && family == instance.family {
            if let Some(key) = own_key(instance) {
                return Some(Self::Virtual(key));
            }
        }
        if !address.use_vmac && !instance.virtual_mac_for_addresses {
            return Some(Self::Real(base.into()));
        }
        let standard = standard_hardware_address(instance.vrid.value(), family);
        Some(Self::Virtual(VirtualInterfaceKey {
            base: base.into(),
            kind: VirtualInterfaceKind::MacVlan(standard),
        }))
    }
}

/// Our interfaces as they are now.
#[derive(Debug, Default)]
pub(crate) struct VirtualInterfaces {
    wanted: Vec<VirtualInterface>,
    made: BTreeMap<VirtualInterfaceKey, Made>,
    /// Their bases by index.
    bases: HashMap<u32, Box<str>>,
}

#[derive(Debug, Clone, Copy)]
struct Made {
    index: u32,
    /// It was not there before, so that no earlier process can have left anything on it.
    fresh: bool,
}

impl VirtualInterfaces {
    pub(crate) fn set_wanted(&mut self, config: &Config) {
        self.wanted = virtual_interfaces(config);
    }

    pub(crate) fn wanted(&self) -> &[VirtualInterface] {
        &self.wanted
    }

    pub(crate) fn made(&mut self, key: VirtualInterfaceKey, index: u32, fresh: bool) {
        let base = key.base.clone();
        if let Some(old) = self.made.insert(key, Made { index, fresh }) {
            self.bases.remove(&old.index);
        }
        self.bases.insert(index, base);
    }

    /// Forgets an interface that is gone; gives whether it was one of ours.
    pub(crate) fn remove(&mut self, index: u32) -> bool {
        if self.bases.remove(&index).is_none() {
            return false;
        }
        self.made.retain(|_, made| made.index != index);
        true
    }

    pub(crate) fn index_of(&self, key: &VirtualInterfaceKey) -> Option<u32> {
        self.made.get(key).map(|made| made.index)
    }

    pub(crate) fn contains(&self, index: u32) -> bool {
        self.bases.contains_key(&index)
    }

    /// The interface that one of ours is on top of.
    pub(crate) fn base_of(&self, index: u32) -> Option<&str> {
        self.bases.get(&index).map(AsRef::as_ref)
    }

    /// Whether any is wanted on top of the interface of this name.
    fn has_base(&self, name: &str) -> bool {
        self.wanted.iter().any(|wanted| &*wanted.key.base == name)
    }

    /// The interface that an instance runs on.
    pub(crate) fn run_interface(&self, instance: &Instance, base: Option<u32>) -> Option<u32> {
        match own_key(instance) {
            Some(key) => self.index_of(&key),
            None => base,
        }
    }

    /// The interface that an address belongs on, if it exists.
    pub(crate) fn place(
        &self,
        instance: &Instance,
        address: &VirtualAddress,
        interfaces: &Interfaces,
    ) -> Option<u32> {
        match Place::of(instance, address)? {
            Place::Real(name) => interfaces.index_of(&name),
            Place::Virtual(key) => self.index_of(&key),
        }
    }

    /// Whether an instance's own interface was made just now.
    pub(crate) fn is_fresh(&self, instance: &Instance) -> bool {
        own_key(instance)
            .and_then(|key| self.made.get(&key))
            .is_some_and(|made| made.fresh)
    }

    /// The base and index of the interfaces of ours that addresses of an instance need beyond its
    /// own; `None` for one that does not exist.
    pub(crate) fn of_addresses<'a>(
        &'a self,
        instance: &'a Instance,
    ) -> impl Iterator<Item = (VirtualInterfaceKey, Option<u32>)> + 'a {
        let own = own_key(instance);
        addresses(instance)
            .filter(|address| !address.no_track)
            .filter_map(move |address| match Place::of(instance, address)? {
                Place::Virtual(key) if Some(&key) != own.as_ref() => {
                    let index = self.index_of(&key);
                    Some((key, index))
                }
                _ => None,
            })
    }
}

impl Engine {
    /// The interfaces of our own that are wanted now.
    #[must_use]
    pub fn virtual_interfaces(&self) -> &[VirtualInterface] {
        self.virtual_interfaces.wanted()
    }

    /// One of ours exists again: who ran on it may go on.
    pub(crate) fn virtual_interface_made(&mut self, now: Timestamp, index: u32) {
        let up = self.interfaces.get(index).filter(|link| link.up);
        if let Some(interface) = up.map(|link| link.name.clone()) {
            self.log(LogLine::LinkUp { interface });
        }
        self.host_changed(now);
    }

    /// An interface came or got another name: ours may have been waiting for it.
    pub(crate) fn base_appeared(&mut self, name: &str) {
        if self.virtual_interfaces.has_base(name) {
            self.push(Action::UpdateVirtualInterfaces);
        }
    }
}

#[cfg(test)]
mod tests;
