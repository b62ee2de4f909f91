//! Options that concern links, addresses and sockets of the host (spec vrrp-runtime 2, 12, 13 and 18).
//! The expected actions are in `data/host_options.txt`.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod stage;

use std::time::Duration;

use evervip_model::{
    Authentication, Config, Delivery, Instance, Priority, RemovedAddresses, UnsupportedReason,
    VirtualAddress,
};
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::{Event, SocketKey, SocketKind};
use sample::{ETH0, ETH1};
use stage::host::{added, gone, ip, one, removed};
use stage::{Table, backup, fault, master, plain, waiting};

/// `@evervip reinstate_addresses off`.
fn not_put_back(table: &mut Table) {
    let mut config = one(plain());
    config.globals.extensions.removed_addresses = RemovedAddresses::GiveWay;
    table.row("reinstate_addresses off", master(config), |stage| {
        removed(stage, "10.0.0.101", false);
        stage.pass(Duration::from_secs(1));
    });
}

#[test]
fn hosts_and_options() {
    let mut table = Table::default();
    put_back(&mut table);
    not_put_back(&mut table);
    starts(&mut table);
    sources(&mut table);
    socket_missing(&mut table);
    unicast(&mut table);
    other_interfaces(&mut table);
    table.expect("host_options.txt");
}

fn put_back(table: &mut Table) {
    table.row(
        "MASTER, the sixth removal within ten seconds",
        master(one(plain())),
        |stage| {
            for _ in 0..4 {
                stage.quietly(|stage| removed(stage, "10.0.0.101", false));
                stage.quietly(|stage| stage.pass(Duration::from_secs(1)));
            }
            removed(stage, "10.0.0.101", false);
            removed(stage, "10.0.0.101", false);
            stage.next_deadline();
        },
    );
    table.row(
        "MASTER, removals eleven seconds apart",
        master(one(plain())),
        |stage| {
            for _ in 0..5 {
                stage.quietly(|stage| removed(stage, "10.0.0.101", false));
            }
            stage.quietly(|stage| stage.pass(Duration::from_secs(11)));
            removed(stage, "10.0.0.101", false);
        },
    );
    let mut many = plain();
    many.addresses = (101..=107)
        .map(|n| sample::vip(&format!("10.0.0.{n}")))
        .collect();
    table.row(
        "MASTER, all of seven addresses flushed at once",
        master(one(many)),
        |stage| {
            for n in 101..=106 {
                stage.quietly(|stage| removed(stage, &format!("10.0.0.{n}"), false));
            }
            removed(stage, "10.0.0.107", false);
        },
    );
    let mut untracked = plain();
    untracked.addresses[0].no_track = true;
    untracked.excluded_addresses = vec![sample::vip("2001:db8::1")].into();
    table.row(
        "MASTER, no_track and excluded addresses removed",
        master(one(untracked)),
        |stage| {
            removed(stage, "10.0.0.101", false);
            removed(stage, "2001:db8::1", false);
        },
    );
}

fn starts(table: &mut Table) {
    let start = |stage: &mut Transcript| {
        stage.start();
        stage.next_deadline();
    };
    let owner = |config: &mut Config| config.instances[0].priority = Priority::OWNER;
    let mut config = one(plain());
    owner(&mut config);
    table.row(
        "start: priority 255",
        Transcript::new(config.clone()),
        start,
    );
    table.row("FAULT: priority 255 recovers", fault(config), |stage| {
        stage.link(ETH0, "eth0", true);
        stage.next_deadline();
    });
    let mut config = waiting(one(plain()));
    owner(&mut config);
    table.row(
        "start: priority 255 and a script",
        Transcript::new(config),
        |stage| {
            stage.start();
            stage.checks_end(&evervip_vrrp::CheckOutcome::Exited(0));
        },
    );
    let down = vec![sample::link(ETH0, "eth0", false)];
    let at = |links: &[_], addresses: &[_]| Transcript::on(one(plain()), links.to_vec(), addresses);
    table.row("start: link down", at(&down, &sample::addresses(1)), start);
    table.row("start: no interface", at(&[], &[]), start);
    table.row("start: no address", at(&sample::links(), &[]), start);
    table.row(
        "start: only our virtual address",
        at(&sample::links(), &[(ETH0, ip("10.0.0.101"))]),
        start,
    );
    let mut several = plain();
    several.excluded_addresses = vec![sample::vip("10.0.0.201"), sample::vip("2001:db8::1")].into();
    table.row(
        "start: excluded addresses",
        Transcript::new(one(several)),
        start,
    );
    let mut unsupported = plain();
    unsupported.unsupported = Some(UnsupportedReason::NoMulticast);
    table.row(
        "start: not supported",
        Transcript::new(one(unsupported)),
        start,
    );
    let mut alone = plain();
    alone.delivery = Delivery::NoPeer;
    table.row(
        "start: unicast without peers",
        Transcript::new(one(alone)),
        start,
    );
    let mut password = plain();
    password.authentication = Authentication::Pass(*b"secret\0\0");
    table.row(
        "start: two instances, one in FAULT",
        two_with_one_fault(),
        start,
    );
    table.row("BACKUP: password", backup(one(password)), |stage| {
        stage.next_deadline();
    });
    table.row(
        "start: nothing configured",
        Transcript::new(Config::default()),
        start,
    );
}

