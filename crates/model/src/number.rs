//! Small checked numbers of the protocol.

use std::fmt;

/// A number that does not fit the type it was given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfRange;

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("number out of range")
    }
}

impl std::error::Error for OutOfRange {}

/// Virtual router identifier, 1 to 255 (RFC 9568 5.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vrid(u8);

impl Vrid {
    /// Makes a VRID; 0 is refused.
    ///
    /// # Errors
    /// [`OutOfRange`] for 0.
    pub const fn new(value: u8) -> Result<Self, OutOfRange> {
        if value == 0 {
            Err(OutOfRange)
        } else {
            Ok(Self(value))
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Vrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Configured or effective priority, 1 to 255 (RFC 9568 5.2.4).
///
/// 0 exists only on the wire ("the master resigns") and is not a value of this type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Priority(u8);

impl Priority {
    /// keepalived's default.
    pub const DEFAULT: Self = Self(100);
    /// The address owner (RFC 9568 1.7): becomes MASTER at once and never loses priority.
    pub const OWNER: Self = Self(255);

    /// Makes a priority; 0 is refused.
    ///
    /// # Errors
    /// [`OutOfRange`] for 0.
    pub const fn new(value: u8) -> Result<Self, OutOfRange> {
        if value == 0 {
            Err(OutOfRange)
        } else {
            Ok(Self(value))
        }
    }

    /// The nearest priority that a router which is not the address owner may have (1 to 254).
    #[must_use]
    pub fn clamp_non_owner(total: i32) -> Self {
        Self(u8::try_from(total.clamp(1, 254)).unwrap_or(254))
    }

    /// The number on the wire.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.0
    }

    /// Whether this is the address owner's priority, 255.
    #[must_use]
    pub const fn is_owner(self) -> bool {
        self.0 == 255
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a tracker adds to the priority, -254 to 254; 0 means "failure is a FAULT".
///
/// Spec vrrp-runtime 6. Values outside keepalived's documented ranges that the original stores
/// all the same (spec vrrp-keywords 11) are why this is an `i32`.
pub type Weight = i32;

/// VRRP protocol version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// RFC 3768; IPv4, whole seconds, authentication field.
    V2,
    /// RFC 5798 and RFC 9568; centiseconds.
    V3,
}

impl Version {
    /// The number on the wire, 2 or 3.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }
}

/// Address family of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    Inet,
    /// IPv6.
    Inet6,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inet => "IPv4",
            Self::Inet6 => "IPv6",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_no_vrid_and_no_priority() {
        assert_eq!(Vrid::new(0), Err(OutOfRange));
        assert_eq!(Priority::new(0), Err(OutOfRange));
        assert_eq!(Vrid::new(255).map(Vrid::value), Ok(255));
    }

    #[test]
    fn a_sum_of_weights_never_makes_an_owner_nor_a_resignation() {
        assert_eq!(Priority::clamp_non_owner(-400).value(), 1);
        assert_eq!(Priority::clamp_non_owner(0).value(), 1);
        assert_eq!(Priority::clamp_non_owner(77).value(), 77);
        assert_eq!(Priority::clamp_non_owner(255).value(), 254);
        assert_eq!(Priority::clamp_non_owner(i32::MAX).value(), 254);
    }
}
