//! Several engines on a virtual LAN under seeded trouble.
//!
//! `EVERVIP_SIM_SCHEDULES` sets how many schedules are run (20,000 unless given), beginning with the
//! seed `EVERVIP_SIM_FIRST`. `EVERVIP_SIM_SEED` runs one and prints what happened. A schedule that
//! fails is printed with its seed, whole and without the events that its failure does not need. The
//! first one ends the run, unless `EVERVIP_SIM_ALL` is set, which lists all of them in a line each.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use evervip_model::{Config, Instance, Priority, State, Version};
use evervip_testkit::lan::{self, Disturbance, Lan, Schedule, Sleep, judge, schedule};
use evervip_testkit::{Rng, sample};
use evervip_vrrp::skew_time;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn the_lan_settles_after_every_kind_of_trouble() {
    if let Some(seed) = number("EVERVIP_SIM_SEED") {
        let schedule = Schedule::of(seed);
        let outcome = schedule.run(true);
        println!("{schedule}{}", outcome.lan.trace().join("\n"));
        report(&schedule, &outcome.faults);
        return;
    }
    let first = number("EVERVIP_SIM_FIRST").unwrap_or(0);
    let end = first + number("EVERVIP_SIM_SCHEDULES").unwrap_or(20_000);
    let list = std::env::var_os("EVERVIP_SIM_ALL").is_some();
    let next = AtomicU64::new(first);
    let work = || {
        let mut failed: Vec<(Schedule, Vec<String>)> = Vec::new();
        while list || failed.is_empty() {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                break;
            }
            let schedule = Schedule::of(seed);
            let faults = schedule.run(false).faults;
            if !faults.is_empty() {
                failed.push((schedule, faults));
            }
        }
        failed
    };
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
    let failed = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let failed = workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap());
        if list {
            let failed = failed.inspect(|(schedule, faults)| {
                println!("seed {} {:?}: {}", schedule.seed, schedule.kind, faults[0]);
            });
            return failed.min_by_key(|(schedule, _)| schedule.seed);
        }
        failed.min_by_key(|(schedule, _)| schedule.seed)
    });
    if let Some((schedule, faults)) = failed {
        report(&schedule, &faults);
    }
}

/// Panics with all that is needed to see a failure again.
fn report(schedule: &Schedule, faults: &[String]) {
    if faults.is_empty() {
        return;
    }
    let least = schedule.shrunk();
    let last = least.run(false).faults;
    panic!(
        "{faults:#?}\n{schedule}\nless is enough for {last:#?}:\n{least}\nreplay: EVERVIP_SIM_SEED={} cargo test -p evervip-vrrp --test simulation settles -- --nocapture",
        schedule.seed
    );
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in [1, 42, 777] {
        let (_, first) = schedule::run(seed, true);
        let (_, second) = schedule::run(seed, true);
        assert!(first.trace().len() > 50, "seed {seed} does next to nothing");
        assert_eq!(first.trace(), second.trace(), "seed {seed}");
    }
}

/// Hosts with one instance each, or a group of two, of these priorities; all run and have settled.
fn settled(seed: u64, instances: &[Instance], priorities: &[u8], grouped: bool) -> Lan {
    let config = |priority: &u8| {
        let mut config = sample::config(instances.iter().cloned().map(|mut instance| {
            instance.priority = Priority::new(*priority).unwrap();
            instance
        }));
        if grouped {
            config.sync_groups = vec![sample::group("G", 0..instances.len())];
        }
        config
    };
    let mut lan = lan::of(seed, priorities.iter().map(config).collect::<Vec<Config>>());
    lan.set_weather(schedule::CALM);
    for host in 0..priorities.len() {
        lan.disturb(Disturbance::Start(host));
    }
    lan.run(Duration::from_secs(15));
    lan
}

fn master(lan: &Lan, hosts: usize, instance: usize) -> Option<usize> {
    (0..hosts).find(|host| lan.state(*host, instance) == Some(State::Master))
}

/// The longest skew among the hosts that are left.
fn longest_skew(
    version: Version,
    interval: Duration,
    priorities: &[u8],
    without: usize,
) -> Duration {
    let left = priorities
        .iter()
        .enumerate()
        .filter(|(host, _)| *host != without);
    left.map(|(_, priority)| skew_time(version, *priority, interval))
        .max()
        .unwrap()
}