fn two_with_one_fault() -> Transcript {
    let mut other = sample::instance("W", 2, 100);
    other.interface = Some("eth1".to_owned());
    let links = vec![
        sample::link(ETH0, "eth0", true),
        sample::link(ETH1, "eth1", false),
    ];
    Transcript::on(
        sample::config([other, plain()]),
        links,
        &sample::addresses(1),
    )
}

fn sources(table: &mut Table) {
    table.row(
        "MASTER: another address takes the place of the source",
        master(one(plain())),
        |stage| {
            added(stage, "10.0.0.7");
            removed(stage, "10.0.0.1", false);
            stage.next_deadline();
            removed(stage, "10.0.0.7", false);
        },
    );
    let tracked = Instance {
        source: Some(sample::OWN),
        track_source: true,
        ..plain()
    };
    let untracked = Instance {
        track_source: false,
        ..tracked.clone()
    };
    for (label, instance) in [("tracked", tracked), ("not tracked", untracked)] {
        table.row(
            &format!("MASTER: configured source, {label}, is removed"),
            master(one(instance)),
            |stage| {
                removed(stage, "10.0.0.1", false);
                added(stage, "10.0.0.1");
            },
        );
    }
}

fn socket_missing(table: &mut Table) {
    let key = SocketKey {
        interface: ETH0,
        kind: SocketKind::Multicast(sample::GROUP),
        protocol: evervip_wire::PROTOCOL,
    };
    for (label, stage) in [
        ("BACKUP", backup(one(plain()))),
        ("MASTER", master(one(plain()))),
    ] {
        table.row(
            &format!("{label}: its socket cannot be opened, then it can"),
            stage,
            |stage| {
                stage.event("no socket", Event::SocketsMissing([key].into()));
                stage.event("no socket, still", Event::SocketsMissing([key].into()));
                stage.event("all sockets", Event::SocketsMissing([].into()));
            },
        );
    }
}

/// Unicast without interface: only the source address counts, wherever it is.
fn routed(table: &mut Table) {
    let instance = Instance {
        interface: None,
        source: Some(sample::OWN),
        delivery: sample::unicast(&[[10, 9, 9, 9].into()]),
        addresses: vec![VirtualAddress {
            dev: Some("eth1".into()),
            ..sample::vip("10.0.0.100")
        }]
        .into(),
        ..plain()
    };
    table.row(
        "BACKUP: unicast without interface, an interface goes down",
        backup(one(instance.clone())),
        |stage| {
            stage.link(ETH0, "eth0", false);
        },
    );
    table.row(
        "BACKUP: unicast without interface, the source goes and comes on another interface",
        backup(one(instance.clone())),
        |stage| {
            removed(stage, "10.0.0.1", false);
            let address = sample::OWN;
            let event = Event::AddressAdded {
                index: ETH1,
                address,
            };
            stage.event("10.0.0.1 added on eth1", event);
        },
    );
    table.row(
        "MASTER: unicast without interface, its address's interface goes down",
        master(one(instance.clone())),
        |stage| {
            stage.link(ETH1, "eth1", false);
        },
    );
    let in_vrf = Instance {
        vrf: Some("red".to_owned()),
        ..instance
    };
    table.row(
        "start: unicast in a VRF that is not there",
        Transcript::new(one(in_vrf)),
        |stage| {
            stage.start();
        },
    );
}

