//! Addresses that stay where they are while their flags or lifetimes change in a reload.
//!
//! The kernel alters those of an IPv6 address in place. What an IPv4 address was added with it keeps;
//! to take it off and put it on again would cut connections for a flag, so the change waits until the
//! address is added anew.

use std::collections::HashMap;
use std::sync::Arc;

use evervip_model::{State, VirtualAddress};

use crate::addresses::entry;
use crate::log::AddressLine;
use crate::{Action, Engine, LogLine, PlacedAddress, RouterId};

/// Those of the second list that are in the first with other properties in the kernel.
fn altered(before: &[PlacedAddress], after: &[PlacedAddress]) -> Vec<PlacedAddress> {
    let before: HashMap<_, _> = before
        .iter()
        .map(|placed| (entry(placed), &placed.address))
        .collect();
    let differs = |placed: &&PlacedAddress| {
        let known = before.get(&entry(placed));
        known.is_some_and(|known| kernel_view(known) != kernel_view(&placed.address))
    };
    after.iter().filter(differs).cloned().collect()
}

/// An address without what concerns us alone.
fn kernel_view(address: &VirtualAddress) -> VirtualAddress {
    VirtualAddress {
        no_track: false,
        use_vmac: false,
        ..address.clone()
    }
}

impl Engine {
    /// Alters addresses of a master that a reload keeps.
    pub(crate) fn alter_kept(&mut self, id: RouterId) {
        let router = &self.routers[id];
        if router.state != State::Master || Arc::ptr_eq(&router.installed, &router.placed) {
            return;
        }
        let altered = altered(&router.installed, &router.placed);
        if altered.is_empty() {
            return;
        }
        let name = router.name();
        let new: HashMap<_, _> = altered
            .iter()
            .map(|placed| (entry(placed), placed))
            .collect();
        let installed = router.installed.iter();
        let installed = installed.map(|old| (*new.get(&entry(old)).unwrap_or(&old)).clone());
        let installed = installed.collect();
        self.routers[id].installed = installed;
        self.alter(Some(&name), altered);
    }

    /// Alters static addresses that a reload keeps.
    pub(crate) fn alter_static(&mut self, before: &[PlacedAddress], after: &[PlacedAddress]) {
        self.alter(None, altered(before, after));
    }

    fn alter(&mut self, name: Option<&Arc<str>>, altered: Vec<PlacedAddress>) {
        let (fixed, alterable): (Vec<_>, Vec<_>) = altered
            .into_iter()
            .partition(|placed| placed.address.address.is_ipv4());
        for placed in fixed {
            let interface = self.interfaces.name_of(placed.interface);
            self.log(LogLine::Address(AddressLine::Unalterable {
                name: name.cloned(),
                address: placed.address.address,
                prefix: placed.address.prefix,
                interface: interface.to_string(),
            }));
        }
        if !alterable.is_empty() {
            self.push(Action::AlterAddresses(alterable));
        }
    }
}
