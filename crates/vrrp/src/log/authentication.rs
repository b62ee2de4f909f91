//! Lines about authentication headers and checksums (spec wire 2.3 and 3).

use std::fmt;
use std::sync::Arc;

/// A line about how adverts are authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each variant is documented by the text it displays, below"
)]
pub enum AuthenticationLine {
    NumberSkipped { name: Arc<str> },
    OldChecksumHeard { name: Arc<str> },
}

impl fmt::Display for AuthenticationLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NumberSkipped { name } => {
                write!(f, "({name}) IPSEC-AH : Syncing seq_num - Increment seq")
            }
            Self::OldChecksumHeard { name } => {
                write!(f, "({name}) Setting unicast VRRPv3 checksum to old version")
            }
        }
    }
}
