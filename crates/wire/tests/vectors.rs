//! Frames captured from keepalived 2.2.7 (spec wire 9), encoded and decoded.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use evervip_wire::{
    Advert, AuthField, AuthType, Body, Coverage, Datagram, PacketBuffer, gratuitous_arp,
    unsolicited_neighbour_advert,
};

const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));
const NODE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 1, 1));
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 1, 2));

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|d| u8::from_str_radix(std::str::from_utf8(d).unwrap(), 16).unwrap())
        .collect()
}

/// A captured frame without its Ethernet header.
fn packet(frame: &str) -> Vec<u8> {
    hex(frame).split_off(14)
}

#[track_caller]
fn check(captured: &str, advert: Advert<'_>, destination: IpAddr, ttl: u8, id: u16) {
    let mut expected = packet(captured);
    let view = Datagram::parse(&expected).unwrap();
    assert!(
        view.advert
            .checksum_ok(view.source, view.destination, Coverage::default())
    );
    assert_eq!(
        (view.source, view.destination, view.ttl),
        (NODE, destination, ttl)
    );
    assert_eq!(
        (
            view.advert.kind(),
            view.advert.vrid(),
            view.advert.priority()
        ),
        (1, advert.vrid, advert.priority)
    );
    assert_eq!(
        view.advert.addresses().collect::<Vec<_>>(),
        advert.addresses
    );
    assert_eq!(
        view.advert.expected_len() + view.header_len,
        view.received_len
    );
    // The kernel filled in the header checksum after us.
    expected[10..12].fill(0);
    let mut ours = PacketBuffer::new(&advert, NODE, destination, ttl);
    ours.set_identification(id);
    assert_eq!(ours.as_bytes(), expected);
}

fn v2(password: Option<[u8; 8]>, interval_seconds: u8) -> Body {
    Body::V2 {
        interval_seconds,
        authentication: password.map_or(AuthField::None, AuthField::Password),
    }
}

const fn v3(interval_centiseconds: u16) -> Body {
    Body::V3 {
        interval_centiseconds,
        coverage: Coverage::PseudoHeader,
    }
}

#[test]
fn a_v2_without_authentication() {
    check(
        "01005e0000120200000000010800 45c0002800010000ff70cf900a010101e0000012 210a640100026f83 0a01016e 0000000000000000",
        Advert {
            vrid: 10,
            priority: 100,
            addresses: &[IpAddr::from([10, 1, 1, 110])],
            body: v2(None, 2),
        },
        GROUP,
        255,
        1,
    );
}

#[test]
fn a0_v2_resignation() {
    check(
        "01005e0000120200000000010800 45c0002800040000ff70cf8d0a010101e0000012 210a00010002d383 0a01016e 0000000000000000",
        Advert {
            vrid: 10,
            priority: 0,
            addresses: &[IpAddr::from([10, 1, 1, 110])],
            body: v2(None, 2),
        },
        GROUP,
        255,
        4,
    );
}

#[test]
fn b_v2_password() {
    check(
        "01005e0000120200000000010800 45c0002c00010000ff70cf8c0a010101e0000012 213378020101e17f 0a010164 0a010165 7365637265743132",
        Advert {
            vrid: 51,
            priority: 120,
            addresses: &[IpAddr::from([10, 1, 1, 100]), IpAddr::from([10, 1, 1, 101])],
            body: v2(Some(*b"secret12"), 1),
        },
        GROUP,
        255,
        1,
    );
}

#[test]
fn c_v3_multicast() {
    check(
        "01005e0000120200000000010800 45c0002400010000ff70cf940a010101e0000012 310cff020019ccfc 0a010170 0a0101d4",
        Advert {
            vrid: 12,
            priority: 255,
            addresses: &[IpAddr::from([10, 1, 1, 112]), IpAddr::from([10, 1, 1, 212])],
            body: v3(25),
        },
        GROUP,
        255,
        1,
    );
}

