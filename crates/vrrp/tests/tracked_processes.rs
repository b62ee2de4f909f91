//! Tracked processes: quorum, delays, weights, reload (spec vrrp-runtime 6 and 7.4). The expected
//! actions are in `data/tracked_processes.txt`.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod stage;

use std::time::Duration;

use evervip_model::{Config, ProcessIndex, ProcessPattern, TrackProcess, TrackedProcess};
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::Event;
use stage::{Table, backup, in_every_state, master, plain};

fn process(name: &str) -> TrackProcess {
    TrackProcess::new(name.into(), name.into())
}

fn with(process: TrackProcess, weight: i32, reverse: bool) -> Config {
    let mut config = sample::config([plain()]);
    config.processes = vec![process];
    config.instances[0].track_processes = vec![TrackedProcess {
        process: ProcessIndex(0),
        weight,
        reverse,
    }]
    .into();
    config
}

/// Says that so many run of the first process.
fn count(stage: &mut Transcript, config: &Config, count: u32) {
    let pattern = ProcessPattern::of(&config.processes[0]);
    let event = Event::ProcessesCounted {
        pattern: &pattern,
        count,
    };
    stage.event(&format!("{count} run"), event);
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn processes() {
    let mut table = Table::default();
    every_state(&mut table);
    first_states(&mut table);
    quorums(&mut table);
    delays(&mut table);
    reloads(&mut table);
    table.expect("tracked_processes.txt");
}

fn every_state(table: &mut Table) {
    let config = with(process("p"), 20, false);
    for (state, stage) in in_every_state(&config) {
        table.row(&format!("{state}: comes and goes, weight 20"), stage, |s| {
            count(s, &config, 1);
            count(s, &config, 0);
        });
    }
    let config = with(process("p"), 0, true);
    for (state, stage) in in_every_state(&config) {
        table.row(
            &format!("{state}: comes and goes, must not run"),
            stage,
            |s| {
                count(s, &config, 1);
                count(s, &config, 0);
            },
        );
    }
}

fn first_states(table: &mut Table) {
    for (weight, reverse) in [(0, false), (0, true), (-30, false), (30, false), (30, true)] {
        for running in [0, 2] {
            let config = with(process("p"), weight, reverse);
            let title = format!("start with {running}, weight {weight}, reverse {reverse}");
            table.row(&title, Transcript::new(config.clone()), |stage| {
                count(stage, &config, running);
                stage.start();
            });
        }
    }
}

fn quorums(table: &mut Table) {
    let two_or_three = TrackProcess {
        quorum: 2,
        quorum_max: Some(3),
        ..process("p")
    };
    let config = with(two_or_three, 0, false);
    table.row("two or three", backup(config.clone()), |stage| {
        for running in [1, 2, 3, 4, 3, 1] {
            count(stage, &config, running);
        }
    });
    let nobody = TrackProcess {
        quorum: 0,
        quorum_max: Some(0),
        ..process("p")
    };
    let config = with(nobody, 0, false);
    table.row("none", master(config.clone()), |stage| {
        count(stage, &config, 1);
        count(stage, &config, 0);
    });
    let mut config = with(process("p"), 5, false);
    let mut mate = sample::instance("W", 2, 90);
    mate.track_processes = config.instances[0].track_processes.clone();
    config.instances.push(mate);
    config.instances.push(sample::instance("X", 3, 80));
    table.row(
        "two instances, and one that does not track",
        backup(config.clone()),
        |stage| {
            count(stage, &config, 1);
        },
    );
}

fn delayed() -> Config {
    let slow = TrackProcess {
        terminate_delay: millis(500),
        fork_delay: millis(200),
        ..process("p")
    };
    with(slow, 5, false)
}

fn delays(table: &mut Table) {
    let config = delayed();
    table.row("delays: stays", backup(config.clone()), |stage| {
        count(stage, &config, 1);
        stage.next_deadline();
        count(stage, &config, 0);
        stage.next_deadline();
    });
    table.row(
        "delays: too short to count",
        backup(config.clone()),
        |stage| {
            count(stage, &config, 1);
            stage.sleep(millis(199));
            count(stage, &config, 0);
            stage.pass(millis(1000));
        },
    );
    table.row(
        "delays: more of the same start nothing anew",
        backup(config.clone()),
        |stage| {
            count(stage, &config, 1);
            stage.sleep(millis(150));
            count(stage, &config, 2);
            stage.next_deadline();
        },
    );
}

fn reloads(table: &mut Table) {
    let config = delayed();
    let mut stage = backup(config.clone());
    stage.quietly(|stage| count(stage, &config, 1));
    table.row("reload while a delay runs", stage, |stage| {
        stage.sleep(millis(150));
        let mut moved = config.clone();
        moved.processes.insert(0, process("other"));
        moved.instances[0].track_processes[0].process = ProcessIndex(1);
        stage.reload("another slot", moved);
        stage.next_deadline();
    });
    let mut stage = backup(config.clone());
    stage.quietly(|stage| count(stage, &config, 1));
    table.row("reload without the delay", stage, |stage| {
        stage.reload("no delay", with(process("p"), 5, false));
    });
    let mut stage = backup(config.clone());
    stage.quietly(|stage| {
        count(stage, &config, 1);
        stage.pass(millis(300));
    });
    table.row(
        "reload without the process, and with it again",
        stage,
        |stage| {
            stage.reload("without", sample::config([plain()]));
            stage.reload("with", config);
        },
    );
}
