//! Runs check and notify commands without ever blocking the engine.
//!
//! The engine decides *when* a check is due and what its result means (interval,
//! hysteresis, weights); this crate starts a command once when asked and reports how it
//! ended. A [`Runner`] is one future; the daemon drives it on the current-thread runtime of
//! its auxiliary thread, and talks to it through two bounded channels:
//!
//! ```text
//! engine --try_send--> Request --> Runner --+--> one task per running command
//! engine <------------ Report  <------------+
//! ```
//!
//! Invariants:
//! * commands are started in the order of their requests, hooks side by side; those of a
//!   [`Notice`] one after another, for each object;
//! * every [`Request::Check`] gets exactly one [`Report::CheckEnded`], every
//!   [`Request::Drain`] exactly one [`Report::Drained`];
//! * a full report channel delays reports, it never loses one and never delays a start;
//! * every command leads a process group of its own, so that a signal reaches all of it.
//!
//! Deliberately absent: scheduling, results of former runs, any shell. What a command finds
//! when it starts is told in [`Request::Check`] (spec vrrp-runtime 9.3).
#![forbid(unsafe_code)]

mod launch;
mod queue;
mod request;
mod runner;
mod watch;

pub use request::{Check, Notice, Outcome, Report, Request};
pub use runner::{REPORT_CAPACITY, REQUEST_CAPACITY, Runner, runner};
