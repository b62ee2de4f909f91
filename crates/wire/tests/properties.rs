//! Properties of the decoder: total on any bytes, inverse of the encoder.
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::net::Ipv4Addr;

use evervip_wire::{Advert, Body, Datagram, PacketBuffer};
use proptest::prelude::*;

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        (1..=255_u8, any::<Option<[u8; 8]>>()).prop_map(|(interval_seconds, password)| Body::V2 {
            interval_seconds,
            password
        }),
        (1..=4095_u16).prop_map(|interval_centiseconds| Body::V3 {
            interval_centiseconds
        }),
    ]
}

proptest! {
    #[test]
    fn decoding_any_bytes_is_total(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        if let Ok(view) = Datagram::parse(&bytes) {
            let _ = (view.advert.password(), view.advert.auth_type(), view.advert.expected_len());
            prop_assert!(view.advert.addresses().count() <= 255);
            let _ = view.advert.checksum_ok(view.source, view.destination);
        }
    }

    #[test]
    fn decode_is_the_inverse_of_encode(
        vrid in 1..=255_u8, priority: u8, addresses in proptest::collection::vec(any::<u32>(), 0..=255),
        body in body(), source: u32, destination: u32, ttl: u8,
    ) {
        let addresses: Vec<Ipv4Addr> = addresses.into_iter().map(Ipv4Addr::from).collect();
        let advert = Advert { vrid, priority, addresses: &addresses, body };
        let packet = PacketBuffer::new(&advert, source.into(), destination.into(), ttl);
        let view = Datagram::parse(packet.as_bytes()).unwrap();
        prop_assert_eq!(view.ttl, ttl);
        prop_assert_eq!(usize::from(view.total_len), view.received_len);
        prop_assert_eq!((view.advert.vrid(), view.advert.priority()), (vrid, priority));
        prop_assert_eq!(view.advert.addresses().collect::<Vec<_>>(), addresses);
        prop_assert!(view.advert.checksum_ok(view.source, view.destination));
        match body {
            Body::V2 { interval_seconds, password } => {
                prop_assert_eq!(view.advert.version(), 2);
                prop_assert_eq!(view.advert.interval_seconds(), interval_seconds);
                prop_assert_eq!(view.advert.password(), Some(password.unwrap_or_default()));
            }
            Body::V3 { interval_centiseconds } => {
                prop_assert_eq!(view.advert.version(), 3);
                prop_assert_eq!(view.advert.interval_centiseconds(), interval_centiseconds);
            }
        }
    }
}
