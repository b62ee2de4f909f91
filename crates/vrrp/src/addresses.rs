//! Virtual addresses on real interfaces: where they go, and what happens when others remove them.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Instance, State, VirtualAddress};

use crate::interface::Interfaces;
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

/// When addresses of a router were last put back.
#[derive(Debug, Clone, Default)]
pub(crate) struct PutBack(VecDeque<Timestamp>);

impl PutBack {
    /// Whether one more time is allowed; if so it is counted.
    fn allow(&mut self, now: Timestamp) -> bool {
        while self
            .0
            .front()
            .is_some_and(|at| now.saturating_since(*at) > PUT_BACK_WINDOW)
        {
            self.0.pop_front();
        }
        if self.0.len() >= PUT_BACK_LIMIT {
            return false;
        }
        self.0.push_back(now);
        true
    }
}

/// Places addresses; one whose interface does not exist is left out.
pub(crate) fn place(instance: &Instance, interfaces: &Interfaces) -> Arc<[PlacedAddress]> {
    instance
        .addresses
        .iter()
        .chain(&instance.excluded_addresses)
        .filter_map(|address| {
            let name = address.dev.as_deref().or(instance.interface.as_deref())?;
            Some(PlacedAddress {
                interface: interfaces.index_of(name)?,
                address: address.clone(),
            })
        })
        .collect()
}

impl Engine {
    pub(crate) fn add_addresses(&mut self, id: RouterId) {
        let router = &self.routers[id];
        let (name, addresses) = (router.name(), Arc::clone(&router.placed));
        let (plain, excluded) = (
            !router.spec.addresses.is_empty(),
            !router.spec.excluded_addresses.is_empty(),
        );
        if plain {
            self.log(LogLine::SettingAddresses {
                name: Arc::clone(&name),
                excluded: false,
            });
        }
        if excluded {
            self.log(LogLine::SettingAddresses {
                name,
                excluded: true,
            });
        }
        if !addresses.is_empty() {
            self.push(Action::AddAddresses(AddressChange {
                router: id,
                addresses,
            }));
        }
    }

    pub(crate) fn remove_addresses(&mut self, id: RouterId) {
        let router = &self.routers[id];
        let (name, addresses) = (router.name(), Arc::clone(&router.placed));
        let (plain, excluded) = (
            !router.spec.addresses.is_empty(),
            !router.spec.excluded_addresses.is_empty(),
        );
        if plain {
            self.log(LogLine::RemovingAddresses {
                name: Arc::clone(&name),
                excluded: false,
            });
        }
        if excluded {
            self.log(LogLine::RemovingAddresses {
                name,
                excluded: true,
            });
        }
        if !addresses.is_empty() {
            self.push(Action::RemoveAddresses(AddressChange {
                router: id,
                addresses,
            }));
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
                .then(|| router.placed.iter().find(|placed| hit(placed)).cloned())
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
        if router.put_back.allow(now) {
            let (name, rounds) = (router.name(), router.spec.garp.repeat);
            let addresses: Arc<[PlacedAddress]> = Arc::new([taken]);
            self.push(Action::AddAddresses(AddressChange {
                router: id,
                addresses: Arc::clone(&addresses),
            }));
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
    fn putting_back_is_limited_per_window() {
        let mut put_back = PutBack::default();
        let start = Timestamp::from_nanos(0);
        for second in 0..5 {
            assert!(put_back.allow(start + Duration::from_secs(second)));
        }
        assert!(!put_back.allow(start + Duration::from_secs(5)));
        assert!(
            put_back.allow(start + Duration::from_millis(10_001)),
            "the first one is older than the window by now"
        );
    }
}
