//! How much room a socket is to have for packets that wait (spec vrrp-runtime 16, `kernel_rx_buf_size`
//! and `vrrp_rx_bufs_policy`). A socket has room for all of its routers.

use evervip_model::{Authentication, Family, Instance, ReceiveBuffers, ReceivePolicy, Version};

use crate::router::advertised;

/// Room for packets. The MTU is known to the driver only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReceiveBuffer {
    /// Bytes.
    pub bytes: u64,
    /// Packets as long as the interface's MTU allows.
    pub longest_packets: u64,
}

impl ReceiveBuffer {
    /// What one router asks for. Its own size goes before the general rule.
    pub(crate) fn of(spec: &Instance, general: &ReceiveBuffers) -> Self {
        let multiplier = u64::from(general.multiplier);
        let mut room = Self::default();
        match general.policy {
            _ if spec.receive_buffer != 0 => room.bytes = u64::from(spec.receive_buffer),
            ReceivePolicy::System => {}
            ReceivePolicy::Mtu => room.longest_packets = multiplier,
            ReceivePolicy::Advert => room.bytes = advert_length(spec).saturating_mul(multiplier),
            ReceivePolicy::Bytes(bytes) => room.bytes = u64::from(bytes),
        }
        room
    }

    /// Room for both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            longest_packets: self.longest_packets.saturating_add(other.longest_packets),
        }
    }

    /// The size in bytes on an interface with this MTU; `None` leaves it to the system.
    #[must_use]
    pub fn size(self, mtu: u32) -> Option<u32> {
        let packets = self.longest_packets.saturating_mul(u64::from(mtu));
        let bytes = self.bytes.saturating_add(packets);
        // The kernel takes no more than this.
        (bytes > 0).then(|| u32::try_from(bytes).unwrap_or(u32::MAX).min(LARGEST))
    }
}

const LARGEST: u32 = i32::MAX.unsigned_abs();

/// Bytes that the kernel keeps of an advert: over IPv4 with its headers.
fn advert_length(spec: &Instance) -> u64 {
    let address = if spec.family == Family::Inet { 4 } else { 16 };
    let addresses = u64::try_from(advertised(spec).count()).unwrap_or(u64::MAX);
    let addresses = addresses.saturating_mul(address);
    let around = match (spec.family, spec.version, &spec.authentication) {
        (Family::Inet, Version::V2, Authentication::Header(_)) => 20 + 24 + 8 + 8,
        (Family::Inet, Version::V2, _) => 20 + 8 + 8,
        (Family::Inet, Version::V3, _) => 20 + 8,
        (Family::Inet6, _, _) => 8,
    };
    let signature = if spec.hmac.is_some() { 28 } else { 0 };
    addresses.saturating_add(around + signature)
}

#[cfg(test)]
mod tests {
    use evervip_model::{VirtualAddress, Vrid};

    use super::*;

    fn instance(addresses: &[&str]) -> Instance {
        let vrid = Vrid::new(1).unwrap();
        let mut instance = Instance::new("V".into(), vrid);
        for text in addresses {
            let address: std::net::IpAddr = text.parse().unwrap();
            if address.is_ipv6() {
                (instance.family, instance.version) = (Family::Inet6, Version::V3);
            }
            instance.addresses.push(VirtualAddress::new(address, 24));
        }
        instance
    }

    fn size(instance: &Instance, policy: ReceivePolicy) -> Option<u32> {
        let general = ReceiveBuffers {
            policy,
            multiplier: 4,
            ..ReceiveBuffers::default()
        };
        ReceiveBuffer::of(instance, &general).size(1500)
    }

    /// Sizes that the original was seen to ask for.
    #[test]
    fn sizes_as_seen() {
        let two = instance(&["10.1.1.100", "10.1.1.101"]);
        let one = instance(&["10.1.1.102"]);
        let ipv6 = instance(&["fe80::100:1"]);
        assert_eq!(size(&two, ReceivePolicy::System), None);
        assert_eq!(size(&two, ReceivePolicy::Advert), Some(44 * 4));
        assert_eq!(size(&one, ReceivePolicy::Advert), Some(40 * 4));
        assert_eq!(size(&ipv6, ReceivePolicy::Advert), Some(24 * 4));
        assert_eq!(size(&two, ReceivePolicy::Mtu), Some(6000));
        assert_eq!(size(&two, ReceivePolicy::Bytes(30_000)), Some(30_000));
        let own = Instance {
            receive_buffer: 50_000,
            ..two
        };
        assert_eq!(size(&own, ReceivePolicy::Mtu), Some(50_000));
    }

    #[test]
    fn no_size_overflows() {
        let room = ReceiveBuffer {
            bytes: u64::MAX,
            longest_packets: u64::MAX,
        };
        assert_eq!(room.and(room).size(u32::MAX), Some(LARGEST));
    }
}
