//! The states of an instance, and the bridge between the two vocabularies.

use std::fmt;

/// State of a virtual router.
///
/// The variants carry keepalived's words, because users see them; RFC 9568's "Active" is
/// [`State::Master`] and its "Initialize" is [`State::Init`]. `Fault` and `Stop` are keepalived's
/// own (spec vrrp-runtime 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Before the first decision, or waiting for the first result of check scripts.
    Init,
    /// Listening to a master.
    Backup,
    /// Owns the addresses and advertises.
    Master,
    /// Something that the configuration requires is broken; takes no part.
    Fault,
    /// The daemon is ending. Never left again.
    Stop,
}

impl State {
    /// The word in log lines, hook arguments and FIFO lines. `INIT` is never notified.
    #[must_use]
    pub const fn keepalived_name(self) -> &'static str {
        match self {
            Self::Init => "INIT",
            Self::Backup => "BACKUP",
            Self::Master => "MASTER",
            Self::Fault => "FAULT",
            Self::Stop => "STOP",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keepalived_name())
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn users_see_keepalived_words() {
        let words = [
            State::Init,
            State::Backup,
            State::Master,
            State::Fault,
            State::Stop,
        ]
        .map(|s| s.to_string());
        assert_eq!(words, ["INIT", "BACKUP", "MASTER", "FAULT", "STOP"]);
    }
}
