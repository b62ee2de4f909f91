//! The drop-in `keepalived` daemon: two processes, and in the second one several threads.
//!
//! ```text
//! guardian (no runtime, one thread)   pid file, signals, watches the child, starts it again
//!   └─ VRRP child
//!        ├─ vrrp-engine   one epoll loop: deadlines, packets, netlink; nothing here may block
//!        ├─ main          tokio, one thread: check scripts, notify scripts
//!        ├─ reload        reads and checks a new configuration
//!        ├─ dbus          the D-Bus interface, when it is wanted
//!        ├─ track-files, track-processes, linkbeat   watch what is tracked, when there is any
//!        └─ log           writes lines to syslog and the console
//!   └─ BFD child, when there are sessions
//!        ├─ main          one loop: deadlines, packets; nothing here may block
//!        └─ reload, log   as above
//! ```
//!
//! Invariants:
//! * the engine thread never forks, reads a file, resolves a name or writes a log line itself; it
//!   hands such work over through bounded channels and never waits for room in them;
//! * the guardian has one thread when it forks, and links no part of the engine into its loop;
//! * a configuration that is refused changes nothing that runs.
#![forbid(unsafe_code)]

mod archive;
mod bfd;
mod child;
mod command_line;
mod config_test;
mod configuration;
mod control;
#[cfg_attr(not(feature = "dbus"), path = "dbus_absent.rs")]
mod dbus;
mod dump;
mod engine_thread;
mod guardian;
mod identity;
mod inbox;
mod logging;
mod mail;
mod namespace;
mod observe;
mod pid_file;
mod pid_paths;
mod reloader;
mod service_manager;
mod snmp;
mod startup;
mod status;
mod version;

pub use startup::main;
pub use version::usage;