fn unicast(table: &mut Table) {
    let elsewhere = Instance {
        source: Some(sample::lan(7)),
        delivery: sample::unicast(&[sample::lan(2)]),
        ..plain()
    };
    table.row(
        "start: unicast, the configured source is not there yet",
        Transcript::new(one(elsewhere.clone())),
        |stage| {
            stage.start();
            added(stage, "10.0.0.7");
            removed(stage, "10.0.0.7", false);
        },
    );
    let here = Instance {
        source: Some(sample::OWN),
        ..elsewhere.clone()
    };
    table.row(
        "BACKUP: unicast, the source goes with the interface, which comes back without it",
        backup(one(here)),
        |stage| {
            gone(stage, ETH0);
            stage.link(9, "eth0", true);
            let address = sample::OWN;
            let event = Event::AddressAdded { index: 9, address };
            stage.event("10.0.0.1 added", event);
        },
    );
    let mut lenient = Transcript::new(one(elsewhere));
    lenient.engine_mut().allow_foreign_sources(true);
    table.row(
        "start: unicast, the kernel allows a source that is not there",
        lenient,
        |stage| {
            stage.start();
        },
    );
    routed(table);
    let instance = Instance {
        delivery: sample::unicast(&[sample::lan(2), [10, 9, 9, 9].into()]),
        ..plain()
    };
    table.row(
        "start: unicast",
        Transcript::new(one(instance.clone())),
        |stage| {
            stage.start();
        },
    );
    table.row(
        "FAULT: unicast recovers",
        fault(one(instance.clone())),
        |stage| {
            stage.link(ETH0, "eth0", true);
        },
    );
    let started = |config| {
        let mut stage = Transcript::new(config);
        stage.quietly(|stage| {
            stage.start();
        });
        stage
    };
    let good = evervip_vrrp::CheckOutcome::Exited(0);
    let mut config = waiting(one(instance));
    table.row(
        "INIT: unicast leaves it",
        started(config.clone()),
        |stage| {
            stage.checks_end(&good);
        },
    );
    config.instances[0].priority = Priority::OWNER;
    table.row("INIT: unicast owner leaves it", started(config), |stage| {
        stage.checks_end(&good);
    });
}

fn other_interfaces(table: &mut Table) {
    let mut tracking = plain();
    tracking.track_interfaces = vec![sample::track_interface("eth1", 0)].into();
    table.row(
        "MASTER: tracked interface goes and comes",
        master(one(tracking)),
        |stage| {
            stage.link(ETH1, "eth1", false);
            stage.link(ETH1, "eth1", true);
        },
    );
    let mut weighted = plain();
    weighted.track_interfaces = vec![sample::track_interface("eth1", -30)].into();
    table.row(
        "BACKUP: interface of weight -30 goes and comes",
        backup(one(weighted)),
        |stage| {
            stage.link(ETH1, "eth1", false);
            stage.link(ETH1, "eth1", true);
        },
    );
    let mut reversed = plain();
    reversed.track_interfaces = vec![sample::track_interface("eth1", 0)].into();
    reversed.track_interfaces[0].reverse = true;
    table.row("FAULT: reversed track", backup(one(reversed)), |stage| {
        stage.link(ETH1, "eth1", false);
        stage.link(ETH1, "eth1", true);
    });
    needed_and_tracked(table);
    let mut loose = plain();
    loose.track_primary = false;
    table.row("MASTER: dont_track_primary", master(one(loose)), |stage| {
        stage.link(ETH0, "eth0", false);
        stage.next_deadline();
        stage.link(ETH0, "eth0", true);
    });
    for no_track in [false, true] {
        let mut elsewhere = plain();
        let mut vip = sample::vip("10.0.1.200");
        (vip.dev, vip.no_track) = (Some("eth1".into()), no_track);
        elsewhere.addresses.push(vip);
        let title = format!("MASTER: address on eth1, no_track {no_track}");
        table.row(&title, master(one(elsewhere)), |stage| {
            stage.link(ETH1, "lan1", true);
            stage.link(ETH1, "eth1", true);
            gone(stage, ETH1);
            stage.link(8, "eth1", true);
        });
    }
}

/// An interface that an address needs has no weight; `weight 0 reverse` stays in force, alone.
fn needed_and_tracked(table: &mut Table) {
    for (weight, reverse, no_track) in [
        (10, false, false),
        (-10, true, false),
        (0, false, false),
        (0, true, false),
        (10, false, true),
    ] {
        let mut both = plain();
        let mut vip = sample::vip("10.0.1.200");
        (vip.dev, vip.no_track) = (Some("eth1".into()), no_track);
        both.addresses.push(vip);
        both.track_interfaces = vec![sample::track_interface("eth1", weight)].into();
        both.track_interfaces[0].reverse = reverse;
        let title = format!(
            "address on eth1, no_track {no_track}, tracked with weight {weight}, reverse {reverse}"
        );
        table.row(&title, backup(one(both)), |stage| {
            stage.link(ETH1, "eth1", false);
            stage.link(ETH1, "eth1", true);
        });
    }
}
