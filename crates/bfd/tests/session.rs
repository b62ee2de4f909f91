//! One session against what RFC 5880 6.8 says, rule by rule.

mod stage;

use std::time::Duration;

use evervip_bfd::{Detail, Event, Report, Timestamp};
use evervip_model::BfdInstance;
use evervip_wire::{BfdDiagnostic, BfdPacket, BfdState};
use stage::{End, HERE, MILLI, THERE, packet, spec};

fn end() -> End {
    End::new(&[spec("b", THERE)])
}

fn report(up: bool) -> Report {
    Report {
        name: "b".into(),
        up,
    }
}

/// Every state of ours and of the other end: what we become (RFC 5880 6.8.6).
#[test]
fn the_state_machine() {
    use BfdState::{AdminDown, Down, Init, Up};
    let rows = [
        (Down, AdminDown, Down),
        (Down, Down, Init),
        (Down, Init, Up),
        (Down, Up, Down),
        (Init, AdminDown, Down),
        (Init, Down, Init),
        (Init, Init, Up),
        (Init, Up, Up),
        (Up, AdminDown, Down),
        (Up, Down, Down),
        (Up, Init, Up),
        (Up, Up, Up),
    ];
    for (before, remote, after) in rows {
        let mut end = end();
        let ours = end.discriminator();
        match before {
            Init => drop(end.receive(&packet(Down, 0))),
            Up => end.bring_up(),
            Down | AdminDown => {}
        }
        assert_eq!(end.state(), before);
        end.receive(&packet(remote, ours));
        assert_eq!(end.state(), after, "{before} hears {remote}");
    }
}

#[test]
fn packets_before_the_session_is_up_are_slow_and_jittered() {
    let mut end = end();
    let sent = end.pass(60_000).sent;
    assert!((60..=81).contains(&sent.len()), "{}", sent.len());
    let first = sent[0];
    assert_eq!(first.state, BfdState::Down);
    assert_eq!(first.desired_min_tx, 1_000_000);
    assert_eq!(first.required_min_rx, 50_000);
    assert_eq!((first.multiplier, first.your_discriminator), (4, 0));
}

#[test]
fn an_end_that_comes_up_says_so_at_once_and_polls_until_it_is_answered() {
    let mut end = end();
    let ours = end.discriminator();
    let init = end.receive(&packet(BfdState::Down, 0));
    assert_eq!(init.sent[0].state, BfdState::Init);
    assert_eq!(init.sent[0].your_discriminator, 0x1122_3344);
    let up = end.receive(&packet(BfdState::Init, ours));
    assert_eq!(up.reports, [report(true)]);
    assert!(up.sent[0].poll && up.sent[0].state == BfdState::Up);
    assert_eq!(up.sent[0].desired_min_tx, 60_000);
    end.receive(&packet(BfdState::Up, ours));
    assert!(end.pass(100).sent.iter().all(|packet| packet.poll));
    end.receive(&BfdPacket {
        is_final: true,
        ..packet(BfdState::Up, ours)
    });
    assert!(end.pass(100).sent.iter().all(|packet| !packet.poll));
}

#[test]
fn a_poll_is_answered_at_once_and_out_of_turn() {
    let mut end = end();
    end.bring_up();
    let ours = end.discriminator();
    end.pass(30);
    let next = end.sessions.next_deadline();
    let done = end.receive(&BfdPacket {
        poll: true,
        ..packet(BfdState::Up, ours)
    });
    assert_eq!(done.sent.len(), 1);
    assert!(done.sent[0].is_final && !done.sent[0].poll);
    assert_eq!(end.sessions.next_deadline(), next, "the turn stays");
}

#[test]
fn silence_for_the_detection_time_of_the_slower_end_is_down() {
    let mut end = end();
    end.bring_up();
    // Three packets of the other end, which sends every 100 ms.
    assert!(end.pass(299).reports.is_empty());
    let done = end.pass(2);
    assert_eq!(done.reports, [report(false)]);
    let down = done.sent[0];
    assert_eq!(down.state, BfdState::Down);
    assert_eq!(down.diagnostic, BfdDiagnostic::EXPIRED);
    assert_eq!(down.your_discriminator, 0, "RFC 5880 6.8.1");
    let texts: Vec<String> = done.lines.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        [
            "(b) Expired after 300 ms (0 usec overdue)",
            "(b) Entering Down state (Local diagnostic - Control Detection Time Expired, Remote diagnostic - No Diagnostic)",
        ]
    );
    assert!(done.lines.iter().all(|line| line.detail() == Detail::Plain));
}

#[test]
fn a_neighbour_that_is_down_takes_us_down_but_one_out_of_service_does_not_fail() {
    let mut end = end();
    end.bring_up();
    let ours = end.discriminator();
    let done = end.receive(&packet(BfdState::Down, ours));
    assert_eq!(done.reports, [report(false)]);
    assert_eq!(done.sent[0].diagnostic, BfdDiagnostic::NEIGHBOR_DOWN);
    end.bring_up();
    let done = end.receive(&packet(BfdState::AdminDown, ours));
    assert!(done.reports.is_empty(), "RFC 5882 3.2");
    assert_eq!(end.state(), BfdState::Down);
    assert!(end.pass(5000).reports.is_empty());
    // It comes back, and then does not hear us.
    end.receive(&packet(BfdState::Down, 0));
    assert_eq!(end.pass(400).reports, [report(false)]);
}

