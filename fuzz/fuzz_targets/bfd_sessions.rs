//! Any datagrams at any times to BFD sessions: nothing panics, no deadline stays in the past, and
//! nobody gets more answers than two for a packet.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use evervip_bfd::{Action, Event, Sessions, Timestamp};
use evervip_model::BfdInstance;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary)]
struct Datagram {
    wait: u32,
    /// The session whose number is put into the packet.
    named: Option<u8>,
    from_stranger: bool,
    multihop: bool,
    ttl: Option<u8>,
    bytes: [u8; 24],
    length: u8,
    reload: bool,
}

fuzz_target!(|bytes: &[u8]| {
    let mut input = Unstructured::new(bytes);
    let Ok(seed) = u64::arbitrary(&mut input) else {
        return;
    };
    let mut sessions = Sessions::new(seed);
    let mut now = Timestamp::from_nanos(0);
    sessions.configure(now, &specs(false));
    // From an input that is used up any number of datagrams can be made.
    while !input.is_empty() {
        let Ok(datagram) = Datagram::arbitrary(&mut input) else {
            return;
        };
        now = now + Duration::from_nanos(u64::from(datagram.wait));
        if datagram.reload {
            sessions.configure(now, &specs(datagram.multihop));
            drain(&mut sessions);
        }
        receive(&mut sessions, now, &datagram);
        assert!(drain(&mut sessions) <= 2);
        sessions.handle(now, &Event::DeadlineReached);
        drain(&mut sessions);
        assert!(sessions.next_deadline().is_none_or(|at| at > now));
    }
});

fn receive(sessions: &mut Sessions, now: Timestamp, datagram: &Datagram) {
    let mut bytes = datagram.bytes;
    if let Some(named) = datagram.named {
        // Most would be refused at once otherwise.
        bytes[0] = 1 << 5;
        bytes[3] = 24;
        let number = sessions
            .snapshots()
            .nth(usize::from(named % 3))
            .map_or(0, |session| session.discriminator);
        bytes[8..12].copy_from_slice(&number.to_be_bytes());
    }
    let length = usize::from(datagram.length).min(bytes.len());
    let event = Event::PacketReceived {
        source: address(if datagram.from_stranger { 9 } else { 2 }),
        port: 49_152,
        destination: address(1),
        ttl: datagram.ttl,
        multihop: datagram.multihop,
        bytes: if datagram.named.is_some() {
            &bytes
        } else {
            &bytes[..length]
        },
    };
    sessions.handle(now, &event);
}

fn drain(sessions: &mut Sessions) -> usize {
    std::iter::from_fn(|| sessions.poll_action())
        .filter(|action| matches!(action, Action::Send { .. }))
        .count()
}

fn specs(slow: bool) -> [BfdInstance; 2] {
    [("a", 2, false), ("b", 2, true)].map(|(name, neighbor, multihop)| BfdInstance {
        name: name.into(),
        neighbor: Some(address(neighbor)),
        source: None,
        min_rx: Duration::from_millis(if slow { 100 } else { 10 }),
        min_tx: Duration::from_millis(10),
        idle_tx: Duration::from_secs(1),
        multiplier: 3,
        passive: multihop,
        ttl: 255,
        max_hops: Some(0),
        multihop,
        weight: 0,
        reverse: false,
        vrrp: true,
        checker: true,
    })
}

fn address(last: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, last).into()
}
