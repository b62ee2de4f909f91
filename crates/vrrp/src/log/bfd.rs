//! Lines about tracked BFD sessions (spec vrrp-runtime 7.5).

use std::fmt;
use std::sync::Arc;

/// A session that an instance tracks has changed its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BfdLine {
    /// Name of the instance.
    pub name: Arc<str>,
    /// Name of the session.
    pub session: Arc<str>,
    /// Whether it is up now.
    pub up: bool,
}

impl fmt::Display for BfdLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.up { "UP" } else { "DOWN" };
        write!(
            f,
            "VRRP_Instance({}) Tracked BFD instance {} is {state}",
            self.name, self.session
        )
    }
}
