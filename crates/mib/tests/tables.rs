//! What must hold of all tables, whatever they say.

use evervip_agentx::{Oid, Tree, Value};
use evervip_dump::{Clock, Host, LocalTime, Scene};
use evervip_mib::{Selection, Surroundings, tree};
use evervip_model::{
    Authentication, Config, Family, Instance, Network, Route, Rule, RuleAction, Version,
};
use evervip_testkit::sample;
use evervip_vrrp::{Engine, Event, Timestamp};

const ALL: Selection = Selection {
    keepalived: true,
    rfc2787: true,
    rfc6527: true,
};

/// Something in nearly every table.
fn config() -> Config {
    let mut first = Instance {
        version: Version::V2,
        authentication: Authentication::Pass(*b"topsecre"),
        track_scripts: vec![sample::track(0, -10)].into(),
        track_interfaces: vec![sample::track_interface("eth1", 5)].into(),
        rules: vec![Rule::new(Family::Inet, 700, RuleAction::Table(100))].into(),
        ..sample::instance("VI_1", 51, 120)
    };
    first.routes = vec![Route {
        destination: Some(Network {
            address: [10, 77, 0, 0].into(),
            prefix: 16,
        }),
        interface: Some("eth0".to_owned()),
        ..Route::new(Family::Inet)
    }]
    .into();
    let second = Instance {
        version: Version::V3,
        family: Family::Inet6,
        addresses: vec![sample::vip("fe80::100")].into(),
        ..sample::instance("VI_2", 51, 100)
    };
    Config {
        scripts: vec![sample::script("chk")],
        sync_groups: vec![sample::group("G", 0..2)],
        ..sample::config([first, second])
    }
}

fn served(selection: Selection) -> Tree {
    let now = Timestamp::from_nanos(0);
    let mut engine = Engine::new(config(), sample::links(), &sample::addresses(1));
    engine.handle(now, Event::Started);
    let scene = Scene {
        snapshot: engine.snapshot(now),
        host: Host::default(),
        clock: Clock {
            at: now,
            unix_micros: 0,
            local: |_| LocalTime {
                date: "Thu Jan  1 00:00:00".to_owned(),
                year: 1970,
            },
        },
        at_start: false,
    };
    tree(&scene, selection, &Surroundings::default())
}

/// Else a manager that asks for a row that is not there is told that there is no such column.
#[test]
fn every_value_stands_below_an_object_that_is_known() {
    let tree = served(ALL);
    assert!(
        tree.instances().count() > 150,
        "{}",
        tree.instances().count()
    );
    for (name, _) in tree.instances() {
        let mut other = name.parts().to_vec();
        if let Some(last) = other.last_mut() {
            *last += 1_000_000;
        }
        let answer = tree.get(&Oid::new(&other));
        assert_eq!(answer, Value::NoSuchInstance, "{name}");
    }
}

#[test]
fn everything_stands_below_what_is_registered() {
    for selection in [
        ALL,
        Selection {
            keepalived: true,
            ..Selection::default()
        },
        Selection {
            rfc2787: true,
            ..Selection::default()
        },
        Selection {
            rfc6527: true,
            ..Selection::default()
        },
        Selection::default(),
    ] {
        let subtrees = selection.subtrees();
        let tree = served(selection);
        for (name, _) in tree.instances() {
            let is_below = subtrees.iter().any(|tree| name.starts_with(&tree.root));
            assert!(is_below, "{name} with {selection:?}");
        }
        assert_eq!(selection.is_empty(), tree.instances().next().is_none());
    }
}

#[test]
fn no_password_is_told() {
    let tree = served(ALL);
    let secret = |value: &Value| match value {
        Value::Octets(octets) => octets.windows(8).any(|part| part == b"topsecre"),
        _ => false,
    };
    assert!(!tree.instances().any(|(_, value)| secret(value)));
}
