//! Routes and rules of a router: when they come and go, and what happens when others remove them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod stage;

use std::time::Duration;

use evervip_model::{
    AddressLifetime, Config, Family, Fixture, InstanceIndex, Network, RemovedAddresses, Route,
    Rule, RuleAction, TrackGroup, TrackGroupIndex,
};
use evervip_testkit::sample;
use evervip_vrrp::{Event, RouteReport, RuleReport};
use stage::{Table, backup, master, plain, started, theirs};

fn network(text: &str) -> Option<Network> {
    let (address, prefix) = text.split_once('/')?;
    Some(Network {
        address: address.parse().ok()?,
        prefix: prefix.parse().ok()?,
    })
}

fn route(destination: &str, interface: &str) -> Route {
    Route {
        destination: network(destination),
        interface: Some(interface.to_owned()),
        ..Route::new(Family::Inet)
    }
}

fn rule(preference: u32) -> Rule {
    Rule {
        from: network("10.88.0.0/24"),
        protocol: Some(18),
        ..Rule::new(Family::Inet, preference, RuleAction::Table(100))
    }
}

/// One instance with two routes and two rules.
fn config() -> Config {
    let mut instance = plain();
    instance.routes = vec![route("10.77.0.0/24", "eth0"), route("10.78.0.0/24", "eth1")].into();
    instance.rules = vec![rule(777), rule(778)].into();
    sample::config(vec![instance])
}

fn route_gone(destination: &str) -> Event<'static> {
    Event::RouteRemoved(RouteReport {
        family: Family::Inet,
        destination: network(destination),
        table: 254,
        tos: 0,
        metric: None,
        gateway: None,
        interface: None,
    })
}

fn rule_gone(preference: u32) -> Event<'static> {
    Event::RuleRemoved(RuleReport {
        family: Family::Inet,
        preference,
        from: network("10.88.0.0/24"),
        to: None,
    })
}

#[test]
fn routes_and_rules() {
    let mut table = Table::default();
    table.row(
        "start: what was left is removed",
        started(sample::config(vec![])),
        |stage| {
            *stage = evervip_testkit::Transcript::new(config());
            stage.start();
        },
    );
    table.row("takeover", backup(config()), |stage| {
        while !stage::is_master(stage) {
            stage.next_deadline();
        }
    });
    table.row("a better router comes", master(config()), |stage| {
        stage.advert("advert 200", &theirs(200, 9));
    });
    table.row("its link goes down", master(config()), |stage| {
        stage.link(sample::ETH0, "eth0", false);
    });
    table.row(
        "the address of a route's interface comes back",
        master(config()),
        |stage| {
            let (index, address) = (sample::ETH1, [10, 0, 1, 1].into());
            let by_us = false;
            stage.event(
                "gone",
                Event::AddressRemoved {
                    index,
                    address,
                    by_us,
                },
            );
            stage.event("back", Event::AddressAdded { index, address });
            let virtual_one = [10, 0, 0, 101].into();
            let address = virtual_one;
            stage.event(
                "a virtual one comes",
                Event::AddressAdded { index, address },
            );
        },
    );
    table.row("the link of a route goes down", master(config()), |stage| {
        stage.link(sample::ETH1, "eth1", false);
    });
    table.row(
        "the link of a route that is not watched",
        {
            let mut config = config();
            config.instances[0].routes[1].no_track = true;
            master(config)
        },
        |stage| {
            stage.link(sample::ETH1, "eth1", false);
            stage.link(sample::ETH1, "eth1", true);
            stage.event(
                "its index changes: removed",
                Event::LinkRemoved {
                    index: sample::ETH1,
                },
            );
            stage.link(9, "eth1", true);
            stage.event("route 10.78 removed", route_gone("10.78.0.0/24"));
        },
    );
    table.row("stop", master(config()), |stage| {
        stage.event("stop", Event::StopRequested);
    });
    table.expect("routes.txt");
}

#[test]
fn removal_by_others() {
    let mut table = Table::default();
    table.row("removed by others", master(config()), |stage| {
        stage.event("route of nobody removed", route_gone("10.9.0.0/24"));
        stage.event("rule of nobody removed", rule_gone(9));
        for _ in 0..2 {
            stage.event("route removed", route_gone("10.77.0.0/24"));
            stage.event("rule removed", rule_gone(777));
        }
        for _ in 0..3 {
            stage.quietly(|stage| {
                stage.event("route removed", route_gone("10.77.0.0/24"));
            });
        }
        stage.event(
            "route removed for the sixth time",
            route_gone("10.77.0.0/24"),
        );
    });
    table.row(
        "not put back",
        {
            let mut config = config();
            config.globals.extensions.removed_addresses = RemovedAddresses::GiveWay;
            master(config)
        },
        |stage| {
            stage.event("rule removed", rule_gone(778));
        },
    );
    table.row("as a backup", backup(config()), |stage| {
        stage.event("route removed", route_gone("10.77.0.0/24"));
    });
    table.row("reports lost", master(config()), |stage| {
        stage.event("reports lost", Event::RoutingReportsLost);
    });
    table.expect("routes_removed.txt");
}

