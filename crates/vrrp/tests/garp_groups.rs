//! Interfaces that share a least gap between announcements (spec vrrp-keywords 16).
//! The expected actions are in `data/garp_groups.txt`.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod stage;

use std::time::Duration;

use evervip_model::{Config, GarpGroup};
use evervip_testkit::{Transcript, sample};
use stage::{Table, backup, plain};

const GAP: Duration = Duration::from_millis(200);

/// An instance with an address of each family on either interface, two rounds to announce.
fn config(groups: Vec<GarpGroup>) -> Config {
    let mut instance = plain();
    instance.garp.repeat = 2;
    instance.garp.delay = Duration::ZERO;
    let elsewhere = ["10.0.1.100", "2001:db8::1"].map(|address| {
        let mut vip = sample::vip(address);
        vip.dev = Some("eth1".into());
        vip
    });
    instance.excluded_addresses = elsewhere.into();
    let mut config = sample::config([instance]);
    config.garp_groups = groups;
    config
}

fn group(garp: Option<Duration>, gna: Option<Duration>, interfaces: &[&str]) -> GarpGroup {
    GarpGroup {
        garp_interval: garp,
        gna_interval: gna,
        interfaces: interfaces.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// The instance takes over and announces for two seconds.
fn take_over(stage: &mut Transcript) {
    stage.next_deadline();
    stage.pass(Duration::from_secs(2));
}

#[test]
fn gaps() {
    let mut table = Table::default();
    let both = group(Some(GAP), None, &["eth0", "eth1"]);
    table.row(
        "one group: one line for both interfaces, neighbour advertisements are free",
        backup(config(vec![both.clone()])),
        take_over,
    );
    let each = vec![
        group(Some(GAP), Some(GAP * 2), &["eth1"]),
        group(Some(GAP * 3), None, &["eth0"]),
    ];
    table.row(
        "a group each: every interface in its own time",
        backup(config(each)),
        take_over,
    );
    let mut global = config(vec![group(None, Some(GAP), &["eth1"])]);
    global.globals.garp_interval = GAP * 2;
    table.row(
        "what the group does not say is the global gap, an interface each",
        backup(global),
        take_over,
    );
    table.row(
        "an interface in no group does not wait",
        backup(config(vec![group(Some(GAP), None, &["eth1"])])),
        take_over,
    );
    table.row(
        "reload: who waits stands in line anew",
        backup(config(vec![both])),
        |stage| {
            stage.next_deadline();
            let faster = group(Some(GAP / 2), None, &["eth1", "eth0"]);
            stage.reload("gap halved", config(vec![faster]));
            stage.pass(Duration::from_millis(900));
        },
    );
    table.row(
        "reload: without gaps nothing waits any more",
        backup(config(vec![group(Some(GAP), None, &["eth0", "eth1"])])),
        |stage| {
            stage.next_deadline();
            stage.reload("no group", config(Vec::new()));
            stage.pass(Duration::from_millis(500));
        },
    );
    table.expect("garp_groups.txt");
}
