//! The VRRP advertisement: what is sent, and a view of what was received.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{Checksum, Coverage, TRAILER_LEN};

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
        /// What stands in the authentication field.
        authentication: AuthField,
    },
    /// RFC 9568.
    V3 {
        /// 1 to 4095; a larger value is cut to its low twelve bits.
        interval_centiseconds: u16,
        /// What the checksum covers over IPv4.
        coverage: Coverage,
    },
}

/// The authentication type and data of a version 2 packet.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub enum AuthField {
    /// Type 0.
    #[default]
    None,
    /// Type 1: eight bytes in clear.
    Password([u8; 8]),
    /// Type 2: an authentication header before the packet, which exists over IPv4 alone.
    Header,
}

impl std::fmt::Debug for AuthField {
    /// Never shows the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Password(_) => "Password(***)",
            Self::Header => "Header",
        })
    }
}

impl AuthField {
    const fn kind(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Password(_) => 1,
            Self::Header => 2,
        }
    }

    const fn data(self) -> [u8; AUTH_LEN] {
        match self {
            Self::None | Self::Header => [0; AUTH_LEN],
            Self::Password(password) => password,
        }
    }
}

/// An advertisement to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advert<'a> {
    /// Virtual router identifier.
    pub vrid: u8,
    /// Effective priority; 0 resigns.
    pub priority: u8,
    /// Advertised addresses, all of the family it is sent over, at most 255 (more are cut).
    pub addresses: &'a [IpAddr],
    /// Version, interval and authentication.
    pub body: Body,
}

impl Advert<'_> {
    /// Appends the packet, without IP header, to `out`. `source` and `destination`, of the same
    /// family, are covered by the checksum of version 3, as [`Coverage`] says, and by that of IPv6.
    /// Over IPv6 version 2 has no authentication data (spec wire 2).
    pub fn emit(&self, source: IpAddr, destination: IpAddr, out: &mut Vec<u8>) {
        let start = out.len();
        let addresses = &self.addresses[..self.addresses.len().min(255)];
        // The slice above has at most 255 elements.
        let count = u8::try_from(addresses.len()).unwrap_or(u8::MAX);
        let (version, word) = match self.body {
            Body::V2 {
                interval_seconds,
                authentication,
            } => (2, [authentication.kind(), interval_seconds]),
            Body::V3 {
                interval_centiseconds,
                ..
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
            match address {
                IpAddr::V4(address) => out.extend_from_slice(&address.octets()),
                IpAddr::V6(address) => out.extend_from_slice(&address.octets()),
            }
        }
        let coverage = match self.body {
            Body::V2 { authentication, .. } if source.is_ipv4() => {
                out.extend_from_slice(&authentication.data());
                Coverage::PacketAlone
            }
            Body::V2 { .. } => Coverage::PseudoHeader,
            Body::V3 { coverage, .. } => coverage,
        };
        set_checksum(&mut out[start..], coverage, source, destination);
    }
}

/// Sets the checksum of a packet that starts with the VRRP header.
pub(crate) fn set_checksum(
    packet: &mut [u8],
    coverage: Coverage,
    source: IpAddr,
    destination: IpAddr,
) {
    packet[at::CHECKSUM..at::ADDRESSES].fill(0);
    let sum = checksum(packet, coverage, source, destination);
    packet[at::CHECKSUM..at::ADDRESSES].copy_from_slice(&sum.to_be_bytes());
}

/// The checksum over a packet as it is; 0 when a right one stands in it.
fn checksum(packet: &[u8], coverage: Coverage, source: IpAddr, destination: IpAddr) -> u16 {
    coverage
        .addresses(source, destination)
        .map_or_else(Checksum::default, |(source, destination)| {
            pseudo_header(source, destination, packet.len())
        })
        .chain(packet)
        .finish()
}

/// The pseudo header of version 3 over IPv4, and of both versions over IPv6 (spec wire 2.3). Where a
/// field is wider over IPv6 (RFC 8200 8.1) its additional bytes are zero and add nothing.
fn pseudo_header(source: IpAddr, destination: IpAddr, length: usize) -> Checksum {
    let sum = Checksum::default();
    let sum = match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            sum.chain(&source.octets()).chain(&destination.octets())
        }
        (source, destination) => sum
            .chain(&wide(source).octets())
            .chain(&wide(destination).octets()),
    };
    sum.chain_word(u16::from(PROTOCOL))
        .chain_word(u16::try_from(length).unwrap_or(u16::MAX))
}

