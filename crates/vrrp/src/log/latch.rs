//! Lines about faults that stay until an operator clears them.

use std::fmt;
use std::sync::Arc;

/// A line about a latch (`@evervip fault_latch`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LatchLine {
    /// The instance is in FAULT and stays there.
    Latched {
        /// Name of the instance.
        name: Arc<str>,
    },
    /// Nothing else keeps it in FAULT any more.
    ReasonGone {
        /// Name of the instance.
        name: Arc<str>,
    },
    /// An operator has cleared it.
    Cleared {
        /// Name of the instance.
        name: Arc<str>,
    },
    /// The configuration does not want it any more.
    Dropped {
        /// Name of the instance.
        name: Arc<str>,
    },
}

impl LatchLine {
    /// Whether somebody has to do something.
    #[must_use]
    pub const fn is_warning(&self) -> bool {
        matches!(self, Self::Latched { .. } | Self::ReasonGone { .. })
    }
}

impl fmt::Display for LatchLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latched { name } => write!(
                f,
                "({name}) stays in FAULT also when the reason goes (fault_latch) - look into it, then run: evervip clear-fault {name}"
            ),
            Self::ReasonGone { name } => write!(
                f,
                "({name}) has no other fault left and still stays in FAULT (fault_latch) - run: evervip clear-fault {name}"
            ),
            Self::Cleared { name } => write!(f, "({name}) fault cleared by an operator"),
            Self::Dropped { name } => write!(
                f,
                "({name}) is not held in FAULT any more: fault_latch is gone from the configuration"
            ),
        }
    }
}