#[test]
fn the_other_end_chooses_how_often_it_is_sent_to() {
    let count = |change: &dyn Fn(&mut BfdPacket)| {
        let mut end = end();
        end.bring_up();
        let mut packet = packet(BfdState::Up, end.discriminator());
        change(&mut packet);
        let mut sent = 0;
        for _ in 0..40 {
            end.receive(&packet);
            sent += end.pass(50).sent.len();
        }
        sent
    };
    // Over two seconds, with up to a quarter less time between packets.
    let usual = count(&|_| {});
    assert!((20..=27).contains(&usual), "{usual}");
    let ours_is_slower = count(&|p| p.required_min_rx = 1000);
    assert!((33..=45).contains(&ours_is_slower), "{ours_is_slower}");
    let slow = count(&|p| p.required_min_rx = 500_000);
    assert!((3..=6).contains(&slow), "{slow}");
    assert_eq!(count(&|p| p.required_min_rx = 0), 0);
    assert_eq!(count(&|p| p.demand = true), 0);
}

#[test]
fn one_who_wanted_nothing_and_went_silent_is_asked_again() {
    let mut end = end();
    end.bring_up();
    let ours = end.discriminator();
    end.receive(&BfdPacket {
        required_min_rx: 0,
        ..packet(BfdState::Up, ours)
    });
    assert!(!end.pass(5000).sent.is_empty());
}

#[test]
fn the_passive_end_waits_for_the_other() {
    let mut end = End::new(&[BfdInstance {
        passive: true,
        ..spec("b", THERE)
    }]);
    assert!(end.pass(10_000).sent.is_empty());
    let done = end.receive(&packet(BfdState::Down, 0));
    assert_eq!(done.sent[0].state, BfdState::Init);
    end.bring_up();
    // When the other end is gone, it waits again.
    assert_eq!(end.pass(301).reports, [report(false)]);
    assert!(end.pass(10_000).sent.is_empty());
}

/// Packets that are not for the session: nothing moves.
#[test]
fn what_is_dropped_changes_nothing() {
    let mut end = end();
    end.bring_up();
    let ours = end.discriminator();
    let good = packet(BfdState::Down, ours);
    let from = |end: &mut End, source, destination, multihop| {
        let event = Event::PacketReceived {
            source,
            port: 1,
            destination,
            ttl: Some(255),
            multihop,
            bytes: &good.encode(),
        };
        end.sessions.handle(Timestamp::from_nanos(end.now), &event);
        stage::drain(&mut end.sessions)
    };
    end.pass(10);
    let deadline = end.sessions.next_deadline();
    let before = format!("{:?}", end.sessions.snapshots().collect::<Vec<_>>());
    let mut texts = Vec::new();
    let mut check = |end: &mut End, done: stage::Done| {
        assert!(done.sent.is_empty() && done.reports.is_empty());
        texts.extend(done.lines.iter().map(ToString::to_string));
        assert_eq!(end.sessions.next_deadline(), deadline);
        let after = format!("{:?}", end.sessions.snapshots().collect::<Vec<_>>());
        assert_eq!(after, before);
    };
    let done = end.receive_bytes(&good.encode(), Some(254));
    check(&mut end, done);
    let done = end.receive_bytes(&good.encode(), None);
    check(&mut end, done);
    let done = end.receive(&packet(BfdState::Down, 0x4d));
    check(&mut end, done);
    let done = from(&mut end, HERE, HERE, false);
    check(&mut end, done);
    let done = from(&mut end, THERE, HERE, true);
    check(&mut end, done);
    let mut authenticated = good.encode().to_vec();
    authenticated[1] |= 4;
    authenticated[3] = 26;
    authenticated.extend([0, 0]);
    let done = end.receive_bytes(&authenticated, Some(255));
    check(&mut end, done);
    let done = end.receive_bytes(&[], Some(255));
    check(&mut end, done);
    assert_eq!(
        texts,
        [
            "Packet ttl(254) < 255 - discarding".to_owned(),
            "Packet without ttl - discarding".to_owned(),
            "Discarding packet from [10.0.0.2]:50000 (session is not found - your discriminator field is 0x0000004d)".to_owned(),
            format!("Discarding packet from [10.0.0.1]:1 (session is not found - your discriminator field is {ours:#010x})"),
            format!("Discarding packet from [10.0.0.2]:1 (session is not found - your discriminator field is {ours:#010x})"),
            "Discarding packet from [10.0.0.2]:50000 (auth bit is set, but no authentication  is in use)".to_owned(),
            "Packet is too small: 0 bytes".to_owned(),
            "Discarding bogus packet from [10.0.0.2]:50000".to_owned(),
        ]
    );
}

