//! Frames that no configuration accepts.

use evervip_model::Instance;
use evervip_simulation::Disturbance;

use super::address_of;
use crate::craft::{CHECKSUM, Craft, IP_HEADER};
use crate::{Rng, sample};

/// A frame that is like the adverts of an instance of this host, and must not move anything.
pub fn hostile(host: usize, instance: &Instance, rng: &mut Rng) -> Disturbance {
    let mut craft = Craft::of(instance)
        .priority(rng.pick(&[0, 255, 254]))
        .from(66);
    let unicast = !craft.destination.is_multicast();
    if unicast {
        craft.destination = address_of(host);
    }
    let bytes = match rng.below(6) {
        0 => craft.bytes_with(false, |bytes| bytes[CHECKSUM] ^= 0x55),
        1 => craft.bytes_with(false, |bytes| bytes[IP_HEADER] ^= 0x40),
        2 => craft.bytes_with(false, |bytes| bytes.push(0)),
        3 if !unicast => craft.bytes_with(false, |bytes| bytes[8] = 64),
        4 => craft.bytes_with(false, |bytes| bytes.truncate(IP_HEADER + 3)),
        _ => craft.bytes_with(true, |bytes| bytes[IP_HEADER] ^= 0x02),
    };
    Disturbance::Forge(host, sample::ETH0, bytes)
}
