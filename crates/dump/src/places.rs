//! Which interfaces things are on, by name.

use std::collections::{HashMap, HashSet};

use evervip_model::{Instance, VirtualAddress};
use evervip_vrrp::{InterfaceSnapshot, RouterSnapshot, Snapshot, refuses_packets};

use crate::address::address;

/// The interfaces of the host by index.
pub(crate) struct Places<'a>(HashMap<u32, &'a InterfaceSnapshot>);

impl<'a> Places<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        let interfaces = snapshot.interfaces.iter();
        Self(interfaces.map(|link| (link.index, link)).collect())
    }

    pub(crate) fn get(&self, index: u32) -> Option<&'a InterfaceSnapshot> {
        self.0.get(&index).copied()
    }

    /// The name of the interface that a router runs on.
    pub(crate) fn own_name(&self, router: &'a RouterSnapshot) -> &'a str {
        router
            .interface
            .and_then(|index| self.get(index))
            .map_or_else(|| configured_name(&router.spec), |link| &link.name)
    }

    /// The addresses of a router with what is known of their places; at the start none is there.
    pub(crate) fn of_addresses(
        &self,
        router: &'a RouterSnapshot,
        at_start: bool,
    ) -> Addresses<'_, 'a> {
        let placed = router.placed.iter();
        let installed = router.installed.iter().filter(|_| !at_start);
        Addresses {
            places: self,
            own: self.own_name(router),
            on: placed.map(|p| (&p.address, p.interface)).collect(),
            installed: installed.map(|p| &p.address).collect(),
            closed: refuses_packets(&router.spec),
        }
    }
}

/// The name of an instance's own interface as far as the file tells it.
#[must_use]
pub fn configured_name(spec: &Instance) -> &str {
    let mac = spec.virtual_mac.as_ref().and_then(|mac| mac.name.as_ref());
    let vlan = spec.ipvlan.as_ref().and_then(|vlan| vlan.name.as_ref());
    let own = mac.or(vlan).or(spec.interface.as_ref());
    own.or(spec.vrf.as_ref()).map_or("", String::as_str)
}

/// Where the addresses of one router are.
pub(crate) struct Addresses<'p, 'a> {
    places: &'p Places<'a>,
    own: &'a str,
    on: HashMap<&'a VirtualAddress, u32>,
    installed: HashSet<&'a VirtualAddress>,
    /// Packets to those are dropped.
    closed: bool,
}

impl Addresses<'_, '_> {
    /// The interface of an address; for one of ours also the one below.
    fn device(&self, address: &VirtualAddress) -> String {
        let index = self.on.get(address).copied();
        match index.and_then(|index| self.places.get(index)) {
            Some(link) => match &link.base {
                Some(base) => format!("{}@{base}", link.name),
                None => link.name.clone(),
            },
            None => address.dev.as_deref().unwrap_or(self.own).to_owned(),
        }
    }

    /// An address and what has become of it.
    pub(crate) fn words(&self, one: &VirtualAddress) -> String {
        let is_set = self.installed.contains(one);
        let mut words = address(one, &self.device(one), is_set);
        if is_set && self.closed {
            words.push_str(" nftable_set");
        }
        words
    }
}
