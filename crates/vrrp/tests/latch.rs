//! Faults that stay until an operator clears them (`@evervip fault_latch`): every state, several
//! reasons, groups, reload, restart. The expected actions are in `data/latch.txt`.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod stage;

use std::path::{Path, PathBuf};
use std::time::Duration;

use evervip_model::{Config, FileIndex, Instance, Priority, State, TrackFile, TrackedFile};
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::{Event, RouterId};
use stage::{Table, backup, in_every_state, master, plain, started};

fn latching() -> Instance {
    Instance {
        fault_latch: true,
        ..plain()
    }
}

/// The instance with a tracked file whose number -254 is a fault.
fn with_file(instance: Instance) -> Config {
    let mut config = sample::config([instance]);
    config.files = vec![TrackFile {
        name: "arm".into(),
        path: PathBuf::from("/run/arm"),
        weight: 1,
        reverse: false,
        initial: None,
    }];
    config.instances[0].track_files = vec![TrackedFile {
        file: FileIndex(0),
        weight: 1,
        reverse: false,
    }]
    .into();
    config
}

fn read(stage: &mut Transcript, text: &str) {
    let path = Path::new("/run/arm");
    let label = format!("file holds {text:?}");
    let text = text.as_bytes();
    stage.event(&label, Event::FileRead { path, text });
}

fn clear(stage: &mut Transcript, name: &str) {
    let router = stage.engine.router_named(name).unwrap();
    let label = format!("{name} cleared");
    stage.event(&label, Event::FaultCleared { router });
}

fn link(stage: &mut Transcript, up: bool) {
    stage.link(sample::ETH0, "eth0", up);
}

fn states(stage: &Transcript) -> Vec<State> {
    stage.engine.status().iter().map(|s| s.state).collect()
}

#[test]
fn latches() {
    let mut table = Table::default();
    every_state(&mut table);
    starts(&mut table);
    groups(&mut table);
    reloads(&mut table);
    table.expect("latch.txt");
}

fn every_state(table: &mut Table) {
    for (state, stage) in in_every_state(&sample::config([latching()])) {
        let title = format!("{state}: the link goes and comes, cleared, goes and comes");
        table.row(&title, stage, |stage| {
            link(stage, false);
            link(stage, true);
            clear(stage, "V");
            link(stage, false);
            link(stage, true);
        });
    }
    let stage = master(with_file(latching()));
    table.row(
        "MASTER: two reasons, cleared between them",
        stage,
        |stage| {
            read(stage, "-500");
            link(stage, false);
            link(stage, true);
            clear(stage, "V");
            read(stage, "0");
        },
    );
    let stage = backup(with_file(latching()));
    table.row("BACKUP: two reasons, cleared at last", stage, |stage| {
        link(stage, false);
        read(stage, "-500");
        link(stage, true);
        read(stage, "0");
        clear(stage, "V");
        clear(stage, "V");
    });
}

fn starts(table: &mut Table) {
    let mut stage = Transcript::new(with_file(latching()));
    stage.quietly(|stage| read(stage, "-500"));
    table.row("a start in FAULT is not latched", stage, |stage| {
        stage.start();
        read(stage, "0");
        read(stage, "-500");
        read(stage, "0");
    });
    let mut stage = Transcript::new(sample::config([latching()]));
    stage.engine_mut().restore_latches(&["V".to_owned()]);
    table.row("a restart keeps the latch", stage, |stage| {
        stage.start();
        link(stage, false);
        link(stage, true);
        clear(stage, "V");
    });
    let mut stage = Transcript::new(sample::config([plain()]));
    stage.engine_mut().restore_latches(&["V".to_owned()]);
    table.row("without the keyword nothing is restored", stage, |stage| {
        stage.start();
    });
}

fn groups(table: &mut Table) {
    let mut config = with_file(plain());
    config.instances.push(Instance {
        fault_latch: true,
        ..sample::instance("W", 2, 100)
    });
    let members = [0, 1];
    config.sync_groups = vec![sample::group("G", members)];
    let mut stage = started(config);
    stage.quietly(|stage| stage.pass(Duration::from_secs(5)));
    table.row("a latched member holds its group", stage, |stage| {
        read(stage, "-500");
        read(stage, "0");
        clear(stage, "W");
    });
}

fn reloads(table: &mut Table) {
    let config = sample::config([latching()]);
    let latched = || {
        let mut stage = backup(config.clone());
        stage.quietly(|stage| {
            link(stage, false);
            link(stage, true);
        });
        stage
    };
    table.row("reload: nothing changed", latched(), |stage| {
        stage.reload("the same", config.clone());
        clear(stage, "V");
    });
    table.row("reload: another priority", latched(), |stage| {
        let mut instance = latching();
        instance.priority = Priority::new(150).unwrap();
        stage.reload("priority 150", sample::config([instance]));
    });
    table.row("reload: another VRID makes it anew", latched(), |stage| {
        let instance = Instance {
            fault_latch: true,
            ..sample::instance("V", 7, 100)
        };
        stage.reload("VRID 7", sample::config([instance]));
    });
    table.row("reload: without the keyword", latched(), |stage| {
        stage.reload("no latch", sample::config([plain()]));
    });
    table.row(
        "reload: the keyword is new, while in FAULT",
        {
            let mut stage = backup(sample::config([plain()]));
            stage.quietly(|stage| link(stage, false));
            stage
        },
        |stage| {
            stage.reload("latch", config.clone());
            link(stage, true);
        },
    );
}

/// What operators are told.
#[test]
fn a_status_names_what_else_is_wrong() {
    let mut config = with_file(latching());
    config.instances.push(sample::instance("W", 2, 100));
    let mut stage = backup(config);
    stage.quietly(|stage| {
        link(stage, false);
        read(stage, "-500");
    });
    let latches = stage.engine.latches();
    assert_eq!(latches.len(), 1, "only instances with a latch have one");
    assert!(latches[0].latched);
    assert_eq!(&*latches[0].name, "V");
    let reasons: Vec<_> = latches[0].faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        reasons,
        [
            "(interface eth0 down)",
            "(tracked file arm has status -254)"
        ]
    );
    assert_eq!(stage.engine.latched(), ["V".into()]);
    let now = stage.now;
    let snapshot = stage.engine.snapshot(now);
    assert!(snapshot.routers[0].latched);
    assert_eq!(snapshot.routers[0].other_faults, 2);
}

/// An operator's word reaches an engine that has moved on.
#[test]
fn clearing_what_is_not_there_changes_nothing() {
    let mut stage = master(sample::config([latching()]));
    let router = RouterId(99);
    assert!(
        stage
            .event("cleared", Event::FaultCleared { router })
            .is_empty()
    );
    let router = stage.engine.router_named("V").unwrap();
    assert!(
        stage
            .event("cleared", Event::FaultCleared { router })
            .is_empty()
    );
    assert_eq!(states(&stage), [State::Master]);
}
