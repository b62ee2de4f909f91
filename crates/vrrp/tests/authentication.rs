//! Authentication headers, signed adverts and the older checksums (spec wire 2.3, 3 and 5).

mod stage;

use std::time::Duration;

use evervip_model::{
    AntiReplay, Authentication, Delivery, HmacAuthentication, HmacKey, HmacMode, Instance,
    OldUnicastChecksum, State, UnicastPeer, Version,
};
use evervip_testkit::craft::Craft;
use evervip_testkit::{Transcript, sample};
use evervip_vrrp::{Action, Event, SocketKey, Statistics};
use evervip_wire::{AH_PROTOCOL, Body, Coverage, Proof, Sequence};
use stage::{backup, master, plain, version_3};

/// What the wall clock shows when an engine is told of it, in seconds.
const NOON: u64 = 1_800_000_000;

fn header() -> Instance {
    Instance {
        authentication: Authentication::Header(*b"abcd\0\0\0\0"),
        ..plain()
    }
}

const HEADER_SOCKET: SocketKey = SocketKey {
    protocol: AH_PROTOCOL,
    ..sample::multicast_socket()
};

fn key(id: u8) -> HmacKey {
    HmacKey {
        id,
        secret: vec![id; 32],
    }
}

fn hmac() -> HmacAuthentication {
    HmacAuthentication {
        keys: vec![key(1), key(2)],
        active_key: 1,
        time_window: Duration::from_secs(10),
        anti_replay: AntiReplay::Time,
        mode: HmacMode::Enforce,
    }
}

fn signed(hmac: HmacAuthentication) -> Instance {
    Instance {
        hmac: Some(Box::new(hmac)),
        ..version_3()
    }
}

fn statistics(stage: &Transcript) -> Statistics {
    stage.engine.status()[0].statistics
}

/// Gives the engine a packet; the counters that it moved are those that `expect` moves.
#[track_caller]
fn check(
    stage: &mut Transcript,
    socket: SocketKey,
    bytes: &[u8],
    expect: fn(&mut Statistics),
) -> Vec<Action> {
    let mut counters = statistics(stage);
    expect(&mut counters);
    let deadline = stage.engine.next_deadline();
    let actions = stage.packet("packet", socket, bytes);
    // A master answers a lower priority.
    counters.advert_sent = statistics(stage).advert_sent;
    assert_eq!(statistics(stage), counters);
    if counters.advert_rcvd == 0 {
        assert_eq!(stage.engine.next_deadline(), deadline);
    }
    actions
}

const ACCEPTED: fn(&mut Statistics) = |s| s.advert_rcvd += 1;
const FAILED: fn(&mut Statistics) = |s| s.errors.auth_failure += 1;

fn sequences(actions: &[Action]) -> Vec<u64> {
    let sent = actions.iter().filter_map(|action| match action {
        Action::SendAdvert { sequence, .. } => Some(*sequence),
        _ => None,
    });
    sent.collect()
}

/// Everything sent within a time.
fn sent_in(stage: &mut Transcript, time: Duration) -> Vec<u64> {
    let end = stage.now + time;
    let mut sent = Vec::new();
    while stage.engine.next_deadline().is_some_and(|at| at <= end) {
        sent.extend(sequences(&stage.next_deadline()));
    }
    sent
}

