//! What is on its way on a [`Lan`], and what it does on arrival.

use std::sync::Arc;
use std::time::Duration;

use evervip_vrrp::{CheckOutcome, Event, RunId, Timestamp};

use crate::host::Notice;
use crate::tracked::Fact;
use crate::view::Side;
use crate::{Disturbance, Lan};

/// What happens later. A number beside a host is the life of its daemon that it is for: another daemon
/// is not told what was meant for the one before.
pub(crate) enum Item {
    /// A packet, sent from a side of the network, for an interface of a host.
    Frame {
        to: usize,
        interface: u32,
        from: Side,
        bytes: Vec<u8>,
    },
    /// News of the host for its daemon.
    Notice(usize, u32, Notice),
    /// A run of a check script is over.
    CheckEnded(usize, u32, RunId, Arc<str>),
    /// News of a tracked object.
    Fact(usize, u32, Fact),
    /// A host that sleeps wakes, unless it was put to sleep for longer meanwhile.
    Resume(usize),
    /// Something that was scheduled.
    Disturb(Disturbance),
}

/// Something with its time, and a number that keeps the order of what comes at the same one.
pub(crate) struct Queued(pub(crate) Timestamp, pub(crate) u64, pub(crate) Item);

/// Time from a change on a host to the message about it.
pub(crate) const NOTICE_DELAY: Duration = Duration::from_micros(100);
/// What waits for a paused host at most; later packets are lost, as in a socket that is full.
const SOCKET_QUEUE: usize = 64;

impl Lan {
    /// Something arrives; whoever sleeps gets it when it wakes, if at all.
    pub(crate) fn happen(&mut self, item: Item) {
        match item {
            Item::Disturb(disturbance) => self.disturb(disturbance),
            Item::Resume(host) => self.resume(host),
            Item::Frame { to, .. }
            | Item::Notice(to, ..)
            | Item::CheckEnded(to, ..)
            | Item::Fact(to, ..)
                if self.hosts[to].paused_until.is_some() =>
            {
                let host = &mut self.hosts[to];
                let frame = matches!(item, Item::Frame { .. });
                let lost = host.is_frozen() || host.waiting.len() >= SOCKET_QUEUE;
                if !frame || !lost {
                    host.waiting.push(item);
                }
            }
            Item::Frame {
                to,
                interface,
                from,
                bytes,
            } => {
                if self.side_of(to, interface) == from {
                    self.receive(to, interface, &bytes);
                }
            }
            Item::Notice(host, life, notice) => {
                if self.hosts[host].life == life {
                    if let Some(event) = self.hosts[host].event(notice) {
                        self.handle(host, event);
                    }
                }
            }
            Item::Fact(host, life, fact) => {
                if self.hosts[host].life == life {
                    self.handle(host, fact.event());
                }
            }
            Item::CheckEnded(host, life, run, script) => {
                if self.hosts[host].life == life {
                    let outcome =
                        CheckOutcome::Exited(i32::from(!self.hosts[host].succeeds(&script)));
                    self.handle(host, Event::CheckEnded { run, outcome });
                }
            }
        }
    }
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}

impl Eq for Queued {}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}
