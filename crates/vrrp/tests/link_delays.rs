//! Link states that have to last (spec vrrp-runtime 7.2). The expected actions are in
//! `data/link_delays.txt`.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod stage;

use std::time::Duration;

use evervip_model::{Config, LinkDelays};
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::Event;
use stage::{Table, backup, master, plain};

fn delayed() -> Config {
    let mut config = sample::config([plain()]);
    config.link_delays = vec![LinkDelays {
        interface: "eth0".to_owned(),
        down: Duration::from_millis(500),
        up: Duration::from_millis(800),
    }];
    config
}

fn link(stage: &mut Transcript, up: bool) {
    stage.link(sample::ETH0, "eth0", up);
}

#[test]
fn link_delays() {
    let mut table = Table::default();
    let half = Duration::from_millis(250);
    table.row(
        "down and up, each long enough",
        master(delayed()),
        |stage| {
            link(stage, false);
            stage.next_deadline();
            link(stage, true);
            stage.next_deadline();
        },
    );
    table.row("down too short", master(delayed()), |stage| {
        link(stage, false);
        stage.sleep(half);
        link(stage, false);
        link(stage, true);
        stage.sleep(half * 2);
        stage.wake();
    });
    table.row("up too short", backup(delayed()), |stage| {
        stage.quietly(|stage| {
            link(stage, false);
            stage.pass(Duration::from_secs(1));
        });
        link(stage, true);
        stage.sleep(half);
        link(stage, false);
        stage.sleep(half * 4);
        stage.wake();
    });
    let mut late = Transcript::on(
        delayed(),
        vec![sample::link(sample::ETH0, "eth0", false)],
        &sample::addresses(1),
    );
    late.quietly(|stage| {
        stage.start();
    });
    table.row("up for the first time", late, |stage| link(stage, true));
    table.row("deleted while it waits", master(delayed()), |stage| {
        link(stage, false);
        stage.event(
            "deleted",
            Event::LinkRemoved {
                index: sample::ETH0,
            },
        );
        stage.wake();
    });
    table.row("renamed while it waits", backup(delayed()), |stage| {
        link(stage, false);
        stage.link(sample::ETH0, "lan0", false);
    });
    table.row(
        "another interface has no delay",
        backup(delayed()),
        |stage| {
            stage.link(sample::ETH1, "eth1", false);
        },
    );
    table.row(
        "a reload takes the delay away",
        backup(delayed()),
        |stage| {
            link(stage, false);
            stage.reload("no delays", sample::config([plain()]));
            link(stage, true);
            link(stage, false);
        },
    );
    table.expect("link_delays.txt");
}
