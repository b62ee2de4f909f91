//! What the engine knows of the host's interfaces and addresses.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::LinkState;

#[derive(Debug, Clone)]
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) up: bool,
    /// In the kernel's order, which is the order of preference for a source address.
    pub(crate) addresses: Vec<IpAddr>,
}

/// Interfaces by index: the index is their identity, the name a label that may change.
#[derive(Debug, Default)]
pub(crate) struct Interfaces(BTreeMap<u32, Interface>);

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
        let Some(known) = self.0.get_mut(&link.index) else {
            self.0.insert(
                link.index,
                Interface {
                    name: link.name,
                    up: link.up,
                    addresses: Vec::new(),
                },
            );
            return LinkChange::Added;
        };
        let was_up = std::mem::replace(&mut known.up, link.up);
        if known.name != link.name {
            return LinkChange::Renamed {
                from: std::mem::replace(&mut known.name, link.name),
            };
        }
        match (was_up, link.up) {
            (false, true) => LinkChange::WentUp,
            (true, false) => LinkChange::WentDown,
            _ => LinkChange::Nothing,
        }
    }

    pub(crate) fn remove(&mut self, index: u32) -> Option<Interface> {
        self.0.remove(&index)
    }

    pub(crate) fn add_address(&mut self, index: u32, address: IpAddr) {
        if let Some(interface) = self.0.get_mut(&index) {
            if !interface.addresses.contains(&address) {
                interface.addresses.push(address);
            }
        }
    }

    pub(crate) fn remove_address(&mut self, index: u32, address: IpAddr) {
        if let Some(interface) = self.0.get_mut(&index) {
            interface.addresses.retain(|known| *known != address);
        }
    }

    pub(crate) fn index_of(&self, name: &str) -> Option<u32> {
        self.0
            .iter()
            .find(|(_, interface)| interface.name == name)
            .map(|(index, _)| *index)
    }

    pub(crate) fn get(&self, index: u32) -> Option<&Interface> {
        self.0.get(&index)
    }

    /// The name for a log line; the index when the interface is unknown by now.
    pub(crate) fn name_of(&self, index: u32) -> String {
        self.0
            .get(&index)
            .map_or_else(|| format!("#{index}"), |interface| interface.name.clone())
    }

    pub(crate) fn is_up(&self, name: &str) -> bool {
        self.0
            .values()
            .any(|interface| interface.name == name && interface.up)
    }

    pub(crate) fn has_address(&self, index: u32, address: IpAddr) -> bool {
        self.0
            .get(&index)
            .is_some_and(|interface| interface.addresses.contains(&address))
    }

    /// The first IPv4 address that is no virtual address (spec vrrp-runtime 1).
    pub(crate) fn primary_ipv4(
        &self,
        index: u32,
        is_virtual: impl Fn(IpAddr) -> bool,
    ) -> Option<Ipv4Addr> {
        self.0
            .get(&index)?
            .addresses
            .iter()
            .find_map(|address| match address {
                IpAddr::V4(v4) if !is_virtual(*address) => Some(*v4),
                _ => None,
            })
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
    fn a_virtual_address_is_no_source() {
        let mut interfaces = Interfaces::default();
        interfaces.apply(link("eth0", true));
        let vip: IpAddr = "10.0.0.100".parse().unwrap();
        interfaces.add_address(3, vip);
        interfaces.add_address(3, "fe80::1".parse().unwrap());
        interfaces.add_address(3, "10.0.0.1".parse().unwrap());
        assert_eq!(
            interfaces.primary_ipv4(3, |address| address == vip),
            Some(Ipv4Addr::new(10, 0, 0, 1))
        );
    }
}
