//! Mails that are on their way to the relay, each in a thread of its own, [`SESSIONS`] at most.
//!
//! One follows the other, so that mails arrive in their order, as long as the relay is quick. When
//! the one that was begun last takes longer than a while, the next is begun beside it: a connection
//! that hangs delays no other mail. Each mail bears the time of what it tells.

use std::io;
use std::net::SocketAddr;
use std::sync::Weak;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use super::courier::Order;
use super::dialogue::{Envelope, Verdict};
use super::outbox::Waiting;
use super::relay::{Relay, Trouble};

/// Sessions side by side.
pub(super) const SESSIONS: usize = 4;
/// Bytes of stack: the name service wants more than our own code.
const STACK: usize = 256 * 1024;

/// How long a session may take before the next mail waits no longer for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub(super) usual: Duration,
    /// The daemon ends, and has little time left.
    pub(super) at_the_end: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            usual: Duration::from_secs(1),
            at_the_end: Duration::from_millis(100),
        }
    }
}

/// What a session has come to: who answered and what about the mail, or trouble.
pub(super) type Outcome = Result<(SocketAddr, Verdict), Trouble>;

/// A mail on its way.
#[derive(Debug)]
pub(super) struct Session<L> {
    number: u64,
    pub(super) waiting: Waiting<L>,
    /// Who is to get it.
    pub(super) recipients: Vec<String>,
    pub(super) relay: Relay,
    pub(super) begun: Instant,
}

/// The mails on their way.
#[derive(Debug)]
pub(super) struct Sessions<L> {
    open: Vec<Session<L>>,
    next: u64,
    /// The way back to the courier, for as long as somebody else may give it orders.
    orders: Weak<SyncSender<Order>>,
}

impl<L> Sessions<L> {
    pub(super) const fn new(orders: Weak<SyncSender<Order>>) -> Self {
        Self {
            open: Vec::new(),
            next: 0,
            orders,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// From when on another mail may be begun that is due then; `None` while there is no room.
    pub(super) fn room(&self, due: Instant, pace: Duration) -> Option<Instant> {
        if self.open.len() >= SESSIONS {
            return None;
        }
        let last = self.open.iter().map(|session| session.begun).max();
        Some(last.map_or(due, |begun| due.max(begun + pace)))
    }

    /// Begins with a mail. [`Order::Ended`] tells the courier of the end.
    ///
    /// # Errors
    /// The mail, when there is no thread for it.
    pub(super) fn begin(
        &mut self,
        waiting: Waiting<L>,
        relay: &Relay,
        envelope: Envelope,
    ) -> Result<(), (Waiting<L>, io::Error)> {
        let number = self.next;
        let session = Session {
            number,
            waiting,
            recipients: envelope.recipients.clone(),
            relay: relay.clone(),
            begun: Instant::now(),
        };
        let (orders, relay) = (self.orders.clone(), relay.clone());
        let work = move || {
            let outcome = relay.deliver(&envelope);
            if let Some(orders) = orders.upgrade() {
                // Nobody listens any more: the daemon has ended.
                let _ = orders.send(Order::Ended(number, outcome));
            }
        };
        let thread = std::thread::Builder::new()
            .name("mail".to_owned())
            .stack_size(STACK);
        if let Err(error) = thread.spawn(work) {
            return Err((session.waiting, error));
        }
        self.next += 1;
        self.open.push(session);
        Ok(())
    }

    /// The session of this number is over.
    pub(super) fn end(&mut self, number: u64) -> Option<Session<L>> {
        let place = self.open.iter().position(|open| open.number == number)?;
        Some(self.open.remove(place))
    }
}
