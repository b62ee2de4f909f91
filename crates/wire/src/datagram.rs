//! The IP packet around the advertisement.

use std::net::IpAddr;

use etherparse::{IpDscp, IpNumber, Ipv4Header, Ipv4HeaderSlice, Ipv6Header, Ipv6HeaderSlice};

use crate::ah::{AH_LEN, AH_PROTOCOL, AuthenticationHeader, HeaderKey};
use crate::hmac::{Sequence, SigningKey};
use crate::{Advert, AdvertView, AuthField, Body, Coverage, PROTOCOL, advert};

/// Traffic class of network control (spec wire 2.1 and 2.2).
const NETWORK_CONTROL: u8 = 0xc0;
/// Where the identification stands in an IPv4 header.
const IDENTIFICATION: std::ops::Range<usize> = 4..6;
/// Where the total length stands in an IPv4 header.
const TOTAL_LENGTH: std::ops::Range<usize> = 2..4;
/// Where the payload length stands in an IPv6 header.
const PAYLOAD_LENGTH: std::ops::Range<usize> = 4..6;

/// Where the addresses begin in an IPv4 header.
const IPV4_SOURCE: usize = 12;
const IPV4_DESTINATION: usize = 16;
/// Where they begin in an IPv6 header.
const IPV6_SOURCE: usize = 8;
const IPV6_DESTINATION: usize = 24;

/// Length of the headers that are made here.
const fn header_len(ipv4: bool) -> usize {
    if ipv4 {
        Ipv4Header::MIN_LEN
    } else {
        Ipv6Header::LEN
    }
}

/// A complete IP packet with one advertisement, kept so that it can be sent again.
///
/// The header checksum of IPv4 stays 0: the kernel fills it in on a raw socket. Only the
/// identification of IPv4 and what proves the sender change between two sendings of an unchanged
/// advertisement.
///
/// A daemon keeps one for every destination of every router: what the bytes say is not kept beside
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacketBuffer {
    bytes: Vec<u8>,
    /// Length of the VRRP packet; a signature may follow it.
    advert_len: u16,
    /// Whether an authentication header stands before it.
    sealed: bool,
}

impl PacketBuffer {
    /// Encodes an advertisement with identification 0. Source and destination are of the same
    /// family; `ttl` is the time to live or the hop limit. An authentication header is left empty:
    /// see [`Self::seal`].
    #[must_use]
    pub fn new(advert: &Advert<'_>, source: IpAddr, destination: IpAddr, ttl: u8) -> Self {
        let sealed = source.is_ipv4()
            && matches!(advert.body, Body::V2 { authentication, .. } if authentication == AuthField::Header);
        let (protocol, between) = if sealed {
            (AH_PROTOCOL, AH_LEN)
        } else {
            (PROTOCOL, 0)
        };
        let length = header_len(source.is_ipv4());
        let start = length + between;
        let mut bytes = vec![0; start];
        advert.emit(source, destination, &mut bytes);
        bytes.shrink_to_fit();
        let header = header(source, destination, ttl, protocol, bytes.len() - length);
        bytes[..length].copy_from_slice(&header);
        Self {
            advert_len: u16_length(bytes.len() - start),
            sealed,
            bytes,
        }
    }

    /// Sets the identification of the next sending; IPv6 has none.
    pub fn set_identification(&mut self, identification: u16) {
        if self.is_ipv4() {
            self.bytes[IDENTIFICATION].copy_from_slice(&identification.to_be_bytes());
        }
    }

    /// Fills in the authentication header, if the packet has one. It covers the identification,
    /// which is set before.
    pub fn seal(&mut self, key: &HeaderKey, sequence: u32) {
        if self.sealed {
            key.seal(&mut self.bytes, PROTOCOL, sequence);
        }
    }

    /// Appends a signature, or replaces the one that is there.
    pub fn sign(&mut self, key: &SigningKey, sequence: Sequence) {
        let start = self.start();
        let end = start + usize::from(self.advert_len);
        let (source, destination) = (self.source(), self.destination());
        let trailer = key.sign(source, &self.bytes[start..end], sequence);
        self.bytes.truncate(end);
        self.bytes.extend_from_slice(&trailer);
        let (field, claimed) = if self.is_ipv4() {
            (TOTAL_LENGTH, self.bytes.len())
        } else {
            (PAYLOAD_LENGTH, self.bytes.len() - Ipv6Header::LEN)
        };
        self.bytes[field].copy_from_slice(&u16_length(claimed).to_be_bytes());
        if source.is_ipv6() {
            let packet = &mut self.bytes[start..];
            advert::set_checksum(packet, Coverage::PseudoHeader, source, destination);
        }
    }

    /// Where it goes.
    #[must_use]
    pub fn destination(&self) -> IpAddr {
        self.address(IPV4_DESTINATION, IPV6_DESTINATION)
    }

    fn source(&self) -> IpAddr {
        self.address(IPV4_SOURCE, IPV6_SOURCE)
    }

    fn address(&self, ipv4: usize, ipv6: usize) -> IpAddr {
        if self.is_ipv4() {
            IpAddr::from(std::array::from_fn::<u8, 4, _>(|i| self.bytes[ipv4 + i]))
        } else {
            IpAddr::from(std::array::from_fn::<u8, 16, _>(|i| self.bytes[ipv6 + i]))
        }
    }

