//! Static addresses, routes and rules: there as long as the daemon runs, whatever the state of the
//! routers (spec vrrp-keywords 17, vrrp-runtime 1, 12 and 18).
//!
//! As with the original, what an earlier process left is not removed first: it is to be there.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Config, Fixture, Fixtures as Wanted, Route, Rule, TrackGroup, VirtualAddress};

use crate::addresses::{self, PutBack, entry};
use crate::interface::Interfaces;
use crate::log::RouteLine;
use crate::routes::{
    PlacedRoute, interface_names, is_rule, missing, place_routes, tracked_interfaces,
};
use crate::timers::TimerKey;
use crate::{Action, Engine, PlacedAddress, RouteReport, RouterId, RuleReport, Timestamp};

/// How long an entry stays away that somebody removes again and again.
const PAUSE: Duration = Duration::from_secs(10);

/// What is configured, and what of it was added.
#[derive(Debug, Default)]
pub(crate) struct Fixtures {
    wanted: Wanted,
    groups: Vec<TrackGroup>,
    installed: Installed,
    put_back: PutBack<Entry>,
}

#[derive(Debug, Default, Clone)]
struct Installed {
    addresses: Vec<PlacedAddress>,
    routes: Vec<PlacedRoute>,
    rules: Vec<Rule>,
}

impl Installed {
    /// What is in this one and not in the other.
    fn without(&self, other: &Self) -> Self {
        Self {
            addresses: missing_addresses(&self.addresses, &other.addresses),
            routes: missing(&self.routes, &other.routes),
            rules: missing(&self.rules, &other.rules),
        }
    }

    /// What is on an interface, or leads through it.
    fn on(&self, interface: u32) -> Self {
        let addresses = self.addresses.iter();
        let addresses = addresses.filter(|placed| placed.interface == interface);
        let routes = self.routes.iter();
        Self {
            addresses: addresses.cloned().collect(),
            routes: routes
                .filter(|r| r.is_through(interface))
                .cloned()
                .collect(),
            rules: Vec::new(),
        }
    }
}

/// What was put back, by its position among what is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Address(usize),
    Route(usize),
    Rule(usize),
}

impl Fixtures {
    pub(crate) fn configure(&mut self, config: &Config) {
        self.wanted.clone_from(&config.fixtures);
        self.groups.clone_from(&config.track_groups);
    }

    /// What is configured.
    pub(crate) const fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// The groups that guard it.
    pub(crate) fn track_groups(&self) -> &[TrackGroup] {
        &self.groups
    }

    /// The addresses that were added.
    pub(crate) fn added_addresses(&self) -> &[PlacedAddress] {
        &self.installed.addresses
    }

    /// Interfaces that static entries are on, lead through, or match.
    pub(crate) fn interface_names(config: &Config) -> Vec<String> {
        let Wanted {
            addresses,
            routes,
            rules,
        } = &config.fixtures;
        let of_addresses = addresses.iter().filter_map(|f| f.entry.dev.as_deref());
        let of_routes = routes
            .iter()
            .flat_map(|f| interface_names(std::slice::from_ref(&f.entry)));
        let of_rules = rules
            .iter()
            .flat_map(|f| [f.entry.input.as_deref(), f.entry.output.as_deref()])
            .flatten();
        of_addresses
            .chain(of_routes)
            .chain(of_rules)
            .map(str::to_owned)
            .collect()
    }

    /// Routes that were added and fulfil a condition.
    pub(crate) fn routes_where(&self, holds: impl Fn(&PlacedRoute) -> bool) -> Vec<PlacedRoute> {
        let routes = self.installed.routes.iter();
        routes.filter(|placed| holds(placed)).cloned().collect()
    }

    /// What can be there now: entries on interfaces that do not exist are left out.
    fn placed(&self, interfaces: &Interfaces) -> Installed {
        let place = |address: &VirtualAddress| {
            Some(PlacedAddress {
                interface: interfaces.index_of(address.dev.as_deref()?)?,
                address: address.clone(),
            })
        };
        let routes: Vec<Route> = entries(&self.wanted.routes).cloned().collect();
        Installed {
            addresses: entries(&self.wanted.addresses).filter_map(place).collect(),
            routes: place_routes(&routes, interfaces),
            rules: entries(&self.wanted.rules).cloned().collect(),
        }
    }

