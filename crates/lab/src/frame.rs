//! Reading captured frames: Ethernet, ARP, VRRP over IPv4 and IPv6, neighbour advertisements. Good
//! enough for assertions; anything odd is simply not decoded.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::{Duration, SystemTime},
};

/// A captured Ethernet frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The kernel's receive time.
    pub at: SystemTime,
    /// The whole frame without preamble and checksum.
    pub bytes: Vec<u8>,
}

/// A VRRP advertisement, version 2 or 3 (RFC 3768 5.1, RFC 9568 5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advert {
    /// The kernel's receive time.
    pub at: SystemTime,
    /// Source hardware address.
    pub source_mac: [u8; 6],
    /// Destination hardware address.
    pub destination_mac: [u8; 6],
    /// Type of service byte, or traffic class.
    pub tos: u8,
    /// IP identification; 0 over IPv6.
    pub id: u16,
    /// Time to live, or hop limit.
    pub ttl: u8,
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// VRRP version, 2 or 3.
    pub version: u8,
    /// Virtual router id.
    pub vrid: u8,
    /// Priority; 0 means that the sender resigns.
    pub priority: u8,
    /// Version 2: authentication type; version 3: 0.
    pub auth_type: u8,
    /// Advertised interval.
    pub interval: Duration,
    /// Addresses in the order of the packet.
    pub addresses: Vec<IpAddr>,
    /// The IP packet from its first header byte to its total length.
    pub packet: Vec<u8>,
}

/// An ARP packet for IPv4 over Ethernet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arp {
    /// The kernel's receive time.
    pub at: SystemTime,
    /// Source hardware address of the frame.
    pub source_mac: [u8; 6],
    /// Operation: 1 request, 2 reply.
    pub operation: u16,
    /// Sender hardware address.
    pub sender_mac: [u8; 6],
    /// Sender IP address.
    pub sender: Ipv4Addr,
    /// Target hardware address.
    pub target_mac: [u8; 6],
    /// Target IP address.
    pub target: Ipv4Addr,
}

/// A neighbour advertisement (RFC 4861 4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighbourAdvert {
    /// The kernel's receive time.
    pub at: SystemTime,
    /// Source hardware address of the frame.
    pub source_mac: [u8; 6],
    /// Source address.
    pub source: Ipv6Addr,
    /// First byte of the flags: router 0x80, solicited 0x40, override 0x20.
    pub flags: u8,
    /// The address that is announced.
    pub target: Ipv6Addr,
}

impl Arp {
    /// Whether this announces the sender's own address (sender and target are the same).
    pub fn is_gratuitous(&self) -> bool {
        self.sender == self.target
    }
}

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const ETHERNET_HEADER: usize = 14;
const IPV6_HEADER: usize = 40;
const PROTOCOL_VRRP: u8 = 112;
/// An authentication header, behind which the advert stands.
const PROTOCOL_AH: u8 = 51;
const AH_LEN: usize = 24;
const PROTOCOL_ICMPV6: u8 = 58;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;

/// What the IP header of an advertisement says.
struct Header<'f> {
    tos: u8,
    id: u16,
    ttl: u8,
    source: IpAddr,
    destination: IpAddr,
    packet: &'f [u8],
    vrrp: &'f [u8],
}

impl Frame {
    /// Destination hardware address; zeros in a frame too short for one.
    pub fn destination_mac(&self) -> [u8; 6] {
        array_at(&self.bytes, 0).unwrap_or_default()
    }

    /// Source hardware address; zeros in a frame too short for one.
    pub fn source_mac(&self) -> [u8; 6] {
        array_at(&self.bytes, 6).unwrap_or_default()
    }

