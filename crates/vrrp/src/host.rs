//! Links and addresses of the host come and go: where routers run and their addresses belong.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use evervip_model::{Delivery, Family};

use crate::addresses::{AddressDiff, place};
use crate::interface::{LinkChange, family_of};
use crate::named::own_source;
use crate::router::{is_of, named_interface};
use crate::routes::{Routing, place_routes};
use crate::sockets::ROUTED;
use crate::{Action, AddressLine, Engine, LinkState, LogLine, RouterId, Timestamp};

impl Engine {
    pub(crate) fn link_changed(&mut self, now: Timestamp, link: LinkState) {
        let link = self.linkbeats.correct(link);
        if let Some(link) = self.debounce(now, link) {
            self.link_counts(now, link);
        }
    }

    /// A report that has lasted as long as it has to.
    pub(crate) fn link_counts(&mut self, now: Timestamp, link: LinkState) {
        let (index, name, up) = (link.index, link.name.clone(), link.up);
        let change = self.interfaces.apply(link);
        let tracked = self.is_tracked(index, &name);
        if matches!(change, LinkChange::Added | LinkChange::Renamed { .. }) {
            self.base_appeared(&name);
        }
        match change {
            LinkChange::Renamed { from } => self.link_renamed(now, from, name, up),
            LinkChange::Nothing => {}
            _ if !tracked => {}
            LinkChange::Added => {
                self.host_changed_because(now, LogLine::LinkAdded { interface: name });
            }
            LinkChange::WentUp => {
                let line = self.link_line(name, true);
                self.host_changed_because(now, line);
                self.restore_routes_through(index);
                self.restore_fixtures_on(index);
            }
            LinkChange::WentDown => {
                let line = self.link_line(name, false);
                self.host_changed_because(now, line);
            }
        }
    }

    /// A rename is the end of one interface and the beginning of another (spec vrrp-runtime 13).
    fn link_renamed(&mut self, now: Timestamp, from: String, to: String, up: bool) {
        let began = self.tracked.contains(&to);
        if !began && !self.tracked.contains(&from) {
            return;
        }
        self.log(LogLine::LinkRenamed {
            from,
            to: to.clone(),
        });
        if began {
            self.log(LogLine::LinkAdded {
                interface: to.clone(),
            });
            self.log(if up {
                LogLine::LinkUp { interface: to }
            } else {
                LogLine::LinkDown { interface: to }
            });
        }
        self.host_changed(now);
    }

    pub(crate) fn link_removed(&mut self, now: Timestamp, index: u32) {
        self.forget_link_delay(index);
        let Some(interface) = self.interfaces.remove(index) else {
            return;
        };
        let tracked = self.is_tracked(index, &interface.name);
        let ours = self.virtual_interfaces.remove(index);
        if tracked {
            let interface = interface.name;
            self.host_changed_because(now, LogLine::LinkDeleted { interface });
        }
        if ours {
            self.push(Action::UpdateVirtualInterfaces);
        }
    }

    /// Whether any router depends on an interface.
    fn is_tracked(&self, index: u32, name: &str) -> bool {
        self.tracked.contains(name) || self.virtual_interfaces.contains(index)
    }

    fn host_changed_because(&mut self, now: Timestamp, line: LogLine) {
        self.log(line);
        self.host_changed(now);
    }

    pub(crate) fn address_added(&mut self, now: Timestamp, index: u32, address: IpAddr) {
        let before = self.own_address(index, address);
        self.interfaces.add_address(index, address);
        self.address_changed(now, index, address, before);
        self.restore_routes_after(index, address);
    }

    pub(crate) fn address_removed(
        &mut self,
        now: Timestamp,
        index: u32,
        address: IpAddr,
        by_us: bool,
    ) {
        let before = self.own_address(index, address);
        self.interfaces.remove_address(index, address);
        if !by_us {
            if self.virtual_addresses.contains(&address) {
                self.address_taken(now, index, address);
            }
            self.fixed_address_taken(now, index, address);
        }
        self.address_changed(now, index, address, before);
    }

    /// What routers on an interface send from, in the family of `address`, unless a source is
    /// configured.
    fn own_address(&self, index: u32, address: IpAddr) -> Option<IpAddr> {
        let is_virtual = |address| self.virtual_addresses.contains(&address);
        self.interfaces
            .primary(index, family_of(address), is_virtual)
    }

