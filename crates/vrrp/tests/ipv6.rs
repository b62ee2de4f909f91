//! Instances over IPv6: source, election, adverts (spec vrrp-runtime 1, 4 and 5, wire 2).
#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::net::IpAddr;
use std::time::Duration;

use evervip_model::{Authentication, Delivery, Family, Instance, State, Version};
use evervip_testkit::sample;
use evervip_vrrp::{Action, Engine, Event, LinkState, LogLine, SocketKey, SocketKind, Timestamp};
use evervip_wire::{Advert, Body, PacketBuffer};
use sample::ETH0;

const SECOND: Duration = Duration::from_secs(1);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn instance() -> Instance {
    Instance {
        version: Version::V3,
        family: Family::Inet6,
        delivery: Delivery::Multicast {
            group: ip("ff02::12"),
        },
        addresses: vec![sample::vip("fe80::1515"), sample::vip("2001:db8::15")].into(),
        ..sample::instance("V6", 15, 100)
    }
}

fn links() -> Vec<LinkState> {
    vec![sample::link(ETH0, "eth0", true)]
}

/// A started engine on a host with these addresses on `eth0`.
fn started(instance: Instance, addresses: &[&str]) -> Engine {
    let addresses: Vec<_> = addresses.iter().map(|text| (ETH0, ip(text))).collect();
    let mut engine = Engine::new(sample::config([instance]), links(), &addresses);
    engine.handle(at(Duration::ZERO), Event::Started);
    engine
}

fn at(time: Duration) -> Timestamp {
    Timestamp::from_nanos(0) + time
}

fn log(engine: &mut Engine) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(action) = engine.poll_action() {
        if let Action::Log(line) = action {
            lines.push(line.to_string());
        }
    }
    lines
}

fn state(engine: &Engine) -> State {
    engine.status()[0].state
}

fn packet(source: &str, priority: u8, hops: u8, destination: &str) -> Vec<u8> {
    let addresses = [ip("fe80::1515"), ip("2001:db8::15")];
    let advert = Advert {
        vrid: 15,
        priority,
        addresses: &addresses,
        body: Body::V3 {
            interval_centiseconds: 100,
            coverage: evervip_wire::Coverage::PseudoHeader,
        },
    };
    PacketBuffer::new(&advert, ip(source), ip(destination), hops)
        .as_bytes()
        .to_vec()
}

fn group() -> SocketKey {
    SocketKey {
        interface: ETH0,
        kind: SocketKind::Multicast(ip("ff02::12")),
        protocol: evervip_wire::PROTOCOL,
    }
}

fn receive(engine: &mut Engine, time: Duration, bytes: &[u8]) {
    let socket = group();
    engine.handle(at(time), Event::PacketReceived { socket, bytes });
}

#[test]
fn the_source_is_an_address_of_the_link_that_is_not_virtual() {
    let hosts = ["2001:db8::1", "fe80::1515", "10.0.0.1", "fe80::1"];
    let engine = started(instance(), &hosts);
    let spec = engine.advert_spec(engine.status()[0].id).unwrap();
    assert_eq!(spec.source, ip("fe80::1"));
    assert_eq!(spec.socket, group());
    assert_eq!(spec.destinations, [ip("ff02::12")]);
    assert_eq!(spec.addresses, [ip("fe80::1515"), ip("2001:db8::15")]);
    assert_eq!(spec.ttl, 255);
}

#[test]
fn without_an_address_of_the_link_it_is_in_fault_until_there_is_one() {
    let mut engine = started(instance(), &["10.0.0.1", "2001:db8::1"]);
    assert_eq!(state(&engine), State::Fault);
    let lines = log(&mut engine);
    assert_eq!(
        lines[0],
        "(V6) entering FAULT state (no IPv6 address for interface)"
    );
    let address = ip("fe80::1");
    let event = Event::AddressAdded {
        index: ETH0,
        address,
    };
    engine.handle(at(SECOND), event);
    assert_eq!(state(&engine), State::Backup);
}

