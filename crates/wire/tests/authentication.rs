//! Authentication header, signature and the older checksums: frames captured from keepalived (spec
//! wire 9), and what no change may pass.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use evervip_wire::{
    AH_LEN, Advert, AuthField, Body, Coverage, Datagram, HeaderKey, PacketBuffer, Sequence,
    SigningKey, TrailerView, is_signed_by,
};
use proptest::prelude::*;

const OLD: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));
const NODE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 1, 1));
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 1, 2));

/// A captured frame without its Ethernet header. The kernel filled in the header checksum.
fn packet(frame: &str) -> Vec<u8> {
    let digits: Vec<u8> = frame.bytes().filter(u8::is_ascii_hexdigit).collect();
    let mut bytes: Vec<u8> = digits
        .chunks(2)
        .map(|d| u8::from_str_radix(std::str::from_utf8(d).unwrap(), 16).unwrap())
        .collect();
    bytes.drain(..14);
    bytes[10..12].fill(0);
    bytes
}

fn advert(vrid: u8, priority: u8, addresses: &[IpAddr], body: Body) -> Advert<'_> {
    Advert {
        vrid,
        priority,
        addresses,
        body,
    }
}

const HEADER: Body = Body::V2 {
    interval_seconds: 1,
    authentication: AuthField::Header,
};

const fn v3(coverage: Coverage) -> Body {
    Body::V3 {
        interval_centiseconds: 100,
        coverage,
    }
}

const fn abcd(routed: bool) -> HeaderKey {
    HeaderKey {
        password: *b"abcd\0\0\0\0",
        routed,
    }
}

#[track_caller]
fn check_header(captured: &str, advert: &Advert<'_>, destination: IpAddr, number: u16) {
    let captured = packet(captured);
    let key = abcd(!destination.is_multicast());
    let view = Datagram::parse(&captured).unwrap();
    let header = view.authentication.unwrap();
    assert_eq!(IpAddr::V4(header.spi), NODE);
    assert_eq!(header.sequence, u32::from(number));
    assert!(view.is_sealed_by(&key));
    assert_eq!(
        view.header_len + view.advert.expected_len(),
        view.received_len
    );
    assert!(
        view.advert
            .checksum_ok(view.source, view.destination, Coverage::default())
    );
    let mut ours = PacketBuffer::new(advert, NODE, destination, 255);
    ours.set_identification(number);
    ours.seal(&key, u32::from(number));
    assert_eq!(ours.as_bytes(), captured);
}

#[test]
fn e_header_multicast() {
    let addresses = [IpAddr::from([10, 1, 1, 111])];
    let advert = advert(11, 101, &addresses, HEADER);
    check_header(
        "01005e0000120200000000010800 45c0004000010000ff33cfb50a010101e0000012 700400000a01010100000001d98d6281a6d3a6f8d9f133ad 210b650102016c82 0a01016f 0000000000000000",
        &advert,
        GROUP,
        1,
    );
    check_header(
        "01005e0000120200000000010800 45c0004000020000ff33cfb40a010101e0000012 700400000a0101010000000286bf32104ee2ce09c04f3ef8 210b650102016c82 0a01016f 0000000000000000",
        &advert,
        GROUP,
        2,
    );
}

#[test]
fn e2_header_unicast() {
    check_header(
        "0200000000020200000000010800 45c0004000010000ff33a4c50a0101010a010102 700400000a010101000000013e210f7b4947edfe5eef7fc1 2115c80102010980 0a010167 0000000000000000",
        &advert(21, 200, &[IpAddr::from([10, 1, 1, 103])], HEADER),
        PEER,
        1,
    );
}

#[test]
fn a_header_survives_what_routers_change() {
    let addresses = [IpAddr::from([10, 1, 1, 103])];
    for routed in [false, true] {
        let mut sent = PacketBuffer::new(&advert(21, 200, &addresses, HEADER), NODE, PEER, 255);
        sent.seal(&abcd(routed), 7);
        let mut bytes = sent.as_bytes().to_vec();
        (bytes[1], bytes[6], bytes[10]) = (0x20, 0x40, 0x99);
        assert!(Datagram::parse(&bytes).unwrap().is_sealed_by(&abcd(routed)));
        bytes[8] = 250;
        let view = Datagram::parse(&bytes).unwrap();
        assert_eq!(view.is_sealed_by(&abcd(routed)), routed);
    }
}

