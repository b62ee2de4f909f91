//! Routes and rules of a router: they come after its addresses and go before them (spec vrrp-runtime
//! 2.2 and 12).

use std::collections::HashSet;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;

use evervip_model::{Network, RemovedAddresses, Route, RouteReport, Rule, RuleReport, State};

use crate::addresses::PutBack;
use crate::interface::Interfaces;
use crate::log::RouteLine;
use crate::rare::Rare;
use crate::router::Router;
use crate::{Action, Engine, LogLine, RouterId, Timestamp};

/// A route together with the interfaces that its names stand for now.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PlacedRoute {
    /// The route as configured.
    pub route: Route,
    /// Index of its interface, if it names one.
    pub interface: Option<u32>,
    /// Indices of the interfaces of its next hops, in their order.
    pub hops: Vec<Option<u32>>,
}

/// Routes to be added or removed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteChange {
    /// For which router; `None` for static routes.
    pub router: Option<RouterId>,
    /// The routes, in the order in which the kernel is to be told.
    pub routes: Vec<PlacedRoute>,
}

/// Rules to be added or removed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleChange {
    /// For which router; `None` for static rules.
    pub router: Option<RouterId>,
    /// The rules, in the order in which the kernel is to be told.
    pub rules: Vec<Rule>,
}

/// What a router has, and is to have, of routes and rules.
#[derive(Debug, Default)]
pub(crate) struct Routing {
    /// Its routes where they belong now.
    pub(crate) placed: Vec<PlacedRoute>,
    /// Routes that were added and not removed since.
    installed: Vec<PlacedRoute>,
    /// Rules that were added and not removed since.
    rules: Vec<Rule>,
    put_back: PutBack<Entry>,
}

/// Of a router that never had any.
static NO_ROUTING: Routing = Routing {
    placed: Vec::new(),
    installed: Vec::new(),
    rules: Vec::new(),
    put_back: PutBack::new(),
};

impl Routing {
    fn of(router: &Router) -> &Self {
        router.routing.get().unwrap_or(&NO_ROUTING)
    }

    /// Takes down where the routes of a router belong.
    pub(crate) fn place(routing: &mut Rare<Self>, routes: Vec<PlacedRoute>) {
        if !routes.is_empty() || routing.get().is_some() {
            routing.make().placed = routes;
        }
    }
}

/// What was put back: a route or a rule, by its position among those that are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Route(usize),
    Rule(usize),
}

/// Places routes; one that names an interface that does not exist is left out.
pub(crate) fn place_routes(routes: &[Route], interfaces: &Interfaces) -> Vec<PlacedRoute> {
    let place = |route: &Route| {
        let index = |name: &Option<String>| match name.as_deref() {
            Some(name) => interfaces.index_of(name).map(Some),
            None => Some(None),
        };
        Some(PlacedRoute {
            interface: index(&route.interface)?,
            hops: route
                .next_hops
                .iter()
                .map(|hop| index(&hop.interface))
                .collect::<Option<_>>()?,
            route: route.clone(),
        })
    };
    routes.iter().filter_map(place).collect()
}

/// Names of the interfaces that routes and rules depend on, unless they are not to be watched.
pub(crate) fn tracked_interfaces<'a>(
    routes: &'a [Route],
    rules: &'a [Rule],
) -> impl Iterator<Item = &'a str> {
    let of_routes = routes.iter().filter(|route| !route.no_track);
    let of_routes = of_routes.flat_map(|route| {
        let hops = route.next_hops.iter().map(|hop| hop.interface.as_deref());
        std::iter::once(route.interface.as_deref()).chain(hops)
    });
    let of_rules = rules.iter().filter(|rule| !rule.no_track);
    let of_rules = of_rules.flat_map(|rule| [rule.input.as_deref(), rule.output.as_deref()]);
    of_routes.chain(of_rules).flatten()
}

/// Names of all interfaces of routes and rules.
pub(crate) fn interface_names(routes: &[Route]) -> impl Iterator<Item = &str> {
    routes.iter().flat_map(|route| {
        let hops = route.next_hops.iter().map(|hop| hop.interface.as_deref());
        std::iter::once(route.interface.as_deref())
            .chain(hops)
            .flatten()
    })
}

