//! What the tests of sessions share: definitions, packets, and a link between two ends.
#![allow(dead_code, reason = "each test program uses a part of this")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use evervip_bfd::{Action, Event, Line, Report, Sessions, Timestamp};
use evervip_model::BfdInstance;
use evervip_wire::{BfdDiagnostic, BfdPacket, BfdState};

pub(crate) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
pub(crate) const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

pub(crate) const MILLI: u64 = 1_000_000;

pub(crate) fn spec(name: &str, neighbor: IpAddr) -> BfdInstance {
    BfdInstance {
        neighbor: Some(neighbor),
        min_rx: Duration::from_millis(50),
        min_tx: Duration::from_millis(60),
        multiplier: 4,
        ..BfdInstance::new(name.into())
    }
}

/// A packet of the other end.
pub(crate) fn packet(state: BfdState, your_discriminator: u32) -> BfdPacket {
    BfdPacket {
        state,
        diagnostic: BfdDiagnostic::NONE,
        poll: false,
        is_final: false,
        authentication: false,
        demand: false,
        multiplier: 3,
        my_discriminator: 0x1122_3344,
        your_discriminator,
        desired_min_tx: 100_000,
        required_min_rx: 100_000,
        required_min_echo_rx: 0,
    }
}

/// What a call of `Sessions` wanted done.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) sent: Vec<BfdPacket>,
    pub(crate) reports: Vec<Report>,
    pub(crate) lines: Vec<Line>,
}

pub(crate) fn drain(sessions: &mut Sessions) -> Done {
    let mut done = Done::default();
    while let Some(action) = sessions.poll_action() {
        match action {
            Action::Send { bytes, .. } => {
                done.sent
                    .push(BfdPacket::decode(&bytes).expect("what is sent can be read"));
            }
            Action::Report(report) => done.reports.push(report),
            Action::Log(line) => done.lines.push(line),
        }
    }
    done
}

/// One end whose other end is the test.
pub(crate) struct End {
    pub(crate) sessions: Sessions,
    pub(crate) now: u64,
}

impl End {
    pub(crate) fn new(specs: &[BfdInstance]) -> Self {
        let mut sessions = Sessions::new(7);
        sessions.configure(Timestamp::from_nanos(0), specs);
        drain(&mut sessions);
        Self { sessions, now: 0 }
    }

    pub(crate) fn reload(&mut self, specs: &[BfdInstance]) -> Done {
        self.sessions
            .configure(Timestamp::from_nanos(self.now), specs);
        drain(&mut self.sessions)
    }

    pub(crate) fn discriminator(&self) -> u32 {
        self.sessions
            .snapshots()
            .next()
            .expect("a session")
            .discriminator
    }

    pub(crate) fn state(&self) -> BfdState {
        self.sessions.snapshots().next().expect("a session").state
    }

    pub(crate) fn receive(&mut self, packet: &BfdPacket) -> Done {
        self.receive_bytes(&packet.encode(), Some(255))
    }

    pub(crate) fn receive_bytes(&mut self, bytes: &[u8], ttl: Option<u8>) -> Done {
        let event = Event::PacketReceived {
            source: THERE,
            port: 50_000,
            destination: HERE,
            ttl,
            multihop: false,
            bytes,
        };
        self.sessions
            .handle(Timestamp::from_nanos(self.now), &event);
        drain(&mut self.sessions)
    }

    /// Lets time pass and deals with every deadline at its time.
    pub(crate) fn pass(&mut self, millis: u64) -> Done {
        let end = self.now + millis * MILLI;
        let mut done = Done::default();
        while let Some(at) = self
            .sessions
            .next_deadline()
            .filter(|at| at.as_nanos() <= end)
        {
            self.now = at.as_nanos().max(self.now);
            let more = self.deadline();
            done.sent.extend(more.sent);
            done.reports.extend(more.reports);
            done.lines.extend(more.lines);
        }
        self.now = end;
        done
    }

    pub(crate) fn deadline(&mut self) -> Done {
        let now = Timestamp::from_nanos(self.now);
        self.sessions.handle(now, &Event::DeadlineReached);
        drain(&mut self.sessions)
    }

