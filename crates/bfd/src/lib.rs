//! Sessions of bidirectional forwarding detection: events and time in, actions out.
//!
//! [`Sessions`] holds every session of a configuration. It is told what happens (an [`Event`] and the
//! [`Timestamp`] at which it happened) and answers with [`Action`]s that have to be carried out in
//! order. It has no clock, no socket and no thread.
//!
//! Use, in this order and for ever: [`Sessions::handle`], then [`Sessions::poll_action`] until it is
//! empty, then wait for the next event or for [`Sessions::next_deadline`]. Packets that wait are
//! handed over before a deadline that has passed, so that a process that slept does not take a
//! healthy neighbour for a dead one.
//!
//! Standards: RFC 5880 (asynchronous mode; the other end may ask for demand mode), RFC 5881 (one
//! hop), RFC 5883 (several hops). Authentication and echo are not there, as in keepalived.
//!
//! Invariants:
//! * [`Sessions::handle`] is total: no event in any state panics or is refused;
//! * a packet that is dropped moves no timer and changes no state;
//! * a packet is answered by two packets at most;
//! * the same seed and the same events at the same times give the same actions.
#![forbid(unsafe_code)]

mod action;
mod interval;
mod line;
mod random;
mod session;
mod sessions;
mod snapshot;

pub use evervip_model::Timestamp;

pub use action::{Action, Event, Report, Sender, SessionId};
pub use line::{Detail, Line};
pub use sessions::Sessions;
pub use snapshot::SessionSnapshot;