/// A graceful stop hands over within the skew time and the way of a packet.
#[test]
fn a_graceful_stop_hands_over_within_the_skew_time() {
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let version = rng.pick(&[Version::V2, Version::V3]);
        let millis = if version == Version::V2 {
            1000
        } else {
            rng.pick(&[100, 500, 2000])
        };
        let interval = Duration::from_millis(millis);
        let grouped = rng.permille(400);
        let instances: Vec<Instance> = (1..=1 + u8::from(grouped))
            .map(|vrid| Instance {
                version,
                advert_interval: interval,
                nopreempt: rng.permille(300),
                ..sample::instance(&format!("I{vrid}"), vrid, 100)
            })
            .collect();
        let hosts = 2 + rng.below(2);
        let priorities: Vec<u8> = (0..hosts).map(|_| rng.pick(&[10, 100, 200, 254])).collect();
        let mut lan = settled(seed, &instances, &priorities, grouped);
        let old = master(&lan, hosts, 0).expect("there is a master");
        lan.disturb(Disturbance::Stop(old));
        let way = schedule::CALM.delay + schedule::CALM.jitter;
        // In a group the slowest of the members decides.
        lan.run(longest_skew(version, interval, &priorities, old) + way + Duration::from_millis(1));
        for instance in 0..instances.len() {
            assert!(
                master(&lan, hosts, instance).is_some(),
                "seed {seed}: nobody took over from host {old}"
            );
        }
        lan.run(Duration::from_secs(5));
        assert_eq!(judge(&lan), [""; 0], "seed {seed}");
    }
}

/// A crash is noticed when the master-down time of the best one left has passed, and not before.
#[test]
fn a_crash_is_taken_over_after_the_master_down_time() {
    let instance = sample::instance("I", 1, 100);
    let mut lan = settled(1, &[instance], &[200, 150, 100], false);
    assert_eq!(master(&lan, 3, 0), Some(0));
    lan.disturb(Disturbance::Crash(0));
    // The last advert may have been sent just now, or a second ago.
    lan.run(Duration::from_micros(2_414_062));
    assert_eq!(master(&lan, 3, 0), None);
    lan.run(Duration::from_millis(1_001));
    assert_eq!(master(&lan, 3, 0), Some(1));
    lan.run(Duration::from_secs(5));
    assert_eq!(
        lan.longest_double(),
        Duration::ZERO,
        "the third did not join in"
    );
    assert_eq!(judge(&lan), [""; 0]);
}

/// A backup that slept hears what waited for it before it looks at the clock.
#[test]
fn a_backup_that_slept_does_not_take_over() {
    let instance = sample::instance("I", 1, 100);
    let mut lan = settled(2, &[instance], &[100, 100], false);
    let (old, sleeper) = match master(&lan, 2, 0) {
        Some(host) => (host, 1 - host),
        None => panic!("no master"),
    };
    lan.reset_longest_double();
    for _ in 0..10 {
        lan.disturb(Disturbance::Pause(
            sleeper,
            Duration::from_secs(9),
            Sleep::Daemon,
        ));
        lan.run(Duration::from_secs(11));
        assert_eq!(master(&lan, 2, 0), Some(old));
    }
    assert_eq!(lan.longest_double(), Duration::ZERO);
}

/// A flood of frames that must not be accepted delays no advert and starts no election.
#[test]
fn a_flood_of_hostile_frames_changes_nothing() {
    let instance = sample::instance("I", 1, 100);
    let mut rng = Rng::new(3);
    let mut lan = settled(3, std::slice::from_ref(&instance), &[150, 100], false);
    lan.record();
    for _ in 0..2000 {
        for host in 0..2 {
            lan.disturb(lan::hostile(host, &instance, &mut rng));
        }
        lan.run(Duration::from_millis(5));
    }
    assert_eq!(lan.violations(), [""; 0]);
    assert_eq!(master(&lan, 2, 0), Some(0));
    let adverts = lan
        .trace()
        .iter()
        .filter(|line| line.contains("advert I"))
        .count();
    assert_eq!(adverts, 10, "one advert a second");
    let lines = lan
        .trace()
        .iter()
        .filter(|line| line.contains("warn"))
        .count();
    assert!(
        lines <= 12,
        "each complaint once on each host, not {lines} lines"
    );
}
