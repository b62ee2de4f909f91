//! Tracked BFD sessions: weights, faults, reload (spec vrrp-runtime 6 and 7.5). The expected actions
//! are in `data/tracked_bfd.txt`.

mod stage;

use std::net::Ipv4Addr;

use evervip_model::{BfdIndex, BfdInstance, Config, TrackedBfd};
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::Event;
use stage::{Table, backup, in_every_state, master, plain};

fn session(name: &str) -> BfdInstance {
    BfdInstance {
        neighbor: Some(Ipv4Addr::new(10, 0, 0, 2).into()),
        ..BfdInstance::new(name.into())
    }
}

fn with(weight: i32, reverse: bool) -> Config {
    let mut config = sample::config([plain()]);
    config.bfd_instances = vec![session("other"), session("b")];
    config.instances[0].track_bfd = vec![TrackedBfd {
        bfd: BfdIndex(1),
        weight,
        reverse,
    }]
    .into();
    config
}

fn report(stage: &mut Transcript, session: &str, up: bool) {
    let state = if up { "up" } else { "down" };
    let event = Event::BfdReported { session, up };
    stage.event(&format!("{session} is {state}"), event);
}

#[test]
fn sessions() {
    let mut table = Table::default();
    every_state(&mut table);
    first_states(&mut table);
    nothing_new(&mut table);
    reloads(&mut table);
    table.expect("tracked_bfd.txt");
}

fn every_state(table: &mut Table) {
    for (state, stage) in in_every_state(&with(20, false)) {
        table.row(&format!("{state}: comes and goes, weight 20"), stage, |s| {
            report(s, "b", true);
            report(s, "b", false);
        });
    }
    for (state, stage) in in_every_state(&with(0, true)) {
        let title = format!("{state}: comes and goes, must be down");
        table.row(&title, stage, |s| {
            report(s, "b", true);
            report(s, "b", false);
        });
    }
}

fn first_states(table: &mut Table) {
    for (weight, reverse) in [(0, false), (0, true), (-30, false), (30, false), (30, true)] {
        for up in [false, true] {
            let stage = Transcript::new(with(weight, reverse));
            let title = format!("start while up is {up}, weight {weight}, reverse {reverse}");
            table.row(&title, stage, |stage| {
                report(stage, "b", up);
                stage.start();
            });
        }
    }
}

fn nothing_new(table: &mut Table) {
    let stage = backup(with(20, false));
    table.row("reports that are no news", stage, |s| {
        report(s, "b", false);
        report(s, "other", true);
        report(s, "gone", true);
    });
}

fn reloads(table: &mut Table) {
    let stage = Transcript::new(with(0, false));
    let title = "a reload keeps what was reported, and forgets it with the session";
    table.row(title, stage, |s| {
        report(s, "b", true);
        s.start();
        let mut moved = with(-10, false);
        moved.bfd_instances.swap(0, 1);
        moved.instances[0].track_bfd[0].bfd = BfdIndex(0);
        s.reload("another place", moved);
        s.reload("without it", sample::config([plain()]));
        s.reload("back again", with(0, false));
    });
    let stage = master(sample::config([plain()]));
    table.row("a master learns to track one that is down", stage, |s| {
        s.reload("track b", with(0, false));
        report(s, "b", true);
    });
}