    /// Where the VRRP packet begins.
    fn start(&self) -> usize {
        header_len(self.is_ipv4()) + if self.sealed { AH_LEN } else { 0 }
    }

    fn is_ipv4(&self) -> bool {
        self.bytes[0] >> 4 == 4
    }

    /// The packet, IP header first.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn header(source: IpAddr, destination: IpAddr, ttl: u8, protocol: u8, payload: usize) -> Vec<u8> {
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => Ipv4Header {
            dscp: IpDscp::try_new(NETWORK_CONTROL >> 2).unwrap_or_default(),
            total_len: u16_length(Ipv4Header::MIN_LEN + payload),
            dont_fragment: false,
            time_to_live: ttl,
            protocol: IpNumber(protocol),
            source: source.octets(),
            destination: destination.octets(),
            ..Ipv4Header::default()
        }
        .to_bytes()
        .to_vec(),
        (source, destination) => {
            ipv6_header(source, destination, ttl, u16_length(payload)).to_vec()
        }
    }
}

fn ipv6_header(source: IpAddr, destination: IpAddr, hop_limit: u8, payload: u16) -> [u8; 40] {
    let octets = |address: IpAddr| match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    };
    Ipv6Header {
        traffic_class: NETWORK_CONTROL,
        payload_length: payload,
        next_header: IpNumber(PROTOCOL),
        hop_limit,
        source: octets(source),
        destination: octets(destination),
        ..Ipv6Header::default()
    }
    .to_bytes()
}

fn u16_length(bytes: usize) -> u16 {
    u16::try_from(bytes).unwrap_or(u16::MAX)
}

/// Why bytes from a raw socket are not an IP packet with a VRRP header in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadDatagram {
    /// No IP header, or fewer bytes than the headers need.
    #[error("too short")]
    TooShort,
    /// Another protocol.
    #[error("not VRRP")]
    Foreign,
}

/// A received IP packet that is long enough for a VRRP header.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Time to live, or hop limit, as received.
    pub ttl: u8,
    /// Total length that the IP header claims.
    pub total_len: usize,
    /// Bytes that were received, IP header included.
    pub received_len: usize,
    /// Length of what stands before the advert: the IP header and the authentication header.
    pub header_len: usize,
    /// All of it.
    pub bytes: &'a [u8],
    /// The authentication header between IP header and advert.
    pub authentication: Option<AuthenticationHeader>,
    /// What follows these headers.
    pub advert: AdvertView<'a>,
}

impl Datagram<'_> {
    /// Whether the authentication header was made with this key; `false` without one.
    #[must_use]
    pub fn is_sealed_by(&self, key: &HeaderKey) -> bool {
        self.authentication.is_some() && key.verifies(self.bytes, self.header_len - AH_LEN)
    }
}

impl<'a> Datagram<'a> {
    /// Reads a packet, IP header included.
    ///
    /// # Errors
    /// [`BadDatagram`]; nothing is known about such bytes, not even a VRID.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BadDatagram> {
        if bytes.first().is_some_and(|first| first >> 4 == 6) {
            Self::parse_ipv6(bytes)
        } else {
            Self::parse_ipv4(bytes)
        }
    }

    fn parse_ipv4(bytes: &'a [u8]) -> Result<Self, BadDatagram> {
        let header = Ipv4HeaderSlice::from_slice(bytes).map_err(|_| BadDatagram::TooShort)?;
        let ip_len = header.slice().len();
        let authentication = match header.protocol() {
            IpNumber(PROTOCOL) => None,
            IpNumber(AH_PROTOCOL) => {
                let header = AuthenticationHeader::parse(&bytes[ip_len..]);
                Some(header.ok_or(BadDatagram::TooShort)?)
            }
            _ => return Err(BadDatagram::Foreign),
        };
        if authentication.is_some_and(|header| header.next_header != PROTOCOL) {
            return Err(BadDatagram::Foreign);
        }
        let header_len = ip_len + authentication.map_or(0, |_| AH_LEN);
        Ok(Self {
            source: header.source_addr().into(),
            destination: header.destination_addr().into(),
            ttl: header.ttl(),
            total_len: usize::from(header.total_len()),
            received_len: bytes.len(),
            header_len,
            bytes,
            authentication,
            advert: view(&bytes[header_len..], false)?,
        })
    }

    fn parse_ipv6(bytes: &'a [u8]) -> Result<Self, BadDatagram> {
        let header = Ipv6HeaderSlice::from_slice(bytes).map_err(|_| BadDatagram::TooShort)?;
        if header.next_header() != IpNumber(PROTOCOL) {
            return Err(BadDatagram::Foreign);
        }
        Ok(Self {
            source: header.source_addr().into(),
            destination: header.destination_addr().into(),
            ttl: header.hop_limit(),
            total_len: Ipv6Header::LEN + usize::from(header.payload_length()),
            received_len: bytes.len(),
            header_len: Ipv6Header::LEN,
            bytes,
            authentication: None,
            advert: view(&bytes[Ipv6Header::LEN..], true)?,
        })
    }
}

fn view(bytes: &[u8], ipv6: bool) -> Result<AdvertView<'_>, BadDatagram> {
    AdvertView::new(bytes, ipv6).map_err(|_| BadDatagram::TooShort)
}
