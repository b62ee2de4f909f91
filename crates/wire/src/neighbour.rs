//! Frames that teach neighbours where an address now lives.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::Checksum;

/// Length of a gratuitous ARP frame on Ethernet; no padding is added.
pub const GRATUITOUS_ARP_LEN: usize = 42;
/// Length of an unsolicited neighbour advertisement frame on Ethernet.
pub const NEIGHBOUR_ADVERT_LEN: usize = 86;

const BROADCAST: [u8; 6] = [0xff; 6];
const ALL_NODES_MAC: [u8; 6] = [0x33, 0x33, 0, 0, 0, 1];
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ICMPV6: u8 = 58;
const ICMPV6_LEN: usize = 32;

/// A gratuitous ARP request for `address` from `mac` (spec wire 6): the target hardware address is
/// broadcast, as keepalived sends it, where RFC 5227 would have zeros.
#[must_use]
pub fn gratuitous_arp(mac: [u8; 6], address: Ipv4Addr) -> [u8; GRATUITOUS_ARP_LEN] {
    let mut frame = [0; GRATUITOUS_ARP_LEN];
    frame[..6].copy_from_slice(&BROADCAST);
    frame[6..12].copy_from_slice(&mac);
    frame[12..14].copy_from_slice(&0x0806_u16.to_be_bytes());
    // Hardware Ethernet, protocol IPv4, lengths 6 and 4, operation request.
    frame[14..22].copy_from_slice(&[0, 1, 8, 0, 6, 4, 0, 1]);
    frame[22..28].copy_from_slice(&mac);
    frame[28..32].copy_from_slice(&address.octets());
    frame[32..38].copy_from_slice(&BROADCAST);
    frame[38..42].copy_from_slice(&address.octets());
    frame
}

/// An unsolicited neighbour advertisement for `address` from `mac` (spec wire 7). `router` is
/// whether the interface forwards.
#[must_use]
pub fn unsolicited_neighbour_advert(
    mac: [u8; 6],
    address: Ipv6Addr,
    router: bool,
) -> [u8; NEIGHBOUR_ADVERT_LEN] {
    let mut frame = [0; NEIGHBOUR_ADVERT_LEN];
    frame[..6].copy_from_slice(&ALL_NODES_MAC);
    frame[6..12].copy_from_slice(&mac);
    frame[12..14].copy_from_slice(&0x86dd_u16.to_be_bytes());
    frame[14] = 0x60;
    frame[19] = 32; // payload length
    frame[20] = ICMPV6;
    frame[21] = 255; // hop limit, RFC 4861 7.1.2
    frame[22..38].copy_from_slice(&address.octets());
    frame[38..54].copy_from_slice(&ALL_NODES.octets());
    frame[54] = 136; // neighbour advertisement
    frame[58] = if router { 0xa0 } else { 0x20 }; // override, and router
    frame[62..78].copy_from_slice(&address.octets());
    frame[78..80].copy_from_slice(&[2, 1]); // target link-layer address, 8 bytes
    frame[80..86].copy_from_slice(&mac);
    let sum = Checksum::default()
        .chain(&frame[22..54])
        .chain_word(32)
        .chain_word(u16::from(ICMPV6))
        .chain(&frame[54..54 + ICMPV6_LEN])
        .finish();
    frame[56..58].copy_from_slice(&sum.to_be_bytes());
    frame
}
