//! The documents are held against the programs: links lead somewhere, configurations load, options
//! exist, nothing that has a chapter lacks its section, and the book has every page.

#![expect(clippy::unwrap_used, reason = "a test panics where it fails")]

mod commands;
mod coverage;
mod foreign;
mod links;
mod page;
mod shown;
mod snippets;
mod summary;
