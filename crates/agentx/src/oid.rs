//! Object identifiers (RFC 2741, 5.1).

use std::fmt;

/// An object identifier: ordered as the tree of objects is walked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Oid(Vec<u32>);

impl Oid {
    /// The greatest number of sub-identifiers (RFC 2741, 5.1).
    pub const MAX_LEN: usize = 128;

    /// One of these sub-identifiers; what is beyond [`Oid::MAX_LEN`] is left away.
    #[must_use]
    pub fn new(parts: &[u32]) -> Self {
        Self(parts[..parts.len().min(Self::MAX_LEN)].to_vec())
    }

    /// This one and more behind it, again at most [`Oid::MAX_LEN`] sub-identifiers.
    #[must_use]
    pub fn join(&self, parts: &[u32]) -> Self {
        let room = Self::MAX_LEN - self.0.len();
        let mut joined = Vec::with_capacity(self.0.len() + parts.len().min(room));
        joined.extend_from_slice(&self.0);
        joined.extend_from_slice(&parts[..parts.len().min(room)]);
        Self(joined)
    }

    /// The sub-identifiers.
    #[must_use]
    pub fn parts(&self) -> &[u32] {
        &self.0
    }

    /// Whether this one stands at or below another.
    #[must_use]
    pub fn starts_with(&self, above: &Self) -> bool {
        self.0.starts_with(&above.0)
    }

    /// Whether there is none, which means "no end" in a range.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            write!(f, "{dot}{part}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_a_walk() {
        let mut oids = [&[1, 3][..], &[1], &[1, 3, 0], &[1, 2, 9], &[1, 10]].map(Oid::new);
        oids.sort();
        let walked = oids.map(|oid| oid.to_string());
        assert_eq!(walked, ["1", "1.2.9", "1.3", "1.3.0", "1.10"]);
    }

    #[test]
    fn there_is_no_longer_one_than_the_protocol_can_say() {
        let long = Oid::new(&[7; 300]);
        assert_eq!(long.parts().len(), Oid::MAX_LEN);
        assert_eq!(long.join(&[1]).parts().len(), Oid::MAX_LEN);
        assert!(Oid::default().is_null());
    }
}
