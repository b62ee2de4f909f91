//! Which interfaces things are on, by name.

use std::collections::{HashMap, HashSet};

use evervip_model::{Instance, VirtualAddress};
use evervip_vrrp::{InterfaceSnapshot, RouterSnapshot, Snapshot};

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

    /// The addresses of a router with what is known of their places.
    pub(crate) fn of_addresses(&self, router: &'a RouterSnapshot) -> Addresses<'_, 'a> {
        let placed = router.placed.iter();
        Addresses {
            places: self,
            own: self.own_name(router),
            on: placed.map(|p| (&p.address, p.interface)).collect(),
            installed: router.installed.iter().map(|p| &p.address).collect(),
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
}

impl Addresses<'_, '_> {
    /// The interface of an address; for one of ours also the one below.
    pub(crate) fn device(&self, address: &VirtualAddress) -> String {
        let index = self.on.get(address).copied();
        match index.and_then(|index| self.places.get(index)) {
            Some(link) => match &link.base {
                Some(base) => format!("{}@{base}", link.name),
                None => link.name.clone(),
            },
            None => address.dev.as_deref().unwrap_or(self.own).to_owned(),
        }
    }

    pub(crate) fn is_set(&self, address: &VirtualAddress) -> bool {
        self.installed.contains(address)
    }
}
