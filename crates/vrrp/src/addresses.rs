//! Virtual addresses on real interfaces: where they go, and what happens when others remove them.

use std::collections::{HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Instance, RemovedAddresses, State, VirtualAddress};

use crate::interface::Interfaces;
use crate::router::Router;
use crate::timers::TimerKey;
use crate::virtual_interface::VirtualInterfaces;
use crate::{Action, AddressChange, Engine, LogLine, RouterId, Timestamp};

/// A virtual address together with the interface it belongs on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PlacedAddress {
    /// Index of the interface.
    pub interface: u32,
    /// The address as configured.
    pub address: VirtualAddress,
}

/// How often an address is put back before the original's way is taken
/// (decision "address removed behind our back").
const PUT_BACK_LIMIT: usize = 5;
/// Within which time.
const PUT_BACK_WINDOW: Duration = Duration::from_secs(10);

/// When which addresses, routes or rules of a router were put back. Each counts for itself: a tool
/// that flushes an interface with a hundred addresses on it has done so once, not a hundred times.
#[derive(Debug, Clone)]
pub(crate) struct PutBack<Key>(VecDeque<(Timestamp, Key)>);

impl<Key> Default for PutBack<Key> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Key> PutBack<Key> {
    pub(crate) const fn new() -> Self {
        Self(VecDeque::new())
    }
}

impl<Key: PartialEq> PutBack<Key> {
    /// Whether one more time is allowed; if so it is counted.
    pub(crate) fn allow(&mut self, now: Timestamp, key: Key) -> bool {
        while self
            .0
            .front()
            .is_some_and(|(at, _)| now.saturating_since(*at) > PUT_BACK_WINDOW)
        {
            self.0.pop_front();
        }
        let times = self.0.iter().filter(|(_, other)| *other == key).count();
        if times >= PUT_BACK_LIMIT {
            return false;
        }
        self.0.push_back((now, key));
        true
    }
}

/// Places addresses; one whose interface does not exist is left out.
pub(crate) fn place(
    instance: &Instance,
    interfaces: &Interfaces,
    virtual_interfaces: &VirtualInterfaces,
) -> Arc<[PlacedAddress]> {
    instance
        .addresses
        .iter()
        .chain(&instance.excluded_addresses)
        .filter_map(|address| {
            Some(PlacedAddress {
                interface: virtual_interfaces.place(instance, address, interfaces)?,
                address: address.clone(),
            })
        })
        .collect()
}

/// What a master holds compared with what it is to hold.
#[derive(Debug, Default)]
pub(crate) struct AddressDiff {
    gone: Vec<PlacedAddress>,
    kept: Vec<PlacedAddress>,
    added: Vec<PlacedAddress>,
}

impl AddressDiff {
    /// Empty for a router that is not MASTER: it holds nothing.
    pub(crate) fn of(router: &Router) -> Self {
        if router.state != State::Master || Arc::ptr_eq(&router.installed, &router.placed) {
            return Self::default();
        }
        let (old, new) = (entries(&router.installed), entries(&router.placed));
        let (kept, gone): (Vec<_>, Vec<_>) = router
            .installed
            .iter()
            .partition(|placed| new.contains(&entry(placed)));
        let added = router.placed.iter().filter(|a| !old.contains(&entry(a)));
        Self {
            gone: gone.into_iter().cloned().collect(),
            kept: kept.into_iter().cloned().collect(),
            added: added.cloned().collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.added.is_empty()
    }

    pub(crate) fn removes(&self) -> bool {
        !self.gone.is_empty()
    }

    pub(crate) fn adds(&self) -> bool {
        !self.added.is_empty()
    }
}

/// Identity of an address entry (spec vrrp-keywords 7). The peer belongs to it because the kernel
/// does not remove an address that is named with another one.
pub(crate) type Entry<'a> = (u32, IpAddr, u8, u8, Option<&'a str>, Option<IpAddr>);

pub(crate) fn entry(placed: &PlacedAddress) -> Entry<'_> {
    let address = &placed.address;
    (
        placed.interface,
        address.address,
        address.prefix,
        address.scope,
        address.label.as_deref(),
        address.peer,
    )
}

pub(crate) fn entries(list: &[PlacedAddress]) -> HashSet<Entry<'_>> {
    list.iter().map(entry).collect()
}

impl Engine {
    pub(crate) fn add_addresses(&mut self, id: RouterId) {
        let placed = Arc::clone(&self.routers[id].placed);
        self.close_addresses(id, &placed);
        self.log_addresses(id, |name, excluded| LogLine::SettingAddresses {
            name,
            excluded,
        });
        let router = &mut self.routers[id];
        let addresses = Arc::clone(&router.placed);
        router.installed = Arc::clone(&addresses);
        if !addresses.is_empty() {
            self.push(Action::AddAddresses(AddressChange {
                router: id,
                addresses,
            }));
        }
    }

    /// Takes off what a master has put on.
    pub(crate) fn remove_addresses(&mut self, id: RouterId) {
        let installed = std::mem::replace(&mut self.routers[id].installed, Arc::new([]));
        self.remove_all(id, &installed);
    }

    /// Takes off what an earlier process may have left.
    pub(crate) fn remove_left_over(&mut self, id: RouterId) {
        // As in the original: an interface made just now holds nothing, and there is no line.
        if self.virtual_interfaces.is_fresh(&self.routers[id].spec) {
            return;
        }
        let placed = Arc::clone(&self.routers[id].placed);
        self.remove_all(id, &placed);
    }

