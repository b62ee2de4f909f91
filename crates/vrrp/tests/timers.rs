//! Times, exactly (spec vrrp-runtime 3).
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

mod stage;

use std::time::Duration;

use evervip_model::{Config, Instance, Priority, Version};
use evervip_testkit::craft::Craft;
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::{Action, CheckOutcome, Timestamp, master_down_interval, skew_time};
use proptest::prelude::*;
use stage::{backup, is_master, master, plain, started, theirs, version_3};

fn one(instance: Instance) -> Config {
    sample::config([instance])
}

/// Time from now to the next deadline, in microseconds.
fn wait(stage: &Transcript) -> u128 {
    let at = stage.engine.next_deadline().expect("something is due");
    at.saturating_since(stage.now).as_micros()
}

fn of(version: Version, priority: u8, millis: u64, adverts: u8) -> Instance {
    Instance {
        version,
        priority: Priority::new(priority).unwrap(),
        advert_interval: Duration::from_millis(millis),
        down_timer_adverts: adverts,
        ..plain()
    }
}

#[test]
fn master_down_times() {
    for (version, priority, millis, adverts, expected) in [
        (Version::V2, 120, 1000, 3, 3_531_250),
        (Version::V3, 120, 1000, 3, 3_531_250),
        (Version::V2, 100, 2000, 3, 6_609_375),
        (Version::V3, 100, 2000, 3, 7_218_750),
        (Version::V2, 254, 1000, 3, 3_007_812),
        (Version::V2, 1, 1000, 3, 3_996_093),
        (Version::V2, 1, 255_000, 3, 765_996_093),
        (Version::V3, 254, 10, 3, 30_078),
        (Version::V3, 1, 40_950, 3, 163_640_039),
        (Version::V2, 100, 1000, 1, 1_609_375),
        (Version::V2, 100, 1000, 100, 100_609_375),
    ] {
        let stage = started(one(of(version, priority, millis, adverts)));
        assert_eq!(
            wait(&stage),
            expected,
            "{version:?} {priority} {millis} {adverts}"
        );
    }
}

#[test]
fn skew_after_a_resignation() {
    for (version, priority, millis, expected) in [
        (Version::V2, 120, 1000, 531_250),
        (Version::V2, 100, 5000, 609_375),
        (Version::V3, 100, 5000, 3_046_875),
        (Version::V3, 254, 10, 78),
    ] {
        let instance = of(version, priority, millis, 3);
        let mut stage = started(one(instance.clone()));
        stage.advert("0", &Craft::of(&instance).priority(0));
        assert_eq!(wait(&stage), expected, "{version:?} {priority} {millis}");
    }
}

fn weighted(weight: i32) -> Config {
    let mut config = one(plain());
    config.scripts = vec![evervip_model::VrrpScript {
        interval: Duration::from_secs(3600),
        ..sample::script("chk")
    }];
    config.instances[0].track_scripts = vec![sample::track(0, weight)].into();
    config
}

/// A change of priority moves the running timer by the difference, whatever the timer was set to:
/// also when the clock has hardly begun to run and the timer is short.
#[test]
fn priority_moves_the_running_timer() {
    for (weight, outcome, moved) in [(50, 0, -195_312_i64), (-50, 1, 195_312)] {
        for resigned in [false, true] {
            let mut stage = started(weighted(weight));
            stage.now = Timestamp::from_nanos(1_100_000_000);
            if resigned {
                stage.advert("0", &theirs(0, 2));
            }
            let before = i64::try_from(wait(&stage)).unwrap();
            stage.checks_end(&CheckOutcome::Exited(outcome));
            let after = i64::try_from(wait(&stage)).unwrap();
            assert!(
                (after - before - moved).abs() <= 1,
                "{weight} {resigned}: {before} {after}"
            );
        }
    }
}

#[test]
fn a_timer_that_moves_into_the_past_fires_now() {
    let mut stage = started(weighted(150));
    stage.sleep(Duration::from_micros(3_500_000));
    stage.checks_end(&CheckOutcome::Exited(0));
    assert_eq!(wait(&stage), 0);
    assert!(
        !is_master(&stage),
        "nothing happens before the deadline is handled"
    );
    stage.wake();
    assert!(is_master(&stage));
}

#[test]
fn priority_does_not_move_the_advert_timer() {
    let mut stage = started(weighted(-50));
    stage.quietly(|stage| {
        stage.pass(Duration::from_secs(4));
    });
    let before = wait(&stage);
    stage.checks_end(&CheckOutcome::Exited(1));
    assert_eq!(wait(&stage), before);
}

/// Ten thousand adverts, each wake-up a little late: the last is where the first began.
#[test]
fn adverts_do_not_drift() {
    let mut stage = master(one(plain()));
    let first = stage.engine.next_deadline().unwrap();
    stage.quietly(|stage| {
        for number in 0..10_000_u32 {
            let due = stage.engine.next_deadline().unwrap();
            assert_eq!(due, first + Duration::from_secs(1) * number);
            stage.now = due + Duration::from_micros(u64::from(number % 997));
            let adverts = stage.wake();
            // Bursts and nothing else come along.
            assert!(
                adverts
                    .iter()
                    .any(|action| matches!(action, Action::SendAdvert { .. }))
            );
        }
    });
}

/// A process that slept sends one advert, not those it missed, and waits a whole interval.
#[test]
fn a_late_wake_up_makes_no_burst() {
    let mut stage = master(one(plain()));
    stage.quietly(|stage| stage.pass(Duration::from_secs(6)));
    stage.sleep(Duration::from_millis(7_300));
    let mut actions = stage.wake();
    // It has listened for rivals.
    actions.extend(stage.next_deadline());
    let adverts = |action: &&Action| matches!(action, Action::SendAdvert { .. });
    assert_eq!(actions.iter().filter(adverts).count(), 1);
    assert_eq!(wait(&stage), 1_000_000);
}

/// The packet that waited is heard before the deadline that has passed is handled.
#[test]
fn who_slept_does_not_take_over_from_a_healthy_master() {
    let mut stage = backup(one(plain()));
    stage.sleep(Duration::from_secs(20));
    stage.advert("waited in the socket", &theirs(150, 2));
    stage.wake();
    assert!(!is_master(&stage));
    assert_eq!(wait(&stage), 3_609_375);
}

#[test]
fn a_learned_interval_is_forgotten_in_fault() {
    let mut stage = backup(one(version_3()));
    let fast = Instance {
        advert_interval: Duration::from_millis(100),
        ..version_3()
    };
    stage.advert("fast", &Craft::of(&fast).priority(150));
    assert_eq!(wait(&stage), 300_000 + 60_937);
    stage.link(sample::ETH0, "eth0", false);
    stage.link(sample::ETH0, "eth0", true);
    assert_eq!(wait(&stage), 3_609_375);
}

#[test]
fn the_end_of_time_is_no_loop() {
    let mut stage = master(one(plain()));
    stage.now = Timestamp::from_nanos(u64::MAX);
    stage.wake();
    stage.wake();
    assert!(is_master(&stage));
}

proptest! {
    /// RFC 9568 6.1: skew is below one interval, and the better router waits strictly less.
    #[test]
    fn skew_is_less_than_an_interval(priority in 1..=255_u8, cs in 1..=4095_u64) {
        let interval = Duration::from_millis(cs * 10);
        prop_assert!(skew_time(Version::V3, priority, interval) < interval);
        prop_assert!(skew_time(Version::V2, priority, interval) < Duration::from_secs(1));
        let down = master_down_interval(Version::V3, priority, interval, 3);
        prop_assert!(down > interval * 3 && down < interval * 4);
    }
}
