//! The judges of the simulation can fail: each is shown what it has to catch, by a host that does not
//! do what its configuration says, or by a history that must not be.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Authentication, Config, Instance, Priority, State};
use evervip_testkit::lan::{
    self, Deed, Disturbance, Doing, Edit, Heard, Lan, Limits, Loaded, Reloaded, Sleep, judge,
    judge_by, judge_reload, schedule, watch,
};
use evervip_testkit::sample;
use evervip_vrrp::Timestamp;

/// Hosts with these configurations, started in turn, have run for a while.
fn run(configs: &[Config]) -> Lan {
    let mut lan = lan::of(1, configs.to_vec());
    lan.remember();
    lan.set_weather(schedule::CALM);
    for host in 0..configs.len() {
        lan.disturb(Disturbance::Start(host));
        lan.run(Duration::from_secs(6));
    }
    lan.run(Duration::from_secs(10));
    lan
}

fn one(priority: u8) -> Config {
    sample::config([sample::instance("I", 1, priority)])
}

fn changed(config: &Config, change: impl Fn(&mut Instance)) -> Config {
    let mut config = config.clone();
    config.instances.iter_mut().for_each(change);
    config
}

/// There is one fault, and this is a part of it.
#[track_caller]
fn assert_fault(faults: &[String], part: &str) {
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert!(faults[0].contains(part), "{faults:#?}");
}

#[test]
fn a_lan_that_does_what_it_should_is_not_blamed() {
    let configs = [one(100), one(150)];
    assert_eq!(judge_by(&run(&configs), &configs), [""; 0]);
}

#[test]
fn a_host_that_does_not_preempt_is_caught() {
    let configs = [one(100), one(150)];
    let meek = changed(&configs[1], |instance| instance.nopreempt = true);
    let lan = run(&[configs[0].clone(), meek]);
    assert_eq!(judge(&lan), [""; 0], "as it is configured");
    assert_fault(&judge_by(&lan, &configs), "host 1 has 150 and may preempt");
}

#[test]
fn a_host_that_preempts_after_a_delay_only_is_caught() {
    let configs = [one(100), one(150)];
    let slow = changed(&configs[1], |instance| {
        instance.preempt_delay = Duration::from_secs(3600);
    });
    let lan = run(&[configs[0].clone(), slow]);
    assert_fault(&judge_by(&lan, &configs), "host 1 has 150 and may preempt");
}

#[test]
fn a_deaf_host_is_caught() {
    let deaf = changed(&one(100), |instance| {
        instance.authentication = Authentication::Pass(*b"secret\0\0");
    });
    let lan = run(&[one(150), deaf]);
    assert_fault(&judge(&lan), "VRID 1 has 2 masters among hosts [0, 1]");
    assert!(lan.longest_double() > Duration::from_secs(10));
}

#[test]
fn a_host_with_another_priority_is_caught() {
    let configs = [one(100), one(150)];
    let other = changed(&configs[1], |instance| {
        instance.priority = Priority::new(90).unwrap();
    });
    let lan = run(&[configs[0].clone(), other]);
    assert_fault(
        &judge_by(&lan, &configs),
        "has the priority 90 instead of 150",
    );
}

#[test]
fn a_host_that_overlooks_a_failing_script_is_caught() {
    let mut tracking = one(150);
    tracking.scripts = vec![sample::script("chk")];
    tracking.instances[0].track_scripts = vec![sample::track(0, 0)].into();
    let mut lan = run(&[one(100), one(150)]);
    lan.disturb(Disturbance::Script(1, false));
    let faults = judge_by(&lan, &[one(100), tracking]);
    assert!(faults[0].contains("its surroundings say"), "{faults:#?}");
}

#[test]
fn a_torn_group_is_caught() {
    let members = [sample::instance("A", 1, 100), sample::instance("B", 2, 100)];
    let rivals = [sample::instance("A", 1, 150), sample::instance("B", 2, 50)];
    let alone = [sample::config(members), sample::config(rivals)];
    let lan = run(&alone);
    assert_eq!(judge(&lan), [""; 0], "each for itself");
    let mut grouped = alone.clone();
    grouped[0].sync_groups = vec![sample::group("G", 0..2)];
    assert_fault(&judge_by(&lan, &grouped), "host 0: the group is torn");
}

