//! Entries of routes, rules and static addresses (spec vrrp-keywords 2.4, 8, 9, 17).
//!
//! Entries are words in any order. The first word that is wrong drops the entry, unless its reader
//! says that only the word is lost.

mod encapsulation;
mod fixture;
mod metric;
mod names;
mod next_hop;
mod route;
mod rule;
mod words;

pub(super) use fixture::FixtureDrafts;
pub(super) use names::{Names, any_base};

/// The entry is dropped; why has been said.
struct Dropped;
