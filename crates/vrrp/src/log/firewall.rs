//! Lines about the packet filter.

use std::fmt;
use std::sync::Arc;

/// What is done with the drop rules of an instance's addresses (spec vrrp-runtime 15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirewallLine {
    /// Packets to its addresses are dropped from now on.
    Setting {
        /// Name of the instance.
        name: Arc<str>,
    },
    /// They are no longer dropped.
    Removing {
        /// Name of the instance.
        name: Arc<str>,
    },
}

impl fmt::Display for FirewallLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting { name } => write!(f, "({name}) setting firewall drop rule"),
            Self::Removing { name } => write!(f, "({name}) removing firewall drop rule"),
        }
    }
}