#[test]
fn addresses_that_are_lost_are_caught() {
    let other = changed(&one(150), |instance| {
        instance.addresses.push(sample::vip("10.0.0.150"));
    });
    let lan = run(&[one(100), one(150)]);
    assert_fault(&judge_by(&lan, &[one(100), other]), "instead of");
}

/// The reload of a lone MASTER, and what it leads to.
fn reload(
    edit: Edit,
    judged: impl Fn(&Config, &Config, &[Deed], &Lan) -> Vec<String>,
) -> Vec<String> {
    let mut lan = run(&[one(100)]);
    let (old, place) = (lan.config(0).clone(), lan.history().len());
    lan.disturb(Disturbance::Reload(0, Box::new(edit.of(&old))));
    judged(&old, &edit.of(&old), &lan.history()[place..], &lan)
}

#[test]
fn a_reload_that_touches_what_did_not_change_is_caught() {
    let as_read = |old: &Config, new: &Config, deeds: &[Deed], lan: &Lan| {
        let status = lan.status(0);
        judge_reload(&Reloaded {
            host: 0,
            old,
            new,
            before: &status,
            after: &status,
            deeds,
        })
    };
    let add = Edit::AddAddress(1, 150);
    assert_eq!(reload(add, as_read), [""; 0]);
    // As if the text had been the same.
    let faults = reload(add, |_, new, deeds, lan| as_read(new, new, deeds, lan));
    assert_fault(&faults, "something done by the unconcerned");
    // As if the address had been there before.
    let faults = reload(add, |_, new, deeds, lan| {
        as_read(
            &Edit::Interval(1, Duration::from_secs(2)).of(&changed(new, |instance| {
                instance.down_timer_adverts = 5;
            })),
            new,
            deeds,
            lan,
        )
    });
    assert_fault(&faults, "moved addresses that were to stay");
}

/// A history of one instance on two hosts of the same side.
struct Tale(Vec<Deed>);

impl Tale {
    fn of(deeds: impl IntoIterator<Item = (u64, Doing)>) -> Self {
        let loaded = Loaded {
            instances: vec![Arc::new(sample::instance("I", 1, 100))],
            groups: Vec::new(),
        };
        let started = (0..2).map(|host| (0, Doing::Started(host, loaded.clone())));
        let deeds = started.chain(deeds).flat_map(|(millis, what)| {
            let at = at(millis);
            let announced = announced(&what).map(|what| Deed { at, what });
            announced.into_iter().chain([Deed { at, what }])
        });
        Self(deeds.collect())
    }

    /// The same where every advert is accepted.
    fn plain_faults(&self, end: u64) -> Vec<String> {
        let limits = Limits {
            plain: true,
            ..LIMITS
        };
        watch(&self.0, 2, at(end), limits)
    }

    fn faults(&self, end: u64) -> Vec<String> {
        watch(&self.0, 2, at(end), LIMITS)
    }
}

const LIMITS: Limits = Limits {
    takeover: Duration::from_secs(4),
    startup: Duration::from_secs(1),
    arrival: Some(Duration::from_millis(1100)),
    way: Duration::from_millis(1),
    jitter: Duration::ZERO,
    plain: false,
    believed: true,
};

fn at(millis: u64) -> Timestamp {
    Timestamp::from_nanos(millis * 1_000_000)
}

fn entered(host: usize, state: State) -> Doing {
    Doing::Entered {
        host,
        name: "I".into(),
        state,
        priority: 100,
    }
}

/// Who becomes MASTER has told the neighbours.
fn announced(what: &Doing) -> Option<Doing> {
    match what {
        Doing::Entered {
            host,
            name,
            state: State::Master,
            ..
        } => Some(Doing::Announced {
            host: *host,
            name: Arc::clone(name),
            addresses: 1,
        }),
        _ => None,
    }
}

/// Host 0 has 10.0.0.1, host 1 has 10.0.0.2; both have the priority 100.
fn heard(host: usize, priority: u8) -> Doing {
    Doing::Heard(Heard {
        host,
        vrid: 1,
        from: sample::lan(if host == 0 { 2 } else { 1 }),
        priority,
        interval: None,
        own: Some(100),
    })
}