#[test]
fn a_reload_touches_what_has_changed() {
    let mut table = Table::default();
    let changed = || {
        let mut changed = config();
        let instance = &mut changed.instances[0];
        instance.routes[0].metric = Some(5);
        instance.rules[1] = rule(779);
        changed
    };
    table.row("nothing changed", master(config()), |stage| {
        stage.reload("reload", config());
    });
    table.row("a route and a rule", master(config()), |stage| {
        stage.reload("reload", changed());
    });
    table.row("as a backup", backup(config()), |stage| {
        stage.reload("reload", changed());
        stage.quietly(|stage| stage.pass(Duration::from_secs(1)));
    });
    table.row(
        "an address that a route may prefer",
        master(config()),
        |stage| {
            let mut changed = config();
            changed.instances[0].addresses[0].prefix = 32;
            stage.reload("reload", changed);
        },
    );
    table.row("none left", master(config()), |stage| {
        let mut changed = config();
        changed.instances[0].routes.clear();
        changed.instances[0].rules.clear();
        stage.reload("reload", changed);
    });
    table.expect("routes_reload.txt");
}

/// One instance that guards a static route, and static entries of every kind.
fn with_fixtures() -> Config {
    let mut config = sample::config(vec![plain()]);
    let mut address = sample::vip("10.0.1.50");
    address.dev = Some("eth1".into());
    config.track_groups = vec![TrackGroup {
        name: "G".into(),
        members: vec![InstanceIndex(0)],
    }];
    config.fixtures.addresses = vec![fixture(address)];
    config.fixtures.routes = vec![
        Fixture {
            track_group: Some(TrackGroupIndex(0)),
            ..fixture(route("10.99.0.0/24", "eth1"))
        },
        fixture(route("10.98.0.0/24", "eth0")),
        fixture(route("10.97.0.0/24", "eth7")),
    ];
    config.fixtures.rules = vec![fixture(rule(900))];
    config
}

/// Three IPv6 addresses beside the static one over IPv4.
fn with_more_addresses() -> Config {
    let mut config = with_fixtures();
    for last in 1..4 {
        let mut address = sample::vip(&format!("2001:db8::{last}"));
        address.dev = Some("eth1".into());
        config.fixtures.addresses.push(fixture(address));
    }
    config
}

fn fixture<T>(entry: T) -> Fixture<T> {
    Fixture {
        entry,
        track_group: None,
    }
}

#[test]
fn static_entries() {
    let mut table = Table::default();
    let fresh = evervip_testkit::Transcript::new(with_fixtures());
    table.row("start and stop", fresh, |stage| {
        stage.start();
        stage.event("stop", Event::StopRequested);
    });
    table.row("removed by others", backup(with_fixtures()), |stage| {
        stage.event("route removed", route_gone("10.98.0.0/24"));
        stage.event("rule removed", rule_gone(900));
        stage.event(
            "address removed",
            Event::AddressRemoved {
                index: sample::ETH1,
                address: [10, 0, 1, 50].into(),
                by_us: false,
            },
        );
        stage.event("reports lost", Event::RoutingReportsLost);
        stage.quietly(|stage| {
            for _ in 0..4 {
                stage.event("route removed", route_gone("10.98.0.0/24"));
            }
        });
        stage.event("route removed too often", route_gone("10.98.0.0/24"));
        stage.quietly(|stage| stage.pass(Duration::from_millis(9_900)));
        stage.pass(Duration::from_millis(200));
    });
    table.row("a guarded interface", backup(with_fixtures()), |stage| {
        stage.link(sample::ETH1, "eth1", false);
        stage.link(sample::ETH1, "eth1", true);
        stage.link(9, "eth7", true);
    });
    table.row("reload", backup(with_fixtures()), |stage| {
        let mut changed = with_fixtures();
        changed.fixtures.addresses[0].entry.prefix = 32;
        changed.fixtures.routes.remove(1);
        changed.fixtures.rules[0].entry.preference = 901;
        stage.reload("reload", changed);
        stage.reload("the same again", {
            let mut changed = with_fixtures();
            changed.fixtures.addresses[0].entry.prefix = 32;
            changed.fixtures.routes.remove(1);
            changed.fixtures.rules[0].entry.preference = 901;
            changed
        });
    });
    table.row(
        "flags and lifetimes of addresses",
        backup(with_more_addresses()),
        |stage| {
            let mut changed = with_more_addresses();
            let addresses = &mut changed.fixtures.addresses;
            addresses[0].entry.broadcast = Some([10, 0, 1, 255].into());
            addresses[1].entry.preferred_lifetime = AddressLifetime::Seconds(60);
            addresses[2].entry.home = true;
            addresses[3].entry.no_track = true;
            stage.reload("changed", changed.clone());
            stage.reload("the same again", changed.clone());
            changed.fixtures.addresses[1].entry.prefix = 80;
            stage.reload("another prefix", changed);
        },
    );
    table.expect("fixtures.txt");
}