    /// Brings the session up by what the other end sends.
    pub(crate) fn bring_up(&mut self) {
        let ours = self.discriminator();
        self.receive(&packet(BfdState::Down, 0));
        self.receive(&packet(BfdState::Init, ours));
        self.receive(&BfdPacket {
            is_final: true,
            ..packet(BfdState::Up, ours)
        });
        assert_eq!(self.state(), BfdState::Up);
    }
}

/// Two ends and a link that delays every packet, and loses those that the test wants lost.
pub(crate) struct Link {
    pub(crate) ends: [Sessions; 2],
    pub(crate) now: u64,
    /// Until when an end does nothing: it is stopped, or dead.
    pub(crate) asleep: [u64; 2],
    in_flight: BTreeMap<(u64, u64), (usize, Vec<u8>)>,
    sent: u64,
    /// What each end last reported.
    pub(crate) reported: [Option<bool>; 2],
    /// When each end last reported another state, in nanoseconds.
    pub(crate) changed: [u64; 2],
}

const DELAY: u64 = MILLI;

impl Link {
    pub(crate) fn new(specs: [BfdInstance; 2], seed: u64) -> Self {
        let mut ends = [Sessions::new(seed), Sessions::new(!seed)];
        for (end, spec) in ends.iter_mut().zip(specs) {
            end.configure(Timestamp::from_nanos(0), &[spec]);
        }
        Self {
            ends,
            now: 0,
            asleep: [0; 2],
            in_flight: BTreeMap::new(),
            sent: 0,
            reported: [None; 2],
            changed: [0; 2],
        }
    }

    pub(crate) fn state(&self, end: usize) -> BfdState {
        self.ends[end].snapshots().next().expect("a session").state
    }

    pub(crate) fn detection_time(&self, end: usize) -> u64 {
        self.ends[end]
            .snapshots()
            .next()
            .expect("a session")
            .detection_time
            * 1000
    }

    /// Runs until `end` (nanoseconds); `is_lost` is asked about every packet with its sender.
    pub(crate) fn run(&mut self, end: u64, mut is_lost: impl FnMut(usize) -> bool) {
        for node in 0..2 {
            self.carry_out(node, &mut is_lost);
        }
        while let Some(at) = self.next(end) {
            self.now = self.now.max(at);
            self.deliver();
            for node in 0..2 {
                if self.asleep[node] <= self.now {
                    let now = Timestamp::from_nanos(self.now);
                    self.ends[node].handle(now, &Event::DeadlineReached);
                }
                self.carry_out(node, &mut is_lost);
            }
        }
        self.now = end;
    }

    fn next(&self, end: u64) -> Option<u64> {
        let deadlines = (0..2).filter_map(|node| {
            let at = self.ends[node].next_deadline()?.as_nanos();
            Some(at.max(self.asleep[node]))
        });
        let packets = self
            .in_flight
            .iter()
            .map(|((at, _), (to, _))| (*at).max(self.asleep[*to]));
        deadlines.chain(packets).min().filter(|at| *at <= end)
    }

    fn deliver(&mut self) {
        let due: Vec<_> = self
            .in_flight
            .iter()
            .filter(|((at, _), (to, _))| *at <= self.now && self.asleep[*to] <= self.now)
            .map(|(key, _)| *key)
            .collect();
        for key in due {
            let Some((to, bytes)) = self.in_flight.remove(&key) else {
                continue;
            };
            let addresses = [HERE, THERE];
            let event = Event::PacketReceived {
                source: addresses[1 - to],
                port: 50_000,
                destination: addresses[to],
                ttl: Some(255),
                multihop: false,
                bytes: &bytes,
            };
            self.ends[to].handle(Timestamp::from_nanos(self.now), &event);
        }
    }

    fn carry_out(&mut self, node: usize, is_lost: &mut impl FnMut(usize) -> bool) {
        while let Some(action) = self.ends[node].poll_action() {
            match action {
                Action::Send { bytes, .. } => {
                    if !is_lost(node) {
                        self.sent += 1;
                        let key = (self.now + DELAY, self.sent);
                        self.in_flight.insert(key, (1 - node, bytes.to_vec()));
                    }
                }
                Action::Report(report) => {
                    if self.reported[node] != Some(report.up) {
                        self.reported[node] = Some(report.up);
                        self.changed[node] = self.now;
                    }
                }
                Action::Log(_) => {}
            }
        }
    }
}