#[test]
fn a_master_gives_way_to_a_higher_priority_or_address_and_stays_before_a_lower_one() {
    for (source, priority, expected) in [
        ("fe80::2", 150, State::Backup),
        ("fe80::2", 100, State::Backup),
        ("fe80::2", 99, State::Master),
        ("fe80::0", 100, State::Master),
    ] {
        let mut engine = started(instance(), &["fe80::1"]);
        let due = engine.next_deadline().unwrap();
        engine.handle(due, Event::DeadlineReached);
        assert_eq!(state(&engine), State::Master);
        receive(
            &mut engine,
            SECOND * 5,
            &packet(source, priority, 255, "ff02::12"),
        );
        assert_eq!(state(&engine), expected, "{source} {priority}");
    }
}

#[test]
fn wrong_packets_move_nothing() {
    let good = packet("fe80::2", 150, 255, "ff02::12");
    let mut wrong_sum = good.clone();
    wrong_sum[46] ^= 1;
    let mut short = good.clone();
    short.truncate(good.len() - 16);
    let wrong = [
        (packet("fe80::2", 150, 254, "ff02::12"), "invalid TTL/HL"),
        (packet("fe80::2", 150, 255, "fe80::1"), "Expected multicast"),
        (wrong_sum, "Invalid VRRPv3 checksum from fe80::2"),
        (short, "too short"),
    ];
    for (bytes, complaint) in wrong {
        let mut engine = started(instance(), &["fe80::1"]);
        log(&mut engine);
        let due = engine.next_deadline();
        receive(&mut engine, SECOND, &bytes);
        assert_eq!(engine.next_deadline(), due, "{complaint}");
        let lines = log(&mut engine);
        assert!(lines[0].contains(complaint), "{lines:?}");
    }
    let mut engine = started(instance(), &["fe80::1"]);
    let due = engine.next_deadline();
    receive(&mut engine, SECOND, &good);
    assert_ne!(engine.next_deadline(), due, "the right one moves it");
}

#[test]
fn unicast_has_the_hop_limit_of_the_kernel_unless_one_is_configured() {
    for (ttl, expected) in [(None, 64), (Some(7), 7)] {
        let mut instance = instance();
        instance.delivery = sample::unicast(&[ip("fe80::2"), ip("2001:db8::2")]);
        let Delivery::Unicast { ttl: chosen, .. } = &mut instance.delivery else {
            unreachable!("it was just set")
        };
        *chosen = ttl;
        let engine = started(instance, &["fe80::1"]);
        let spec = engine.advert_spec(engine.status()[0].id).unwrap();
        assert_eq!(spec.ttl, expected);
        assert_eq!(spec.destinations, [ip("fe80::2"), ip("2001:db8::2")]);
    }
}

/// There is no room for it; were it asked for, two nodes of one configuration would both be MASTER.
#[test]
fn a_password_is_not_looked_for() {
    let instance = Instance {
        version: Version::V2,
        authentication: Authentication::Pass(*b"12345678"),
        ..instance()
    };
    let peer = started(instance.clone(), &["fe80::2"]);
    let spec = peer.advert_spec(peer.status()[0].id).unwrap();
    let advert = Advert {
        vrid: 15,
        priority: 150,
        addresses: &spec.addresses,
        body: spec.body,
    };
    let packet = PacketBuffer::new(&advert, spec.source, ip("ff02::12"), 255);
    let mut engine = started(instance, &["fe80::1"]);
    let due = engine.next_deadline();
    receive(&mut engine, SECOND, packet.as_bytes());
    assert_ne!(engine.next_deadline(), due);
}

#[test]
fn its_fault_names_the_family() {
    let reason = evervip_vrrp::FaultReason::NoSourceAddress(Family::Inet);
    let line = LogLine::FaultReason {
        name: "V".into(),
        reason,
    };
    assert_eq!(
        line.to_string(),
        "(V) entering FAULT state (no IPv4 address for interface)"
    );
}
