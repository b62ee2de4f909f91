//! Tracked files: weights and faults in every state, several users of one file, groups, reload
//! (spec vrrp-runtime 6 and 7.3). The expected actions are in `data/tracked_files.txt`.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod stage;

use std::path::{Path, PathBuf};
use std::time::Duration;

use evervip_model::{Config, FileIndex, Priority, TrackFile, TrackedFile};
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::Event;
use stage::{Table, backup, in_every_state, master, plain, started};

fn file(name: &str) -> TrackFile {
    TrackFile {
        name: name.into(),
        path: PathBuf::from(format!("/run/{name}")),
        weight: 1,
        reverse: false,
        initial: None,
    }
}

fn track(index: usize, weight: i32) -> TrackedFile {
    TrackedFile {
        file: FileIndex(index),
        weight,
        reverse: false,
    }
}

/// The plain instance with tracks of the files `f0`, `f1`, ...
fn with(tracks: &[TrackedFile]) -> Config {
    let mut config = sample::config([plain()]);
    config.files = (0..tracks.len()).map(|n| file(&format!("f{n}"))).collect();
    config.instances[0].track_files = tracks.to_vec().into();
    config
}

fn read(stage: &mut Transcript, name: &str, text: &str) {
    let path = Path::new("/run").join(name);
    let label = format!("{name} holds {text:?}");
    let text = text.as_bytes();
    let event = Event::FileRead { path: &path, text };
    stage.event(&label, event);
}

#[test]
fn files() {
    let mut table = Table::default();
    every_state(&mut table);
    first_states(&mut table);
    faults(&mut table);
    several_users(&mut table);
    groups(&mut table);
    reloads(&mut table);
    table.expect("tracked_files.txt");
}

fn every_state(table: &mut Table) {
    for text in ["20", "-20", "99999999999", "0"] {
        for (state, stage) in in_every_state(&with(&[track(0, 1)])) {
            table.row(&format!("{state}: {text}"), stage, |stage| {
                read(stage, "f0", text);
            });
        }
    }
    for (state, stage) in in_every_state(&with(&[track(0, 0)])) {
        table.row(
            &format!("{state}: a fault comes and goes"),
            stage,
            |stage| {
                read(stage, "f0", "1");
                read(stage, "f0", "");
            },
        );
    }
}

fn first_states(table: &mut Table) {
    for (label, weight, reverse, text) in [
        ("a weighted number", 2, false, "10"),
        ("a fault by weight 0", 0, false, "1"),
        ("a fault by weight 0 reversed", 0, true, "0"),
        ("a fault by a low number", 1, false, "-254"),
        ("an invalid number", 1, false, "4294967296"),
    ] {
        let mut config = with(&[track(0, weight)]);
        config.instances[0].track_files[0].reverse = reverse;
        table.row(
            &format!("start with {label}"),
            Transcript::new(config),
            |stage| {
                read(stage, "f0", text);
                stage.start();
            },
        );
    }
    let mut config = with(&[track(0, 1), track(1, -3)]);
    config.instances[0].priority = Priority::OWNER;
    table.row("an owner's priority stays", master(config), |stage| {
        read(stage, "f0", "-20");
        read(stage, "f1", "20");
    });
}

fn faults(table: &mut Table) {
    table.row(
        "what is said of the priority around a fault",
        master(with(&[track(0, 1), track(1, 10)])),
        |stage| {
            read(stage, "f0", "-7");
            read(stage, "f0", "-300");
            read(stage, "f1", "2");
            read(stage, "f0", "-7");
            read(stage, "f0", "-300");
            read(stage, "f0", "0");
        },
    );
    table.row(
        "two faults: the last that goes ends it",
        backup(with(&[track(0, 1), track(1, 0)])),
        |stage| {
            read(stage, "f0", "-254");
            read(stage, "f1", "1");
            read(stage, "f0", "5");
            read(stage, "f1", "0");
        },
    );
    table.row(
        "priorities stay within 1 to 254",
        backup(with(&[track(0, 1)])),
        |stage| {
            for text in ["253", "1000", "-99", "-100", "-253", "2147483647"] {
                read(stage, "f0", text);
            }
        },
    );
}

fn several_users(table: &mut Table) {
    let mut config = with(&[track(0, 1), track(1, 0)]);
    config.files[1].path = config.files[0].path.clone();
    config.instances.push(sample::instance("W", 2, 90));
    config.instances[1].track_files = vec![TrackedFile {
        reverse: true,
        ..track(0, 2)
    }]
    .into();
    table.row(
        "two tracks of one file, and another instance",
        backup(config),
        |stage| {
            read(stage, "f0", "4");
            read(stage, "f0", "-4");
            read(stage, "f1", "9");
            read(stage, "f0", "0");
        },
    );
}

fn grouped() -> Config {
    let mut config = with(&[track(0, 2), track(1, 0)]);
    let mut mate = sample::instance("W", 2, 100);
    mate.track_files = config.instances[0].track_files.clone();
    config.instances.push(mate);
    config.sync_groups = vec![sample::group("G", [0, 1])];
    config
}

fn groups(table: &mut Table) {
    table.row("a group starts", Transcript::new(grouped()), |stage| {
        read(stage, "f0", "5");
        read(stage, "f1", "5");
        stage.start();
        read(stage, "f1", "0");
    });
    let mut stage = started(grouped());
    stage.quietly(|stage| stage.pass(Duration::from_secs(10)));
    table.row("a group that is MASTER", stage, |stage| {
        read(stage, "f0", "10");
        read(stage, "f1", "1");
        read(stage, "f1", "0");
    });
}

fn reloads(table: &mut Table) {
    let config = with(&[track(0, 1)]);
    let mut stage = master(config.clone());
    stage.quietly(|stage| read(stage, "f0", "9"));
    table.row("reload: the same, then another weight", stage, |stage| {
        stage.reload("the same", config.clone());
        read(stage, "f0", "9");
        stage.reload("weight 3", with(&[track(0, 3)]));
    });
    let mut stage = master(config);
    table.row(
        "reload: another file",
        {
            stage.quietly(|stage| {
                read(stage, "f0", "9");
                read(stage, "f1", "-1");
            });
            stage
        },
        |stage| {
            let mut config = with(&[track(0, 1), track(1, 5)]);
            config.files.remove(0);
            config.instances[0].track_files = vec![track(0, 5)].into();
            stage.reload("f1 weight 5 only", config);
            read(stage, "f0", "7");
        },
    );
}
