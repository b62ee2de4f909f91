//! Gratuitous ARP and neighbour advertisements: bursts, refresh, spacing (spec vrrp-runtime 11).
//! The expected actions are in `data/announcements.txt`.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod stage;

use std::time::Duration;

use evervip_model::{Config, Instance};
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::{Action, Event};
use stage::{Table, backup, is_master, master, plain, theirs};

fn one(instance: Instance) -> Config {
    sample::config([instance])
}

/// Addresses of both families, and one that is not advertised.
fn rich() -> Instance {
    let mut instance = plain();
    instance.addresses.push(sample::vip("10.0.0.110"));
    instance.excluded_addresses =
        vec![sample::vip("2001:db8::1"), sample::vip("10.0.0.120")].into();
    instance
}

/// Wakes the engine until it announces something, at most so often.
fn until_announced(stage: &mut Transcript) {
    for _ in 0..100 {
        let mut announced = false;
        let copy = stage.engine.next_deadline();
        stage.quietly(|stage| {
            // Adverts in between are of no interest here.
            announced = stage
                .next_deadline()
                .iter()
                .any(|action| matches!(action, Action::Announce(_)));
        });
        if announced {
            let at = copy.unwrap_or_default().as_nanos() / 1000;
            stage.title(&format!(
                "announced at {}.{:06}",
                at / 1_000_000,
                at % 1_000_000
            ));
            return;
        }
    }
    stage.title("nothing announced");
}

#[test]
fn bursts() {
    let mut table = Table::default();
    table.row(
        "both families, excluded ones last",
        backup(one(rich())),
        |stage| {
            stage.next_deadline();
            stage.quietly(|stage| stage.pass(Duration::from_millis(4500)));
            stage.next_deadline();
        },
    );
    let mut never = plain();
    never.garp.delay = Duration::ZERO;
    table.row("no second burst", master(one(never)), until_announced);
    let mut refresh = plain();
    refresh.garp.refresh = Duration::from_millis(2500);
    refresh.garp.refresh_repeat = 2;
    table.row(
        "refresh every 2.5 s",
        backup(one(refresh.clone())),
        |stage| {
            (0..6).for_each(|_| until_announced(stage));
        },
    );
    table.row(
        "refresh, woken late",
        master(one(refresh.clone())),
        |stage| {
            stage.quietly(|stage| stage.pass(Duration::from_secs(6)));
            stage.sleep(Duration::from_secs(30));
            stage.wake();
            (0..2).for_each(|_| until_announced(stage));
        },
    );
    table.row(
        "a master that yields announces no more",
        master(one(refresh)),
        |stage| {
            stage.advert("higher", &theirs(200, 2));
            stage.sleep(Duration::from_secs(3));
            stage.advert("higher", &theirs(200, 2));
            stage.sleep(Duration::from_secs(3));
            stage.wake();
        },
    );
    let mut endless = plain();
    endless.garp.repeat = u32::MAX;
    table.row(
        "four thousand million rounds",
        backup(one(endless)),
        |stage| {
            stage.next_deadline();
        },
    );
    spaced(&mut table);
    on_request(&mut table);
    table.expect("announcements.txt");
}

/// Somebody asks for it.
fn on_request(table: &mut Table) {
    let ask = |stage: &mut Transcript| {
        let router = stage.engine.router_named("V").unwrap();
        stage.event("asked", Event::AnnouncementWanted { router });
    };
    table.row("asked: one round", master(one(rich())), ask);
    table.row("asked: a backup tells nobody", backup(one(rich())), ask);
    table.row("asked: twice", master(one(plain())), |stage| {
        (0..2).for_each(|_| ask(stage));
    });
}

fn spaced(table: &mut Table) {
    let spacing = |mut instance: Instance| {
        instance.garp.repeat = 2;
        let mut config = one(instance);
        config.globals.garp_interval = Duration::from_millis(200);
        config
    };
    table.row("vrrp_garp_interval 0.2", backup(spacing(rich())), |stage| {
        stage.next_deadline();
        (0..7).for_each(|_| until_announced(stage));
    });
    table.row(
        "vrrp_garp_interval: leaving MASTER empties the queue",
        master(spacing(rich())),
        |stage| {
            stage.advert("higher", &theirs(200, 2));
            stage.sleep(Duration::from_secs(2));
            stage.wake();
        },
    );
    table.row(
        "vrrp_garp_interval: an address put back does not push out the others",
        backup(spacing(rich())),
        |stage| {
            stage.quietly(|stage| {
                while !is_master(stage) {
                    stage.next_deadline();
                }
            });
            let address = "10.0.0.110".parse().unwrap();
            let index = sample::ETH0;
            stage.event(
                "taken",
                Event::AddressRemoved {
                    index,
                    address,
                    by_us: false,
                },
            );
            (0..7).for_each(|_| until_announced(stage));
        },
    );
    let mut neighbours = spacing(rich());
    neighbours.globals.garp_interval = Duration::ZERO;
    neighbours.globals.gna_interval = Duration::from_secs(1);
    table.row("vrrp_gna_interval 1", backup(neighbours), |stage| {
        stage.next_deadline();
        (0..2).for_each(|_| until_announced(stage));
    });
}
