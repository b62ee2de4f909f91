//! Routes and rules that the engine wants added and removed.

use evervip_os::netlink::{NetlinkError, RouteEntry};
use evervip_vrrp::{PlacedRoute, RouteChange, RuleChange};

use super::kernel::Kernel;

impl Kernel {
    /// Adds routes. One that is refused is logged; the router goes on.
    pub(super) fn add_routes(&mut self, change: &RouteChange) {
        self.watch_routing();
        let entries = self.entries(change);
        let results = self.requests().add_routes(&entries);
        self.log_refusals(results);
    }

    /// Removes routes.
    pub(super) fn remove_routes(&mut self, change: &RouteChange) {
        let entries = self.entries(change);
        let results = self.requests().remove_routes(&entries);
        self.log_refusals(results);
    }

    /// Adds rules. One that is refused is logged; the router goes on.
    pub(super) fn add_rules(&mut self, change: &RuleChange) {
        self.watch_routing();
        let rules: Vec<_> = change.rules.iter().collect();
        let results = self.requests().add_rules(&rules);
        self.log_refusals(results);
    }

    /// Removes rules.
    pub(super) fn remove_rules(&mut self, change: &RuleChange) {
        let rules: Vec<_> = change.rules.iter().collect();
        let results = self.requests().remove_rules(&rules);
        self.log_refusals(results);
    }

    /// The routes in the form that netlink requests take.
    fn entries<'a>(&self, change: &'a RouteChange) -> Vec<RouteEntry<'a>> {
        let entry = |placed: &'a PlacedRoute| {
            RouteEntry::new(&placed.route, placed.interface, &placed.hops)
                .in_vrf(|name| self.link_named(name))
        };
        change.routes.iter().map(entry).collect()
    }

    fn log_refusals<T>(&mut self, results: Vec<Result<T, NetlinkError>>) {
        for error in results.into_iter().filter_map(Result::err) {
            self.note_refusal(&error);
            tracing::error!("Netlink: error: {error}");
        }
    }
}