#[test]
fn d_v3_unicast() {
    check(
        "0200000000020200000000010800 45c0002000010000ff70a4a80a0101010a010102 310dc8010064e499 0a010171",
        Advert {
            vrid: 13,
            priority: 200,
            addresses: &[IpAddr::from([10, 1, 1, 113])],
            body: v3(100),
        },
        PEER,
        255,
        1,
    );
}

#[test]
fn d3_v2_unicast_with_ttl() {
    check(
        "0200000000020200000000010800 45c00028000100000a7099a10a0101010a010102 2113960100013d72 0a010177 0000000000000000",
        Advert {
            vrid: 19,
            priority: 150,
            addresses: &[IpAddr::from([10, 1, 1, 119])],
            body: v2(None, 1),
        },
        PEER,
        10,
        1,
    );
}

#[test]
fn password_and_interval_are_read_back() {
    let bytes = packet(
        "01005e0000120200000000010800 45c0002c00330000ff70cf5a0a010101e0000012 21335a020101ff7f 0a010164 0a010165 7365637265743132",
    );
    let advert = Datagram::parse(&bytes).unwrap().advert;
    assert_eq!(advert.auth_type(), AuthType::Pass);
    assert_eq!(advert.password(), Some(*b"secret12"));
    assert_eq!(advert.interval_seconds(), 1);
    assert_eq!(advert.version(), 2);
}

#[test]
fn any_changed_bit_breaks_the_checksum() {
    let bytes = packet(
        "01005e0000120200000000010800 45c0002400010000ff70cf940a010101e0000012 310cff020019ccfc 0a010170 0a0101d4",
    );
    for byte in 20..bytes.len() {
        for bit in 0..8 {
            let mut broken = bytes.clone();
            broken[byte] ^= 1 << bit;
            let view = Datagram::parse(&broken).unwrap();
            // Version 2 has no pseudo header, so that a flipped version is caught by its length instead.
            if view.advert.version() == 3 {
                assert!(
                    !view
                        .advert
                        .checksum_ok(view.source, view.destination, Coverage::default()),
                    "byte {byte} bit {bit}"
                );
            }
        }
    }
}

#[test]
fn g3_gratuitous_arp_and_neighbour_advert() {
    let mac = [2, 0, 0, 0, 0, 1];
    assert_eq!(
        gratuitous_arp(mac, Ipv4Addr::new(10, 1, 1, 110)).to_vec(),
        hex(
            "ffffffffffff0200000000010806 0001080006040001 0200000000010a01016e ffffffffffff0a01016e"
        ),
    );
    assert_eq!(
        unsolicited_neighbour_advert(mac, "2001:db8::15".parse().unwrap(), false).to_vec(),
        hex(
            "33330000000102000000000186dd 6000000000203aff20010db8000000000000000000000015ff020000000000000000000000000001 8800f90220000000 20010db8000000000000000000000015 0201020000000001"
        ),
    );
}

/// An IP header may carry options: the advert is behind them.
#[test]
fn ip_options_are_stepped_over() {
    let mut bytes = packet(
        "01005e0000120200000000010800 45c0002400010000ff70cf940a010101e0000012 310cff020019ccfc 0a010170 0a0101d4",
    );
    bytes[0] = 0x46;
    bytes.splice(20..20, [0x94, 4, 0, 0]);
    let view = Datagram::parse(&bytes).unwrap();
    assert_eq!((view.header_len, view.received_len), (24, 40));
    assert_eq!((view.advert.vrid(), view.advert.priority()), (12, 255));
    assert!(
        view.advert
            .checksum_ok(view.source, view.destination, Coverage::default())
    );
    // A header that claims to be longer than the packet is refused, not read beyond its end.
    bytes[0] = 0x4f;
    assert!(Datagram::parse(&bytes).is_err());
    assert!(Datagram::parse(&bytes[..23]).is_err());
}

