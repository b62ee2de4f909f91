//! What a run leaves behind for people.

use evervip_vrrp::{Action, Timestamp};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// Somebody did something to the network, in words.
    Disturbed(String),
    /// A host did something.
    Acted {
        /// Which host.
        host: usize,
        /// What it did.
        action: Action,
        /// The same in words.
        text: String,
    },
    /// The addresses that a host has on its interfaces changed.
    Held {
        /// Which host.
        host: usize,
    },
}

impl std::fmt::Display for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = self.at.as_nanos() / 1000;
        write!(f, "{:4}.{:06} ", at / 1_000_000, at % 1_000_000)?;
        match &self.what {
            What::Disturbed(text) => f.write_str(text),
            What::Acted { host, text, .. } => write!(f, "host {host}: {text}"),
            What::Held { host } => write!(f, "host {host}: other addresses"),
        }
    }
}
