//! The sockets of BFD: two to listen on at most, and one to send with for each session.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use evervip_bfd::{Sender, SessionId, Sessions};
use evervip_os::bfd_socket::{BfdListener, BfdSender, MULTIHOP_PORT, SINGLE_HOP_PORT};

/// When a port that another program has is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// A port and what listens on it.
#[derive(Debug)]
pub(super) struct Port {
    number: u16,
    pub(super) is_multihop: bool,
    pub(super) listener: Option<BfdListener>,
    /// That it cannot be opened has been said.
    complained: bool,
}

/// Both ports.
#[derive(Debug)]
pub(super) struct Ports {
    pub(super) ports: [Port; 2],
    retry_at: Option<Instant>,
}

impl Ports {
    pub(super) fn new() -> Self {
        let port = |number, is_multihop| Port {
            number,
            is_multihop,
            listener: None,
            complained: false,
        };
        Self {
            ports: [port(SINGLE_HOP_PORT, false), port(MULTIHOP_PORT, true)],
            retry_at: None,
        }
    }

    /// Opens what the sessions want and closes what they do not.
    pub(super) fn update(&mut self, sessions: &Sessions) {
        self.retry_at = None;
        for port in &mut self.ports {
            let wanted = sessions
                .snapshots()
                .any(|session| session.spec.multihop == port.is_multihop);
            if !wanted {
                port.listener = None;
            } else if port.listener.is_none() {
                port.open();
                if port.listener.is_none() {
                    self.retry_at = Some(Instant::now() + RETRY);
                }
            }
        }
    }

    /// When [`Self::update`] is worth another call.
    pub(super) const fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// The descriptor that most packets come from.
    pub(super) fn descriptor(&self) -> Option<i32> {
        let mut open = self.ports.iter().filter_map(|port| port.listener.as_ref());
        open.next().map(BfdListener::as_raw_fd)
    }
}

impl Port {
    fn open(&mut self) {
        match BfdListener::open(self.number) {
            Ok(listener) => {
                self.listener = Some(listener);
                self.complained = false;
            }
            Err(error) if !self.complained => {
                tracing::error!(
                    "Cannot receive BFD packets on port {}: {error} - trying again until it works",
                    self.number
                );
                self.complained = true;
            }
            Err(_) => {}
        }
    }
}

/// The sockets to send with.
#[derive(Debug, Default)]
pub(super) struct Senders(HashMap<SessionId, Opened>);

#[derive(Debug)]
struct Opened {
    sender: Sender,
    socket: Option<BfdSender>,
    /// The last packet could not be sent, and that has been said.
    failing: bool,
}

impl Senders {
    /// Sends a packet; gives what changed: that it fails from now on and why, or that it works again.
    pub(super) fn send(
        &mut self,
        session: SessionId,
        sender: Sender,
        bytes: &[u8],
        choice: u16,
    ) -> Option<Result<(), std::io::Error>> {
        let opened = self.0.entry(session).or_insert(Opened {
            sender,
            socket: None,
            failing: false,
        });
        if opened.sender != sender {
            opened.sender = sender;
            opened.socket = None;
        }
        let result = opened.send(bytes, choice);
        // A host without way or address gets them later; the socket may have to be bound anew.
        if result.is_err() {
            opened.socket = None;
        }
        let was_failing = std::mem::replace(&mut opened.failing, result.is_err());
        (was_failing != opened.failing).then_some(result)
    }

    /// Forgets sessions that have ended.
    pub(super) fn forget_gone(&mut self, sessions: &Sessions) {
        self.0.retain(|id, _| sessions.sender(*id).is_some());
    }

    /// The descriptor of a session's socket, and whether the last packet could not be sent.
    pub(super) fn facts(&self, session: SessionId) -> (Option<i32>, bool) {
        let opened = self.0.get(&session);
        let socket = opened.and_then(|opened| opened.socket.as_ref());
        let failing = opened.is_some_and(|opened| opened.failing);
        (socket.map(BfdSender::as_raw_fd), failing)
    }
}

impl Opened {
    fn send(&mut self, bytes: &[u8], choice: u16) -> std::io::Result<()> {
        let socket = match &self.socket {
            Some(socket) => socket,
            None => {
                let Sender {
                    source,
                    neighbor,
                    ttl,
                    multihop,
                } = self.sender;
                let port = if multihop {
                    MULTIHOP_PORT
                } else {
                    SINGLE_HOP_PORT
                };
                let to = SocketAddr::from((neighbor, port));
                let socket = BfdSender::open(source, to, ttl, choice)?;
                self.socket.insert(socket)
            }
        };
        socket.send(bytes)
    }
}
