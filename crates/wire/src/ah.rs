//! The authentication header before a version 2 packet over IPv4, as keepalived sends it (RFC 2402
//! and RFC 2403; spec wire 3).
//!
//! Deliberately absent: which sequence numbers are acceptable. That depends on what was heard
//! before, and is decided in the engine.

use std::fmt;
use std::net::Ipv4Addr;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;

/// IP protocol number of the authentication header.
pub const AH_PROTOCOL: u8 = 51;
/// Bytes of the header; keepalived's has no other length.
pub const AH_LEN: usize = 24;

/// Bytes of the integrity check value: HMAC-MD5 cut to 96 bits.
const ICV_LEN: usize = 12;
/// Words of 32 bits in the header, less two (RFC 2402 2.2).
const PAYLOAD_LEN: u8 = 4;

/// Offsets in the header.
mod at {
    use std::ops::Range;

    pub(super) const NEXT_HEADER: usize = 0;
    pub(super) const PAYLOAD_LEN: usize = 1;
    pub(super) const SPI: Range<usize> = 4..8;
    pub(super) const SEQUENCE: Range<usize> = 8..12;
    pub(super) const ICV: Range<usize> = 12..24;
}

/// Offsets in the IPv4 header of what may change on the way.
mod mutable {
    use std::ops::Range;

    pub(super) const TYPE_OF_SERVICE: usize = 1;
    pub(super) const FRAGMENT: Range<usize> = 6..8;
    pub(super) const TIME_TO_LIVE: usize = 8;
    pub(super) const CHECKSUM: Range<usize> = 10..12;
    pub(super) const SOURCE: Range<usize> = 12..16;
    pub(super) const HEADER_LEN: usize = 20;
}

/// What an authentication header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthenticationHeader {
    /// Protocol of what follows.
    pub next_header: u8,
    /// Security parameters index: keepalived takes the source address of the packet.
    pub spi: Ipv4Addr,
    /// Grows with every advert.
    pub sequence: u32,
}

impl AuthenticationHeader {
    /// Reads the first [`AH_LEN`] bytes; `None` when there are fewer.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..AH_LEN)?;
        let word = |range: std::ops::Range<usize>| <[u8; 4]>::try_from(&bytes[range]).ok();
        Some(Self {
            next_header: bytes[at::NEXT_HEADER],
            spi: word(at::SPI)?.into(),
            sequence: u32::from_be_bytes(word(at::SEQUENCE)?),
        })
    }
}

/// What makes and checks authentication headers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HeaderKey {
    /// The password, padded with zeros.
    pub password: [u8; 8],
    /// Unicast adverts may cross routers: their time to live is not covered.
    pub routed: bool,
}

impl fmt::Debug for HeaderKey {
    /// Never shows the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeaderKey(***, routed: {})", self.routed)
    }
}

impl HeaderKey {
    /// Fills the header of a packet that has no IP options and room for [`AH_LEN`] bytes behind the
    /// IP header. Everything else in the packet must be final, but for the header checksum.
    pub(crate) fn seal(&self, packet: &mut [u8], next_header: u8, sequence: u32) {
        let Some((ip, rest)) = packet.split_at_mut_checked(mutable::HEADER_LEN) else {
            return;
        };
        let Some((header, payload)) = rest.split_at_mut_checked(AH_LEN) else {
            return;
        };
        header.fill(0);
        header[at::NEXT_HEADER] = next_header;
        header[at::PAYLOAD_LEN] = PAYLOAD_LEN;
        header[at::SPI].copy_from_slice(&ip[mutable::SOURCE]);
        header[at::SEQUENCE].copy_from_slice(&sequence.to_be_bytes());
        let code = self.code(ip, header, payload).finalize().into_bytes();
        header[at::ICV].copy_from_slice(&code[..ICV_LEN]);
    }

    /// Whether the check value of a received packet is right; `ip_header` is the length of its IP
    /// header. Takes the same time wherever it is wrong.
    #[must_use]
    pub fn verifies(&self, packet: &[u8], ip_header: usize) -> bool {
        let Some((ip, rest)) = packet.split_at_checked(ip_header) else {
            return false;
        };
        let Some((header, payload)) = rest.split_at_checked(AH_LEN) else {
            return false;
        };
        ip.len() >= mutable::HEADER_LEN
            && self
                .code(ip, header, payload)
                .verify_truncated_left(&header[at::ICV])
                .is_ok()
    }

    fn code(&self, ip: &[u8], header: &[u8], payload: &[u8]) -> Hmac<Md5> {
        let mut ip = ip.to_vec();
        ip[mutable::TYPE_OF_SERVICE] = 0;
        ip[mutable::FRAGMENT].fill(0);
        ip[mutable::CHECKSUM].fill(0);
        if self.routed {
            ip[mutable::TIME_TO_LIVE] = 0;
        }
        Hmac::<Md5>::new_from_slice(&self.password)
            .expect("HMAC takes keys of any length")
            .chain_update(ip)
            .chain_update(&header[..at::ICV.start])
            .chain_update([0; ICV_LEN])
            .chain_update(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::HeaderKey;

    #[test]
    fn debug_output_never_shows_the_password() {
        let key = HeaderKey {
            password: *b"secret12",
            routed: false,
        };
        assert_eq!(format!("{key:?}"), "HeaderKey(***, routed: false)");
    }
}
