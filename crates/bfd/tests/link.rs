//! Two ends and a link that loses packets: both are up after quiet time, and a dead end is found
//! out in time, whatever the intervals.

mod stage;

use std::time::Duration;

use evervip_bfd::{Event, Sessions, Timestamp};
use evervip_model::BfdInstance;
use evervip_wire::BfdState;
use proptest::prelude::*;
use stage::{HERE, Link, MILLI, THERE, spec};

const SECOND: u64 = 1000 * MILLI;

prop_compose! {
    fn intervals()(rx in 1..500_u64, tx in 1..500_u64, multiplier in 1..10_u8, idle in 1000..2000_u64)
        -> (u64, u64, u8, u64) {
        (rx, tx, multiplier, idle)
    }
}

fn end(name: &str, neighbor: std::net::IpAddr, of: (u64, u64, u8, u64)) -> BfdInstance {
    let (rx, tx, multiplier, idle) = of;
    BfdInstance {
        min_rx: Duration::from_millis(rx),
        min_tx: Duration::from_millis(tx),
        idle_tx: Duration::from_millis(idle),
        multiplier,
        ..spec(name, neighbor)
    }
}

fn pair(of: [(u64, u64, u8, u64); 2]) -> [BfdInstance; 2] {
    [end("a", THERE, of[0]), end("b", HERE, of[1])]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn both_are_up_after_quiet_time(
        of in [intervals(), intervals()],
        passive in 0..3_usize,
        seed: u64,
        loss in prop::collection::vec(any::<bool>(), 1..200),
    ) {
        let mut specs = pair(of);
        if let Some(spec) = specs.get_mut(passive) {
            spec.passive = true;
        }
        let mut link = Link::new(specs, seed);
        let mut at = 0;
        link.run(60 * SECOND, |_| {
            at += 1;
            loss[at % loss.len()]
        });
        // Twice the longest detection time there is while a session is down, and the handshake.
        let quiet = 2 * 10 * 2 * SECOND + 6 * SECOND;
        link.run(60 * SECOND + quiet, |_| false);
        prop_assert_eq!([link.state(0), link.state(1)], [BfdState::Up; 2]);
        prop_assert_eq!(link.reported, [Some(true); 2]);
        // And they stay so.
        let since = link.changed;
        link.run(link.now + 60 * SECOND, |_| false);
        prop_assert_eq!(link.changed, since);
    }

    #[test]
    fn a_dead_end_is_found_out_within_the_detection_time(of in [intervals(), intervals()], seed: u64) {
        let mut link = Link::new(pair(of), seed);
        link.run(60 * SECOND, |_| false);
        prop_assert_eq!(link.reported, [Some(true); 2]);
        link.asleep[1] = u64::MAX;
        let (died, detection) = (link.now, link.detection_time(0));
        link.run(link.now + detection + 2 * MILLI, |_| false);
        prop_assert_eq!(link.reported[0], Some(false));
        // Not before: less than one interval of the other end is gone by when it dies.
        let slowest = detection / u64::from(of[1].2);
        prop_assert!(link.changed[0] + slowest + 2 * MILLI >= died + detection);
    }

    /// The link is cut one way: who still hears learns of it from the other.
    #[test]
    fn a_link_that_is_cut_one_way_takes_both_down(of in [intervals(), intervals()], seed: u64) {
        let mut link = Link::new(pair(of), seed);
        link.run(60 * SECOND, |_| false);
        let detection = link.detection_time(0);
        link.run(link.now + detection + 3 * MILLI, |sender| sender == 1);
        prop_assert_eq!(link.reported, [Some(false); 2]);
    }

    /// An end that slept for less than the other's patience declares nobody dead.
    #[test]
    fn a_sleeper_reads_before_it_judges(of in [intervals(), intervals()], seed: u64) {
        let mut link = Link::new(pair(of), seed);
        link.run(60 * SECOND, |_| false);
        let since = link.changed;
        let patience = link.detection_time(1);
        let interval = patience / u64::from(of[0].2);
        prop_assume!(patience > 2 * interval);
        link.asleep[0] = link.now + patience - interval - 3 * MILLI;
        link.run(link.now + 60 * SECOND, |_| false);
        prop_assert_eq!(link.changed, since);
    }

    #[test]
    fn any_bytes_at_any_time_are_survived(
        events in prop::collection::vec((0..3000_u64, prop::collection::vec(any::<u8>(), 0..30), 0..5_u8, any::<u8>()), 0..100),
        seed: u64,
    ) {
        let mut sessions = Sessions::new(seed);
        let mut now = 0;
        let specs = [end("a", THERE, (10, 10, 3, 1000)), end("b", HERE, (10, 10, 3, 1000))];
        sessions.configure(Timestamp::from_nanos(0), &specs);
        for (wait, mut bytes, kind, ttl) in events {
            now += wait * MILLI;
            let at = Timestamp::from_nanos(now);
            if kind > 0 && bytes.len() >= 12 {
                // Most would be refused at once otherwise.
                bytes.resize(24, 7);
                bytes[0] = 1 << 5;
                bytes[1] &= !5;
                bytes[3] = 24;
                if kind > 1 {
                    let ours = sessions.snapshots().next().map_or(0, |s| s.discriminator);
                    bytes[8..12].copy_from_slice(&ours.to_be_bytes());
                }
            }
            sessions.handle(at, &Event::PacketReceived {
                source: THERE,
                port: 1,
                destination: HERE,
                ttl: if kind > 2 { Some(255) } else { Some(ttl) },
                multihop: false,
                bytes: &bytes,
            });
            let answers = std::iter::from_fn(|| sessions.poll_action())
                .filter(|action| matches!(action, evervip_bfd::Action::Send { .. }))
                .count();
            prop_assert!(answers <= 2);
            sessions.handle(at, &Event::DeadlineReached);
            while sessions.poll_action().is_some() {}
            prop_assert!(sessions.next_deadline().is_some_and(|next| next > at));
        }
    }
}
