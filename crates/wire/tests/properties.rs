//! Properties of the decoder: total on any bytes, inverse of the encoder.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use evervip_wire::{Advert, AuthField, Body, Coverage, Datagram, PacketBuffer};
use proptest::prelude::*;

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        (1..=255_u8, any::<Option<[u8; 8]>>()).prop_map(|(interval_seconds, password)| Body::V2 {
            interval_seconds,
            authentication: password.map_or(AuthField::None, AuthField::Password),
        }),
        ((1..=4095_u16), coverage()).prop_map(|(interval_centiseconds, coverage)| Body::V3 {
            interval_centiseconds,
            coverage,
        }),
    ]
}

const OLD: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);

fn coverage() -> impl Strategy<Value = Coverage> {
    prop_oneof![
        Just(Coverage::PseudoHeader),
        Just(Coverage::GroupPseudoHeader(OLD)),
        Just(Coverage::PacketAlone),
    ]
}

const fn coverage_of(body: Body) -> Coverage {
    match body {
        Body::V2 { .. } => Coverage::PacketAlone,
        Body::V3 { coverage, .. } => coverage,
    }
}

proptest! {
    #[test]
    fn decoding_any_bytes_is_total(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        if let Ok(view) = Datagram::parse(&bytes) {
            let _ = (view.advert.password(), view.advert.auth_type(), view.advert.expected_len());
            prop_assert!(view.advert.addresses().count() <= 255);
            for coverage in [Coverage::PseudoHeader, Coverage::GroupPseudoHeader(OLD), Coverage::PacketAlone] {
                let _ = view.advert.checksum_ok(view.source, view.destination, coverage);
            }
            let _ = view.advert.trailer();
        }
    }

    #[test]
    fn decode_is_the_inverse_of_encode(
        vrid in 1..=255_u8, priority: u8, addresses in proptest::collection::vec(any::<u32>(), 0..=255),
        body in body(), source: u32, destination: u32, ttl: u8,
    ) {
        let addresses: Vec<IpAddr> = addresses.into_iter().map(|a| Ipv4Addr::from(a).into()).collect();
        let advert = Advert { vrid, priority, addresses: &addresses, body };
        let packet = PacketBuffer::new(&advert, Ipv4Addr::from(source).into(), Ipv4Addr::from(destination).into(), ttl);
        let view = Datagram::parse(packet.as_bytes()).unwrap();
        prop_assert_eq!(view.ttl, ttl);
        prop_assert_eq!(view.total_len, view.received_len);
        prop_assert_eq!((view.advert.vrid(), view.advert.priority()), (vrid, priority));
        prop_assert_eq!(view.advert.addresses().collect::<Vec<_>>(), addresses);
        prop_assert!(view.advert.checksum_ok(view.source, view.destination, coverage_of(body)));
        match body {
            Body::V2 { interval_seconds, authentication } => {
                prop_assert_eq!(view.advert.version(), 2);
                prop_assert_eq!(view.advert.interval_seconds(), interval_seconds);
                let password = match authentication {
                    AuthField::Password(password) => password,
                    AuthField::None | AuthField::Header => [0; 8],
                };
                prop_assert_eq!(view.advert.password(), Some(password));
            }
            Body::V3 { interval_centiseconds, .. } => {
                prop_assert_eq!(view.advert.version(), 3);
                prop_assert_eq!(view.advert.interval_centiseconds(), interval_centiseconds);
            }
        }
    }

    #[test]
    fn decode_is_the_inverse_of_encode_over_ipv6(
        vrid in 1..=255_u8, priority: u8, addresses in proptest::collection::vec(any::<u128>(), 0..=89),
        body in body(), source: u128, destination: u128, hop_limit: u8,
    ) {
        let addresses: Vec<IpAddr> = addresses.into_iter().map(|a| Ipv6Addr::from(a).into()).collect();
        let advert = Advert { vrid, priority, addresses: &addresses, body };
        let (source, destination) = (Ipv6Addr::from(source).into(), Ipv6Addr::from(destination).into());
        let packet = PacketBuffer::new(&advert, source, destination, hop_limit);
        let view = Datagram::parse(packet.as_bytes()).unwrap();
        prop_assert_eq!((view.source, view.destination, view.ttl), (source, destination, hop_limit));
        prop_assert_eq!(view.total_len, view.received_len);
        prop_assert_eq!(view.received_len, view.header_len + view.advert.expected_len());
        prop_assert_eq!((view.advert.vrid(), view.advert.priority()), (vrid, priority));
        prop_assert_eq!(view.advert.addresses().collect::<Vec<_>>(), addresses);
        prop_assert!(view.advert.checksum_ok(source, destination, coverage_of(body)));
        prop_assert_eq!(view.advert.password(), None);
        let mut wrong = packet.as_bytes().to_vec();
        wrong[view.header_len + 2] ^= 0x10;
        let wrong = Datagram::parse(&wrong).unwrap();
        prop_assert!(!wrong.advert.checksum_ok(source, destination, coverage_of(body)));
    }
}