    /// Interfaces of the entries that each instance guards, by the instance's place in the
    /// configuration.
    fn guarded(&self, instances: usize) -> Vec<Vec<String>> {
        let mut by_instance = vec![Vec::new(); instances];
        let Wanted {
            addresses,
            routes,
            rules,
        } = &self.wanted;
        let mut add = |group: Option<evervip_model::TrackGroupIndex>, name: &str| {
            let group = group.and_then(|group| self.groups.get(group.0));
            for member in group.into_iter().flat_map(|group| &group.members) {
                if let Some(names) = by_instance.get_mut(member.0) {
                    names.push(name.to_owned());
                }
            }
        };
        for fixture in addresses.iter().filter(|f| !f.entry.no_track) {
            if let Some(dev) = fixture.entry.dev.as_deref() {
                add(fixture.track_group, dev);
            }
        }
        for fixture in routes {
            for name in tracked_interfaces(std::slice::from_ref(&fixture.entry), &[]) {
                add(fixture.track_group, name);
            }
        }
        for fixture in rules {
            for name in tracked_interfaces(&[], std::slice::from_ref(&fixture.entry)) {
                add(fixture.track_group, name);
            }
        }
        for names in &mut by_instance {
            names.sort();
            names.dedup();
        }
        by_instance
    }

    /// A line for each entry that is put back.
    fn restored(&self, lost: &Installed) -> Vec<RouteLine> {
        let groups = self.group_names(&self.wanted.addresses);
        let addresses = lost.addresses.iter().map(|placed| {
            let (address, group) = (&placed.address, groups.get(&placed.address).cloned());
            let address = Box::new(address.clone());
            RouteLine::StaticAddressRestored { address, group }
        });
        let groups = self.group_names(&self.wanted.routes);
        let routes = lost.routes.iter().map(|placed| {
            let (route, group) = (&placed.route, groups.get(&placed.route).cloned());
            let route = Box::new(route.clone());
            RouteLine::StaticRouteRestored { route, group }
        });
        let groups = self.group_names(&self.wanted.rules);
        let rules = lost.rules.iter().map(|rule| {
            let group = groups.get(rule).cloned();
            let rule = Box::new(rule.clone());
            RouteLine::StaticRuleRestored { rule, group }
        });
        addresses.chain(routes).chain(rules).collect()
    }

    /// The track groups of those entries that have one.
    fn group_names<'a, T: Eq + Hash>(
        &self,
        fixtures: &'a [Fixture<T>],
    ) -> HashMap<&'a T, Arc<str>> {
        let named = |fixture: &'a Fixture<T>| {
            let group = self.groups.get(fixture.track_group?.0)?;
            Some((&fixture.entry, Arc::clone(&group.name)))
        };
        fixtures.iter().filter_map(named).collect()
    }
}

/// What is in the first list and not in the second, whatever its flags and lifetimes.
fn missing_addresses(from: &[PlacedAddress], other: &[PlacedAddress]) -> Vec<PlacedAddress> {
    let other = addresses::entries(other);
    let absent = from.iter().filter(|placed| !other.contains(&entry(placed)));
    absent.cloned().collect()
}

fn entries<T>(fixtures: &[Fixture<T>]) -> impl Iterator<Item = &T> {
    fixtures.iter().map(|fixture| &fixture.entry)
}

impl Engine {
    /// Tells each router which interfaces it guards; `ids` stand in configuration order.
    pub(crate) fn set_guarded(&mut self, ids: &[RouterId]) {
        let guarded = self.fixtures.guarded(ids.len());
        for (id, names) in ids.iter().zip(guarded) {
            self.routers[*id].guarded = names.into();
        }
    }

    /// Adds what is not there yet, without a word, and alters what is there and has changed: at
    /// start, and after a reload.
    pub(crate) fn add_fixtures(&mut self) {
        let placed = self.fixtures.placed(&self.interfaces);
        let added = placed.without(&self.fixtures.installed);
        let before = std::mem::take(&mut self.fixtures.installed.addresses);
        self.alter_static(&before, &placed.addresses);
        self.fixtures.installed = placed;
        self.push_fixtures(added);
    }

    /// Removes what a new configuration does not have any more.
    pub(crate) fn remove_gone_fixtures(&mut self) {
        let placed = self.fixtures.placed(&self.interfaces);
        let gone = self.fixtures.installed.without(&placed);
        self.fixtures.installed = self.fixtures.installed.without(&gone);
        self.log_gone_routing(&gone.routes, &gone.rules);
        for placed in &gone.addresses {
            let address = Box::new(placed.address.clone());
            self.log_route(RouteLine::StaticAddressGone { address });
        }
        self.remove(gone);
    }