/// Captured IPv6 packets: the flow label is the kernel's choice, and none in ours.
#[track_caller]
fn check_ipv6(captured: &str, advert: Advert<'_>, source: &str, destination: &str, hops: u8) {
    let mut expected = packet(captured);
    let address = |text: &str| IpAddr::V6(text.parse::<Ipv6Addr>().unwrap());
    let (source, destination) = (address(source), address(destination));
    let view = Datagram::parse(&expected).unwrap();
    assert!(
        view.advert
            .checksum_ok(view.source, view.destination, Coverage::default())
    );
    assert_eq!(
        (view.source, view.destination, view.ttl),
        (source, destination, hops)
    );
    assert_eq!(
        view.advert.addresses().collect::<Vec<_>>(),
        advert.addresses
    );
    assert_eq!(
        view.advert.expected_len() + view.header_len,
        view.received_len
    );
    expected[1] &= 0xf0;
    expected[2..4].fill(0);
    let ours = PacketBuffer::new(&advert, source, destination, hops);
    assert_eq!(ours.as_bytes(), expected);
}

fn ipv6(vrid: u8, priority: u8, addresses: &[IpAddr]) -> Advert<'_> {
    Advert {
        vrid,
        priority,
        addresses,
        body: v3(100),
    }
}

#[test]
fn vector_f_version_3_over_ipv6() {
    let addresses = [
        "fe80::1515".parse().unwrap(),
        "2001:db8::15".parse().unwrap(),
    ];
    check_ipv6(
        "33330000001202000000000186dd 6c090af9002870fffe80000000000000000000fffe000001ff020000000000000000000000000012 \
         310f96020064f9f6 fe800000000000000000000000001515 20010db8000000000000000000000015",
        ipv6(15, 150, &addresses),
        "fe80::ff:fe00:1",
        "ff02::12",
        255,
    );
}

#[test]
fn vector_f0_resignation_over_ipv6() {
    let addresses = [
        "fe80::1515".parse().unwrap(),
        "2001:db8::15".parse().unwrap(),
    ];
    check_ipv6(
        "33330000001202000000000186dd 6c090af9002870fffe80000000000000000000fffe000001ff020000000000000000000000000012 \
         310f000200648ff7 fe800000000000000000000000001515 20010db8000000000000000000000015",
        ipv6(15, 0, &addresses),
        "fe80::ff:fe00:1",
        "ff02::12",
        255,
    );
}

/// From a virtual MAC: the frame is the kernel's business, the announcement is ours.
#[test]
fn vector_g2_virtual_mac_over_ipv6() {
    let addresses = [
        "fe80::1717".parse().unwrap(),
        "2001:db8::17".parse().unwrap(),
    ];
    check_ipv6(
        "33330000001200005e00021186dd 6c090af9002870fffe80000000000000000000fffe000001ff020000000000000000000000000012 \
         311196020064f7f0 fe800000000000000000000000001717 20010db8000000000000000000000017",
        ipv6(17, 150, &addresses),
        "fe80::ff:fe00:1",
        "ff02::12",
        255,
    );
    let mac = [0, 0, 0x5e, 0, 2, 0x11];
    assert_eq!(
        unsolicited_neighbour_advert(mac, "fe80::1717".parse().unwrap(), false).to_vec(),
        hex(
            "33330000000100005e00021186dd 6000000000203afffe800000000000000000000000001717ff020000000000000000000000000001 8800cb5e20000000 fe800000000000000000000000001717 020100005e000211"
        ),
    );
}

#[test]
fn vector_f2_version_3_over_ipv6_unicast() {
    check_ipv6(
        "02000000000202000000000186dd 6c0be9f900187040fe80000000000000000000fffe000001fe80000000000000000000fffe000002 \
         3112960100640f2a 20010db8000000000000000000000018",
        ipv6(18, 150, &["2001:db8::18".parse().unwrap()]),
        "fe80::ff:fe00:1",
        "fe80::ff:fe00:2",
        64,
    );
}
