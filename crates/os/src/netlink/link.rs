//! Network interfaces.

use std::fmt;
use std::io::Cursor;

use neli::FromBytesWithInput as _;
use neli::consts::rtnl::{Iff, Ifla, IflaInfo, RtAddrFamily};
use neli::rtnl::{Ifinfomsg, RtAttrHandle};

use super::message::{self, read_u32};
use super::virtual_link::{IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE};

/// A network interface as the kernel describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Identity, for as long as the interface exists.
    pub index: u32,
    /// Present name, at most 15 bytes.
    pub name: String,
    /// Administratively up (`IFF_UP`).
    pub up: bool,
    /// All `IFF_*` flags.
    pub flags: u32,
    /// Able to carry packets (`IFF_RUNNING`: operational state "up" or "unknown").
    pub running: bool,
    /// `IFF_LOOPBACK`.
    pub loopback: bool,
    /// `IFF_MULTICAST`.
    pub multicast: bool,
    /// ARP is in use (not `IFF_NOARP`).
    pub arp: bool,
    /// Greatest IP packet, in bytes.
    pub mtu: u32,
    /// Kind of hardware, `ARPHRD_*`; 1 is Ethernet.
    pub hardware_type: u16,
    /// Own link-layer address.
    pub hardware_address: HardwareAddress,
    /// Link-layer broadcast address.
    pub broadcast_address: HardwareAddress,
    /// Index of the interface that this one is built upon (VLAN, macvlan, ipvlan, tunnel), when it
    /// is in the same namespace. The other end of a veth pair is no base.
    pub base: Option<u32>,
    /// Index of the bridge, bond or VRF that this interface is a port of.
    pub master: Option<u32>,
    /// What kind of virtual interface it is, such as `macvlan`; `None` for hardware.
    pub kind: Option<String>,
    /// Whether it is a macvlan of mode private.
    pub private_macvlan: bool,
    /// The routing table of a VRF.
    pub vrf_table: Option<u32>,
    /// Interface group.
    pub group: u32,
}

impl Link {
    /// Whether VRRP can run here: up and running.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        self.up && self.running
    }

    /// Reads the payload of a link message; `None` when it is not about an interface as such (a
    /// bridge port, for example) or makes no sense.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        let message =
            Ifinfomsg::from_bytes_with_input(&mut Cursor::new(payload), payload.len()).ok()?;
        if *message.ifi_family() != RtAddrFamily::Unspecified {
            return None;
        }
        let attributes = message.rtattrs().get_attr_handle();
        let flags = *message.ifi_flags();
        let kind = kind(&attributes);
        Some(Self {
            index: u32::try_from(*message.ifi_index()).ok()?,
            name: text(value(&attributes, Ifla::Ifname)?),
            up: flags.contains(Iff::UP),
            flags: u32::from(flags),
            running: flags.contains(Iff::RUNNING),
            loopback: flags.contains(Iff::LOOPBACK),
            multicast: flags.contains(Iff::MULTICAST),
            arp: !flags.contains(Iff::NOARP),
            mtu: number(&attributes, Ifla::Mtu).unwrap_or(0),
            hardware_type: u16::from(*message.ifi_type()),
            hardware_address: hardware_address(&attributes, Ifla::Address),
            broadcast_address: hardware_address(&attributes, Ifla::Broadcast),
            base: base(&attributes, kind.as_deref(), *message.ifi_index()),
            master: number(&attributes, Ifla::Master).filter(|index| *index != 0),
            private_macvlan: kind.as_deref() == Some("macvlan")
                && info_number(&attributes, IFLA_MACVLAN_MODE) == Some(MACVLAN_MODE_PRIVATE),
            vrf_table: (kind.as_deref() == Some("vrf"))
                .then(|| info_number(&attributes, IFLA_VRF_TABLE))
                .flatten(),
            group: number(&attributes, Ifla::Group).unwrap_or(0),
            kind,
        })
    }
}

/// A link-layer address of at most 20 bytes, which is what ARP can be done for; empty for interfaces
/// that have none, or a longer one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct HardwareAddress {
    bytes: [u8; Self::MAX],
    length: u8,
}

impl HardwareAddress {
    /// The longest address, that of InfiniBand.
    pub const MAX: usize = 20;