#[test]
fn headers_are_checked_in_order_and_their_numbers_used_once() {
    let mut stage = backup(sample::config([header()]));
    let good = Craft::of(&header()).priority(200);
    let with = |sequence| good.clone().sequence(sequence).bytes();
    let packet = |stage: &mut Transcript, bytes: &[u8], expect| {
        check(stage, HEADER_SOCKET, bytes, expect);
    };
    let mut forged = with(100);
    forged[20 + 24 + 2] ^= 1;
    packet(&mut stage, &forged, FAILED);
    packet(&mut stage, &with(100), ACCEPTED);
    packet(&mut stage, &with(100), FAILED);
    packet(&mut stage, &with(99), FAILED);
    packet(&mut stage, &with(101), ACCEPTED);
    // A wrong interval uses the number up all the same.
    let mut slow = good.clone().sequence(110);
    slow.body = match slow.body {
        Body::V2 { authentication, .. } => Body::V2 {
            interval_seconds: 2,
            authentication,
        },
        Body::V3 { .. } => slow.body,
    };
    packet(&mut stage, &slow.bytes(), |s| {
        s.errors.advert_interval_err += 1;
    });
    packet(&mut stage, &with(105), FAILED);
    let text = stage.text().to_owned();
    for line in [
        "(V) IPSEC-AH : invalid IPSEC HMAC-MD5 value. Due to fields mutation or bad password !",
        "(V) IPSEC-AH : sequence number 100 already processed. Packet dropped. Local(100)",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn a_header_that_is_missing_or_not_expected_is_a_mismatch() {
    let mismatch: fn(&mut Statistics) = |s| s.errors.authtype_mismatch += 1;
    let mut stage = backup(sample::config([header()]));
    let without = Craft::of(&plain()).priority(200).bytes();
    check(&mut stage, HEADER_SOCKET, &without, mismatch);
    let mut stage = backup(sample::config([plain()]));
    let with = Craft::of(&header()).priority(200).bytes();
    check(&mut stage, sample::multicast_socket(), &with, mismatch);
}

#[test]
fn instances_with_and_without_header_have_different_sockets() {
    let mut other = plain();
    other.name = "W".into();
    let stage = backup(sample::config([header(), other]));
    let protocols: Vec<u8> = stage
        .engine
        .sockets()
        .iter()
        .map(|socket| socket.key.protocol)
        .collect();
    assert_eq!(protocols, [AH_PROTOCOL, evervip_wire::PROTOCOL]);
}

#[test]
fn one_counter_numbers_what_is_sent_and_heard() {
    let mut stage = backup(sample::config([header()]));
    let mut theirs = Craft::of(&header()).priority(200).sequence(40);
    check(&mut stage, HEADER_SOCKET, &theirs.bytes(), ACCEPTED);
    let sent = sent_in(&mut stage, Duration::from_secs(6));
    assert_eq!(sent[..2], [41, 42]);
    // A lower master is answered with a number beyond its own.
    theirs = theirs.priority(50).sequence(1000);
    let answer = check(&mut stage, HEADER_SOCKET, &theirs.bytes(), ACCEPTED);
    assert_eq!(sequences(&answer), [1002]);
    assert!(
        stage
            .text()
            .contains("(V) IPSEC-AH : Syncing seq_num - Increment seq")
    );
    // A reload goes on counting.
    let mut changed = header();
    changed.priority = evervip_model::Priority::new(120).unwrap_or(changed.priority);
    let actions = stage.reload("reload", sample::config([changed]));
    assert_eq!(sequences(&actions), [1003]);
}

/// Else two masters that began at the same moment would never hear each other.
#[test]
fn of_two_masters_with_the_same_numbers_the_better_one_skips_one() {
    for (priority, skipped) in [(50, 1), (100, 0), (150, 0)] {
        let mut stage = master(sample::config([header()]));
        let first = sent_in(&mut stage, Duration::from_secs(1))[0];
        let theirs = Craft::of(&header()).priority(priority).sequence(first);
        check(&mut stage, HEADER_SOCKET, &theirs.bytes(), FAILED);
        let next = sent_in(&mut stage, Duration::from_secs(1));
        assert_eq!(next, [first + 1 + skipped], "rival of priority {priority}");
    }
}

/// Whoever is better than several skips one for each, so that all of them differ at once.
#[test]
fn of_several_masters_with_the_same_numbers_each_skips_one_for_each_worse_one() {
    let mut stage = master(sample::config([header()]));
    let first = sent_in(&mut stage, Duration::from_secs(1))[0];
    for priority in [50, 99, 150, 20] {
        let theirs = Craft::of(&header()).priority(priority).sequence(first);
        check(&mut stage, HEADER_SOCKET, &theirs.bytes(), FAILED);
    }
    let next = sent_in(&mut stage, Duration::from_secs(1));
    assert_eq!(next, [first + 1 + 3]);
    // Whoever repeats our number over and over does not use up the others.
    for _ in 0..1000 {
        let repeated = Craft::of(&header()).priority(50).sequence(next[0]);
        stage.quietly(|stage| {
            stage.packet("repeated", HEADER_SOCKET, &repeated.bytes());
        });
    }
    let last = sent_in(&mut stage, Duration::from_secs(1));
    assert_eq!(last, [next[0] + 1 + 32]);
}

/// A backup that has been told the time.
fn at_noon(instance: Instance) -> Transcript {
    let mut stage = backup(sample::config([instance]));
    set_clock(&mut stage, NOON);
    stage
}

fn set_clock(stage: &mut Transcript, seconds: u64) {
    let unix_nanos = seconds * 1_000_000_000;
    stage.event("clock set", Event::WallClockSet { unix_nanos });
}

/// The sequence of a second of the day, some seconds after noon.
const fn after_noon(seconds: i64) -> u64 {
    Sequence::at(NOON.saturating_add_signed(seconds) * 1_000_000_000).0
}

fn signed_packet(instance: &Instance, sequence: u64) -> Vec<u8> {
    Craft::of(instance).priority(200).sequence(sequence).bytes()
}

#[track_caller]
fn signed_check(stage: &mut Transcript, bytes: &[u8], expect: fn(&mut Statistics)) {
    check(stage, sample::multicast_socket(), bytes, expect);
}

#[test]
fn signatures_are_checked_in_order() {
    let instance = signed(hmac());
    let mut stage = at_noon(instance.clone());
    let good = signed_packet(&instance, after_noon(0));
    let end = good.len();
    let damaged = |position: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[position] = value;
        bytes
    };
    let unsigned = Craft::of(&version_3()).priority(200).bytes();
    signed_check(&mut stage, &unsigned, |s| s.errors.auth_ext_missing += 1);
    for (position, value) in [(28, 2), (26, 1), (25, 128)] {
        let bytes = damaged(end - position, value);
        signed_check(&mut stage, &bytes, |s| s.errors.auth_ext_malformed += 1);
    }
    let stale: fn(&mut Statistics) = |s| s.errors.auth_ext_stale += 1;
    for seconds in [-11, 11, -100_000] {
        signed_check(
            &mut stage,
            &signed_packet(&instance, after_noon(seconds)),
            stale,
        );
    }
    let unknown: fn(&mut Statistics) = |s| s.errors.auth_ext_unknown_key += 1;
    signed_check(&mut stage, &damaged(end - 27, 9), unknown);
    let invalid: fn(&mut Statistics) = |s| s.errors.auth_ext_invalid_hmac += 1;
    signed_check(&mut stage, &damaged(end - 27, 2), invalid);
    signed_check(&mut stage, &damaged(end - 1, good[end - 1] ^ 1), invalid);
    signed_check(&mut stage, &damaged(22, 255), invalid);
    signed_check(&mut stage, &good, ACCEPTED);
    let replayed: fn(&mut Statistics) = |s| s.errors.auth_ext_replay += 1;
    signed_check(&mut stage, &good, replayed);
    let before = signed_packet(&instance, after_noon(-1));
    signed_check(&mut stage, &before, replayed);
    let next = signed_packet(&instance, after_noon(0) + 1);
    signed_check(&mut stage, &next, ACCEPTED);
    assert_eq!(stage.engine.status()[0].state, State::Backup);
}

#[test]
fn the_window_has_exact_edges() {
    let instance = signed(hmac());
    for seconds in [-10, 10] {
        let mut stage = at_noon(instance.clone());
        let bytes = signed_packet(&instance, after_noon(seconds));
        signed_check(&mut stage, &bytes, ACCEPTED);
        assert!(stage.text().contains("clock of 10.0.0.2 is 10 s from ours"));
    }
    let mut stage = at_noon(instance.clone());
    let bytes = signed_packet(&instance, after_noon(5));
    signed_check(&mut stage, &bytes, ACCEPTED);
    assert!(!stage.text().contains("clock of"), "half is no warning");
}

#[test]
fn monotonic_instances_do_not_look_at_the_clock() {
    let instance = signed(HmacAuthentication {
        anti_replay: AntiReplay::Monotonic,
        ..hmac()
    });
    let mut stage = at_noon(instance.clone());
    let long_ago = signed_packet(&instance, 5);
    signed_check(&mut stage, &long_ago, ACCEPTED);
    signed_check(&mut stage, &long_ago, |s| s.errors.auth_ext_replay += 1);
    let far_ahead = signed_packet(&instance, after_noon(1_000_000));
    signed_check(&mut stage, &far_ahead, ACCEPTED);
}

#[test]
fn modes_differ_in_what_they_send_and_demand() {
    let of = |mode| signed(HmacAuthentication { mode, ..hmac() });
    let unsigned = Craft::of(&version_3()).priority(200).bytes();
    for mode in [HmacMode::Permissive, HmacMode::ReceiveOnly] {
        let mut stage = at_noon(of(mode));
        signed_check(&mut stage, &unsigned, ACCEPTED);
        let good = signed_packet(&of(HmacMode::Enforce), after_noon(0));
        let mut wrong = good.clone();
        *wrong.last_mut().unwrap() ^= 1;
        signed_check(&mut stage, &wrong, |s| s.errors.auth_ext_invalid_hmac += 1);
        signed_check(&mut stage, &good, ACCEPTED);
    }
    for (mode, signs) in [
        (HmacMode::Enforce, true),
        (HmacMode::Permissive, true),
        (HmacMode::ReceiveOnly, false),
    ] {
        let mut stage = at_noon(of(mode));
        let id = stage.engine.status()[0].id;
        let proof = stage.engine.advert_spec(id).map(|spec| spec.proof);
        assert_eq!(proof.is_some_and(|proof| proof != Proof::None), signs);
        let sent = sent_in(&mut stage, Duration::from_secs(6));
        assert_eq!(sent[0] != 0, signs);
        assert_eq!(sent[1] > sent[0], signs);
    }
}

#[test]
fn an_instance_without_keys_takes_a_signature_for_a_wrong_length() {
    let mut stage = at_noon(version_3());
    let bytes = signed_packet(&signed(hmac()), after_noon(0));
    signed_check(&mut stage, &bytes, |s| s.errors.packet_len_err += 1);
}

#[test]
fn keys_change_by_reload_without_a_gap() {
    let old = signed(hmac());
    let new = signed(HmacAuthentication {
        active_key: 2,
        ..hmac()
    });
    let mut stage = master(sample::config([old]));
    set_clock(&mut stage, NOON);
    let before = sent_in(&mut stage, Duration::from_secs(2));
    let id = stage.engine.status()[0].id;
    let actions = stage.reload("new key", sample::config([new]));
    let after = sequences(&actions);
    assert!(after[0] > before[before.len() - 1]);
    let spec = stage.engine.advert_spec(id);
    let proof = spec.map(|spec| spec.proof);
    assert!(matches!(proof, Some(Proof::Signature(key)) if key.id == 2));
    assert_eq!(stage.engine.status()[0].state, State::Master);
}

#[test]
fn sequences_grow_when_the_clock_is_set_back_within_the_window() {
    let mut stage = master(sample::config([signed(hmac())]));
    set_clock(&mut stage, NOON);
    let before = sent_in(&mut stage, Duration::from_secs(3));
    set_clock(&mut stage, NOON - 5);
    let within = sent_in(&mut stage, Duration::from_secs(2));
    assert_eq!(within[0], before[before.len() - 1] + 1);
    assert_eq!(within[1], within[0] + 1);
    // Further back the clock is followed: the peers would call it stale otherwise.
    set_clock(&mut stage, NOON - 1000);
    let beyond = sent_in(&mut stage, Duration::from_secs(2));
    assert!(Sequence(beyond[0]).seconds_apart(Sequence(after_noon(-1000))) <= 1);
}

#[test]
fn a_multicast_instance_remembers_four_senders() {
    let instance = signed(hmac());
    let mut stage = at_noon(instance.clone());
    let from = |last: u8| {
        Craft::of(&instance)
            .priority(200)
            .from(last)
            .sequence(after_noon(0))
            .bytes()
    };
    for last in 2..=5 {
        signed_check(&mut stage, &from(last), ACCEPTED);
    }
    signed_check(&mut stage, &from(2), |s| s.errors.auth_ext_replay += 1);
    // A fifth takes the place of the one that was silent longest.
    signed_check(&mut stage, &from(6), ACCEPTED);
    signed_check(&mut stage, &from(3), |s| s.errors.auth_ext_replay += 1);
}

fn unicast(version: Version, peer: u8) -> Instance {
    Instance {
        version,
        delivery: Delivery::Unicast {
            peers: vec![UnicastPeer {
                address: sample::lan(peer),
                min_ttl: 0,
                max_ttl: 255,
            }],
            ttl: None,
            check_source: false,
        },
        ..plain()
    }
}

#[test]
fn signed_unicast_comes_from_peers_alone() {
    let instance = Instance {
        hmac: Some(Box::new(hmac())),
        ..unicast(Version::V3, 2)
    };
    let mut stage = at_noon(instance.clone());
    let socket = sample::unicast_socket();
    let stranger = Craft::of(&instance)
        .priority(200)
        .from(9)
        .sequence(after_noon(0));
    check(&mut stage, socket, &stranger.bytes(), |s| {
        s.errors.not_a_peer += 1;
    });
    let peer = signed_packet(&instance, after_noon(0));
    check(&mut stage, socket, &peer, ACCEPTED);
}

fn with_coverage(instance: &Instance, coverage: Coverage) -> Vec<u8> {
    let mut craft = Craft::of(instance).priority(50);
    craft.body = Body::V3 {
        interval_centiseconds: 100,
        coverage,
    };
    craft.bytes()
}

fn sent_coverage(stage: &Transcript) -> Option<Coverage> {
    let id = stage.engine.status()[0].id;
    match stage.engine.advert_spec(id)?.body {
        Body::V2 { .. } => None,
        Body::V3 { coverage, .. } => Some(coverage),
    }
}

#[test]
fn the_old_unicast_checksum_is_found_out_and_answered_in_kind() {
    let old = Coverage::GroupPseudoHeader([224, 0, 0, 18].into());
    let wrong: fn(&mut Statistics) = |s| s.errors.chk_err += 1;
    let rows: [(OldUnicastChecksum, _, _, _); 3] = [
        (OldUnicastChecksum::Detect, ACCEPTED, ACCEPTED, old),
        (OldUnicastChecksum::Always, wrong, ACCEPTED, old),
        (
            OldUnicastChecksum::Never,
            ACCEPTED,
            wrong,
            Coverage::PseudoHeader,
        ),
    ];
    for (setting, new_kind, old_kind, sent) in rows {
        let instance = Instance {
            old_unicast_checksum: setting,
            ..unicast(Version::V3, 2)
        };
        let mut stage = master(sample::config([instance.clone()]));
        let socket = sample::unicast_socket();
        let first = with_coverage(&instance, Coverage::PseudoHeader);
        check(&mut stage, socket, &first, new_kind);
        let before = sent_coverage(&stage);
        assert_eq!(
            before == Some(old),
            setting == OldUnicastChecksum::Always,
            "{setting:?}"
        );
        check(&mut stage, socket, &with_coverage(&instance, old), old_kind);
        assert_eq!(sent_coverage(&stage), Some(sent), "{setting:?}");
        check(&mut stage, socket, &first, new_kind);
        let line = "(V) Setting unicast VRRPv3 checksum to old version";
        let lines = stage.text().matches(line).count();
        assert_eq!(lines, usize::from(setting == OldUnicastChecksum::Detect));
    }
}

/// A backup says nothing: what was found out of it must outlast a reload that leaves it a peer.
#[test]
fn the_old_unicast_checksum_is_kept_over_a_reload() {
    let old = Coverage::GroupPseudoHeader([224, 0, 0, 18].into());
    let instance = unicast(Version::V3, 2);
    let mut stage = master(sample::config([instance.clone()]));
    let bytes = with_coverage(&instance, old);
    check(&mut stage, sample::unicast_socket(), &bytes, ACCEPTED);
    let mut changed = instance.clone();
    changed.priority = evervip_model::Priority::new(101).unwrap_or(changed.priority);
    stage.reload("priority", sample::config([changed.clone()]));
    assert_eq!(sent_coverage(&stage), Some(old));
    changed.delivery = sample::unicast(&[sample::lan(7), sample::lan(2)]);
    stage.reload("one more peer", sample::config([changed.clone()]));
    assert_eq!(sent_coverage(&stage), Some(old));
    changed.delivery = sample::unicast(&[sample::lan(7)]);
    stage.reload("without the old one", sample::config([changed]));
    assert_eq!(
        sent_coverage(&stage),
        Some(old),
        "nobody knows whose it was"
    );
    let mut other = instance;
    other.delivery = sample::unicast(&[sample::lan(8)]);
    stage.reload("others alone", sample::config([other]));
    assert_eq!(sent_coverage(&stage), Some(Coverage::PseudoHeader));
}

#[test]
fn multicast_never_has_the_old_unicast_checksum() {
    let mut stage = backup(sample::config([version_3()]));
    let old = Coverage::GroupPseudoHeader([224, 0, 0, 19].into());
    let bytes = with_coverage(&version_3(), old);
    signed_check(&mut stage, &bytes, |s| s.errors.chk_err += 1);
}

#[test]
fn without_pseudo_header_no_checksum_is_wrong() {
    let instance = Instance {
        v3_checksum_as_v2: true,
        ..version_3()
    };
    let mut stage = backup(sample::config([instance.clone()]));
    assert_eq!(sent_coverage(&stage), Some(Coverage::PacketAlone));
    for coverage in [Coverage::PacketAlone, Coverage::PseudoHeader] {
        let bytes = with_coverage(&instance, coverage);
        signed_check(&mut stage, &bytes, ACCEPTED);
    }
}
