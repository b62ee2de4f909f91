//! Lines about addresses.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Lines about addresses of interfaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressLine {
    /// The kernel does not change the properties of an IPv4 address that is there.
    Unalterable {
        /// Name of the instance; `None` for a static address.
        name: Option<Arc<str>>,
        /// The address.
        address: IpAddr,
        /// Its prefix length.
        prefix: u8,
        /// Name of its interface.
        interface: String,
    },
    /// The interface of a router has an address to send from.
    Assigned {
        /// The address.
        address: IpAddr,
        /// Name of the interface.
        interface: String,
    },
    /// The interface of a router has no address to send from any more.
    Deassigned {
        /// The last one.
        address: IpAddr,
        /// Name of the interface.
        interface: String,
    },
    /// All else that a router in FAULT needs is there again.
    SourceMissing {
        /// Name of the instance.
        name: Arc<str>,
        /// The configured source.
        address: IpAddr,
    },
}

impl AddressLine {
    /// Whether the line is written only with `-D`.
    pub(crate) const fn is_detail(&self) -> bool {
        matches!(self, Self::Assigned { .. } | Self::Deassigned { .. })
    }
}

impl fmt::Display for AddressLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unalterable {
                name,
                address,
                prefix,
                interface,
            } => {
                if let Some(name) = name {
                    write!(f, "({name}) ")?;
                }
                write!(
                    f,
                    "ip address {address}/{prefix} dev {interface}: the changed broadcast address or flags \
                     count when it is added anew"
                )
            }
            Self::Assigned { address, interface } => {
                write!(f, "Assigned address {address} for interface {interface}")
            }
            Self::Deassigned { address, interface } => {
                write!(f, "Deassigned address {address} from interface {interface}")
            }
            Self::SourceMissing { name, address } => write!(
                f,
                "({name}) staying in FAULT state until its source address {address} is there - add it to the interface"
            ),
        }
    }
}
