//! The trailer of signed adverts: HMAC-SHA-256 cut to 128 bits, with key id and time (spec wire 5).
//!
//! Deliberately absent: which times and sequences are acceptable. That depends on clock,
//! configuration and what was heard before, and is decided in the engine.

use std::fmt;
use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::HEADER_LEN;

/// Bytes that a signature adds to a packet.
pub const TRAILER_LEN: usize = 28;

/// HMAC-SHA-256 cut to 128 bits; no other type exists.
const TYPE: u8 = 1;
const MAC_LEN: usize = 16;

/// Offsets in the trailer.
mod at {
    use std::ops::Range;

    pub(super) const TYPE: usize = 0;
    pub(super) const KEY_ID: usize = 1;
    pub(super) const RESERVED: Range<usize> = 2..4;
    pub(super) const SEQUENCE: Range<usize> = 4..12;
    pub(super) const MAC: Range<usize> = 12..28;
}

/// Where the checksum stands in the packet: it counts as zero.
const CHECKSUM: std::ops::Range<usize> = 6..8;

/// Time and number of an advert: seconds since the epoch in the high half, then 16 bits of binary
/// fraction, then a 16-bit counter. Seconds wrap round in 2106, so that order is a matter of the
/// signed difference (RFC 1982).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Sequence(pub u64);

impl Sequence {
    /// The first of an instant, given in nanoseconds since the epoch.
    #[must_use]
    pub const fn at(unix_nanos: u64) -> Self {
        let seconds = (unix_nanos / NANOS_PER_SECOND) & 0xffff_ffff;
        let fraction = ((unix_nanos % NANOS_PER_SECOND) << 16) / NANOS_PER_SECOND;
        Self(seconds << 32 | fraction << 16)
    }

    /// Its seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// Whether it comes after another.
    #[must_use]
    pub const fn is_after(self, other: Self) -> bool {
        let ahead = self.0.wrapping_sub(other.0);
        ahead != 0 && ahead < 1 << 63
    }

    /// Whole seconds between this one and another, whichever comes first.
    #[must_use]
    pub fn seconds_apart(self, other: Self) -> u32 {
        let ahead = self.seconds().wrapping_sub(other.seconds());
        ahead.min(ahead.wrapping_neg())
    }
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Another type than the known one, or reserved bits that are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed signature")]
pub struct MalformedTrailer;

/// A received trailer of the known type.
#[derive(Debug, Clone, Copy)]
pub struct TrailerView<'a>(&'a [u8; TRAILER_LEN]);

impl<'a> TrailerView<'a> {
    /// Takes the bytes after the packet.
    ///
    /// # Errors
    /// [`MalformedTrailer`]; nothing in such a trailer is to be believed.
    pub fn new(bytes: &'a [u8; TRAILER_LEN]) -> Result<Self, MalformedTrailer> {
        if bytes[at::TYPE] == TYPE && bytes[at::RESERVED] == [0, 0] {
            Ok(Self(bytes))
        } else {
            Err(MalformedTrailer)
        }
    }

    /// Id of the key that is said to have signed.
    #[must_use]
    pub const fn key_id(&self) -> u8 {
        self.0[at::KEY_ID]
    }

    /// Time and number of the advert.
    #[must_use]
    pub fn sequence(&self) -> Sequence {
        let word = self.0[at::SEQUENCE]
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte));
        Sequence(word)
    }
}

/// A key that signs adverts and checks signatures.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Stands in every signature.
    pub id: u8,
    /// Its bytes, 32 to 64 in a valid configuration.
    pub secret: Vec<u8>,
}

impl fmt::Debug for SigningKey {
    /// Never shows the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, ***)", self.id)
    }
}

impl SigningKey {
    /// The trailer for a packet that starts with the VRRP header and is sent from `source`.
    #[must_use]
    pub fn sign(&self, source: IpAddr, packet: &[u8], sequence: Sequence) -> [u8; TRAILER_LEN] {
        let mut trailer = [0; TRAILER_LEN];
        trailer[at::TYPE] = TYPE;
        trailer[at::KEY_ID] = self.id;
        trailer[at::SEQUENCE].copy_from_slice(&sequence.0.to_be_bytes());
        let code = code(&self.secret, source, packet, &trailer);
        trailer[at::MAC].copy_from_slice(&code.finalize().into_bytes()[..MAC_LEN]);
        trailer
    }
}

/// Whether the key with these bytes made the signature. Takes the same time wherever it is wrong.
#[must_use]
pub fn is_signed_by(
    secret: &[u8],
    source: IpAddr,
    packet: &[u8],
    trailer: &TrailerView<'_>,
) -> bool {
    packet.len() >= HEADER_LEN
        && code(secret, source, packet, trailer.0)
            .verify_truncated_left(&trailer.0[at::MAC])
            .is_ok()
}

fn code(secret: &[u8], source: IpAddr, packet: &[u8], trailer: &[u8; TRAILER_LEN]) -> Hmac<Sha256> {
    let mut pseudo = [0; 20];
    pseudo[1] = packet
        .first()
        .map_or(0, |version_and_type| version_and_type >> 4);
    pseudo[2] = packet.get(1).copied().unwrap_or(0);
    match source {
        IpAddr::V4(address) => {
            pseudo[0] = 4;
            pseudo[4..8].copy_from_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            pseudo[0] = 6;
            pseudo[4..].copy_from_slice(&address.octets());
        }
    }
    Hmac::<Sha256>::new_from_slice(secret)
        .expect("HMAC takes keys of any length")
        .chain_update(pseudo)
        .chain_update(packet.get(..CHECKSUM.start).unwrap_or(packet))
        .chain_update([0; CHECKSUM.end - CHECKSUM.start])
        .chain_update(packet.get(CHECKSUM.end..).unwrap_or_default())
        .chain_update(&trailer[..at::MAC.start])
        .chain_update([0; MAC_LEN])
}

#[cfg(test)]
mod tests {
    use super::{Sequence, SigningKey};

    #[test]
    fn debug_output_never_shows_the_key() {
        let key = SigningKey {
            id: 7,
            secret: b"0123456789abcdef0123456789abcdef".to_vec(),
        };
        assert_eq!(format!("{key:?}"), "SigningKey(7, ***)");
    }

    #[test]
    fn a_sequence_is_seconds_fraction_and_counter() {
        let half = Sequence::at(0x6b00_3c21 * 1_000_000_000 + 500_000_000);
        assert_eq!(half, Sequence(0x6b00_3c21_8000_0000));
        assert_eq!(half.seconds(), 0x6b00_3c21);
        assert_eq!(half.next(), Sequence(0x6b00_3c21_8000_0001));
        assert_eq!(Sequence::at(999_999_999), Sequence(0xffff_0000));
    }

    #[test]
    fn order_survives_the_end_of_the_epoch() {
        let (last, first) = (Sequence(u64::MAX), Sequence(0));
        assert!(first.is_after(last));
        assert!(!last.is_after(first));
        assert!(!first.is_after(first));
        assert_eq!(first.seconds_apart(last), 1);
        assert_eq!(last.seconds_apart(first), 1);
    }
}