#[test]
fn a_header_before_something_else_is_no_advert() {
    let addresses = [IpAddr::from([10, 1, 1, 103])];
    let mut sent = PacketBuffer::new(&advert(21, 200, &addresses, HEADER), NODE, GROUP, 255);
    sent.seal(&abcd(false), 1);
    let mut bytes = sent.as_bytes().to_vec();
    bytes[20] = 17;
    assert!(Datagram::parse(&bytes).is_err());
    bytes[20] = 112;
    for length in 0..20 + AH_LEN + 8 {
        assert!(Datagram::parse(&bytes[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn d2_old_unicast_checksum() {
    let captured = packet(
        "0200000000020200000000010800 45c0002000010000ff70a4a80a0101010a010102 310ec80100640f88 0a010172",
    );
    let addresses = [IpAddr::from([10, 1, 1, 114])];
    let advert = advert(14, 200, &addresses, v3(Coverage::GroupPseudoHeader(OLD)));
    let mut ours = PacketBuffer::new(&advert, NODE, PEER, 255);
    ours.set_identification(1);
    assert_eq!(ours.as_bytes(), captured);
    let view = Datagram::parse(&captured).unwrap().advert;
    assert!(view.checksum_ok(NODE, PEER, Coverage::GroupPseudoHeader(OLD)));
    assert!(!view.checksum_ok(NODE, PEER, Coverage::PseudoHeader));
    assert!(!view.checksum_ok(NODE, PEER, Coverage::PacketAlone));
}

#[test]
fn without_pseudo_header_the_destination_does_not_matter() {
    let addresses = [IpAddr::from([10, 1, 1, 114])];
    let advert = advert(14, 200, &addresses, v3(Coverage::PacketAlone));
    let one = PacketBuffer::new(&advert, NODE, PEER, 255);
    let other = PacketBuffer::new(&advert, NODE, GROUP, 255);
    assert_eq!(one.as_bytes()[20..], other.as_bytes()[20..]);
    let view = Datagram::parse(one.as_bytes()).unwrap().advert;
    assert!(view.checksum_ok(NODE, PEER, Coverage::PacketAlone));
    assert!(!view.checksum_ok(NODE, PEER, Coverage::PseudoHeader));
}

fn digits() -> SigningKey {
    SigningKey {
        id: 3,
        secret: b"0123456789abcdef0123456789abcdef".to_vec(),
    }
}

#[track_caller]
fn check_signed(captured: &str, priority: u8, sequence: u64, identification: u16) {
    let captured = packet(captured);
    let key = digits();
    let view = Datagram::parse(&captured).unwrap();
    let trailer = TrailerView::new(view.advert.trailer().unwrap()).unwrap();
    assert_eq!(
        (trailer.key_id(), trailer.sequence()),
        (3, Sequence(sequence))
    );
    let signed = view.advert.without_trailer();
    assert!(is_signed_by(&key.secret, view.source, signed, &trailer));
    assert!(
        view.advert
            .checksum_ok(view.source, view.destination, Coverage::default())
    );
    let addresses = [IpAddr::from([10, 1, 1, 100])];
    let advert = advert(20, priority, &addresses, v3(Coverage::PseudoHeader));
    let mut ours = PacketBuffer::new(&advert, NODE, GROUP, 255);
    ours.sign(&key, Sequence(1));
    ours.set_identification(identification);
    ours.sign(&key, Sequence(sequence));
    assert_eq!(ours.as_bytes(), captured);
}

#[test]
fn h_signed() {
    check_signed(
        "01005e0000120200000000010800 45c0003c00010000ff70cf7c0a010101e0000012 3114780100645f90 0a010164 01030000 6b003c21 ec88 0000 c88f54607c84be980382bb265eef0ea4",
        120,
        0x6b00_3c21_ec88_0000,
        1,
    );
}

#[test]
fn h0_signed_resignation() {
    check_signed(
        "01005e0000120200000000010800 45c0003c00040000ff70cf790a010101e0000012 311400010064d790 0a010164 01030000 6b003c24 e307 0000 5041335656f7b26cf0a5476a0a8945e4",
        0,
        0x6b00_3c24_e307_0000,
        4,
    );
}

#[test]
fn a_trailer_of_another_type_or_with_reserved_bits_is_malformed() {
    let good = digits().sign(NODE, &[0; 12], Sequence(1));
    assert!(TrailerView::new(&good).is_ok());
    for (position, value) in [(0, 0), (0, 2), (2, 1), (3, 128)] {
        let mut bad = good;
        bad[position] = value;
        assert!(TrailerView::new(&bad).is_err(), "{position}");
    }
}

/// Whether a receiver with the key believes the packet.
fn believed(bytes: &[u8], key: &SigningKey) -> bool {
    let Ok(view) = Datagram::parse(bytes) else {
        return false;
    };
    let Some(Ok(trailer)) = view.advert.trailer().map(TrailerView::new) else {
        return false;
    };
    trailer.key_id() == key.id
        && is_signed_by(
            &key.secret,
            view.source,
            view.advert.without_trailer(),
            &trailer,
        )
}

proptest! {
    #[test]
    fn any_flipped_bit_breaks_a_signature(
        ipv6: bool, version_3: bool, addresses in proptest::collection::vec(any::<u128>(), 0..9),
        secret in proptest::collection::vec(any::<u8>(), 32..=64), sequence: u64, bit: prop::sample::Index,
    ) {
        let key = SigningKey { id: 1, secret };
        let (source, destination) = if ipv6 {
            (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1)), IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12)))
        } else {
            (NODE, GROUP)
        };
        let addresses: Vec<IpAddr> = addresses.into_iter().map(|a| {
            let v6 = Ipv6Addr::from(a);
            if ipv6 { v6.into() } else { Ipv4Addr::from(v6.octets().map(u32::from)[0] << 8 | 1).into() }
        }).collect();
        let body = if version_3 {
            v3(Coverage::PseudoHeader)
        } else {
            Body::V2 { interval_seconds: 1, authentication: AuthField::None }
        };
        let mut packet = PacketBuffer::new(&advert(1, 100, &addresses, body), source, destination, 255);
        packet.sign(&key, Sequence(sequence));
        let view = Datagram::parse(packet.as_bytes()).unwrap();
        prop_assert!(believed(packet.as_bytes(), &key));
        prop_assert!(view.advert.checksum_ok(source, destination, Coverage::PseudoHeader));
        prop_assert_eq!(view.total_len, view.received_len);
        let mut forged = packet.as_bytes().to_vec();
        // From the VRRP header on; the checksum stands for nothing and is not signed.
        let signed = (forged.len() - view.header_len) * 8;
        let bit = bit.index(signed);
        let byte = view.header_len + bit / 8;
        prop_assume!(!(view.header_len + 6..view.header_len + 8).contains(&byte));
        forged[byte] ^= 1 << (bit % 8);
        prop_assert!(!believed(&forged, &key));
        let mut elsewhere = packet.as_bytes().to_vec();
        let source_end = if ipv6 { 23 } else { 15 };
        elsewhere[source_end] ^= 1;
        prop_assert!(!believed(&elsewhere, &key));
    }

    #[test]
    fn any_flipped_bit_breaks_an_authentication_header(
        addresses in proptest::collection::vec(any::<u32>(), 0..9), password: [u8; 8], sequence: u32,
        identification: u16, routed: bool, bit: prop::sample::Index,
    ) {
        let key = HeaderKey { password, routed };
        let addresses: Vec<IpAddr> = addresses.into_iter().map(|a| Ipv4Addr::from(a).into()).collect();
        let mut packet = PacketBuffer::new(&advert(1, 100, &addresses, HEADER), NODE, GROUP, 255);
        packet.set_identification(identification);
        packet.seal(&key, sequence);
        prop_assert!(Datagram::parse(packet.as_bytes()).unwrap().is_sealed_by(&key));
        let mut forged = packet.as_bytes().to_vec();
        let bit = bit.index(forged.len() * 8);
        let byte = bit / 8;
        let uncovered = byte == 1 || (6..8).contains(&byte) || (10..12).contains(&byte) || (routed && byte == 8);
        prop_assume!(!uncovered);
        forged[byte] ^= 1 << (bit % 8);
        let believed = Datagram::parse(&forged).is_ok_and(|view| view.is_sealed_by(&key));
        prop_assert!(!believed);
    }

    #[test]
    fn one_password_does_not_stand_for_another(one: [u8; 8], other: [u8; 8]) {
        prop_assume!(one != other);
        let mut packet = PacketBuffer::new(&advert(1, 100, &[], HEADER), NODE, GROUP, 255);
        packet.seal(&HeaderKey { password: one, routed: false }, 1);
        let view = Datagram::parse(packet.as_bytes()).unwrap();
        let key = HeaderKey { password: other, routed: false };
        prop_assert!(!view.is_sealed_by(&key));
    }
}