    /// The end: removes everything.
    pub(crate) fn remove_fixtures(&mut self) {
        let installed = std::mem::take(&mut self.fixtures.installed);
        self.remove(installed);
    }

    /// Interfaces came, went or changed their names.
    pub(crate) fn move_fixtures(&mut self) {
        let placed = self.fixtures.placed(&self.interfaces);
        let gone = self.fixtures.installed.without(&placed);
        let added = placed.without(&self.fixtures.installed);
        self.fixtures.installed = placed;
        self.remove(gone);
        self.restore(added);
    }

    /// An interface is up again: the kernel has removed much of what was on it.
    pub(crate) fn restore_fixtures_on(&mut self, interface: u32) {
        let lost = self.fixtures.installed.on(interface);
        self.restore(lost);
    }

    /// Adds everything once more, which does nothing to what is there.
    pub(crate) fn restore_fixtures(&mut self) {
        let installed = self.fixtures.installed.clone();
        self.push_fixtures(installed);
    }

    /// Somebody else removed an address that may be a static one.
    pub(crate) fn fixed_address_taken(&mut self, now: Timestamp, index: u32, address: IpAddr) {
        let mut addresses = self.fixtures.installed.addresses.iter();
        let hit = |a: &PlacedAddress| a.interface == index && a.address.address == address;
        let Some(position) = addresses.position(|a| hit(a) && !a.address.no_track) else {
            return;
        };
        let lost = Installed {
            addresses: vec![self.fixtures.installed.addresses[position].clone()],
            ..Installed::default()
        };
        if self.put_back_fixture(now, Entry::Address(position), lost) {
            // Routes that prefer it as a source went with it, without a report.
            let routes = self.fixtures.installed.routes.clone();
            self.push_added_routes(None, routes);
        }
    }

    /// Somebody else removed a route that may be a static one.
    pub(crate) fn fixed_route_taken(&mut self, now: Timestamp, report: &RouteReport) {
        let mut routes = self.fixtures.installed.routes.iter();
        let hit = |placed: &PlacedRoute| !placed.route.no_track && placed.is(report);
        let Some(position) = routes.position(hit) else {
            return;
        };
        let lost = Installed {
            routes: vec![self.fixtures.installed.routes[position].clone()],
            ..Installed::default()
        };
        self.put_back_fixture(now, Entry::Route(position), lost);
    }

    /// Somebody else removed a rule that may be a static one.
    pub(crate) fn fixed_rule_taken(&mut self, now: Timestamp, report: &RuleReport) {
        let mut rules = self.fixtures.installed.rules.iter();
        let Some(position) = rules.position(|rule| !rule.no_track && is_rule(rule, report)) else {
            return;
        };
        let lost = Installed {
            rules: vec![self.fixtures.installed.rules[position].clone()],
            ..Installed::default()
        };
        self.put_back_fixture(now, Entry::Rule(position), lost);
    }

    /// Puts an entry back at once, but not without end: against somebody who removes it each time a
    /// pause helps both.
    fn put_back_fixture(&mut self, now: Timestamp, entry: Entry, lost: Installed) -> bool {
        let allowed = self.fixtures.put_back.allow(now, entry);
        if allowed {
            self.restore(lost);
        } else {
            self.timers.set(TimerKey::Fixtures, now + PAUSE);
        }
        allowed
    }

    /// Adds entries with a line for each.
    fn restore(&mut self, lost: Installed) {
        for line in self.fixtures.restored(&lost) {
            self.log_route(line);
        }
        self.push_fixtures(lost);
    }

    fn push_fixtures(&mut self, added: Installed) {
        if !added.addresses.is_empty() {
            self.push(Action::AddStaticAddresses(added.addresses));
        }
        self.push_added_routes(None, added.routes);
        self.push_added_rules(None, added.rules);
    }

    /// Removes entries; addresses that vanished together with their interface need not be removed.
    fn remove(&mut self, gone: Installed) {
        self.push_removed_rules(None, gone.rules);
        self.push_removed_routes(None, gone.routes);
        let mut addresses = gone.addresses;
        addresses.retain(|placed| self.interfaces.get(placed.interface).is_some());
        if !addresses.is_empty() {
            self.push(Action::RemoveStaticAddresses(addresses));
        }
    }
}
