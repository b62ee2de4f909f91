//! The conversation with a master agent (RFC 2741, 7).

use std::collections::VecDeque;
use std::time::Duration;

use thiserror::Error;

use crate::decode::{self, Header, HeaderKind, Malformed};
use crate::encode::{self, Kind, Message, Numbers};
use crate::{Oid, Query, VarBind};

/// A part of the tree of objects that is to be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subtree {
    /// Where it begins.
    pub root: Oid,
    /// What `sysORTable` says about it.
    pub description: String,
}

/// Who serves what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The subagent's name.
    pub description: String,
    /// What it serves.
    pub subtrees: Vec<Subtree>,
}

/// What comes out of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The master knows this session by now; what follows may take place while values are asked for.
    Connected,
    /// The master does not let us serve a part of what we wanted to.
    Refused(Oid, Refusal),
    /// These bytes are to be sent.
    Send(Vec<u8>),
    /// Its answer is to be sent.
    Query(Query),
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Ended {
    /// The master says so; the number is its reason (RFC 2741, 6.2.2).
    #[error("the AgentX master has closed the session (reason {0})")]
    Closed(u8),
    /// The master does not want it.
    #[error("the AgentX master refuses the session: {0}")]
    Refused(Refusal),
    /// The master does not know it any more: it has been started anew.
    #[error("the AgentX master does not know the session any more")]
    Unknown,
    /// What comes is not AgentX.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The master does not answer.
    #[error("the AgentX master does not answer")]
    Silent,
}

/// The number of an error in an answer (RFC 2741, 6.2.16; below 256 those of SNMP).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{name} ({number})", name = self.name(), number = self.0)]
pub struct Refusal(pub u16);

impl Refusal {
    const NOT_OPEN: u16 = 257;
    const PARSE_ERROR: u16 = 266;

    const fn name(self) -> &'static str {
        match self.0 {
            5 => "genErr",
            256 => "openFailed",
            257 => "notOpen",
            262 => "unsupportedContext",
            263 => "duplicateRegistration",
            264 => "unknownRegistration",
            265 => "unknownAgentCaps",
            266 => "parseError",
            267 => "requestDenied",
            268 => "processingError",
            _ => "error",
        }
    }
}

/// How long an answer of the master is waited for. `snmpd` needs seconds where its own tables are
/// large.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a silent master is asked whether it is there.
const PING: Duration = Duration::from_secs(15);
/// How long the master shall wait for our answers, in seconds; 0 is its own choice.
const MASTERS_PATIENCE: u8 = 0;
/// Where more than one serves the same part, the smallest number does; this is the default.
const PRIORITY: u8 = 127;
/// SNMP's error for what cannot be set.
const NOT_WRITABLE: u16 = 17;
/// SNMP's error for a set that fails late.
const COMMIT_FAILED: u16 = 14;
/// SNMP's error for a set that cannot be taken back.
const UNDO_FAILED: u16 = 15;
/// The reason for a close: the subagent ends.
const SHUTDOWN: u8 = 5;

/// A question to the master whose answer is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Awaited {
    Open,
    Register(Oid),
    /// Capabilities, notifications and pings: only that there is an answer counts.
    Any,
}

#[derive(Debug)]
struct Pending {
    packet: u32,
    until: Duration,
    what: Awaited,
}

/// Messages of ours that may be without an answer; beyond it the master counts as silent. It
/// bounds what is kept.
const MOST_PENDING: usize = 4096;

/// A session, from the first message to the last. Times count from any moment that stays the same.
#[derive(Debug)]
pub struct Session {
    identity: Identity,
    number: u32,
    is_open: bool,
    packets: u32,
    received: Vec<u8>,
    /// In the order in which they were sent.
    pending: VecDeque<Pending>,
    steps: VecDeque<Step>,
    ping_at: Duration,
}

impl Session {
    /// A session that begins now: its first step opens it.
    #[must_use]
    pub fn new(identity: Identity, now: Duration) -> Self {
        let mut session = Self {
            identity,
            number: 0,
            is_open: false,
            packets: 0,
            received: Vec::new(),
            pending: VecDeque::new(),
            steps: VecDeque::new(),
            ping_at: now + PING,
        };
        let description = session.identity.description.clone();
        session.say(Kind::Open, Awaited::Open, now, |message| {
            message.byte_and_padding(MASTERS_PATIENCE);
            message.oid(&Oid::default());
            message.octets(description.as_bytes());
        });
        session
    }

    /// The next thing to do.
    pub fn step(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// Whether notifications can be sent.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.is_open
    }

