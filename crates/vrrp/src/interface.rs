//! What the engine knows of the host's interfaces and addresses.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use evervip_model::Family;

use crate::LinkState;

#[derive(Debug, Clone)]
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) up: bool,
    /// Whether it has ever been up.
    pub(crate) seen_up: bool,
    /// The kernel's flags when `up` was found out.
    pub(crate) flags: u32,
    /// In the kernel's order, which is the order of preference for a source address.
    pub(crate) addresses: Vec<IpAddr>,
}

/// Interfaces by index: the index is their identity, the name a label that may change.
///
/// Names are unique in the kernel, but its messages may reach us late; a name belongs to the
/// interface that claimed it last.
#[derive(Debug, Default)]
pub(crate) struct Interfaces {
    by_index: BTreeMap<u32, Interface>,
    by_name: HashMap<String, u32>,
}

/// How an interface changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LinkChange {
    Added,
    WentUp,
    WentDown,
    Renamed { from: String },
    Nothing,
}

impl Interfaces {
    pub(crate) fn apply(&mut self, link: LinkState) -> LinkChange {
        let Some(known) = self.by_index.get_mut(&link.index) else {
            self.by_name.insert(link.name.clone(), link.index);
            self.by_index.insert(
                link.index,
                Interface {
                    name: link.name,
                    up: link.up,
                    seen_up: link.up,
                    flags: link.flags,
                    addresses: Vec::new(),
                },
            );
            return LinkChange::Added;
        };
        let was_up = std::mem::replace(&mut known.up, link.up);
        known.seen_up |= link.up;
        known.flags = link.flags;
        if known.name != link.name {
            let from = std::mem::replace(&mut known.name, link.name.clone());
            self.release_name(&from, link.index);
            self.by_name.insert(link.name, link.index);
            return LinkChange::Renamed { from };
        }
        match (was_up, link.up) {
            (false, true) => LinkChange::WentUp,
            (true, false) => LinkChange::WentDown,
            _ => LinkChange::Nothing,
        }
    }

    pub(crate) fn remove(&mut self, index: u32) -> Option<Interface> {
        let interface = self.by_index.remove(&index)?;
        self.release_name(&interface.name, index);
        Some(interface)
    }

    /// The interface with this index gives up the name.
    fn release_name(&mut self, name: &str, index: u32) {
        if self.by_name.get(name) != Some(&index) {
            return;
        }
        self.by_name.remove(name);
        let heir = self.by_index.iter().find(|(_, other)| other.name == name);
        if let Some((heir, _)) = heir {
            self.by_name.insert(name.to_owned(), *heir);
        }
    }

    pub(crate) fn add_address(&mut self, index: u32, address: IpAddr) {
        if let Some(interface) = self.by_index.get_mut(&index) {
            if !interface.addresses.contains(&address) {
                interface.addresses.push(address);
            }
        }
    }

    pub(crate) fn remove_address(&mut self, index: u32, address: IpAddr) {
        if let Some(interface) = self.by_index.get_mut(&index) {
            interface.addresses.retain(|known| *known != address);
        }
    }

    /// All of them, by index.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Interface)> {
        self.by_index.iter().map(|(index, link)| (*index, link))
    }

    pub(crate) fn index_of(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn get(&self, index: u32) -> Option<&Interface> {
        self.by_index.get(&index)
    }

    /// The name for a log line; the index when the interface is unknown by now.
    pub(crate) fn name_of(&self, index: u32) -> String {
        self.get(index)
            .map_or_else(|| format!("#{index}"), |interface| interface.name.clone())
    }

    pub(crate) fn is_up(&self, name: &str) -> bool {
        self.index_of(name)
            .and_then(|index| self.get(index))
            .is_some_and(|interface| interface.up)
    }

    pub(crate) fn has_address(&self, index: u32, address: IpAddr) -> bool {
        self.get(index)
            .is_some_and(|interface| interface.addresses.contains(&address))
    }

    /// Whether any interface of the host has the address.
    pub(crate) fn any_has_address(&self, address: IpAddr) -> bool {
        self.holder_of(address).is_some()
    }

    /// The interface that has the address, the first of several.
    pub(crate) fn holder_of(&self, address: IpAddr) -> Option<u32> {
        let holder = |(_, interface): &(&u32, &Interface)| interface.addresses.contains(&address);
        self.by_index.iter().find(holder).map(|(index, _)| *index)
    }

    /// The first IPv4 address, or the first IPv6 address of the link, that is no virtual address
    /// (spec vrrp-runtime 1).
    pub(crate) fn primary(
        &self,
        index: u32,
        family: Family,
        is_virtual: impl Fn(IpAddr) -> bool,
    ) -> Option<IpAddr> {
        let fits = |address: &IpAddr| match (address, family) {
            (IpAddr::V4(_), Family::Inet) => true,
            (IpAddr::V6(address), Family::Inet6) => address.is_unicast_link_local(),
            _ => false,
        };
        let addresses = self.get(index)?.addresses.iter().copied();
        addresses.filter(fits).find(|address| !is_virtual(*address))
    }
}

/// The family of an address.
pub(crate) const fn family_of(address: IpAddr) -> Family {
    match address {
        IpAddr::V4(_) => Family::Inet,
        IpAddr::V6(_) => Family::Inet6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(name: &str, up: bool) -> LinkState {
        LinkState {
            index: 3,
            name: name.to_owned(),
            up,
            flags: 0,
        }
    }

    #[test]
    fn changes_are_told_apart() {
        let mut interfaces = Interfaces::default();
        assert_eq!(interfaces.apply(link("eth0", true)), LinkChange::Added);
        assert_eq!(interfaces.apply(link("eth0", true)), LinkChange::Nothing);
        assert_eq!(interfaces.apply(link("eth0", false)), LinkChange::WentDown);
        assert_eq!(interfaces.apply(link("eth0", true)), LinkChange::WentUp);
        assert_eq!(
            interfaces.apply(link("lan0", true)),
            LinkChange::Renamed {
                from: "eth0".to_owned()
            }
        );
        assert_eq!(interfaces.index_of("eth0"), None);
        assert_eq!(interfaces.index_of("lan0"), Some(3));
    }

    #[test]
    fn a_name_belongs_to_the_last_that_claimed_it() {
        let mut interfaces = Interfaces::default();
        interfaces.apply(link("eth0", true));
        let newer = LinkState {
            index: 9,
            ..link("eth0", false)
        };
        interfaces.apply(newer);
        assert_eq!(interfaces.index_of("eth0"), Some(9));
        assert!(!interfaces.is_up("eth0"));
        interfaces.remove(9);
        assert_eq!(interfaces.index_of("eth0"), Some(3));
        interfaces.remove(3);
        assert_eq!(interfaces.index_of("eth0"), None);
    }

    #[test]
    fn a_virtual_address_is_no_source() {
        let mut interfaces = Interfaces::default();
        interfaces.apply(link("eth0", true));
        let vip: IpAddr = "10.0.0.100".parse().unwrap();
        interfaces.add_address(3, vip);
        interfaces.add_address(3, "fe80::1".parse().unwrap());
        interfaces.add_address(3, "10.0.0.1".parse().unwrap());
        assert_eq!(
            interfaces.primary(3, Family::Inet, |address| address == vip),
            Some([10, 0, 0, 1].into())
        );
    }
}