/// What is in the first list and not in the second.
pub(crate) fn missing<T: Eq + Hash + Clone>(from: &[T], other: &[T]) -> Vec<T> {
    let other: HashSet<&T> = other.iter().collect();
    let absent = from.iter().filter(|item| !other.contains(item));
    absent.cloned().collect()
}

impl PlacedRoute {
    /// Whether all of its interfaces exist.
    pub(crate) fn can_exist(&self, interfaces: &Interfaces) -> bool {
        let mut indices = self.hops.iter().chain([&self.interface]).flatten();
        indices.all(|index| interfaces.get(*index).is_some())
    }

    /// Whether it leads through an interface.
    pub(crate) fn is_through(&self, interface: u32) -> bool {
        let mut indices = self.hops.iter().chain([&self.interface]).flatten();
        indices.any(|index| *index == interface)
    }

    /// Whether the kernel chooses its interfaces.
    fn names_no_interface(&self) -> bool {
        self.hops
            .iter()
            .chain([&self.interface])
            .all(Option::is_none)
    }

    /// Whether a report is about this route.
    #[must_use]
    pub fn is(&self, report: &RouteReport) -> bool {
        let route = &self.route;
        let compatible = |ours: Option<u32>, theirs: Option<u32>| {
            ours.is_none() || theirs.is_none() || ours == theirs
        };
        let one_way = route.next_hops.is_empty();
        let gateways = match (route.gateway, report.gateway) {
            (Some(ours), Some(theirs)) if one_way => ours == theirs,
            _ => true,
        };
        route.family == report.family
            && network(route.destination) == network(report.destination)
            // The table of a VRF is not known here.
            && (route.vrf.is_some() || route.table.unwrap_or(MAIN_TABLE) == report.table)
            && route.tos.unwrap_or(0) == report.tos
            && compatible(route.metric.filter(|metric| *metric != 0), report.metric)
            && (!one_way || compatible(self.interface, report.interface))
            && gateways
    }
}

/// Whether a report is about a rule.
#[must_use]
pub fn is_rule(rule: &Rule, report: &RuleReport) -> bool {
    rule.family == report.family
        && rule.preference == report.preference
        && network(rule.from) == network(report.from)
        && network(rule.to) == network(report.to)
}

/// Everywhere is nothing in particular, however it is written.
fn network(network: Option<Network>) -> Option<Network> {
    network.filter(|network| network.prefix > 0)
}

/// The table of routes that name none.
const MAIN_TABLE: u32 = 254;

impl Engine {
    /// Adds all routes, then all rules.
    pub(crate) fn add_routing(&mut self, id: RouterId) {
        let spec = Arc::clone(&self.routers[id].spec);
        if !spec.routes.is_empty() {
            let name = Arc::clone(&spec.name);
            self.log_route(RouteLine::SettingRoutes { name });
            let routing = self.routers[id].routing.make();
            routing.installed.clone_from(&routing.placed);
            let routes = routing.placed.clone();
            self.push_added_routes(Some(id), routes);
        }
        if !spec.rules.is_empty() {
            let name = Arc::clone(&spec.name);
            self.log_route(RouteLine::SettingRules { name });
            self.routers[id].routing.make().rules = spec.rules.to_vec();
            self.push_added_rules(Some(id), spec.rules.to_vec());
        }
    }

    /// Removes what a master has added: rules, then routes.
    pub(crate) fn remove_routing(&mut self, id: RouterId) {
        let Some(routing) = self.routers[id].routing.get_mut() else {
            return;
        };
        let routes = std::mem::take(&mut routing.installed);
        let rules = std::mem::take(&mut routing.rules);
        self.remove_all_routing(id, routes, rules);
    }

    /// Removes what an earlier process may have left.
    pub(crate) fn remove_left_over_routing(&mut self, id: RouterId) {
        let router = &self.routers[id];
        let (routes, rules) = (
            Routing::of(router).placed.clone(),
            router.spec.rules.to_vec(),
        );
        self.remove_all_routing(id, routes, rules);
    }

    fn remove_all_routing(&mut self, id: RouterId, routes: Vec<PlacedRoute>, rules: Vec<Rule>) {
        let spec = Arc::clone(&self.routers[id].spec);
        if !spec.rules.is_empty() {
            let name = Arc::clone(&spec.name);
            self.log_route(RouteLine::RemovingRules { name });
        }
        self.push_removed_rules(Some(id), rules);
        if !spec.routes.is_empty() {
            let name = Arc::clone(&spec.name);
            self.log_route(RouteLine::RemovingRoutes { name });
        }
        self.push_removed_routes(Some(id), routes);
    }

