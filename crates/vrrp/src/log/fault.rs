//! Reasons for FAULT, in the words of the log (spec vrrp-runtime 2.1).

use std::fmt;
use std::sync::Arc;

use evervip_model::Family;

/// Why an instance is in FAULT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultReason {
    /// Its interface, or one that it tracks, is down.
    InterfaceDown(String),
    /// Its interface does not exist.
    InterfaceMissing(String),
    /// A tracked interface is up, and the track is reversed.
    InterfaceUp(String),
    /// There is no address of the family to send from.
    NoSourceAddress(Family),
    /// The configured source address is not on the interface, and `track_src_ip` is set.
    SourceAddressMissing,
    /// Its socket cannot be opened, so that it would not hear its peers.
    SocketMissing,
    /// An unweighted check script fails (or succeeds, with `reverse`).
    Script(Arc<str>),
    /// The configuration asks for something that cannot be run.
    Configuration,
    /// The number in a tracked file says so.
    File(Arc<str>),
    /// Too few or too many processes run.
    Process(Arc<str>),
    /// Its virtual interface on top of this one does not exist.
    VirtualInterfaceMissing(String),
    /// An unweighted BFD session is down (or up, with `reverse`).
    Bfd {
        /// Its name.
        session: Arc<str>,
        /// Whether it is up.
        up: bool,
    },
    /// It has failed before, and nobody has looked yet (`@evervip fault_latch`).
    Latched,
}

impl fmt::Display for FaultReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InterfaceDown(interface) => write!(f, "(interface {interface} down)"),
            Self::InterfaceMissing(interface) => {
                write!(f, "(interface {interface} does not exist)")
            }
            Self::InterfaceUp(interface) => write!(f, "(interface {interface} up)"),
            Self::VirtualInterfaceMissing(base) => {
                write!(f, "(virtual interface on {base} does not exist)")
            }
            Self::NoSourceAddress(family) => write!(f, "(no {family} address for interface)"),
            Self::SourceAddressMissing => f.write_str("(src address not configured)"),
            Self::SocketMissing => f.write_str("(no socket for VRRP packets)"),
            Self::Script(script) => write!(f, "due to script {script}"),
            Self::Configuration => {
                f.write_str("(the configuration asks for something not supported)")
            }
            Self::Process(process) => write!(f, "(tracked process {process} quorum not achieved)"),
            Self::Bfd { session, up } => {
                let state = if *up { "up" } else { "down" };
                write!(f, "(tracked BFD instance {session} is {state})")
            }
            Self::Latched => f.write_str("(it has failed before, and fault_latch is set)"),
            // The status is clamped to this value.
            Self::File(file) => write!(f, "(tracked file {file} has status -254)"),
        }
    }
}
