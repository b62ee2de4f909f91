//! The VRRP advertisement: what is sent, and a view of what was received.

use std::net::Ipv4Addr;

use crate::Checksum;

/// IP protocol number of VRRP.
pub const PROTOCOL: u8 = 112;
/// Bytes before the address list, in both versions.
pub const HEADER_LEN: usize = 8;

/// Offsets in the packet (RFC 3768 5.1, RFC 9568 5.1).
mod at {
    pub(super) const VERSION_TYPE: usize = 0;
    pub(super) const VRID: usize = 1;
    pub(super) const PRIORITY: usize = 2;
    pub(super) const COUNT: usize = 3;
    pub(super) const AUTH_TYPE: usize = 4;
    pub(super) const INTERVAL_V2: usize = 5;
    pub(super) const INTERVAL_V3: usize = 4;
    pub(super) const CHECKSUM: usize = 6;
    pub(super) const ADDRESSES: usize = 8;
}

/// Length of the authentication data that always ends a version 2 packet over IPv4.
const AUTH_LEN: usize = 8;
/// The only packet type there is.
const TYPE_ADVERTISEMENT: u8 = 1;

/// What the two versions say differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// RFC 3768, with the authentication field of RFC 2338.
    V2 {
        /// Whole seconds, 1 to 255.
        interval_seconds: u8,
        /// Eight bytes in clear (type 1), or none (type 0).
        password: Option<[u8; 8]>,
    },
    /// RFC 9568.
    V3 {
        /// 1 to 4095; a larger value is cut to its low twelve bits.
        interval_centiseconds: u16,
    },
}

/// An advertisement to be sent over IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advert<'a> {
    /// Virtual router identifier.
    pub vrid: u8,
    /// Effective priority; 0 resigns.
    pub priority: u8,
    /// Advertised addresses, at most 255 (more are cut).
    pub addresses: &'a [Ipv4Addr],
    /// Version, interval and authentication.
    pub body: Body,
}

impl Advert<'_> {
    /// Appends the packet, without IP header, to `out`. `source` and `destination` are covered by
    /// the version 3 checksum (keepalived's default; RFC 9568 5.2.8 as amended for IPv4 by
    /// `v3_checksum_as_v2` is not its default).
    pub fn emit(&self, source: Ipv4Addr, destination: Ipv4Addr, out: &mut Vec<u8>) {
        let start = out.len();
        let addresses = &self.addresses[..self.addresses.len().min(255)];
        // The slice above has at most 255 elements.
        let count = u8::try_from(addresses.len()).unwrap_or(u8::MAX);
        let (version, word) = match self.body {
            Body::V2 {
                interval_seconds,
                password,
            } => (2, [u8::from(password.is_some()), interval_seconds]),
            Body::V3 {
                interval_centiseconds,
            } => (3, (interval_centiseconds & 0x0fff).to_be_bytes()),
        };
        out.extend_from_slice(&[
            version << 4 | TYPE_ADVERTISEMENT,
            self.vrid,
            self.priority,
            count,
            word[0],
            word[1],
            0,
            0,
        ]);
        for address in addresses {
            out.extend_from_slice(&address.octets());
        }
        let sum = match self.body {
            Body::V2 { password, .. } => {
                out.extend_from_slice(&password.unwrap_or_default());
                Checksum::default()
            }
            Body::V3 { .. } => pseudo_header(source, destination, out.len() - start),
        };
        let sum = sum.chain(&out[start..]).finish();
        out[start + at::CHECKSUM..start + at::ADDRESSES].copy_from_slice(&sum.to_be_bytes());
    }
}

/// The pseudo header of version 3 over IPv4 (spec wire 2.3).
fn pseudo_header(source: Ipv4Addr, destination: Ipv4Addr, length: usize) -> Checksum {
    Checksum::default()
        .chain(&source.octets())
        .chain(&destination.octets())
        .chain_word(u16::from(PROTOCOL))
        .chain_word(u16::try_from(length).unwrap_or(u16::MAX))
}

