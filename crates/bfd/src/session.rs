//! One session: its state, what it knows of the other end, and its timers (RFC 5880 6.8).

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::BfdInstance;
use evervip_wire::{BfdDiagnostic, BfdPacket, BfdState};

use crate::interval::{detection_time, jittered, micros};
use crate::random::Random;
use crate::{Action, Line, Report, Sender, SessionId, Timestamp};

/// Shortest interval that a configuration can ask for, in microseconds.
const SHORTEST: u32 = 1000;

/// What an event is handled with.
pub(crate) struct Context<'a> {
    pub(crate) now: Timestamp,
    pub(crate) random: &'a mut Random,
    pub(crate) actions: &'a mut VecDeque<Action>,
}

/// What the other end said last; as at the beginning when it has been silent for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Remote {
    pub(crate) state: BfdState,
    pub(crate) discriminator: u32,
    pub(crate) diagnostic: BfdDiagnostic,
    /// In which interval it sends, at best, in microseconds.
    pub(crate) min_tx: u32,
    /// In which interval it can receive, in microseconds; 0: not at all.
    pub(crate) min_rx: u32,
    pub(crate) multiplier: u8,
    /// It wishes to be left alone while both ends are up.
    pub(crate) demand: bool,
}

impl Remote {
    const UNKNOWN: Self = Self {
        state: BfdState::Down,
        discriminator: 0,
        diagnostic: BfdDiagnostic::NONE,
        min_tx: 0,
        min_rx: 1, // RFC 5880 6.8.1
        multiplier: 0,
        demand: false,
    };
}

/// A session with a neighbour.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) spec: BfdInstance,
    pub(crate) neighbor: IpAddr,
    pub(crate) state: BfdState,
    pub(crate) discriminator: u32,
    pub(crate) diagnostic: BfdDiagnostic,
    pub(crate) remote: Remote,
    pub(crate) last_seen: Option<Timestamp>,
    /// A change of our intervals waits for the other end's answer.
    pub(crate) polling: bool,
    /// Interval in which we send, before the other end's wish; slower than asked for only until the
    /// answer to a poll.
    applied_min_tx: u32,
    /// Interval that the detection time is made of; faster than asked for only until then.
    applied_min_rx: u32,
    /// Whether we were last reported to be up.
    pub(crate) reported_up: bool,
    last_sent: Option<Timestamp>,
    /// The interval that `next_send` was chosen by.
    scheduled_interval: u32,
    next_send: Option<Timestamp>,
    detection: Option<Timestamp>,
}

impl Session {
    pub(crate) fn new(
        id: SessionId,
        spec: BfdInstance,
        neighbor: IpAddr,
        discriminator: u32,
    ) -> Self {
        Self {
            id,
            neighbor,
            state: BfdState::Down,
            discriminator,
            diagnostic: BfdDiagnostic::NONE,
            remote: Remote::UNKNOWN,
            last_seen: None,
            polling: false,
            applied_min_tx: micros(spec.idle_tx),
            applied_min_rx: micros(spec.min_rx),
            reported_up: false,
            last_sent: None,
            scheduled_interval: 0,
            next_send: None,
            detection: None,
            spec,
        }
    }

    pub(crate) fn name(&self) -> Arc<str> {
        Arc::clone(&self.spec.name)
    }

    pub(crate) const fn sender(&self) -> Sender {
        Sender {
            source: self.spec.source,
            neighbor: self.neighbor,
            ttl: self.spec.ttl,
            multihop: self.spec.multihop,
        }
    }

    /// The least TTL that a packet of the neighbour may have left.
    pub(crate) fn least_ttl(&self) -> u8 {
        self.spec
            .max_hops
            .map_or(0, |hops| self.spec.ttl.saturating_sub(hops))
    }

    /// In which interval we send, before jitter, in microseconds.
    pub(crate) fn send_interval(&self) -> u32 {
        self.applied_min_tx.max(self.remote.min_rx).max(SHORTEST)
    }

    /// After how many microseconds of silence the session is down; 0 while nothing was heard.
    pub(crate) fn detection_time(&self) -> u64 {
        detection_time(
            self.remote.multiplier,
            self.applied_min_rx,
            self.remote.min_tx,
        )
    }

