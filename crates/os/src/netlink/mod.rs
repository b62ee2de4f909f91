//! Links, addresses, routes and rules of the kernel, by rtnetlink.
//!
//! Two sockets, because answers must not be lost among events: [`Requests`] asks and changes,
//! [`Monitor`] listens. Both belong to the network namespace of the thread that opened them.
//!
//! Events are never trusted to be complete: after [`KernelEvent::Overrun`] the caller asks for
//! everything again and compares. Names are labels, the index is the identity of an interface;
//! both may change.
//!
//! Messages are made, and their attributes read, by `neli`; the outer headers are read here, where
//! every length is checked.

mod address;
pub(crate) mod builder;
mod change;
mod error;
mod link;
pub(crate) mod message;
mod monitor;
mod report_filter;
mod requests;
mod route;
mod route_report;
mod routing_tables;
mod rule;
pub(crate) mod socket;
mod virtual_link;

pub use address::{AddressFlags, InterfaceAddress};
pub use error::NetlinkError;
pub use link::{HardwareAddress, Link};
pub use monitor::{KernelEvent, Monitor};
pub use requests::{Addition, Removal, Requests};
pub use route::{KEEPALIVED, RouteEntry};
pub use routing_tables::{ListedRoute, ListedRule};
pub use virtual_link::{IpVlanMode, Ipv4Setting, VirtualLink, VirtualLinkKind};
