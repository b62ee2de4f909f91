//! Builders, transcripts and a virtual LAN for tests; never shipped.
//!
//! * [`sample`] builds configurations, hosts and checks in one line each;
//! * [`craft`] makes packets, right ones and wrong ones;
//! * [`Transcript`] drives one engine and writes down, in words, what it answered;
//! * [`expect`] compares such a text with a reviewed file;
//! * [`lan`] runs several engines against each other in virtual time;
//! * [`monkey`] turns arbitrary bytes into arbitrary events: the body of the fuzzer.
//!
//! Nothing here reads a clock or draws a random number that a seed does not determine.
#![forbid(unsafe_code)]

pub mod craft;
pub mod expect;
pub mod lan;
pub mod monkey;
mod routed;
pub mod sample;
mod tracked;
mod transcript;

pub use evervip_simulation::{Rng, render, render_deadline};
pub use transcript::Transcript;
