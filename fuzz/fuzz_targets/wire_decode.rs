//! Any bytes to the decoder, and any advert through the encoder and back.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use arbitrary::{Arbitrary, Unstructured};
use evervip_wire::{
    Advert, AuthField, Body, Coverage, Datagram, HeaderKey, PacketBuffer, TrailerView, is_signed_by,
};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary)]
struct Sample {
    vrid: u8,
    priority: u8,
    addresses: Vec<u128>,
    interval: u16,
    password: Option<[u8; 8]>,
    version_3: bool,
    source: u128,
    destination: u128,
    ipv6: bool,
    ttl: u8,
}

fuzz_target!(|bytes: &[u8]| {
    decode(bytes);
    if let Ok(sample) = Sample::arbitrary(&mut Unstructured::new(bytes)) {
        there_and_back(&sample);
    }
});

/// Every accessor of every view.
fn decode(bytes: &[u8]) {
    let Ok(view) = Datagram::parse(bytes) else {
        return;
    };
    let advert = view.advert;
    assert!(view.header_len + advert.len() == view.received_len);
    assert!(advert.addresses().count() <= usize::from(advert.count()));
    let _ = (advert.password(), advert.auth_type(), advert.expected_len());
    let _ = (advert.interval_seconds(), advert.interval_centiseconds());
    let _ = advert.checksum_ok(view.source, view.destination, Coverage::PseudoHeader);
    let key = HeaderKey {
        password: [0; 8],
        routed: false,
    };
    let _ = view.is_sealed_by(&key);
    if let Some(Ok(trailer)) = advert.trailer().map(TrailerView::new) {
        let signed = advert.without_trailer();
        let _ = is_signed_by(&[0; 32], view.source, signed, &trailer);
    }
}

fn there_and_back(sample: &Sample) {
    let address = |bits: u128| -> IpAddr {
        if sample.ipv6 {
            Ipv6Addr::from(bits).into()
        } else {
            let [a, b, c, d, ..] = bits.to_be_bytes();
            Ipv4Addr::new(a, b, c, d).into()
        }
    };
    let addresses: Vec<IpAddr> = sample.addresses.iter().map(|bits| address(*bits)).collect();
    let body = if sample.version_3 {
        Body::V3 {
            interval_centiseconds: sample.interval,
            coverage: Coverage::PseudoHeader,
        }
    } else {
        Body::V2 {
            interval_seconds: sample.interval.to_be_bytes()[1],
            authentication: sample.password.map_or(AuthField::None, AuthField::Password),
        }
    };
    let advert = Advert {
        vrid: sample.vrid,
        priority: sample.priority,
        addresses: &addresses,
        body,
    };
    let packet = PacketBuffer::new(
        &advert,
        address(sample.source),
        address(sample.destination),
        sample.ttl,
    );
    let view = Datagram::parse(packet.as_bytes()).expect("what was encoded can be decoded");
    assert_eq!(view.ttl, sample.ttl);
    assert_eq!(view.advert.vrid(), sample.vrid);
    assert_eq!(view.advert.priority(), sample.priority);
    assert_eq!(view.advert.expected_len(), view.advert.len());
    assert!(view.advert.addresses().eq(addresses.into_iter().take(255)));
    let (source, destination) = (view.source, view.destination);
    assert!(
        view.advert
            .checksum_ok(source, destination, Coverage::PseudoHeader)
    );
}
