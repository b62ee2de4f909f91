//! Signed adverts (spec vrrp-keywords 5.2).

use std::fmt;
use std::time::Duration;

/// A key that several machines share.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HmacKey {
    /// 1 to 255; stands in every signed advert.
    pub id: u8,
    /// 32 to 64 bytes.
    pub secret: Vec<u8>,
}

impl fmt::Debug for HmacKey {
    /// Never shows the key: debug output ends up in logs and bug reports.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HmacKey({}, ***)", self.id)
    }
}

/// How a repeated advert is noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AntiReplay {
    /// Its sequence must grow, and its time lie within the window.
    #[default]
    Time,
    /// Its sequence must grow.
    Monotonic,
}

impl AntiReplay {
    /// The word of the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Monotonic => "monotonic",
        }
    }
}

/// What is signed, and what becomes of unsigned adverts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum HmacMode {
    /// Signs; drops unsigned adverts.
    #[default]
    Enforce,
    /// Signs; takes unsigned adverts.
    Permissive,
    /// Does not sign; takes unsigned adverts, and verifies signed ones.
    ReceiveOnly,
}

impl HmacMode {
    /// The word of the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Permissive => "permissive",
            Self::ReceiveOnly => "receive-only",
        }
    }
}

/// `auth_hmac` of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HmacAuthentication {
    /// In file order; their ids are unique.
    pub keys: Vec<HmacKey>,
    /// Id of the key that signs; one of `keys`.
    pub active_key: u8,
    /// Clock difference that is allowed, 1 to 300 s.
    pub time_window: Duration,
    /// How repeated adverts are noticed.
    pub anti_replay: AntiReplay,
    /// What is signed and demanded.
    pub mode: HmacMode,
}

#[cfg(test)]
mod tests {
    use super::HmacKey;

    #[test]
    fn debug_output_never_shows_a_key() {
        let key = HmacKey {
            id: 7,
            secret: b"0123456789abcdef0123456789abcdef".to_vec(),
        };
        assert_eq!(format!("{key:?}"), "HmacKey(7, ***)");
    }
}
