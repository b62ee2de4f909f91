//! Lines about SNMP notifications.

use std::fmt;
use std::sync::Arc;

use crate::MasterReason;

/// An SNMP notification is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each variant is documented by the text it displays, below"
)]
pub enum TrapLine {
    Instance {
        name: Arc<str>,
    },
    Group {
        name: Arc<str>,
    },
    NewMaster2 {
        name: Arc<str>,
    },
    NewMaster3 {
        name: Arc<str>,
        reason: MasterReason,
    },
    Authentication {
        name: Arc<str>,
    },
    Protocol {
        name: Arc<str>,
    },
}

impl fmt::Display for TrapLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Group { name } => {
                return write!(f, "VRRP_Group({name}): Sending SNMP notification");
            }
            Self::Instance { name }
            | Self::NewMaster2 { name }
            | Self::NewMaster3 { name, .. }
            | Self::Authentication { name }
            | Self::Protocol { name } => name,
        };
        write!(f, "({name}) Sending SNMP notification")?;
        match self {
            Self::Instance { .. } | Self::Group { .. } => Ok(()),
            Self::NewMaster2 { .. } => f.write_str(" vrrpTrapNewMaster"),
            Self::NewMaster3 { reason, .. } => {
                write!(f, " vrrpv3NotifyNewMaster, reason {}", reason.number())
            }
            Self::Authentication { .. } => f.write_str(" vrrpTrapAuthFailure"),
            Self::Protocol { .. } => f.write_str(" vrrpTrapProtoError"),
        }
    }
}
