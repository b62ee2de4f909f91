//! Frames that no configuration accepts.

use std::net::{IpAddr, Ipv6Addr};

use evervip_model::{Family, Instance};
use evervip_simulation::Disturbance;

use super::design::own_address;
use crate::craft::{CHECKSUM, Craft, IP_HEADER};
use crate::{Rng, sample};

/// A frame that is like the adverts of an instance of this host, and must not move anything.
pub fn hostile(host: usize, instance: &Instance, rng: &mut Rng) -> Disturbance {
    let segment = usize::from(instance.interface.as_deref() == Some("eth1"));
    let interface = if segment == 0 {
        sample::ETH0
    } else {
        sample::ETH1
    };
    let mut craft = Craft::of(instance)
        .priority(rng.pick(&[0, 255, 254]))
        .from(66);
    let unicast = !craft.destination.is_multicast();
    if unicast {
        craft.destination = own_address(instance.family, host, segment);
    }
    let bytes = match instance.family {
        Family::Inet => over_ipv4(&craft, unicast, rng),
        Family::Inet6 => over_ipv6(craft, unicast, instance, rng),
    };
    Disturbance::Forge(host, interface, bytes)
}

fn over_ipv4(craft: &Craft, unicast: bool, rng: &mut Rng) -> Vec<u8> {
    match rng.below(6) {
        0 => craft.bytes_with(false, |bytes| bytes[CHECKSUM] ^= 0x55),
        1 => craft.bytes_with(false, |bytes| bytes[IP_HEADER] ^= 0x40),
        2 => craft.bytes_with(false, |bytes| bytes.push(0)),
        3 if !unicast => craft.bytes_with(false, |bytes| bytes[8] = 64),
        4 => craft.bytes_with(false, |bytes| bytes.truncate(IP_HEADER + 3)),
        _ => craft.bytes_with(true, |bytes| bytes[IP_HEADER] ^= 0x02),
    }
}

fn over_ipv6(mut craft: Craft, unicast: bool, instance: &Instance, rng: &mut Rng) -> Vec<u8> {
    craft.source = IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x66));
    if !unicast {
        craft.destination = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12));
    }
    let addresses = instance.addresses.iter().map(|address| address.address);
    craft.addresses = addresses.filter(IpAddr::is_ipv6).collect();
    match rng.below(4) {
        0 => craft.bytes_with(false, |bytes| bytes.push(0)),
        1 if !unicast => craft.bytes_with(false, |bytes| bytes[HOP_LIMIT] = 64),
        2 => craft.bytes_with(false, |bytes| bytes.truncate(IPV6_HEADER + 3)),
        _ => craft.bytes_with(false, |bytes| bytes[IPV6_HEADER] ^= 0x42),
    }
}

/// Length of the IPv6 header.
const IPV6_HEADER: usize = 40;
/// Offset of the hop limit in it.
const HOP_LIMIT: usize = 7;
