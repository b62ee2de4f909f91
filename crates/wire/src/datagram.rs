//! IPv4 around the advertisement.

use std::net::Ipv4Addr;

use etherparse::{IpDscp, IpNumber, Ipv4Header, Ipv4HeaderSlice};

use crate::{Advert, AdvertView, PROTOCOL};

/// DSCP of network control, TOS byte 0xc0 (spec wire 2.1).
const DSCP_NETWORK_CONTROL: u8 = 0xc0 >> 2;
/// Where the identification stands in an IPv4 header.
const IDENTIFICATION: std::ops::Range<usize> = 4..6;

/// A complete IPv4 packet with one advertisement, kept so that it can be sent again.
///
/// The header checksum stays 0: the kernel fills it in on a raw socket. Only the identification
/// changes between two sendings of an unchanged advertisement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacketBuffer(Vec<u8>);

impl PacketBuffer {
    /// Encodes an advertisement with identification 0.
    #[must_use]
    pub fn new(advert: &Advert<'_>, source: Ipv4Addr, destination: Ipv4Addr, ttl: u8) -> Self {
        let mut bytes = vec![0; Ipv4Header::MIN_LEN];
        advert.emit(source, destination, &mut bytes);
        let header = Ipv4Header {
            dscp: IpDscp::try_new(DSCP_NETWORK_CONTROL).unwrap_or_default(),
            total_len: u16::try_from(bytes.len()).unwrap_or(u16::MAX),
            dont_fragment: false,
            time_to_live: ttl,
            protocol: IpNumber(PROTOCOL),
            source: source.octets(),
            destination: destination.octets(),
            ..Ipv4Header::default()
        };
        bytes[..Ipv4Header::MIN_LEN].copy_from_slice(&header.to_bytes());
        Self(bytes)
    }

    /// Sets the identification of the next sending.
    pub fn set_identification(&mut self, identification: u16) {
        self.0[IDENTIFICATION].copy_from_slice(&identification.to_be_bytes());
    }

    /// The packet, IP header first.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Why bytes from a raw socket are not an IPv4 packet with a VRRP header in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadDatagram {
    /// No IPv4 header, or fewer bytes than the headers need.
    #[error("too short")]
    TooShort,
    /// Another protocol.
    #[error("not VRRP")]
    Foreign,
}

/// A received IPv4 packet that is long enough for a VRRP header.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// Source address.
    pub source: Ipv4Addr,
    /// Destination address.
    pub destination: Ipv4Addr,
    /// Time to live as received.
    pub ttl: u8,
    /// Total length that the IP header claims.
    pub total_len: u16,
    /// Bytes that were received, IP header included.
    pub received_len: usize,
    /// Length of the IP header.
    pub header_len: usize,
    /// What follows the IP header.
    pub advert: AdvertView<'a>,
}

impl<'a> Datagram<'a> {
    /// Reads what a raw socket gave, IP header included.
    ///
    /// # Errors
    /// [`BadDatagram`]; nothing is known about such bytes, not even a VRID.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BadDatagram> {
        let header = Ipv4HeaderSlice::from_slice(bytes).map_err(|_| BadDatagram::TooShort)?;
        if header.protocol() != IpNumber(PROTOCOL) {
            return Err(BadDatagram::Foreign);
        }
        let header_len = header.slice().len();
        let advert = AdvertView::new(&bytes[header_len..]).map_err(|_| BadDatagram::TooShort)?;
        Ok(Self {
            source: header.source_addr(),
            destination: header.destination_addr(),
            ttl: header.ttl(),
            total_len: header.total_len(),
            received_len: bytes.len(),
            header_len,
            advert,
        })
    }
}
