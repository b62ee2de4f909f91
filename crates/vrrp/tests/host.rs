//! Own timer, links, addresses, start and stop in every state (spec vrrp-runtime 2, 12, 13 and 18).
//! The expected actions are in `data/host.txt`.

mod stage;

use std::time::Duration;

use evervip_model::State;
use evervip_testkit::sample;
use evervip_vrrp::{Action, Event};
use sample::{ETH0, ETH1};
use stage::host::{added, gone, ip, one, removed};
use stage::{Table, in_every_state, master, plain, theirs};

#[test]
fn time_and_host_in_every_state() {
    let mut table = Table::default();
    let config = one(plain());
    table.rows(&config, "started", |stage| {
        stage.start();
    });
    table.rows(&config, "deadline reached early", |stage| {
        stage.wake();
    });
    table.rows(&config, "own timer", |stage| {
        stage.next_deadline();
    });
    table.rows(&config, "stop, and what comes after", |stage| {
        stage.event("stop", Event::StopRequested);
        stage.advert("higher priority", &theirs(150, 2));
        stage.link(ETH0, "eth0", true);
        stage.start();
    });
    table.rows(&config, "link down", |stage| {
        stage.link(ETH0, "eth0", false);
    });
    table.rows(&config, "link up", |stage| {
        stage.link(ETH0, "eth0", true);
    });
    table.rows(&config, "link removed and added again", |stage| {
        gone(stage, ETH0);
        stage.link(9, "eth0", true);
        let address = ip("10.0.0.1");
        stage.event("its address", Event::AddressAdded { index: 9, address });
    });
    table.rows(&config, "link renamed and back", |stage| {
        stage.link(ETH0, "lan0", true);
        stage.link(ETH0, "eth0", true);
    });
    table.rows(&config, "source address removed and added", |stage| {
        removed(stage, "10.0.0.1", false);
        added(stage, "10.0.0.1");
    });
    table.rows(&config, "virtual address removed by others", |stage| {
        removed(stage, "10.0.0.101", false);
    });
    table.rows(
        &config,
        "virtual address removed by us, or added",
        |stage| {
            removed(stage, "10.0.0.101", true);
            added(stage, "10.0.0.101");
        },
    );
    table.expect("host.txt");
}

/// Links and addresses that no router depends on cost nothing and say nothing, in every state.
#[test]
fn foreign_links_and_addresses_do_not_matter() {
    for (state, mut stage) in in_every_state(&one(plain())) {
        let before = stage.engine.next_deadline();
        let mut actions = Vec::new();
        actions.extend(stage.link(40, "veth40", true));
        actions.extend(stage.link(40, "veth40", false));
        actions.extend(stage.link(40, "veth41", true));
        actions.extend(stage.link(ETH1, "eth1", false));
        for (index, address) in [
            (40, "10.9.0.1"),
            (ETH1, "10.0.1.9"),
            (ETH0, "10.0.0.99"),
            (77, "10.0.0.98"),
        ] {
            let address = ip(address);
            actions.extend(stage.event("added", Event::AddressAdded { index, address }));
            let by_us = false;
            actions.extend(stage.event(
                "removed",
                Event::AddressRemoved {
                    index,
                    address,
                    by_us,
                },
            ));
        }
        actions.extend(stage.event("removed", Event::LinkRemoved { index: 40 }));
        actions.extend(stage.event("removed", Event::LinkRemoved { index: 40 }));
        assert_eq!(actions, [], "{state}");
        assert_eq!(stage.engine.next_deadline(), before, "{state}");
    }
}

/// A second own address changes nothing while there is the first.
#[test]
fn a_second_address_serves_when_the_first_has_gone() {
    let mut stage = master(one(plain()));
    let address = ip("10.0.0.99");
    let index = ETH0;
    let actions = stage.event("second address", Event::AddressAdded { index, address });
    assert_eq!(actions, []);
    let lines = |actions: Vec<Action>| -> Vec<String> {
        let line = |action| match action {
            Action::Log(line) => Some(line.to_string()),
            _ => None,
        };
        actions.into_iter().filter_map(line).collect()
    };
    let removed = |address| Event::AddressRemoved {
        index,
        address,
        by_us: false,
    };
    let first = ip("10.0.0.1");
    let actions = stage.event("first one removed", removed(first));
    assert!(!actions.iter().any(|a| matches!(a, Action::Log(_))));
    let said = lines(stage.event("last one removed", removed(address)));
    assert_eq!(
        said[..2],
        [
            "Deassigned address 10.0.0.99 from interface eth0",
            "(V) Entering FAULT STATE"
        ]
    );
    let said = lines(stage.event(
        "one is there again",
        Event::AddressAdded {
            index,
            address: first,
        },
    ));
    assert_eq!(said[0], "Assigned address 10.0.0.1 for interface eth0");
}

/// One of two masters of an address is removed, or no longer has it.
#[test]
fn an_address_stays_with_the_other_master_at_a_reload() {
    let other = |addresses: &[&str]| {
        let mut other = sample::instance("W", 2, 100);
        other.addresses = addresses.iter().map(|text| sample::vip(text)).collect();
        other
    };
    let without = sample::config([plain(), other(&["10.0.0.102"])]);
    for config in [sample::config([plain()]), without] {
        let shared = other(&["10.0.0.101", "10.0.0.102"]);
        let mut stage = master(sample::config([plain(), shared]));
        stage.pass(Duration::from_secs(5));
        let masters = stage.engine.status();
        assert!(masters.iter().all(|router| router.state == State::Master));
        for action in stage.reload("reload", config) {
            if let Action::RemoveAddresses(change) = action {
                let mut gone = change.addresses.iter().map(|placed| placed.address.address);
                assert!(!gone.any(|address| address == sample::lan(101)));
            }
        }
    }
}

/// Two instances with the same address on the same interface.
#[test]
fn an_address_stays_until_none_of_its_masters_is_left() {
    let mut other = sample::instance("W", 2, 100);
    other.interface = Some("eth1".to_owned());
    let mut address = sample::vip("10.0.0.101");
    address.dev = Some("eth0".into());
    address.no_track = true;
    other.addresses = vec![address].into();
    let mut stage = master(sample::config([plain(), other]));
    stage.pass(Duration::from_secs(5));
    let masters = stage.engine.status();
    assert!(masters.iter().all(|router| router.state == State::Master));
    let removals = |actions: &[Action]| {
        let removal = |action: &&Action| matches!(action, Action::RemoveAddresses(_));
        actions.iter().filter(removal).count()
    };
    let down = stage.link(ETH1, "eth1", false);
    assert_eq!(removals(&down), 0, "the other one is MASTER");
    let mut both = sample::config([plain()]);
    both.instances.push({
        let mut third = sample::instance("X", 3, 100);
        third.addresses = vec![sample::vip("10.0.0.101")].into();
        third
    });
    assert_eq!(
        removals(&stage.reload("reload", both)),
        0,
        "one that starts"
    );
    let stop = stage.event("stop", Event::StopRequested);
    assert_eq!(removals(&stop), 1);
}
