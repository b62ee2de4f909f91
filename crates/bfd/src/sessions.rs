//! All sessions: which one a packet is for, whose deadline is next, and reload.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;

use evervip_model::BfdInstance;
use evervip_wire::BfdPacket;

use crate::random::Random;
use crate::session::{Context, Session};
use crate::snapshot::SessionSnapshot;
use crate::{Action, Event, Line, Sender, SessionId, Timestamp};

/// Every session of a configuration.
#[derive(Debug)]
pub struct Sessions {
    /// In the order of the configuration.
    order: Vec<SessionId>,
    sessions: HashMap<SessionId, Session>,
    by_discriminator: HashMap<u32, SessionId>,
    /// Of a neighbour there is a session for each of our addresses, at most.
    by_neighbor: BTreeMap<(IpAddr, bool), Vec<SessionId>>,
    deadlines: BTreeSet<(Timestamp, SessionId)>,
    actions: VecDeque<Action>,
    random: Random,
    next_id: u64,
}

/// A packet and how it came.
struct Arrival {
    source: IpAddr,
    port: u16,
    destination: IpAddr,
    multihop: bool,
}

impl Sessions {
    /// No session. The seed decides on discriminators and jitter.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            order: Vec::new(),
            sessions: HashMap::new(),
            by_discriminator: HashMap::new(),
            by_neighbor: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            actions: VecDeque::new(),
            random: Random::new(seed),
            next_id: 0,
        }
    }

    /// Takes the sessions of a configuration and reports the state of each. One with the same name
    /// and the same ends as before goes on; one without a neighbour was refused and is none.
    pub fn configure(&mut self, now: Timestamp, specs: &[BfdInstance]) {
        let mut old: HashMap<_, Session> = std::mem::take(&mut self.sessions)
            .into_values()
            .map(|session| (session.name(), session))
            .collect();
        self.order.clear();
        self.deadlines.clear();
        self.by_neighbor.clear();
        for spec in specs {
            let Some(neighbor) = spec.neighbor else {
                continue;
            };
            let known = old.remove(&spec.name).filter(|session| {
                let ends = |s: &BfdInstance| (s.neighbor, s.source, s.multihop);
                ends(&session.spec) == ends(spec)
            });
            let session = known.unwrap_or_else(|| self.fresh(spec, neighbor));
            self.by_discriminator
                .insert(session.discriminator, session.id);
            self.by_neighbor
                .entry((neighbor, spec.multihop))
                .or_default()
                .push(session.id);
            self.order.push(session.id);
            let id = session.id;
            self.sessions.insert(id, session);
            self.with(now, id, |session, cx| {
                session.configure(spec.clone(), cx);
                session.report(session.reported_up, cx);
            });
        }
        // Until here, so that no new session was given the number of an old one.
        let sessions = &self.sessions;
        self.by_discriminator
            .retain(|_, id| sessions.contains_key(id));
    }

    fn fresh(&mut self, spec: &BfdInstance, neighbor: IpAddr) -> Session {
        let id = SessionId(self.next_id);
        self.next_id += 1;
        let mut discriminator = self.random.discriminator();
        while self.by_discriminator.contains_key(&discriminator) {
            discriminator = self.random.discriminator();
        }
        Session::new(id, spec.clone(), neighbor, discriminator)
    }

    /// Deals with an event.
    pub fn handle(&mut self, now: Timestamp, event: &Event<'_>) {
        match event {
            Event::DeadlineReached => {
                while let Some((_, id)) =
                    self.deadlines.first().copied().filter(|(at, _)| *at <= now)
                {
                    self.with(now, id, Session::expire);
                }
            }
            Event::PacketReceived {
                source,
                port,
                destination,
                ttl,
                multihop,
                bytes,
            } => {
                let arrival = Arrival {
                    source: *source,
                    port: *port,
                    destination: *destination,
                    multihop: *multihop,
                };
                self.receive(now, &arrival, *ttl, bytes);
            }
            Event::ReportsWanted => {
                for id in self.order.clone() {
                    self.with(now, id, |session, cx| {
                        session.report(session.reported_up, cx);
                    });
                }
            }
        }
    }

    /// The next thing to be done.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When [`Event::DeadlineReached`] is due.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// How the packets of a session are sent; `None` when it has ended.
    #[must_use]
    pub fn sender(&self, session: SessionId) -> Option<Sender> {
        self.sessions.get(&session).map(Session::sender)
    }

    /// Whether packets to the port for several hops are wanted.
    #[must_use]
    pub fn wants_multihop(&self) -> bool {
        self.sessions.values().any(|session| session.spec.multihop)
    }

    /// What is known of every session, in the order of the configuration.
    pub fn snapshots(&self) -> impl Iterator<Item = SessionSnapshot<'_>> {
        let sessions = self.order.iter().filter_map(|id| self.sessions.get(id));
        sessions.map(SessionSnapshot::of)
    }

    fn receive(&mut self, now: Timestamp, arrival: &Arrival, ttl: Option<u8>, bytes: &[u8]) {
        let (source, port) = (arrival.source, arrival.port);
        let packet = match BfdPacket::decode(bytes) {
            Ok(packet) => packet,
            Err(why) => {
                self.log(Line::Malformed(why));
                return self.log(Line::Bogus { source, port });
            }
        };
        let Some(session) = self.find(&packet, arrival) else {
            return self.log(Line::SessionUnknown {
                source,
                port,
                discriminator: packet.your_discriminator,
            });
        };
        let least = session.least_ttl();
        if ttl.is_none_or(|ttl| ttl < least) && least > 0 {
            return self.log(Line::TooFar { ttl, least });
        }
        if packet.authentication {
            return self.log(Line::Authenticated { source, port });
        }
        let id = session.id;
        self.with(now, id, |session, cx| session.receive(&packet, cx));
    }

    /// The session that a packet names, else the one with its sender; a packet of somebody else than
    /// the neighbour is for none.
    fn find(&self, packet: &BfdPacket, arrival: &Arrival) -> Option<&Session> {
        let is_between = |session: &&Session| {
            session.neighbor == arrival.source
                && session.spec.multihop == arrival.multihop
                && session
                    .spec
                    .source
                    .is_none_or(|source| source == arrival.destination)
        };
        if packet.your_discriminator != 0 {
            let id = self.by_discriminator.get(&packet.your_discriminator)?;
            return self.sessions.get(id).filter(is_between);
        }
        let ids = self.by_neighbor.get(&(arrival.source, arrival.multihop))?;
        let candidates = ids.iter().filter_map(|id| self.sessions.get(id));
        // The one that names our address goes before the one that takes any.
        candidates
            .filter(is_between)
            .max_by_key(|session| session.spec.source.is_some())
    }

    fn log(&mut self, line: Line) {
        self.actions.push_back(Action::Log(line));
    }

    /// Does something with a session and keeps its deadline in its place.
    fn with(
        &mut self,
        now: Timestamp,
        id: SessionId,
        act: impl FnOnce(&mut Session, &mut Context<'_>),
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if let Some(at) = session.deadline() {
            self.deadlines.remove(&(at, id));
        }
        let mut cx = Context {
            now,
            random: &mut self.random,
            actions: &mut self.actions,
        };
        act(session, &mut cx);
        if let Some(at) = session.deadline() {
            self.deadlines.insert((at, id));
        }
    }
}
