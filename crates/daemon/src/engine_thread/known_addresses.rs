//! The addresses of the kernel's interfaces, as far as reports have told.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// What the kernel tells one address of an interface from another by: the same IPv4 address may be
/// there with several prefix lengths, and with several other ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct KnownAddress {
    /// Index of the interface.
    pub(super) index: u32,
    /// The address itself.
    pub(super) address: IpAddr,
    prefix: u8,
    peer: Option<Ipv4Addr>,
}

impl KnownAddress {
    pub(super) fn new(index: u32, address: IpAddr, prefix: u8, peer: Option<IpAddr>) -> Self {
        let peer = match peer {
            Some(IpAddr::V4(peer)) => Some(peer),
            Some(IpAddr::V6(_)) | None => None,
        };
        Self {
            index,
            address,
            prefix,
            peer,
        }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct KnownAddresses {
    /// The number tells the order in which they came.
    numbers: BTreeMap<KnownAddress, u32>,
    next: u32,
}

impl KnownAddresses {
    /// Whether the interface has the address, with whatever prefix length.
    pub(super) fn has(&self, index: u32, address: IpAddr) -> bool {
        let first = KnownAddress::new(index, address, 0, None);
        let next = self.numbers.range(first..).next();
        next.is_some_and(|(known, _)| (known.index, known.address) == (index, address))
    }

    /// Takes note of an address. Gives whether the interface did not have it before.
    pub(super) fn add(&mut self, known: KnownAddress) -> bool {
        let news = !self.has(known.index, known.address);
        let next = &mut self.next;
        self.numbers.entry(known).or_insert_with(|| {
            *next = next.wrapping_add(1);
            *next
        });
        news
    }

    /// Forgets an address. Gives whether the interface does not have it any more, in any form.
    pub(super) fn remove(&mut self, known: &KnownAddress) -> bool {
        self.numbers.remove(known);
        !self.has(known.index, known.address)
    }

    /// Forgets the addresses of an interface.
    pub(super) fn remove_interface(&mut self, index: u32) {
        self.numbers.retain(|known, _| known.index != index);
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &KnownAddress> {
        self.numbers.keys()
    }

    /// Those of an interface, in the kernel's order.
    pub(super) fn of_interface(&self, index: u32) -> Vec<IpAddr> {
        let first = KnownAddress::new(index, Ipv4Addr::UNSPECIFIED.into(), 0, None);
        let mut known: Vec<(u32, IpAddr)> = self
            .numbers
            .range(first..)
            .take_while(|(known, _)| known.index == index)
            .map(|(known, number)| (*number, known.address))
            .collect();
        known.sort_unstable();
        let mut addresses = Vec::with_capacity(known.len());
        addresses.extend(known.into_iter().map(|(_, address)| address));
        addresses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(index: u32, address: &str, prefix: u8) -> KnownAddress {
        KnownAddress::new(index, address.parse().unwrap(), prefix, None)
    }

    #[test]
    fn an_address_is_there_until_its_last_form_has_gone() {
        let mut addresses = KnownAddresses::default();
        assert!(addresses.add(known(2, "10.0.0.1", 24)));
        assert!(!addresses.add(known(2, "10.0.0.1", 24)), "reported twice");
        assert!(!addresses.add(known(2, "10.0.0.1", 16)));
        assert!(!addresses.remove(&known(2, "10.0.0.1", 24)));
        assert!(addresses.has(2, "10.0.0.1".parse().unwrap()));
        assert!(addresses.remove(&known(2, "10.0.0.1", 16)));
        assert!(!addresses.has(2, "10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn both_ends_tell_addresses_apart() {
        let mut addresses = KnownAddresses::default();
        let to = |peer: &str| {
            let (own, peer) = ("10.0.0.1".parse().unwrap(), peer.parse().unwrap());
            KnownAddress::new(2, own, 32, Some(peer))
        };
        addresses.add(to("10.0.0.2"));
        addresses.add(to("10.0.0.3"));
        assert!(!addresses.remove(&to("10.0.0.2")));
        assert!(addresses.remove(&to("10.0.0.3")));
    }

    #[test]
    fn neighbours_in_the_table_are_not_mixed_up() {
        let mut addresses = KnownAddresses::default();
        addresses.add(known(3, "10.0.0.9", 24));
        addresses.add(known(3, "fe80::2", 64));
        addresses.add(known(3, "10.0.0.1", 24));
        addresses.add(known(4, "10.0.0.5", 24));
        let of = |index| {
            let addresses: Vec<String> = addresses
                .of_interface(index)
                .iter()
                .map(ToString::to_string)
                .collect();
            addresses.join(" ")
        };
        assert_eq!(of(2), "");
        assert_eq!(of(3), "10.0.0.9 fe80::2 10.0.0.1", "in the order they came");
        assert_eq!(of(4), "10.0.0.5");
        assert!(!addresses.has(3, "10.0.0.5".parse().unwrap()));
        addresses.remove_interface(3);
        assert!(!addresses.has(3, "10.0.0.1".parse().unwrap()));
        assert!(addresses.has(4, "10.0.0.5".parse().unwrap()));
    }
}