fn advert(host: usize, priority: u8) -> Doing {
    Doing::Advert {
        host,
        name: "I".into(),
        priority,
    }
}

/// Host 0 is MASTER from 4 s on and advertises every second until the end.
fn reign(end: u64) -> Vec<(u64, Doing)> {
    let adverts = (4..=end / 1000).map(|second| (second * 1000, advert(0, 100)));
    let begin = [
        (10, entered(0, State::Backup)),
        (10, entered(1, State::Backup)),
    ];
    let mut deeds: Vec<_> = begin.into_iter().chain(adverts).collect();
    deeds.insert(3, (4000, entered(0, State::Master)));
    deeds
}

/// The same, which nobody has to wait for.
fn plain_reign(end: u64) -> Vec<(u64, Doing)> {
    let mut deeds = reign(end);
    deeds[0].1 = entered(0, State::Fault);
    deeds[1].1 = entered(1, State::Fault);
    deeds
}

#[test]
fn a_quiet_reign_is_not_blamed() {
    assert_eq!(Tale::of(reign(20_000)).faults(20_500), [""; 0]);
}

#[test]
fn a_missed_advert_is_caught() {
    let mut deeds = reign(20_000);
    deeds.remove(10);
    assert_fault(
        &Tale::of(deeds).faults(20_500),
        "was due to advertise VRID 1",
    );
    let silent = Tale::of(reign(20_000)).faults(21_001);
    assert_fault(&silent, "was due to advertise VRID 1");
}

#[test]
fn addresses_without_owner_are_caught() {
    let mut deeds = reign(20_000);
    deeds.push((20_100, Doing::Ended(0)));
    let tale = Tale::of(deeds);
    assert_eq!(tale.faults(24_000), [""; 0]);
    assert_fault(&tale.faults(24_200), "had no owner on side (0, 0)");
}

#[test]
fn a_master_before_its_time_is_caught() {
    let deeds = [(500, entered(0, State::Master)), (500, advert(0, 100))];
    assert_fault(
        &Tale::of(deeds).faults(600),
        "before the startup delay ended",
    );
}

#[test]
fn a_backup_that_takes_over_without_right_is_caught() {
    // The last incident was the beginning of the reign.
    let takes_over = |priority| {
        let mut deeds = reign(20_000);
        deeds.push((20_500, advert(1, priority)));
        deeds.push((20_500, entered(1, State::Master)));
        Tale::of(deeds).faults(20_600)
    };
    assert_eq!(takes_over(101), [""; 0]);
    assert_fault(&takes_over(100), "from host 0, which it was to leave alone");
}

#[test]
fn a_backup_that_takes_over_in_its_sleep_is_caught() {
    let mut deeds = reign(20_000);
    deeds.extend([
        (20_100, Doing::Paused(1, Sleep::Daemon)),
        (20_500, Doing::Resumed(1)),
        (20_501, advert(1, 100)),
        (20_501, entered(1, State::Master)),
    ]);
    assert_fault(&Tale::of(deeds).faults(20_600), "from a healthy master");
}

#[test]
fn a_master_that_wakes_and_does_not_listen_is_caught() {
    let mut deeds = reign(20_000);
    deeds.extend([
        (20_100, Doing::Paused(0, Sleep::Daemon)),
        (24_000, advert(1, 150)),
        (24_000, entered(1, State::Master)),
        (25_000, advert(1, 150)),
        (26_000, Doing::Resumed(0)),
        (26_000, advert(1, 150)),
        (26_001, advert(0, 100)),
    ]);
    assert_fault(
        &Tale::of(deeds).faults(26_100),
        "although another master may be there",
    );
}

#[test]
fn a_master_that_does_not_listen_for_a_whole_interval_is_caught() {
    // It was asleep for more than four intervals, and hears the better one 0.9 s after it woke.
    let mut deeds = reign(20_000);
    deeds.extend([
        (20_100, Doing::Paused(0, Sleep::Machine)),
        (24_000, advert(1, 150)),
        (24_000, entered(1, State::Master)),
        (25_000, advert(1, 150)),
        (25_100, Doing::Resumed(0)),
        (25_120, advert(0, 100)),
    ]);
    assert_fault(
        &Tale::of(deeds).faults(25_200),
        "although another master may be there",
    );
}

