//! Values and what they belong to (RFC 2741, 5.4).

use crate::Oid;

/// A value of an object, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `INTEGER`, also for enumerations and truth values.
    Integer(i32),
    /// `OCTET STRING`, also for text and addresses.
    Octets(Vec<u8>),
    /// `OBJECT IDENTIFIER`.
    Object(Oid),
    /// `IpAddress`: of version 4.
    Address([u8; 4]),
    /// `Counter32`: it starts anew behind its greatest number.
    Counter32(u32),
    /// `Gauge32` and `Unsigned32`.
    Gauge32(u32),
    /// `TimeTicks`: hundredths of a second.
    Ticks(u32),
    /// `Counter64`.
    Counter64(u64),
    /// There is no such object.
    NoSuchObject,
    /// The object is known, but not this instance of it.
    NoSuchInstance,
    /// Nothing follows.
    EndOfView,
}

impl Value {
    /// Text, as an octet string.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Octets(text.as_bytes().to_vec())
    }

    /// A truth value: 1 is true, 2 is false (RFC 2579).
    #[must_use]
    pub const fn truth(is_true: bool) -> Self {
        Self::Integer(if is_true { 1 } else { 2 })
    }
}

/// A value and its place in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VarBind {
    /// The place.
    pub name: Oid,
    /// The value.
    pub value: Value,
}
