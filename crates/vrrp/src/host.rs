//! Links and addresses of the host come and go: where routers run and their addresses belong.

use std::net::IpAddr;
use std::sync::Arc;

use evervip_model::Delivery;

use crate::addresses::{AddressDiff, place};
use crate::interface::LinkChange;
use crate::named::own_source;
use crate::router::{is_of, named_interface};
use crate::routes::{Routing, place_routes};
use crate::sockets::ROUTED;
use crate::{Action, Engine, LinkState, LogLine, RouterId, Timestamp};

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

    /// A virtual address cannot be a source, so that its coming and going changes nothing here; with
    /// hundreds of them this matters.
    pub(crate) fn address_changed(&mut self, now: Timestamp, index: u32, address: IpAddr) {
        let tracked = self
            .interfaces
            .get(index)
            .is_some_and(|interface| self.tracked.contains(&interface.name));
        let real = tracked && !self.virtual_addresses.contains(&address);
        if real || self.sources.contains(&address) {
            self.host_changed(now);
        }
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
