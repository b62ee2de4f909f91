//! What an instance wants while it waits as BACKUP (spec vrrp-runtime 2; black box: 2.2.7).

mod stage;

use evervip_model::{Config, InitialState, Instance, State};
use evervip_testkit::{Transcript, sample};
use stage::{backup, fault, plain, theirs};

fn begins_as_master() -> Instance {
    Instance {
        initial_state: InitialState::Master,
        ..plain()
    }
}

fn one(instance: Instance) -> Config {
    sample::config([instance])
}

#[track_caller]
fn check(stage: &Transcript, state: State, want: State) {
    let snapshot = stage.engine.snapshot(stage.now);
    let router = &snapshot.routers[0];
    assert_eq!((router.state, router.want), (state, want));
}

#[test]
fn initial_state_master_is_wanted_until_a_master_is_heard() {
    let mut stage = backup(one(begins_as_master()));
    check(&stage, State::Backup, State::Master);
    stage.advert("a master", &theirs(150, 2));
    check(&stage, State::Backup, State::Backup);
}

#[test]
fn a_reload_forgets_it() {
    let mut stage = backup(one(begins_as_master()));
    stage.reload("the same", one(begins_as_master()));
    check(&stage, State::Backup, State::Backup);
}

#[test]
fn other_backups_want_what_they_are() {
    check(&backup(one(plain())), State::Backup, State::Backup);
    let mut group = one(begins_as_master());
    group.sync_groups = vec![sample::group("G", [0])];
    check(&backup(group), State::Backup, State::Backup);
}

#[test]
fn a_fault_is_wanted_and_forgets_it() {
    let mut stage = fault(one(begins_as_master()));
    check(&stage, State::Fault, State::Fault);
    stage.link(sample::ETH0, "eth0", true);
    check(&stage, State::Backup, State::Backup);
}