    /// Removes what a master has added and is not to have any more.
    pub(crate) fn remove_gone_routing(&mut self, id: RouterId) {
        let router = &self.routers[id];
        if router.state != State::Master {
            return;
        }
        let routing = Routing::of(router);
        let rules = missing(&routing.rules, &router.spec.rules);
        let routes = missing(&routing.installed, &routing.placed);
        let kept = (
            missing(&routing.rules, &rules),
            missing(&routing.installed, &routes),
        );
        let Some(routing) = self.routers[id].routing.get_mut() else {
            return;
        };
        (routing.rules, routing.installed) = kept;
        self.log_gone_routing(&routes, &rules);
        self.push_removed_rules(Some(id), rules);
        self.push_removed_routes(Some(id), routes);
    }

    /// A line for each rule and route that a reload removes.
    pub(crate) fn log_gone_routing(&mut self, routes: &[PlacedRoute], rules: &[Rule]) {
        for rule in rules {
            let rule = Box::new(rule.clone());
            self.log_route(RouteLine::RuleGone { rule });
        }
        for placed in routes {
            let route = Box::new(placed.route.clone());
            self.log_route(RouteLine::RouteGone { route });
        }
    }

    /// Adds what a master is to have and has not added yet. `addresses_went` tells that some of its
    /// addresses were removed: together with them the kernel has removed the routes that prefer them
    /// as a source, without a word.
    pub(crate) fn add_new_routing(&mut self, id: RouterId, addresses_went: bool) {
        let router = &self.routers[id];
        if router.state != State::Master {
            return;
        }
        if router.routing.get().is_none() && router.spec.rules.is_empty() {
            return;
        }
        let name = router.name();
        let routing = Routing::of(router);
        let new_routes = missing(&routing.placed, &routing.installed);
        let rules = missing(&router.spec.rules, &routing.rules);
        let routes = if addresses_went {
            routing.placed.clone()
        } else {
            new_routes.clone()
        };
        let spec_rules = router.spec.rules.to_vec();
        let routing = self.routers[id].routing.make();
        routing.installed.clone_from(&routing.placed);
        routing.rules = spec_rules;
        if !new_routes.is_empty() {
            let name = Arc::clone(&name);
            self.log_route(RouteLine::SettingRoutes { name });
        }
        self.push_added_routes(Some(id), routes);
        if !rules.is_empty() {
            self.log_route(RouteLine::SettingRules { name });
        }
        self.push_added_rules(Some(id), rules);
    }

    /// Adds all routes of a master once more, which does nothing to those that are there: the kernel
    /// removes routes in silence together with an address, or when an interface goes down.
    pub(crate) fn restore_routes(&mut self, id: RouterId) {
        let routes = Routing::of(&self.routers[id]).installed.clone();
        self.push_added_routes(Some(id), routes);
    }

    /// An interface is up again: routes of masters that lead through it have gone with it, unless the
    /// interface is watched.
    pub(crate) fn restore_routes_through(&mut self, interface: u32) {
        let affected = |router: &Router| {
            let mut routes = Routing::of(router).installed.iter();
            router.state == State::Master && routes.any(|placed| placed.is_through(interface))
        };
        let routers = self.routers.iter();
        let routers = routers.filter(|(_, router)| affected(router));
        let ids: Vec<RouterId> = routers.map(|(id, _)| id).collect();
        for id in ids {
            self.restore_routes(id);
        }
    }

    /// An address has come to an interface, whose last one may have gone before: with that the kernel
    /// has removed the routes through it, and those whose gateway was behind it, without a word.
    /// It need not have been the last one; then the routes are there, and adding them does nothing.
    pub(crate) fn restore_routes_after(&mut self, interface: u32, address: IpAddr) {
        if self.virtual_addresses.contains(&address) {
            return;
        }
        let concerned =
            |placed: &PlacedRoute| placed.is_through(interface) || placed.names_no_interface();
        let lost = |router: &Router| -> Vec<PlacedRoute> {
            let routes = Routing::of(router).installed.iter();
            routes.filter(|placed| concerned(placed)).cloned().collect()
        };
        let routers = self.routers.iter();
        let masters = routers.filter(|(_, router)| router.state == State::Master);
        let changes: Vec<(RouterId, Vec<PlacedRoute>)> =
            masters.map(|(id, router)| (id, lost(router))).collect();
        for (id, routes) in changes {
            self.push_added_routes(Some(id), routes);
        }
        let fixed = self.fixtures.routes_where(concerned);
        self.push_added_routes(None, fixed);
    }