#[test]
fn how_far_a_packet_may_have_come() {
    let check = |ttl: u8, max_hops: Option<u8>, received: u8, accepted: bool| {
        let mut end = End::new(&[BfdInstance {
            ttl,
            max_hops,
            ..spec("b", THERE)
        }]);
        end.receive_bytes(&packet(BfdState::Down, 0).encode(), Some(received));
        let expected = if accepted {
            BfdState::Init
        } else {
            BfdState::Down
        };
        assert_eq!(end.state(), expected, "{ttl} {max_hops:?} {received}");
    };
    check(255, Some(0), 255, true);
    check(255, Some(0), 254, false);
    check(255, Some(5), 250, true);
    check(255, Some(5), 249, false);
    check(64, Some(0), 64, true);
    check(64, Some(0), 255, true);
    check(64, Some(0), 63, false);
    check(255, None, 1, true);
    check(255, Some(255), 0, true);
}

#[test]
fn of_two_sessions_with_a_neighbour_the_address_decides() {
    let any = spec("any", THERE);
    let named = BfdInstance {
        source: Some(HERE),
        ..spec("named", THERE)
    };
    let mut end = End::new(&[any, named]);
    end.receive(&packet(BfdState::Down, 0));
    let states: Vec<BfdState> = end.sessions.snapshots().map(|s| s.state).collect();
    assert_eq!(states, [BfdState::Down, BfdState::Init]);
}

#[test]
fn a_reload_leaves_sessions_up() {
    let mut end = end();
    end.bring_up();
    let ours = end.discriminator();
    let done = end.reload(&[spec("b", THERE), spec("c", HERE)]);
    assert!(done.sent.is_empty());
    let told: Vec<(&str, bool)> = done.reports.iter().map(|r| (&*r.name, r.up)).collect();
    assert_eq!(told, [("b", true), ("c", false)]);
    assert_eq!((end.state(), end.discriminator()), (BfdState::Up, ours));
    // Another end is another session.
    let elsewhere = BfdInstance {
        source: Some(HERE),
        ..spec("b", THERE)
    };
    let done = end.reload(&[elsewhere]);
    assert_eq!(done.reports, [report(false)]);
    assert_ne!(end.discriminator(), ours);
    assert!(end.reload(&[]).reports.is_empty());
    assert_eq!(end.sessions.next_deadline(), None);
}

#[test]
fn slower_intervals_wait_for_the_other_ends_answer() {
    let mut end = end();
    end.bring_up();
    let ours = end.discriminator();
    let interval = |end: &End| end.sessions.snapshots().next().map(|s| s.send_interval);
    let detection = |end: &End| end.sessions.snapshots().next().map(|s| s.detection_time);
    let changed = BfdInstance {
        min_tx: Duration::from_millis(400),
        min_rx: Duration::from_millis(10),
        ..spec("b", THERE)
    };
    let slow = BfdPacket {
        desired_min_tx: 20_000,
        required_min_rx: 1000,
        ..packet(BfdState::Up, ours)
    };
    end.receive(&slow);
    end.reload(&[changed]);
    assert_eq!(interval(&end), Some(60_000));
    assert_eq!(detection(&end), Some(150_000));
    let sent = end.pass(60).sent;
    assert!(sent[0].poll);
    assert_eq!(sent[0].desired_min_tx, 400_000);
    assert_eq!(sent[0].required_min_rx, 10_000);
    end.receive(&BfdPacket {
        is_final: true,
        ..slow
    });
    assert_eq!(interval(&end), Some(400_000));
    assert_eq!(detection(&end), Some(60_000));
}

#[test]
fn sessions_for_the_checkers_alone_are_not_reported() {
    let mut end = End::new(&[BfdInstance {
        vrrp: false,
        ..spec("b", THERE)
    }]);
    let ours = end.discriminator();
    end.receive(&packet(BfdState::Down, 0));
    assert!(
        end.receive(&packet(BfdState::Init, ours))
            .reports
            .is_empty()
    );
    let now = Timestamp::from_nanos(end.now);
    end.sessions.handle(now, &Event::ReportsWanted);
    assert!(stage::drain(&mut end.sessions).reports.is_empty());
}

#[test]
fn a_session_without_a_neighbour_is_none() {
    let refused = BfdInstance {
        neighbor: None,
        ..spec("b", THERE)
    };
    let end = End::new(&[refused]);
    assert_eq!(end.sessions.snapshots().count(), 0);
}

#[test]
fn after_a_long_sleep_one_packet_is_sent_and_not_all_that_were_missed() {
    let mut end = end();
    end.bring_up();
    end.now += 3_600_000 * MILLI;
    let ours = end.discriminator();
    // What waited in the socket is handed over first.
    end.receive(&packet(BfdState::Up, ours));
    let done = end.deadline();
    assert_eq!(done.sent.len(), 1);
    assert!(done.reports.is_empty());
}
