//! Lines for the log; their texts are keepalived's (observed with 2.2.7).

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use evervip_wire::{BadBfdPacket, BfdDiagnostic};

/// How much an operator has to ask for to see a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Nothing.
    Plain,
    /// `-D`.
    Detail,
    /// `-D` twice.
    Extra,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each variant is documented by the text it displays, below"
)]
pub enum Line {
    EnteredDown {
        name: Arc<str>,
        local: BfdDiagnostic,
        remote: BfdDiagnostic,
    },
    EnteredInit {
        name: Arc<str>,
    },
    EnteredUp {
        name: Arc<str>,
    },
    NeighborAdminDown {
        name: Arc<str>,
    },
    Expired {
        name: Arc<str>,
        after: Duration,
        overdue: Duration,
    },
    PollStarted {
        name: Arc<str>,
    },
    DetectionTimeChanged {
        name: Arc<str>,
        from: u64,
        to: u64,
    },
    Malformed(BadBfdPacket),
    Bogus {
        source: IpAddr,
        port: u16,
    },
    SessionUnknown {
        source: IpAddr,
        port: u16,
        discriminator: u32,
    },
    Authenticated {
        source: IpAddr,
        port: u16,
    },
    TooFar {
        ttl: Option<u8>,
        least: u8,
    },
}

impl Line {
    /// Who gets to see it.
    #[must_use]
    pub const fn detail(&self) -> Detail {
        match self {
            Self::EnteredDown { .. }
            | Self::EnteredUp { .. }
            | Self::NeighborAdminDown { .. }
            | Self::Expired { .. }
            | Self::DetectionTimeChanged { .. } => Detail::Plain,
            Self::PollStarted { .. } => Detail::Detail,
            Self::EnteredInit { .. }
            | Self::Malformed(_)
            | Self::Bogus { .. }
            | Self::SessionUnknown { .. }
            | Self::Authenticated { .. }
            | Self::TooFar { .. } => Detail::Extra,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EnteredDown {
                name,
                local,
                remote,
            } => write!(
                f,
                "({name}) Entering Down state (Local diagnostic - {local}, Remote diagnostic - {remote})"
            ),
            Self::EnteredInit { name } => write!(f, "({name}) Entering Init state"),
            Self::EnteredUp { name } => write!(f, "({name}) Entering Up state"),
            Self::NeighborAdminDown { name } => write!(
                f,
                "({name}) Entering Down state (the neighbor is administratively down, which is no failure)"
            ),
            Self::Expired {
                name,
                after,
                overdue,
            } => write!(
                f,
                "({name}) Expired after {} ms ({} usec overdue)",
                after.as_millis(),
                overdue.as_micros()
            ),
            Self::PollStarted { name } => write!(f, "({name}) Starting poll sequence"),
            // The original indents this line by the width of the name.
            Self::DetectionTimeChanged { name, from, to } => write!(
                f,
                "{:width$} Detection time is {to} us (was {from} us)",
                "",
                width = name.chars().count() + 2
            ),
            Self::Malformed(why) => why.fmt(f),
            Self::Bogus { source, port } => {
                write!(f, "Discarding bogus packet from [{source}]:{port}")
            }
            Self::SessionUnknown {
                source,
                port,
                discriminator,
            } => write!(
                f,
                "Discarding packet from [{source}]:{port} (session is not found - your discriminator field is {discriminator:#010x})"
            ),
            Self::Authenticated { source, port } => write!(
                f,
                "Discarding packet from [{source}]:{port} (auth bit is set, but no authentication  is in use)"
            ),
            Self::TooFar {
                ttl: Some(ttl),
                least,
            } => write!(f, "Packet ttl({ttl}) < {least} - discarding"),
            Self::TooFar { ttl: None, .. } => f.write_str("Packet without ttl - discarding"),
        }
    }
}