    /// After how many microseconds of our silence the other end takes the session for down.
    pub(crate) fn remote_detection_time(&self) -> u64 {
        detection_time(
            self.spec.multiplier,
            self.desired_min_tx(),
            self.remote.min_rx,
        )
    }

    /// In which interval we would like to send (RFC 5880 6.8.3: slowly until the session is up).
    pub(crate) fn desired_min_tx(&self) -> u32 {
        micros(match self.state {
            BfdState::Up => self.spec.min_tx,
            BfdState::AdminDown | BfdState::Down | BfdState::Init => self.spec.idle_tx,
        })
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        match (self.next_send, self.detection) {
            (Some(send), Some(detection)) => Some(send.min(detection)),
            (send, detection) => send.or(detection),
        }
    }

    /// Begins, or goes on under other intervals.
    pub(crate) fn configure(&mut self, spec: BfdInstance, cx: &mut Context<'_>) {
        let old = std::mem::replace(&mut self.spec, spec);
        let changed = (old.min_tx, old.min_rx) != (self.spec.min_tx, self.spec.min_rx);
        if self.state == BfdState::Up && changed {
            self.start_poll(cx);
        }
        self.apply_intervals();
        self.schedule(cx);
    }

    /// RFC 5880 6.8.6, after what can be checked without a session.
    pub(crate) fn receive(&mut self, packet: &BfdPacket, cx: &mut Context<'_>) {
        let detection_before = self.detection_time();
        self.remote = Remote {
            state: packet.state,
            discriminator: packet.my_discriminator,
            diagnostic: packet.diagnostic,
            min_tx: packet.desired_min_tx,
            min_rx: packet.required_min_rx,
            multiplier: packet.multiplier,
            demand: packet.demand,
        };
        self.last_seen = Some(cx.now);
        if packet.is_final {
            self.polling = false;
            self.apply_intervals();
        }
        self.follow(packet.state, cx);
        let detection = self.detection_time();
        if detection != detection_before {
            cx.log(Line::DetectionTimeChanged {
                name: self.name(),
                from: detection_before,
                to: detection,
            });
        }
        self.detection = Some(cx.now + Duration::from_micros(detection));
        if packet.poll {
            self.send(true, cx);
        }
        self.schedule(cx);
    }

    /// The state machine (RFC 5880 6.2 and 6.8.6).
    fn follow(&mut self, remote: BfdState, cx: &mut Context<'_>) {
        match (self.state, remote) {
            (BfdState::Init | BfdState::Up, BfdState::AdminDown) => {
                self.leave_service(cx);
            }
            (BfdState::Down, BfdState::Down) => self.enter_init(cx),
            (BfdState::Down, BfdState::Init) | (BfdState::Init, BfdState::Init | BfdState::Up) => {
                self.enter_up(cx);
            }
            (BfdState::Up, BfdState::Down) => self.go_down(BfdDiagnostic::NEIGHBOR_DOWN, cx),
            _ => {}
        }
    }

    /// Deals with deadlines that have been reached.
    pub(crate) fn expire(&mut self, cx: &mut Context<'_>) {
        if let Some(deadline) = self.detection.filter(|at| *at <= cx.now) {
            self.detection = None;
            // Also while down: whoever comes back may have another name for the session, and other
            // intervals (RFC 5880 6.8.1).
            self.remote = Remote {
                diagnostic: self.remote.diagnostic,
                ..Remote::UNKNOWN
            };
            if matches!(self.state, BfdState::Init | BfdState::Up) {
                cx.log(Line::Expired {
                    name: self.name(),
                    after: self
                        .last_seen
                        .map_or(Duration::ZERO, |at| cx.now.saturating_since(at)),
                    overdue: cx.now.saturating_since(deadline),
                });
                self.go_down(BfdDiagnostic::EXPIRED, cx);
            }
            self.schedule(cx);
        }
        if self.next_send.is_some_and(|at| at <= cx.now) {
            self.send(false, cx);
        }
    }

    fn enter_init(&mut self, cx: &mut Context<'_>) {
        self.state = BfdState::Init;
        cx.log(Line::EnteredInit { name: self.name() });
        self.send(false, cx);
    }