    /// When [`Session::elapse`] is to be called at the latest.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.pending
            .front()
            .map_or(self.ping_at, |pending| pending.until.min(self.ping_at))
    }

    /// Takes what the master says.
    ///
    /// # Errors
    /// When the session is over.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) -> Result<(), Ended> {
        self.received.extend_from_slice(bytes);
        let mut done = 0;
        while let Some((header, payload)) = message_at(&self.received, done)? {
            let payload = payload.to_vec();
            done += Header::LEN + payload.len();
            self.take(&header, &payload, now)?;
        }
        self.received.drain(..done);
        Ok(())
    }

    /// Takes note of the time.
    ///
    /// # Errors
    /// When the master has not answered in time.
    pub fn elapse(&mut self, now: Duration) -> Result<(), Ended> {
        let waits = |pending: &Pending| pending.until <= now;
        if self.pending.front().is_some_and(waits) || self.pending.len() > MOST_PENDING {
            return Err(Ended::Silent);
        }
        if self.ping_at <= now {
            self.ping_at = now + PING;
            if self.is_open {
                self.say(Kind::Ping, Awaited::Any, now, |_| {});
            }
        }
        Ok(())
    }

    /// Sends a notification, `trap`, with the values that belong to it.
    pub fn notify(&mut self, trap: Oid, values: &[VarBind], now: Duration) {
        if !self.is_open {
            return;
        }
        let name = VarBind {
            name: Oid::new(&[1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0]),
            value: crate::Value::Object(trap),
        };
        self.say(Kind::Notify, Awaited::Any, now, |message| {
            message.binding(&name);
            for value in values {
                message.binding(value);
            }
        });
    }

    /// The message with which we leave; nothing is waited for.
    #[must_use]
    pub fn close(&mut self) -> Option<Vec<u8>> {
        if !std::mem::take(&mut self.is_open) {
            return None;
        }
        let mut message = Message::new(Kind::Close, self.next_numbers());
        message.byte_and_padding(SHUTDOWN);
        Some(message.finish())
    }

    fn take(&mut self, header: &Header, payload: &[u8], now: Duration) -> Result<(), Ended> {
        match header.kind {
            HeaderKind::Response => return self.take_answer(header, payload, now),
            HeaderKind::Close => {
                return Err(Ended::Closed(payload.first().copied().unwrap_or(0)));
            }
            HeaderKind::CleanupSet | HeaderKind::Other(_) => return Ok(()),
            _ if !self.is_open || header.session != self.number => {
                self.send(encode::status(header, Refusal::NOT_OPEN, 0));
            }
            HeaderKind::Get | HeaderKind::GetNext | HeaderKind::GetBulk => {
                self.steps.push_back(match decode::query(header, payload) {
                    Ok(query) => Step::Query(query),
                    Err(_) => Step::Send(encode::status(header, Refusal::PARSE_ERROR, 0)),
                });
            }
            HeaderKind::TestSet => {
                let error = match decode::bindings(header, payload) {
                    Ok(bindings) if bindings.is_empty() => (0, 0),
                    Ok(_) => (NOT_WRITABLE, 1),
                    Err(_) => (Refusal::PARSE_ERROR, 0),
                };
                self.send(encode::status(header, error.0, error.1));
            }
            HeaderKind::CommitSet => self.send(encode::status(header, COMMIT_FAILED, 1)),
            HeaderKind::UndoSet => self.send(encode::status(header, UNDO_FAILED, 1)),
        }
        Ok(())
    }

    fn take_answer(&mut self, header: &Header, payload: &[u8], now: Duration) -> Result<(), Ended> {
        let error = decode::answer(header, payload)?.error;
        let of = |pending: &Pending| pending.packet == header.packet;
        let Some(found) = self.pending.iter().position(of) else {
            return Ok(());
        };
        // Those before it have been overtaken: one connection keeps the order.
        let Some(pending) = self.pending.drain(..=found).next_back() else {
            return Ok(());
        };
        if error == Refusal::NOT_OPEN {
            return Err(Ended::Unknown);
        }
        match pending.what {
            Awaited::Open if error != 0 => return Err(Ended::Refused(Refusal(error))),
            Awaited::Open => {
                self.number = header.session;
                self.is_open = true;
                self.steps.push_back(Step::Connected);
                self.register(now);
            }
            Awaited::Register(root) if error != 0 => {
                self.steps.push_back(Step::Refused(root, Refusal(error)));
            }
            Awaited::Register(_) | Awaited::Any => {}
        }
        Ok(())
    }

    fn register(&mut self, now: Duration) {
        for subtree in self.identity.subtrees.clone() {
            let root = subtree.root;
            let awaited = Awaited::Register(root.clone());
            self.say(Kind::Register, awaited, now, |message| {
                message.bytes([MASTERS_PATIENCE, PRIORITY, 0, 0]);
                message.oid(&root);
            });
            self.say(Kind::AddCapabilities, Awaited::Any, now, |message| {
                message.oid(&root);
                message.octets(subtree.description.as_bytes());
            });
        }
    }

    /// Sends a message that wants an answer.
    fn say(&mut self, kind: Kind, what: Awaited, now: Duration, fill: impl FnOnce(&mut Message)) {
        let numbers = self.next_numbers();
        let mut message = Message::new(kind, numbers);
        fill(&mut message);
        self.pending.push_back(Pending {
            packet: numbers.packet,
            until: now + PATIENCE,
            what,
        });
        self.send(message.finish());
    }

    fn send(&mut self, bytes: Vec<u8>) {
        self.steps.push_back(Step::Send(bytes));
    }

    fn next_numbers(&mut self) -> Numbers {
        self.packets = self.packets.wrapping_add(1);
        Numbers {
            session: self.number,
            transaction: self.packets,
            packet: self.packets,
        }
    }
}

/// The message that begins at a place, if it has come completely.
fn message_at(received: &[u8], at: usize) -> Result<Option<(Header, &[u8])>, Malformed> {
    let rest = received.get(at..).unwrap_or_default();
    if rest.len() < Header::LEN {
        return Ok(None);
    }
    let header = Header::parse(rest)?;
    let length = usize::try_from(header.length).map_err(|_| Malformed::Length(header.length))?;
    let payload = rest.get(Header::LEN..Header::LEN + length);
    Ok(payload.map(|payload| (header, payload)))
}
