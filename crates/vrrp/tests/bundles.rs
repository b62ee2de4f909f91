//! Adverts that are nearly due leave together.
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::collections::BTreeMap;
use std::time::Duration;

use evervip_model::{Config, Instance, Priority};
use evervip_testkit::sample;
use evervip_vrrp::{Action, Engine, Event, RouterId, Timestamp};

const SECOND: Duration = Duration::from_secs(1);

/// Routers with these priorities: the higher, the earlier they become MASTER.
fn routers(priorities: impl IntoIterator<Item = u8>) -> Config {
    let instance = |(number, priority): (u8, u8)| Instance {
        priority: Priority::new(priority).unwrap(),
        ..sample::instance(&format!("V{number}"), number, priority)
    };
    sample::config((1..).zip(priorities).map(instance))
}

/// When each router sent, until `end`.
fn adverts(config: Config, end: Duration) -> BTreeMap<RouterId, Vec<Timestamp>> {
    let mut engine = Engine::new(config, sample::links(), &sample::addresses(1));
    let start = Timestamp::from_nanos(0);
    let mut sent = BTreeMap::new();
    let mut now = start;
    engine.handle(now, Event::Started);
    while now < start + end {
        while let Some(action) = engine.poll_action() {
            if let Action::SendAdvert { router, .. } = action {
                sent.entry(router).or_insert_with(Vec::new).push(now);
            }
        }
        now = engine.next_deadline().unwrap();
        engine.handle(now, Event::DeadlineReached);
    }
    sent
}

/// Different moments at which anything was sent after `from`.
fn moments(
    sent: &BTreeMap<RouterId, Vec<Timestamp>>,
    from: Duration,
) -> BTreeMap<Timestamp, usize> {
    let mut moments = BTreeMap::new();
    let from = Timestamp::from_nanos(0) + from;
    for at in sent.values().flatten().filter(|at| **at >= from) {
        *moments.entry(*at).or_insert(0) += 1;
    }
    moments
}

#[test]
fn neighbours_in_time_are_sent_together_from_the_next_interval_on() {
    // Four milliseconds apart.
    let sent = adverts(routers([101, 100]), SECOND * 8);
    assert_eq!(moments(&sent, Duration::ZERO).len() - 1, 8 - 3);
    assert!(moments(&sent, SECOND * 5).values().all(|count| *count == 2));
}

#[test]
fn what_is_further_apart_keeps_its_time() {
    // 39 milliseconds apart, more than the 64th of a second.
    let sent = adverts(routers([110, 100]), SECOND * 8);
    assert!(
        moments(&sent, Duration::ZERO)
            .values()
            .all(|count| *count == 1)
    );
}

#[test]
fn bundles_are_bounded_and_no_advert_is_late_or_much_too_early() {
    let sent = adverts(routers(1..=250), SECOND * 30);
    assert_eq!(sent.len(), 250);
    for times in sent.values() {
        for pair in times.windows(2) {
            let gap = pair[1].saturating_since(pair[0]);
            assert!(gap <= SECOND, "{gap:?}");
            assert!(gap >= SECOND - SECOND / 64, "{gap:?}");
        }
    }
    let late = moments(&sent, SECOND * 25);
    assert!(late.values().all(|count| *count <= 64), "{late:?}");
    // 250 routers over nearly a second gather in one bundle for each 64th of it.
    assert!(late.len() <= 5 * 66, "{} moments", late.len());
}
