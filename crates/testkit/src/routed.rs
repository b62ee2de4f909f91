//! Routes, rules and static entries for arbitrary sequences of events.

use evervip_model::{Config, Family, Fixture, Network, Route, Rule, RuleAction};
use evervip_vrrp::{Event, RouteReport, RuleReport};

use crate::sample;

/// Gives the first instance routes and rules, and the configuration static entries.
pub(crate) fn add(config: &mut Config) {
    if let Some(instance) = config.instances.first_mut() {
        instance.routes = vec![route(77, "eth0"), route(78, "eth1")].into();
        instance.routes[1].no_track = true;
        instance.rules = vec![rule(700)].into();
    }
    let mut address = sample::vip("10.0.1.60");
    address.dev = Some("eth1".into());
    config.fixtures.addresses = vec![fixture(address)];
    config.fixtures.routes = vec![fixture(route(79, "eth1"))];
    config.fixtures.rules = vec![fixture(rule(701))];
}

/// Somebody else removed a route or a rule, or reports were lost.
pub(crate) fn event(choice: u8) -> Event<'static> {
    match choice % 4 {
        0 => Event::RoutingReportsLost,
        1 => Event::RuleRemoved(RuleReport {
            family: Family::Inet,
            preference: 700 + u32::from(choice >> 7),
            from: None,
            to: None,
        }),
        _ => Event::RouteRemoved(RouteReport {
            family: Family::Inet,
            destination: Some(network(77 + choice / 4 % 4)),
            table: 254,
            tos: 0,
            metric: None,
            gateway: None,
            interface: None,
        }),
    }
}

fn network(second: u8) -> Network {
    Network {
        address: [10, second, 0, 0].into(),
        prefix: 16,
    }
}

pub(crate) fn route(second: u8, interface: &str) -> Route {
    Route {
        destination: Some(network(second)),
        interface: Some(interface.to_owned()),
        ..Route::new(Family::Inet)
    }
}

fn rule(preference: u32) -> Rule {
    Rule {
        protocol: Some(18),
        ..Rule::new(Family::Inet, preference, RuleAction::Table(100))
    }
}

fn fixture<T>(entry: T) -> Fixture<T> {
    Fixture {
        entry,
        track_group: None,
    }
}