    /// The frame as a VRRP advertisement.
    pub fn advert(&self) -> Option<Advert> {
        let ip = self.ipv4_header().or_else(|| self.ipv6_header())?;
        let vrrp = ip.vrrp;
        let version = vrrp.first()? >> 4;
        if vrrp.first()? & 0x0f != 1 || !(2..=3).contains(&version) {
            return None;
        }
        let size = if ip.source.is_ipv4() { 4 } else { 16 };
        let count = usize::from(*vrrp.get(3)?);
        let addresses = vrrp.get(8..8 + size * count)?.chunks_exact(size);
        let (auth_type, interval) = if version == 2 {
            (*vrrp.get(4)?, Duration::from_secs(u64::from(*vrrp.get(5)?)))
        } else {
            (
                0,
                Duration::from_millis(u64::from(u16_at(vrrp, 4)? & 0x0fff) * 10),
            )
        };
        Some(Advert {
            at: self.at,
            source_mac: self.source_mac(),
            destination_mac: self.destination_mac(),
            tos: ip.tos,
            id: ip.id,
            ttl: ip.ttl,
            source: ip.source,
            destination: ip.destination,
            version,
            vrid: *vrrp.get(1)?,
            priority: *vrrp.get(2)?,
            auth_type,
            interval,
            addresses: addresses.filter_map(address).collect(),
            packet: ip.packet.to_vec(),
        })
    }

    fn ipv4_header(&self) -> Option<Header<'_>> {
        let ip = self.payload(ETHERTYPE_IPV4)?;
        let header = usize::from(ip.first()? & 0x0f) * 4;
        let total = usize::from(u16_at(ip, 2)?);
        let packet = ip.get(..total)?;
        let between = match *ip.get(9)? {
            PROTOCOL_VRRP => 0,
            PROTOCOL_AH => AH_LEN,
            _ => return None,
        };
        Some(Header {
            tos: *ip.get(1)?,
            id: u16_at(ip, 4)?,
            ttl: *ip.get(8)?,
            source: address(ip.get(12..16)?)?,
            destination: address(ip.get(16..20)?)?,
            packet,
            vrrp: packet.get(header + between..)?,
        })
    }

    fn ipv6_header(&self) -> Option<Header<'_>> {
        let ip = self.payload(ETHERTYPE_IPV6)?;
        let total = IPV6_HEADER + usize::from(u16_at(ip, 4)?);
        let packet = ip.get(..total)?;
        (*ip.get(6)? == PROTOCOL_VRRP).then_some(())?;
        Some(Header {
            tos: (u16_at(ip, 0)? >> 4).to_be_bytes()[1],
            id: 0,
            ttl: *ip.get(7)?,
            source: address(ip.get(8..24)?)?,
            destination: address(ip.get(24..40)?)?,
            packet,
            vrrp: packet.get(IPV6_HEADER..)?,
        })
    }

    /// The frame as a neighbour advertisement.
    pub fn neighbour_advert(&self) -> Option<NeighbourAdvert> {
        let ip = self.payload(ETHERTYPE_IPV6)?;
        let icmp = ip.get(IPV6_HEADER..)?;
        (*ip.get(6)? == PROTOCOL_ICMPV6 && *icmp.first()? == NEIGHBOUR_ADVERTISEMENT)
            .then_some(())?;
        Some(NeighbourAdvert {
            at: self.at,
            source_mac: self.source_mac(),
            source: array_at::<16>(ip, 8)?.into(),
            flags: *icmp.get(4)?,
            target: array_at::<16>(icmp, 8)?.into(),
        })
    }

    /// The frame as an ARP packet.
    pub fn arp(&self) -> Option<Arp> {
        let arp = self.payload(ETHERTYPE_ARP)?;
        Some(Arp {
            at: self.at,
            source_mac: self.source_mac(),
            operation: u16_at(arp, 6)?,
            sender_mac: array_at(arp, 8)?,
            sender: array_at::<4>(arp, 14)?.into(),
            target_mac: array_at(arp, 18)?,
            target: array_at::<4>(arp, 24)?.into(),
        })
    }

    fn payload(&self, ethertype: u16) -> Option<&[u8]> {
        (u16_at(&self.bytes, 12)? == ethertype).then(|| self.bytes.get(ETHERNET_HEADER..))?
    }
}

/// Four or sixteen bytes as an address.
fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_be_bytes)
}
