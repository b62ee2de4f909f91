//! Lines about addresses.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// What a reload means for an address that stays.
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
        }
    }
}
