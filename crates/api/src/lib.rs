//! The conversation of the operator's tool with a running daemon, as text: pure.
//!
//! The daemon listens on a socket of the local machine beside its pid file ([`socket_of`]). A
//! connection is one request, a line, and its answer, some lines and the end of the stream:
//!
//! | request | answer |
//! |---|---|
//! | `clear-fault NAME` | `ok`, then `cleared STATE NAME` and a `reason TEXT` for each fault left |
//! | `clear-all-faults` | the same for every instance that is latched |
//! | anything else | `error unknown-request` |
//!
//! In place of `ok` stands `error CODE` when nothing was done ([`Problem`]). A word that is new to
//! one side is a request or a line that it does not know, never a misunderstood one: both can be
//! of different versions. Everything is bounded by [`LONGEST_REQUEST`] and [`LONGEST_ANSWER`].
#![forbid(unsafe_code)]

mod answer;
mod place;
mod request;

pub use answer::{Answer, Cleared, Problem, Unreadable};
pub use place::{DEFAULT_PID_FILE, RUN_DIRECTORY, beside, socket_of};
pub use request::Request;

/// Longest request in bytes, with the end of its line.
pub const LONGEST_REQUEST: usize = 4096;

/// Longest answer in bytes that is taken.
pub const LONGEST_ANSWER: usize = 16 << 20;