const fn wide(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
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
pub struct AdvertView<'a> {
    bytes: &'a [u8],
    ipv6: bool,
}

impl<'a> AdvertView<'a> {
    /// Takes the bytes after the IP header, which is one of IPv6 or not.
    ///
    /// # Errors
    /// [`TooShort`] below eight bytes.
    pub fn new(bytes: &'a [u8], ipv6: bool) -> Result<Self, TooShort> {
        if bytes.len() < HEADER_LEN {
            Err(TooShort)
        } else {
            Ok(Self { bytes, ipv6 })
        }
    }

    /// Version nibble.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.bytes[at::VERSION_TYPE] >> 4
    }

    /// Type nibble; 1 is an advertisement.
    #[must_use]
    pub fn kind(&self) -> u8 {
        self.bytes[at::VERSION_TYPE] & 0x0f
    }

    /// Virtual router identifier.
    #[must_use]
    pub fn vrid(&self) -> u8 {
        self.bytes[at::VRID]
    }

    /// Priority; 0 means that the master resigns.
    #[must_use]
    pub fn priority(&self) -> u8 {
        self.bytes[at::PRIORITY]
    }

    /// Number of addresses that the header announces.
    #[must_use]
    pub fn count(&self) -> u8 {
        self.bytes[at::COUNT]
    }

    /// Authentication type byte (version 2 only).
    #[must_use]
    pub fn auth_type(&self) -> AuthType {
        match self.bytes[at::AUTH_TYPE] {
            0 => AuthType::None,
            1 => AuthType::Pass,
            2 => AuthType::Header,
            other => AuthType::Invalid(other),
        }
    }

    /// Interval in seconds (version 2 only).
    #[must_use]
    pub fn interval_seconds(&self) -> u8 {
        self.bytes[at::INTERVAL_V2]
    }

    /// Interval in centiseconds (version 3 only); the reserved nibble is ignored.
    #[must_use]
    pub fn interval_centiseconds(&self) -> u16 {
        u16::from_be_bytes([self.bytes[at::INTERVAL_V3], self.bytes[at::INTERVAL_V3 + 1]]) & 0x0fff
    }

    /// Length that version and count of this packet ask for.
    #[must_use]
    pub fn expected_len(&self) -> usize {
        let auth = if self.version() == 2 && !self.ipv6 {
            AUTH_LEN
        } else {
            0
        };
        self.addresses_end() + auth
    }

    fn addresses_end(&self) -> usize {
        HEADER_LEN + self.address_len() * usize::from(self.count())
    }

    const fn address_len(&self) -> usize {
        if self.ipv6 { 16 } else { 4 }
    }

    /// Length of the packet.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The announced addresses, as many as there are bytes for.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + 'a {
        let bytes: &'a [u8] = &self.bytes[at::ADDRESSES..];
        bytes
            .chunks_exact(self.address_len())
            .take(usize::from(self.count()))
            .filter_map(address)
    }

    /// Authentication data of version 2 over IPv4, if the packet is long enough.
    #[must_use]
    pub fn password(&self) -> Option<[u8; 8]> {
        if self.ipv6 {
            return None;
        }
        let start = self.addresses_end();
        self.bytes.get(start..start + AUTH_LEN)?.try_into().ok()
    }

    /// Whether the checksum fits; `coverage` is that of version 3 over IPv4. Over IPv4 a trailer is
    /// not covered, over IPv6 everything is (spec wire 2.3).
    #[must_use]
    pub fn checksum_ok(&self, source: IpAddr, destination: IpAddr, coverage: Coverage) -> bool {
        if self.ipv6 {
            return checksum(self.bytes, Coverage::PseudoHeader, source, destination) == 0;
        }
        let coverage = if self.version() == 2 {
            Coverage::PacketAlone
        } else {
            coverage
        };
        checksum(self.without_trailer(), coverage, source, destination) == 0
    }

    /// As much as version and count of this packet ask for.
    #[must_use]
    pub fn without_trailer(&self) -> &'a [u8] {
        self.bytes.get(..self.expected_len()).unwrap_or(self.bytes)
    }

    /// What follows the packet when it has exactly the length of a signature.
    #[must_use]
    pub fn trailer(&self) -> Option<&'a [u8; TRAILER_LEN]> {
        self.bytes.get(self.expected_len()..)?.try_into().ok()
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(octets).into());
    }
    let octets = <[u8; 16]>::try_from(bytes).ok()?;
    Some(Ipv6Addr::from(octets).into())
}
