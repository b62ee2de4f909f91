//! When the addresses of a router are closed to packets: `no_accept`, and strict mode without
//! `accept` (spec vrrp-runtime 15). They are closed before they come and opened after they went.

use std::sync::Arc;

use evervip_model::{Config, Instance, State};

use crate::log::FirewallLine;
use crate::{Action, AddressChange, Engine, LogLine, PlacedAddress, RouterId};

/// Whether the addresses of an instance are its own to answer for: an address owner accepts packets
/// whatever the file says.
#[must_use]
pub fn refuses_packets(spec: &Instance) -> bool {
    !spec.accept && spec.priority.value() != 255
}

/// Whether any instance of a configuration has something for the packet filter to do.
#[must_use]
pub fn needs_packet_filter(config: &Config) -> bool {
    config
        .instances
        .iter()
        .any(|instance| instance.virtual_mac.is_some() || refuses_packets(instance))
}

impl Engine {
    /// Closes all addresses of a router that is about to hold them.
    pub(crate) fn close_addresses(&mut self, id: RouterId, addresses: &Arc<[PlacedAddress]>) {
        if !refuses_packets(&self.routers[id].spec) {
            return;
        }
        self.log_firewall(id, |name| FirewallLine::Setting { name });
        self.push_closed(id, addresses);
    }

    /// Opens what a router has held; the line appears even when that was nothing, as at start.
    pub(crate) fn open_addresses(&mut self, id: RouterId, addresses: &Arc<[PlacedAddress]>) {
        if !refuses_packets(&self.routers[id].spec) {
            return;
        }
        self.log_firewall(id, |name| FirewallLine::Removing { name });
        self.push_opened(id, addresses);
    }

    /// Addresses that a reload gives to a master.
    pub(crate) fn close_more(&mut self, id: RouterId, addresses: &Arc<[PlacedAddress]>) {
        if refuses_packets(&self.routers[id].spec) {
            self.push_closed(id, addresses);
        }
    }

    /// Addresses that a reload takes from a master.
    pub(crate) fn open_some(&mut self, id: RouterId, addresses: &Arc<[PlacedAddress]>) {
        if refuses_packets(&self.routers[id].spec) {
            self.push_opened(id, addresses);
        }
    }

    /// A reload has changed whether the addresses that a master holds are closed.
    pub(crate) fn change_closure(&mut self, id: RouterId, old: &Instance) {
        let router = &self.routers[id];
        let (before, after) = (refuses_packets(old), refuses_packets(&router.spec));
        if router.state != State::Master || before == after {
            return;
        }
        let installed = Arc::clone(&router.installed);
        if after {
            self.close_addresses(id, &installed);
        } else {
            self.log_firewall(id, |name| FirewallLine::Removing { name });
            self.push_opened(id, &installed);
        }
    }

    fn push_closed(&mut self, router: RouterId, addresses: &Arc<[PlacedAddress]>) {
        if !addresses.is_empty() {
            let addresses = Arc::clone(addresses);
            self.push(Action::CloseAddresses(AddressChange { router, addresses }));
        }
    }

    fn push_opened(&mut self, router: RouterId, addresses: &Arc<[PlacedAddress]>) {
        if !addresses.is_empty() {
            let addresses = Arc::clone(addresses);
            self.push(Action::OpenAddresses(AddressChange { router, addresses }));
        }
    }

    fn log_firewall(&mut self, id: RouterId, line: impl FnOnce(Arc<str>) -> FirewallLine) {
        let line = line(self.routers[id].name());
        self.log(LogLine::Firewall(line));
    }
}