    /// Reports were lost: whatever is to be there is added once more.
    pub(crate) fn restore_routing(&mut self) {
        for id in self.routers.ids() {
            if self.routers[id].state == State::Master {
                self.restore_routes(id);
                let rules = Routing::of(&self.routers[id]).rules.clone();
                self.push_added_rules(Some(id), rules);
            }
        }
    }

    /// Somebody else removed a route that may be one of a master's.
    pub(crate) fn route_taken(&mut self, now: Timestamp, report: &RouteReport) {
        let find = |routing: &Routing| {
            let mut routes = routing.installed.iter();
            routes.position(|placed| !placed.route.no_track && placed.is(report))
        };
        let Some((id, position)) = self.master_with(find) else {
            return;
        };
        if !self.may_put_back(now, id, Entry::Route(position)) {
            self.give_way_to_intruder(now, id);
            return;
        }
        let router = &self.routers[id];
        let (name, placed) = (
            router.name(),
            Routing::of(router).installed[position].clone(),
        );
        let route = Box::new(placed.route.clone());
        self.push_added_routes(Some(id), vec![placed]);
        self.log_route(RouteLine::RoutePutBack { name, route });
    }

    /// Somebody else removed a rule that may be one of a master's.
    pub(crate) fn rule_taken(&mut self, now: Timestamp, report: &RuleReport) {
        let find = |routing: &Routing| {
            let mut rules = routing.rules.iter();
            rules.position(|rule| !rule.no_track && is_rule(rule, report))
        };
        let Some((id, position)) = self.master_with(find) else {
            return;
        };
        if !self.may_put_back(now, id, Entry::Rule(position)) {
            self.give_way_to_intruder(now, id);
            return;
        }
        let router = &self.routers[id];
        let (name, rule) = (router.name(), Routing::of(router).rules[position].clone());
        self.push_added_rules(Some(id), vec![rule.clone()]);
        let rule = Box::new(rule);
        self.log_route(RouteLine::RulePutBack { name, rule });
    }

    /// The first master that has what is looked for, and where.
    fn master_with(&self, find: impl Fn(&Routing) -> Option<usize>) -> Option<(RouterId, usize)> {
        let masters = self.routers.iter();
        let mut masters = masters.filter(|(_, router)| router.state == State::Master);
        masters.find_map(|(id, router)| Some((id, find(Routing::of(router))?)))
    }

    fn may_put_back(&mut self, now: Timestamp, id: RouterId, entry: Entry) -> bool {
        let reinstate = self.globals.extensions.removed_addresses == RemovedAddresses::Reinstate;
        reinstate && self.routers[id].routing.make().put_back.allow(now, entry)
    }

    pub(crate) fn push_added_routes(&mut self, router: Option<RouterId>, routes: Vec<PlacedRoute>) {
        if !routes.is_empty() {
            self.push(Action::AddRoutes(RouteChange { router, routes }));
        }
    }

    /// Routes that vanished together with their interface need not be removed.
    pub(crate) fn push_removed_routes(
        &mut self,
        router: Option<RouterId>,
        mut routes: Vec<PlacedRoute>,
    ) {
        routes.retain(|placed| placed.can_exist(&self.interfaces));
        if !routes.is_empty() {
            self.push(Action::RemoveRoutes(RouteChange { router, routes }));
        }
    }

    pub(crate) fn push_added_rules(&mut self, router: Option<RouterId>, rules: Vec<Rule>) {
        if !rules.is_empty() {
            self.push(Action::AddRules(RuleChange { router, rules }));
        }
    }

    pub(crate) fn push_removed_rules(&mut self, router: Option<RouterId>, rules: Vec<Rule>) {
        if !rules.is_empty() {
            self.push(Action::RemoveRules(RuleChange { router, rules }));
        }
    }

    pub(crate) fn log_route(&mut self, line: RouteLine) {
        self.log(LogLine::Route(line));
    }
}