    /// Acts on an address that came or went, `before` which the interface had this one of its own.
    /// An address that can be nobody's source changes nothing here: others may add thousands.
    fn address_changed(
        &mut self,
        now: Timestamp,
        index: u32,
        address: IpAddr,
        before: Option<IpAddr>,
    ) {
        let after = self.own_address(index, address);
        let tracked = self
            .interfaces
            .get(index)
            .is_some_and(|interface| self.is_tracked(index, &interface.name));
        let moved = tracked && before != after;
        if moved {
            self.log_own_address(index, before, after);
        }
        if moved || self.sources.contains(&address) {
            self.host_changed(now);
        }
    }

    /// Says that the interface of a router has got an address, or lost the last one.
    fn log_own_address(&mut self, index: u32, before: Option<IpAddr>, after: Option<IpAddr>) {
        if !self.routers.iter().any(|(_, r)| r.base == Some(index)) {
            return;
        }
        let interface = self.interfaces.name_of(index);
        let line = match (before, after) {
            (None, Some(address)) => AddressLine::Assigned { address, interface },
            (Some(address), None) => AddressLine::Deassigned { address, interface },
            _ => return,
        };
        self.log(LogLine::Address(line));
    }

    /// The addresses that routers on real interfaces send from unless a source is configured, with
    /// the names of the interfaces.
    #[must_use]
    pub fn own_addresses(&self) -> Vec<(IpAddr, &str)> {
        let bases: BTreeSet<u32> = self
            .routers
            .iter()
            .filter_map(|(_, router)| self.interfaces.index_of(named_interface(&router.spec)?))
            .collect();
        let mut own = Vec::new();
        for index in bases {
            let Some(interface) = self.interfaces.get(index) else {
                continue;
            };
            let is_virtual = |address| self.virtual_addresses.contains(&address);
            let primary = |family| self.interfaces.primary(index, family, is_virtual);
            let addresses = [Family::Inet, Family::Inet6]
                .into_iter()
                .filter_map(primary);
            own.extend(addresses.map(|address| (address, interface.name.as_str())));
        }
        own
    }

    /// Interfaces or real addresses changed: finds everything that depends on them anew.
    pub(crate) fn host_changed(&mut self, now: Timestamp) {
        let ids = self.routers.ids();
        for id in &ids {
            self.resolve(*id);
        }
        self.refresh_lookup();
        self.reassess_all(now);
        // Addresses of a master whose other interface (`dev`, `no_track`) came, went or got
        // another name.
        for id in ids {
            self.remove_gone_routing(id);
            let diff = AddressDiff::of(&self.routers[id]);
            if !diff.is_empty() {
                self.remove_gone(id, &diff);
            }
            if diff.adds() {
                self.add_new(now, id, &diff);
            }
            self.add_new_routing(id, diff.removes());
        }
        self.move_fixtures();
    }

    /// Finds interface, source address and places of a router.
    pub(crate) fn resolve(&mut self, id: RouterId) {
        let spec = Arc::clone(&self.routers[id].spec);
        let base = match named_interface(&spec) {
            Some(name) => self.interfaces.index_of(name),
            None => matches!(spec.delivery, Delivery::Unicast { .. }).then_some(ROUTED),
        };
        let interface = self.virtual_interfaces.run_interface(&spec, base);
        // A virtual MAC borrows the address of its base; an ipvlan has one of its own.
        let owner = if spec.ipvlan.is_some() {
            interface
        } else {
            base
        };
        let source = match own_source(&spec) {
            Some(configured) => Some(configured).filter(|source| is_of(*source, spec.family)),
            None => owner.and_then(|index| {
                let is_virtual = |address| self.virtual_addresses.contains(&address);
                self.interfaces.primary(index, spec.family, is_virtual)
            }),
        };
        let placed = place(&spec, &self.interfaces, &self.virtual_interfaces);
        let routes = place_routes(&spec.routes, &self.interfaces);
        let changed = {
            let router = &self.routers[id];
            router.base != base || router.interface != interface || router.source != source
        };
        let revision = if changed {
            self.new_revision()
        } else {
            self.routers[id].revision
        };
        let router = &mut self.routers[id];
        router.base = base;
        router.interface = interface;
        router.source = source;
        router.revision = revision;
        Routing::place(&mut router.routing, routes);
        if router.placed != placed {
            router.placed = placed;
        }
    }
}