    /// Takes the bytes over; more than [`Self::MAX`] of them make an empty address.
    #[must_use]
    pub fn new(from: &[u8]) -> Self {
        let mut address = Self::default();
        if let (Some(bytes), Ok(length)) = (
            address.bytes.get_mut(..from.len()),
            u8::try_from(from.len()),
        ) {
            bytes.copy_from_slice(from);
            address.length = length;
        }
        address
    }

    /// The bytes, in the order of transmission.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl fmt::Display for HardwareAddress {
    /// Writes `00:00:5e:00:01:33`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, byte) in self.as_bytes().iter().enumerate() {
            let separator = if position == 0 { "" } else { ":" };
            write!(f, "{separator}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HardwareAddress({self})")
    }
}

type Attributes<'a> = RtAttrHandle<'a, Ifla>;

fn value<'a>(attributes: &'a Attributes<'_>, kind: Ifla) -> Option<&'a [u8]> {
    let attribute = attributes.get_attribute(kind)?;
    Some(attribute.rta_payload().as_ref())
}

fn number(attributes: &Attributes<'_>, kind: Ifla) -> Option<u32> {
    read_u32(value(attributes, kind)?, 0)
}

fn hardware_address(attributes: &Attributes<'_>, kind: Ifla) -> HardwareAddress {
    value(attributes, kind)
        .map(HardwareAddress::new)
        .unwrap_or_default()
}

fn kind(attributes: &Attributes<'_>) -> Option<String> {
    let nested = attributes
        .get_nested_attributes::<IflaInfo>(Ifla::Linkinfo)
        .ok()?;
    let attribute = nested.get_attribute(IflaInfo::Kind)?;
    Some(text(attribute.rta_payload().as_ref()))
}

/// A number among the data of a virtual interface; what it means depends on the kind.
fn info_number(attributes: &Attributes<'_>, kind: u16) -> Option<u32> {
    let nested = attributes
        .get_nested_attributes::<IflaInfo>(Ifla::Linkinfo)
        .ok()?;
    let data = nested.get_attribute(IflaInfo::Data)?;
    let mut numbers = message::attributes(data.rta_payload().as_ref());
    let (_, value) = numbers.find(|(found, _)| *found == kind)?;
    read_u32(value, 0)
}

/// The table of a VRF (`IFLA_VRF_TABLE`).
const IFLA_VRF_TABLE: u16 = 1;

fn base(attributes: &Attributes<'_>, kind: Option<&str>, own: i32) -> Option<u32> {
    if kind == Some("veth") || value(attributes, Ifla::LinkNetnsid).is_some() {
        return None;
    }
    number(attributes, Ifla::Link)
        .filter(|index| *index != 0 && i64::from(*index) != i64::from(own))
}

/// A text of the kernel, which ends at the first NUL byte.
pub(super) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_addresses_keep_up_to_twenty_bytes() {
        let ethernet = HardwareAddress::new(&[0, 0, 0x5e, 0, 1, 0x33]);
        assert_eq!(ethernet.to_string(), "00:00:5e:00:01:33");
        assert_eq!(HardwareAddress::new(&[7; 20]).as_bytes(), [7; 20]);
        assert_eq!(HardwareAddress::new(&[7; 21]), HardwareAddress::default());
        assert_eq!(HardwareAddress::default().to_string(), "");
    }

    #[test]
    fn texts_end_at_the_nul_byte() {
        assert_eq!(text(b"eth0\0\0"), "eth0");
        assert_eq!(text(b"eth0"), "eth0");
        assert_eq!(text(b""), "");
    }

    /// A seeded walk over arbitrary bytes: no message may panic, whatever it holds.
    #[test]
    fn arbitrary_payloads_do_not_panic() {
        let mut state = 0x2545_f491_u32;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_ne_bytes()[1]
        };
        for round in 0..20_000_usize {
            let mut payload: Vec<u8> = (0..round % 120).map(|_| random()).collect();
            // Most lengths of attributes plausible, so that the inner layers are reached.
            for at in (16..payload.len().saturating_sub(4)).step_by(8) {
                payload[at] = 8 + random() % 3;
                payload[at + 1] = 0;
                payload[at + 3] = 0;
            }
            if let Some(family) = payload.first_mut() {
                *family = 0;
            }
            let _ = Link::decode(&payload);
        }
    }
}
