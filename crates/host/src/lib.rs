//! The real machine as the configuration loader sees it.
//!
//! [`SystemFiles`] reads files, [`SystemHost`] knows interfaces, users and scripts. It remembers
//! what it was asked: a reload, which must see what has changed, takes a new one. [`Remembered`] gives
//! the answers of an accepted configuration again.
#![forbid(unsafe_code)]

mod files;
mod iproute;
mod machine;
mod names;
mod remembered;
mod script;
mod within;

pub use files::SystemFiles;
pub use machine::SystemHost;
pub use names::SystemNames;
pub use remembered::Remembered;
pub use within::within_network_namespace;