    fn enter_up(&mut self, cx: &mut Context<'_>) {
        self.state = BfdState::Up;
        self.diagnostic = BfdDiagnostic::NONE;
        cx.log(Line::EnteredUp { name: self.name() });
        self.start_poll(cx);
        self.apply_intervals();
        self.report(true, cx);
        self.send(false, cx);
    }

    fn go_down(&mut self, why: BfdDiagnostic, cx: &mut Context<'_>) {
        self.become_down(why);
        cx.log(Line::EnteredDown {
            name: self.name(),
            local: why,
            remote: self.remote.diagnostic,
        });
        if self.reported_up {
            self.report(false, cx);
        }
        self.send(false, cx);
    }

    /// The neighbour's operator has ended the session, which says nothing about the path: those who
    /// follow us are to go on as if there were no session (RFC 5882 3.2), as keepalived does.
    fn leave_service(&mut self, cx: &mut Context<'_>) {
        self.become_down(BfdDiagnostic::NEIGHBOR_DOWN);
        cx.log(Line::NeighborAdminDown { name: self.name() });
        self.send(false, cx);
    }

    fn become_down(&mut self, why: BfdDiagnostic) {
        self.state = BfdState::Down;
        self.diagnostic = why;
        self.polling = false;
        self.apply_intervals();
    }

    fn start_poll(&mut self, cx: &mut Context<'_>) {
        self.polling = true;
        cx.log(Line::PollStarted { name: self.name() });
    }

    /// Takes our intervals into use. While the other end has not answered it must neither miss
    /// packets nor be missed: we go on sending as fast, and waiting as long, as before
    /// (RFC 5880 6.8.3).
    fn apply_intervals(&mut self) {
        let (min_tx, min_rx) = (self.desired_min_tx(), micros(self.spec.min_rx));
        if self.polling {
            self.applied_min_tx = self.applied_min_tx.min(min_tx);
            self.applied_min_rx = self.applied_min_rx.max(min_rx);
        } else {
            self.applied_min_tx = min_tx;
            self.applied_min_rx = min_rx;
        }
    }

    /// Says what state the session is in.
    pub(crate) fn report(&mut self, up: bool, cx: &mut Context<'_>) {
        self.reported_up = up;
        if self.spec.vrrp {
            cx.actions.push_back(Action::Report(Report {
                name: self.name(),
                up,
            }));
        }
    }

    /// Whether packets are sent of our own accord (RFC 5880 6.8.7).
    fn may_send(&self) -> bool {
        let waits = self.spec.passive && self.remote.discriminator == 0;
        let is_left_alone = self.remote.demand
            && self.state == BfdState::Up
            && self.remote.state == BfdState::Up
            && !self.polling;
        !waits && !is_left_alone && self.remote.min_rx != 0
    }

    /// Chooses the time of the next packet anew if the interval has changed.
    fn schedule(&mut self, cx: &mut Context<'_>) {
        if !self.may_send() {
            self.next_send = None;
            return;
        }
        let interval = self.send_interval();
        if self.next_send.is_some() && interval == self.scheduled_interval {
            return;
        }
        self.scheduled_interval = interval;
        let wait = jittered(interval, self.spec.multiplier, cx.random);
        self.next_send = Some(self.last_sent.map_or(cx.now, |at| (at + wait).max(cx.now)));
    }

    /// Sends a packet now, as the answer to a poll or of our own accord.
    fn send(&mut self, is_final: bool, cx: &mut Context<'_>) {
        if !is_final && !self.may_send() {
            self.next_send = None;
            return;
        }
        let packet = BfdPacket {
            state: self.state,
            diagnostic: self.diagnostic,
            poll: self.polling && !is_final,
            is_final,
            authentication: false,
            demand: false,
            multiplier: self.spec.multiplier,
            my_discriminator: self.discriminator,
            your_discriminator: self.remote.discriminator,
            desired_min_tx: self.desired_min_tx(),
            required_min_rx: micros(self.spec.min_rx),
            required_min_echo_rx: 0,
        };
        cx.actions.push_back(Action::Send {
            session: self.id,
            bytes: packet.encode(),
        });
        if !is_final {
            self.last_sent = Some(cx.now);
            self.next_send = None;
            self.schedule(cx);
        }
    }
}

impl Context<'_> {
    fn log(&mut self, line: Line) {
        self.actions.push_back(Action::Log(line));
    }
}