#[test]
fn a_master_that_goes_on_after_it_expired_is_caught() {
    let mut deeds = reign(20_000);
    deeds.extend([
        (20_100, Doing::Paused(0, Sleep::Daemon)),
        (23_200, Doing::Resumed(0)),
    ]);
    let mut tale = Tale::of(deeds);
    let Doing::Started(_, loaded) = &mut tale.0[0].what else {
        panic!("it starts");
    };
    let mut expiring = sample::instance("I", 1, 100);
    // Two seconds and a skew of 7.8 ms after 21 s.
    expiring.timer_expired_backup = Some(254);
    loaded.instances = vec![Arc::new(expiring)];
    assert_fault(&tale.faults(23_201), "has slept for too long");
}

#[test]
fn a_group_that_is_torn_for_a_moment_is_caught() {
    let mut tale = Tale::of([(10, entered(0, State::Backup))]);
    let Doing::Started(_, loaded) = &mut tale.0[0].what else {
        panic!("it starts");
    };
    let other = Arc::new(sample::instance("J", 2, 100));
    loaded.instances.push(other);
    loaded.groups = vec![vec![0, 1]];
    let of_other = |millis, state| Deed {
        at: at(millis),
        what: Doing::Entered {
            host: 0,
            name: "J".into(),
            state,
            priority: 100,
        },
    };
    tale.0.push(of_other(10, State::Backup));
    assert_eq!(tale.faults(20), [""; 0]);
    tale.0.push(of_other(20, State::Fault));
    assert_fault(&tale.faults(20), "the group is torn");
}

#[test]
fn a_silent_master_is_caught() {
    let hears = |priority| {
        let mut deeds = plain_reign(20_000);
        deeds.push((20_500, heard(0, priority)));
        deeds
    };
    assert_fault(
        &Tale::of(hears(99)).plain_faults(20_600),
        "did not give an answer",
    );
    assert_fault(
        &Tale::of(hears(0)).plain_faults(20_600),
        "did not give an answer",
    );
    // The other one has the higher address.
    for priority in [100, 101] {
        assert_fault(
            &Tale::of(hears(priority)).plain_faults(20_600),
            "did not give way to a better one",
        );
    }
    let mut answers = hears(99);
    answers.push((20_500, advert(0, 100)));
    assert_eq!(Tale::of(answers).plain_faults(20_600), [""; 0]);
}

#[test]
fn a_backup_that_waits_for_another_time_than_its_own_is_caught() {
    // The backup heard the last advert at 20 s, and waits for 3.609375 s.
    let takes_over = |millis| {
        let mut deeds = plain_reign(20_000);
        deeds.extend([
            (20_000, entered(1, State::Backup)),
            (20_000, heard(1, 100)),
            (20_100, Doing::Ended(0)),
            (millis, advert(1, 100)),
            (millis, entered(1, State::Master)),
        ]);
        Tale::of(deeds).plain_faults(23_700)
    };
    assert_fault(&takes_over(23_609), "before its time came");
    assert_fault(&takes_over(23_610), "had to take over");
}

#[test]
fn a_master_that_tells_nobody_is_caught() {
    let mut tale = Tale::of(reign(20_000));
    tale.0
        .retain(|deed| !matches!(deed.what, Doing::Announced { .. }));
    assert_fault(&tale.faults(20_500), "did not tell the neighbours");
    let mut deeds = reign(20_000);
    deeds.push((20_500, entered(0, State::Fault)));
    assert_fault(&Tale::of(deeds.clone()).faults(20_600), "without a word");
    deeds.insert(deeds.len() - 1, (20_500, advert(0, 0)));
    assert_eq!(Tale::of(deeds).faults(20_600), [""; 0]);
}

#[test]
fn an_address_owner_that_waits_is_caught() {
    let mut tale = Tale::of([]);
    let Doing::Started(_, loaded) = &mut tale.0[0].what else {
        panic!("it starts");
    };
    loaded.instances = vec![Arc::new(sample::instance("I", 1, 255))];
    assert_eq!(tale.plain_faults(1_040), [""; 0]);
    assert_fault(&tale.plain_faults(1_060), "owns VRID 1, and is not MASTER");
}
