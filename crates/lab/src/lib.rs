//! Test laboratory: real daemons on a real (small) network, without touching the host's.
//!
//! A [`Lab`] is a switch (a bridge in a network namespace of its own) and any number of
//! [`Node`]s. A node has its own network namespace and its own mount namespace with a private
//! `/run` and `/tmp`, so two daemons that insist on the same paths live side by side. Interface
//! names, hardware addresses and IP addresses are the caller's choice.
//!
//! ```no_run
//! use std::{process::Command, time::Duration};
//! use evervip_lab::{Interface, Lab};
//!
//! let lab = Lab::new("pair")?;
//! let node = lab
//!     .node("a")
//!     .interface(Interface::new("ens192").address("192.0.2.1/24"))
//!     .file("/etc/keepalived/keepalived.conf", "vrrp_instance ...", 0o644)
//!     .start()?;
//! let capture = lab.capture()?;
//! let mut daemon = Command::new("/usr/sbin/keepalived");
//! daemon.args(["-n", "-l", "-D", "-P"]);
//! let daemon = node.spawn("keepalived", daemon)?;
//! daemon.log().wait_for("Entering MASTER STATE", Duration::from_secs(10))?;
//! capture.wait_for(0, Duration::from_secs(3), |frame| frame.advert().is_some())?;
//! # Ok::<(), evervip_lab::Error>(())
//! ```
//!
//! Invariants:
//! * Nothing on the host changes: no named namespaces, no files, no links. A namespace lives as
//!   long as its processes and the descriptors that this crate holds.
//! * Everything ends with the [`Lab`] value, also when a test panics. When the whole test process
//!   is killed, a holder process in each namespace notices the closed pipe, kills what still runs
//!   there and leaves; so there are no stale labs to sweep.
//! * Processes are real children of the test process: exit status and `kill -9` mean what they
//!   always mean.
//! * All clocks that are compared are the system clock: frames carry the kernel's receive
//!   time, log lines and address events the time at which they were read.
//!
//! Needs root (or the equivalent capabilities), iproute2 and a kernel with veth and bridge;
//! [`Lab::available`] says what is missing.

mod address;
mod asker;
mod capture;
mod craft;
mod error;
mod filesystem;
mod frame;
mod inject;
mod lab;
mod log;
mod node;
mod process;
mod space;
mod wait;

pub use address::{Address, AddressEvent, AddressReports, AddressWatch};
pub use asker::{Asker, Notice, Totals};
pub use capture::Capture;
pub use craft::{checksum, ethernet, ipv4, ipv6};
pub use error::{Error, Result};
pub use frame::{Advert, Arp, Frame, NeighbourAdvert};
pub use inject::Injector;
pub use lab::Lab;
pub use log::{Log, LogLine};
pub use node::{Interface, Node, NodeBuilder, Output};
pub use process::Process;
pub use wait::{poll_for, wait_until};
