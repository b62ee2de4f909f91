//! Lines about tracked files, processes and link delays (spec vrrp-runtime 7.2 to 7.4).

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A line about something that is tracked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each variant is documented by the text it displays, below"
)]
pub enum TrackLine {
    FileFault {
        name: Arc<str>,
        file: Arc<str>,
    },
    FileRecovered {
        name: Arc<str>,
        file: Arc<str>,
    },
    PrioritySet {
        name: Arc<str>,
        priority: u8,
    },
    InvalidNumber {
        number: i64,
        path: PathBuf,
    },
    QuorumGained {
        process: Arc<str>,
    },
    QuorumLost {
        process: Arc<str>,
    },
    LinkDelayed {
        interface: String,
        from: u32,
        to: u32,
        delay: Duration,
    },
    LinkbeatUp {
        interface: String,
    },
    LinkbeatDown {
        interface: String,
    },
}

impl TrackLine {
    /// Whether the line is written only with `-D`.
    pub(super) const fn is_detail(&self) -> bool {
        !matches!(
            self,
            Self::InvalidNumber { .. }
                | Self::LinkDelayed { .. }
                | Self::LinkbeatUp { .. }
                | Self::LinkbeatDown { .. }
        )
    }
}

impl fmt::Display for TrackLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FileFault { name, file } => {
                write!(f, "({name}): tracked file {file} now FAULT state")
            }
            Self::FileRecovered { name, file } => {
                write!(f, "({name}): tracked file {file} leaving FAULT state")
            }
            Self::PrioritySet { name, priority } => {
                write!(f, "({name}) Setting effective priority to {priority}")
            }
            Self::InvalidNumber { number, path } => write!(
                f,
                "Invalid number {number} read from {} - ignoring",
                path.display()
            ),
            Self::QuorumGained { process } => {
                write!(f, "Quorum gained for tracked process {process}")
            }
            Self::QuorumLost { process } => {
                write!(f, "Quorum lost for tracked process {process}")
            }
            Self::LinkDelayed {
                interface,
                from,
                to,
                delay,
            } => write!(
                f,
                "{interface}: Adding flags change from {from:#x} to {to:#x} delay by {}",
                delay.as_micros()
            ),
            Self::LinkbeatUp { interface } => write!(f, "Linkbeat reports {interface} up"),
            Self::LinkbeatDown { interface } => write!(f, "Linkbeat reports {interface} down"),
        }
    }
}