/// The authentication type byte of version 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthType {
    /// 0.
    None,
    /// 1, a password in clear.
    Pass,
    /// 2, an authentication header stands before the packet.
    Header,
    /// Anything else.
    Invalid(u8),
}

/// Fewer than [`HEADER_LEN`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("shorter than a VRRP header")]
pub struct TooShort;

/// A received packet. Only its first eight bytes are known to be there; accessors of what follows
/// return what there is.
#[derive(Debug, Clone, Copy)]
pub struct AdvertView<'a>(&'a [u8]);

impl<'a> AdvertView<'a> {
    /// Takes the bytes after the IP header.
    ///
    /// # Errors
    /// [`TooShort`] below eight bytes.
    pub fn new(bytes: &'a [u8]) -> Result<Self, TooShort> {
        if bytes.len() < HEADER_LEN {
            Err(TooShort)
        } else {
            Ok(Self(bytes))
        }
    }

    /// Version nibble.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.0[at::VERSION_TYPE] >> 4
    }

    /// Type nibble; 1 is an advertisement.
    #[must_use]
    pub fn kind(&self) -> u8 {
        self.0[at::VERSION_TYPE] & 0x0f
    }

    /// Virtual router identifier.
    #[must_use]
    pub fn vrid(&self) -> u8 {
        self.0[at::VRID]
    }

    /// Priority; 0 means that the master resigns.
    #[must_use]
    pub fn priority(&self) -> u8 {
        self.0[at::PRIORITY]
    }

    /// Number of addresses that the header announces.
    #[must_use]
    pub fn count(&self) -> u8 {
        self.0[at::COUNT]
    }

    /// Authentication type byte (version 2 only).
    #[must_use]
    pub fn auth_type(&self) -> AuthType {
        match self.0[at::AUTH_TYPE] {
            0 => AuthType::None,
            1 => AuthType::Pass,
            2 => AuthType::Header,
            other => AuthType::Invalid(other),
        }
    }

    /// Interval in seconds (version 2 only).
    #[must_use]
    pub fn interval_seconds(&self) -> u8 {
        self.0[at::INTERVAL_V2]
    }

    /// Interval in centiseconds (version 3 only); the reserved nibble is ignored.
    #[must_use]
    pub fn interval_centiseconds(&self) -> u16 {
        u16::from_be_bytes([self.0[at::INTERVAL_V3], self.0[at::INTERVAL_V3 + 1]]) & 0x0fff
    }

    /// Length that version and count of this packet ask for over IPv4.
    #[must_use]
    pub fn expected_len(&self) -> usize {
        let auth = if self.version() == 2 { AUTH_LEN } else { 0 };
        HEADER_LEN + 4 * usize::from(self.count()) + auth
    }

    /// Length of the packet.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The announced addresses, as many as there are bytes for.
    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> + 'a {
        let bytes: &'a [u8] = &self.0[at::ADDRESSES..];
        bytes
            .chunks_exact(4)
            .take(usize::from(self.count()))
            .map(|a| Ipv4Addr::new(a[0], a[1], a[2], a[3]))
    }

    /// Authentication data of version 2, if the packet is long enough.
    #[must_use]
    pub fn password(&self) -> Option<[u8; 8]> {
        let start = HEADER_LEN + 4 * usize::from(self.count());
        self.0.get(start..start + AUTH_LEN)?.try_into().ok()
    }

    /// Whether the checksum fits: version 2 over the packet alone, version 3 with pseudo header.
    #[must_use]
    pub fn checksum_ok(&self, source: Ipv4Addr, destination: Ipv4Addr) -> bool {
        let start = if self.version() == 2 {
            Checksum::default()
        } else {
            pseudo_header(source, destination, self.0.len())
        };
        start.chain(self.0).finish() == 0
    }
}
