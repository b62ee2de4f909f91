//! Virtual and static addresses.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};

use evervip_agentx::{TreeBuilder, Value};
use evervip_dump::Scene;
use evervip_model::VirtualAddress;
use evervip_vrrp::RouterSnapshot;

use super::table;
use crate::parts::{Interfaces, STATIC, address, address_type, gauge, index, scope};
use crate::rows::Rows;

/// Rows are numbered as those of the instances, static ones with 0, then in the order of the configuration,
/// excluded ones last.
pub(super) fn write(builder: &mut TreeBuilder, scene: &Scene, interfaces: &Interfaces<'_>) {
    let mut rows = Rows::new(builder, table(6), 2..=11);
    fixed(&mut rows, scene, interfaces);
    for (at, router) in scene.snapshot.routers.iter().enumerate() {
        let places = Places::of(router);
        let spec = &router.spec;
        let all = spec.addresses.iter().chain(&spec.excluded_addresses);
        for (place, virtual_address) in all.enumerate() {
            let row = [index(at), index(place)];
            one(&mut rows, &row, virtual_address);
            let interface = places.interface(virtual_address, interfaces);
            rows.put(7, &row, interface_number(interface));
            let name = interface.and_then(|index| interfaces.name(index));
            let named = virtual_address.dev.as_deref();
            let name = name
                .or(named)
                .unwrap_or_else(|| interfaces.own_name(router));
            rows.put(8, &row, Value::text(name));
            let is_set = places.installed.contains(virtual_address);
            rows.put(10, &row, Value::truth(is_set));
            // The original says so of the first instance's addresses only.
            let is_advertised = at == 0 && place < spec.addresses.len();
            rows.put(11, &row, Value::truth(is_advertised));
        }
    }
}

fn fixed(rows: &mut Rows<'_>, scene: &Scene, interfaces: &Interfaces<'_>) {
    let placed = scene.snapshot.fixed_addresses.iter();
    let added: HashSet<_> = placed.map(|placed| &placed.address).collect();
    let fixtures = &scene.snapshot.fixtures.addresses;
    for (place, fixture) in fixtures.iter().enumerate() {
        let (row, static_address) = ([STATIC, index(place)], &fixture.entry);
        one(rows, &row, static_address);
        let name = static_address.dev.as_deref().unwrap_or_default();
        rows.put(7, &row, interface_number(interfaces.index(name)));
        rows.put(8, &row, Value::text(name));
        rows.put(10, &row, Value::truth(added.contains(static_address)));
        rows.put(11, &row, Value::truth(false));
    }
}

fn one(rows: &mut Rows<'_>, row: &[u32], virtual_address: &VirtualAddress) {
    rows.put(2, row, address_type(virtual_address.address));
    rows.put(3, row, address(virtual_address.address));
    if virtual_address.address.is_ipv4() {
        let broadcast = virtual_address.broadcast.unwrap_or(Ipv4Addr::UNSPECIFIED);
        rows.put(4, row, address(IpAddr::V4(broadcast)));
    }
    rows.put(5, row, gauge(virtual_address.prefix));
    rows.put(6, row, scope(virtual_address.scope));
    let label = virtual_address.label.as_deref();
    rows.put_if(9, row, label.map(Value::text));
}

/// An interface's number; 0 for one that is not there.
fn interface_number(interface: Option<u32>) -> Value {
    crate::parts::integer(interface.unwrap_or(0))
}

/// Where a router's addresses are.
struct Places<'a> {
    on: HashMap<&'a VirtualAddress, u32>,
    installed: HashSet<&'a VirtualAddress>,
    own: Option<u32>,
}

impl<'a> Places<'a> {
    fn of(router: &'a RouterSnapshot) -> Self {
        let placed = router.placed.iter();
        Self {
            on: placed.map(|p| (&p.address, p.interface)).collect(),
            installed: router.installed.iter().map(|p| &p.address).collect(),
            own: router.interface,
        }
    }

    fn interface(&self, address: &VirtualAddress, interfaces: &Interfaces<'_>) -> Option<u32> {
        let named = address.dev.as_deref();
        self.on.get(address).copied().or_else(|| match named {
            Some(name) => interfaces.index(name),
            None => self.own,
        })
    }
}