    fn remove_all(&mut self, id: RouterId, addresses: &Arc<[PlacedAddress]>) {
        self.log_addresses(id, |name, excluded| LogLine::RemovingAddresses {
            name,
            excluded,
        });
        let present = self.to_be_removed(id, Arc::clone(addresses));
        if !present.is_empty() {
            self.push(Action::RemoveAddresses(AddressChange {
                router: id,
                addresses: present,
            }));
        }
        self.open_addresses(id, addresses);
    }

    /// Without those that vanished together with their interface, and those that another master has,
    /// too.
    fn to_be_removed(&self, id: RouterId, addresses: Arc<[PlacedAddress]>) -> Arc<[PlacedAddress]> {
        let removed = |placed: &PlacedAddress| {
            self.interfaces.get(placed.interface).is_some() && !self.is_held_by_other(id, placed)
        };
        if addresses.iter().all(removed) {
            return addresses;
        }
        addresses.iter().filter(|a| removed(a)).cloned().collect()
    }

    fn is_held_by_other(&self, id: RouterId, placed: &PlacedAddress) -> bool {
        let holds = |router: &Router| {
            let mut installed = router.installed.iter();
            router.state == State::Master && installed.any(|other| entry(other) == entry(placed))
        };
        self.shared_addresses.contains(&placed.address.address)
            && self
                .routers
                .iter()
                .any(|(other, router)| other != id && holds(router))
    }

    /// One line for each kind of addresses that is configured.
    fn log_addresses(&mut self, id: RouterId, line: impl Fn(Arc<str>, bool) -> LogLine) {
        let spec = Arc::clone(&self.routers[id].spec);
        for (addresses, excluded) in [(&spec.addresses, false), (&spec.excluded_addresses, true)] {
            if !addresses.is_empty() {
                self.log(line(Arc::clone(&spec.name), excluded));
            }
        }
    }

    /// Removes what a master holds and is not to hold any more.
    pub(crate) fn remove_gone(&mut self, id: RouterId, diff: &AddressDiff) {
        for placed in &diff.gone {
            let interface = self.interfaces.name_of(placed.interface);
            let text = format!(
                "{}/{} dev {interface}",
                placed.address.address, placed.address.prefix
            );
            let name = self.routers[id].name();
            self.log(LogLine::AddressGone { name, text });
        }
        self.routers[id].installed = diff.kept.iter().cloned().collect();
        let gone: Arc<[PlacedAddress]> = diff.gone.iter().cloned().collect();
        let present = self.to_be_removed(id, Arc::clone(&gone));
        if !present.is_empty() {
            self.push(Action::RemoveAddresses(AddressChange {
                router: id,
                addresses: present,
            }));
        }
        self.open_some(id, &gone);
    }

    /// Adds what a master does not hold yet, and tells the neighbours about all.
    pub(crate) fn add_new(&mut self, now: Timestamp, id: RouterId, diff: &AddressDiff) {
        let added: Arc<[PlacedAddress]> = diff.added.iter().cloned().collect();
        let router = &mut self.routers[id];
        router.installed = diff.kept.iter().chain(&diff.added).cloned().collect();
        let (name, garp) = (router.name(), router.spec.garp);
        if !added.is_empty() {
            self.close_more(id, &added);
            self.log(LogLine::SettingAddresses {
                name,
                excluded: false,
            });
            self.push(Action::AddAddresses(AddressChange {
                router: id,
                addresses: added,
            }));
        }
        self.announce_all(now, id, garp.repeat);
        if !garp.delay.is_zero() {
            self.timers.set(TimerKey::Burst(id), now + garp.delay);
        }
    }

    /// Somebody else removed an address that may be one of a master's.
    pub(crate) fn address_taken(&mut self, now: Timestamp, index: u32, address: IpAddr) {
        let hit = |placed: &PlacedAddress| {
            placed.interface == index
                && placed.address.address == address
                && !placed.address.no_track
        };
        let Some((id, taken)) = self.routers.iter().find_map(|(id, router)| {
            (router.state == State::Master)
                .then(|| router.installed.iter().find(|placed| hit(placed)).cloned())
                .flatten()
                .map(|taken| (id, taken))
        }) else {
            return;
        };
        let interface = self.interfaces.name_of(index);
        self.log(LogLine::AddressTaken {
            address,
            interface: interface.clone(),
        });
        let router = &mut self.routers[id];
        let reinstate = self.globals.extensions.removed_addresses == RemovedAddresses::Reinstate;
        if reinstate && router.put_back.make().allow(now, (index, address)) {
            let (name, rounds) = (router.name(), router.spec.garp.repeat);
            let addresses: Arc<[PlacedAddress]> = Arc::new([taken]);
            self.push(Action::AddAddresses(AddressChange {
                router: id,
                addresses: Arc::clone(&addresses),
            }));
            self.restore_routes(id);
            self.announce(now, id, &addresses, rounds);
            self.log(LogLine::AddressPutBack {
                name,
                address,
                interface,
            });
        } else {
            self.give_way_to_intruder(now, id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn putting_back_is_limited_per_address_and_window() {
        let mut put_back = PutBack::<(u32, IpAddr)>::default();
        let start = Timestamp::from_nanos(0);
        let (one, two) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for second in 0..5 {
            assert!(put_back.allow(start + Duration::from_secs(second), (2, one)));
        }
        let late = start + Duration::from_secs(5);
        assert!(!put_back.allow(late, (2, one)));
        assert!(put_back.allow(late, (2, two)), "another address");
        assert!(put_back.allow(late, (3, one)), "another interface");
        assert!(
            put_back.allow(start + Duration::from_millis(10_001), (2, one)),
            "the first one is older than the window by now"
        );
    }
}
