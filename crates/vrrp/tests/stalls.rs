//! What a router does when its process did not run for a while (spec vrrp-runtime 2.3).
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod stage;

use std::time::Duration;

use evervip_model::{Config, Instance};
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::Action;
use stage::{Table, backup, is_master, master, plain, theirs};

fn one() -> Config {
    sample::config([plain()])
}

/// An instance that goes to BACKUP by itself; the highest other priority is 200.
fn expiring() -> Config {
    sample::config([Instance {
        nopreempt: true,
        timer_expired_backup: Some(200),
        ..plain()
    }])
}

/// A backup that has heard its master just now.
fn following() -> Transcript {
    let mut stage = backup(one());
    stage.quietly(|stage| {
        stage.advert("advert of 150", &theirs(150, 2));
    });
    stage
}

/// Wakes up after a sleep, once, then at the deadline that was set.
fn wake_twice(stage: &mut Transcript, millis: u64) {
    stage.sleep(Duration::from_millis(millis));
    stage.wake();
    stage.next_deadline();
}

#[test]
fn stalls() {
    let mut table = Table::default();
    // The next advert is due in 0.9 s; peers wait at least until 2 s after that.
    table.row("MASTER late, but in time", master(one()), |stage| {
        wake_twice(stage, 2_800);
    });
    table.row("MASTER slept, perhaps in time", master(one()), |stage| {
        wake_twice(stage, 3_500);
    });
    table.row("MASTER slept, nobody was there", master(one()), |stage| {
        wake_twice(stage, 5_000);
    });
    table.row(
        "MASTER slept, better master waits",
        master(one()),
        |stage| {
            stage.sleep(Duration::from_secs(5));
            stage.advert("advert of 150", &theirs(150, 2));
            stage.wake();
        },
    );
    table.row(
        "MASTER slept, better master after the deadline",
        master(one()),
        |stage| {
            stage.sleep(Duration::from_secs(5));
            stage.wake();
            stage.advert("advert of 150", &theirs(150, 2));
        },
    );
    table.row("MASTER slept, worse master waits", master(one()), |stage| {
        stage.sleep(Duration::from_secs(5));
        stage.wake();
        stage.advert("advert of 50", &theirs(50, 2));
    });
    table.row("BACKUP slept, master waits", backup(one()), |stage| {
        stage.sleep(Duration::from_secs(9));
        stage.wake();
        stage.advert("advert of 150", &theirs(150, 2));
    });
    table.row("BACKUP slept, no master", backup(one()), |stage| {
        wake_twice(stage, 9_000);
    });
    table.row(
        "timer_expired_backup: within the limit",
        master(expiring()),
        |stage| {
            // Due after 0.9 s; 2 s and a skew of 0.21875 s later is the limit.
            wake_twice(stage, 3_118);
        },
    );
    table.row(
        "timer_expired_backup: beyond the limit",
        master(expiring()),
        |stage| {
            wake_twice(stage, 3_119);
        },
    );
    table.row(
        "timer_expired_backup: before a waiting packet",
        master(expiring()),
        |stage| {
            stage.sleep(Duration::from_secs(5));
            stage.advert("advert of 50", &theirs(50, 2));
        },
    );
    table.row(
        "timer_expired_backup: the whole group",
        grouped(),
        |stage| {
            stage.sleep(Duration::from_secs(5));
            stage.wake();
        },
    );
    announcements_in_line(&mut table);
    table.expect("stalls.txt");
}

#[test]
fn sleepers() {
    let mut table = Table::default();
    // The last advert came just now, and the backup waits for 3.609 s.
    table.row(
        "BACKUP awake when an advert is missing",
        following(),
        |stage| {
            stage.sleep(Duration::from_millis(1_250));
            stage.awake();
            stage.next_deadline();
        },
    );
    table.row(
        "BACKUP slept, wakes before its time",
        following(),
        |stage| {
            stage.sleep(Duration::from_millis(3_500));
            stage.awake();
            stage.next_deadline();
        },
    );
    table.row(
        "BACKUP slept, wakes just after its time",
        following(),
        |stage| {
            stage.sleep(Duration::from_millis(3_700));
            stage.awake();
            stage.wake();
            stage.next_deadline();
        },
    );
    table.row("BACKUP slept, and does so again", following(), |stage| {
        stage.sleep(Duration::from_millis(3_500));
        stage.awake();
        stage.sleep(Duration::from_millis(3_500));
        stage.awake();
        stage.wake();
    });
    table.row("BACKUP woke early enough", following(), |stage| {
        stage.sleep(Duration::from_millis(1_740));
        stage.awake();
        stage.next_deadline();
    });
    table.expect("sleepers.txt");
}

/// They wait for what their master hears.
fn announcements_in_line(table: &mut Table) {
    table.row(
        "MASTER slept with announcements in line, nobody was there",
        master(spaced()),
        |stage| {
            wake_twice(stage, 5_000);
            stage.pass(Duration::from_millis(500));
        },
    );
    table.row(
        "MASTER slept with announcements in line, better master comes",
        master(spaced()),
        |stage| {
            stage.sleep(Duration::from_secs(5));
            stage.wake();
            stage.advert("advert of 150", &theirs(150, 2));
        },
    );
}

/// Announcements keep a gap, so that after a tenth of a second some still wait.
fn spaced() -> Config {
    let mut config = one();
    config.globals.garp_interval = Duration::from_millis(80);
    config
}

fn grouped() -> Transcript {
    let mut config = expiring();
    let other = sample::instance("W", 2, 100);
    config.instances.push(other);
    config.sync_groups = vec![sample::group("G", 0..2)];
    master(config)
}

/// A machine that is late every time advertises all the same.
#[test]
fn a_master_that_is_always_late_goes_on() {
    let mut stage = master(one());
    for _ in 0..5 {
        let mut sent = 0;
        for _ in 0..2 {
            stage.sleep(Duration::from_secs(4));
            let actions = stage.wake();
            let is_advert = |action: &&Action| matches!(action, Action::SendAdvert { .. });
            sent += actions.iter().filter(is_advert).count();
        }
        assert_eq!(sent, 1, "one wake-up to listen, one to go on");
        assert!(is_master(&stage));
    }
}
