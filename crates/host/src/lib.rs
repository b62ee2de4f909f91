//! The real machine as the configuration loader sees it.
//!
//! [`SystemFiles`] reads files, [`SystemHost`] knows interfaces, users and scripts. Everything is
//! asked afresh at each call: a reload must see what has changed.
#![forbid(unsafe_code)]

mod files;
mod machine;
mod script;

pub use files::SystemFiles;
pub use machine::SystemHost;
