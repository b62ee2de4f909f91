//! What is wrong with configurations that load.
//!
//! The loader (`config`) says what keepalived would say. A lint knows more: what people meant, and
//! what happens when a node dies. Lints are shown by `evervip check` only, never by the daemon; they
//! look at the model and at the text, and touch nothing.
//!
//! [`check()`] is for one file. Each lint is a function from a file to diagnostics, in the module of its
//! theme; what it says has a section in `docs/diagnostics.md`.
#![forbid(unsafe_code)]

mod addresses;
mod authentication;
mod command;
mod election;
mod elsewhere;
pub mod explain;
pub mod group;
mod input;
mod mail;
mod merge;
pub mod outcome;
mod peers;
mod repeated;
mod script;
mod section;
mod shell;
mod strict;
mod subject;
mod surplus;
mod tracker;
mod weight;

use evervip_config::Diagnostic;

use subject::Subject;

pub use elsewhere::Elsewhere;
pub use input::Input;

type Lint = fn(&Subject<'_>) -> Vec<Diagnostic>;

const LINTS: &[Lint] = &[
    surplus::words,
    repeated::keywords,
    repeated::quotes,
    command::lines,
    script::checks,
    tracker::order,
    tracker::unused,
    authentication::passwords,
    election::owners,
    election::preemption,
    weight::sums,
    addresses::duplicates,
    addresses::prefixes,
    addresses::router_ids,
    peers::addresses,
    strict::consequences,
    mail::alerts,
];

/// Everything there is to say about one file: what the loader said and what the lints find, each
/// matter once, in the order of the text; what has no place comes last.
#[must_use]
pub fn check(input: &Input<'_>) -> Vec<Diagnostic> {
    let subject = Subject::new(*input);
    let found = LINTS.iter().flat_map(|lint| lint(&subject)).collect();
    merge::merged(input.loaded.diagnostics.clone(), found)
}
