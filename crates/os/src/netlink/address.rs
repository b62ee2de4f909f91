//! Addresses of interfaces.

use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use neli::FromBytesWithInput as _;
use neli::consts::rtnl::{Ifa, RtAddrFamily};
use neli::rtnl::{Ifaddrmsg, RtAttrHandle};

use super::change::PROTOCOL_ATTRIBUTE;
use super::link::text;
use super::message::read_u32;

/// An address of an interface as the kernel describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceAddress {
    /// Index of the interface.
    pub index: u32,
    /// The address itself.
    pub address: IpAddr,
    /// Prefix length, 0 to 32 or 0 to 128.
    pub prefix: u8,
    /// The other end, on a point-to-point address.
    pub peer: Option<IpAddr>,
    /// Broadcast address. IPv4 only.
    pub broadcast: Option<Ipv4Addr>,
    /// Scope, as in `rt_scopes`: 0 global, 253 link, 254 host.
    pub scope: u8,
    /// State and properties.
    pub flags: AddressFlags,
    /// Label. IPv4 only.
    pub label: Option<String>,
    /// Who has put it there (`IFA_PROTO`), where the kernel knows (since Linux 5.18) and was told: 18
    /// is keepalived's number, 1 to 3 are the kernel itself.
    pub protocol: Option<u8>,
}

impl InterfaceAddress {
    /// Reads the payload of an address message; `None` for other families, or when it makes no
    /// sense.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        let message =
            Ifaddrmsg::from_bytes_with_input(&mut Cursor::new(payload), payload.len()).ok()?;
        let family = *message.ifa_family();
        let attributes = message.rtattrs().get_attr_handle();
        let first = ip(&attributes, Ifa::Address, family);
        let address = ip(&attributes, Ifa::Local, family).or(first)?;
        let broadcast = match ip(&attributes, Ifa::Broadcast, family) {
            Some(IpAddr::V4(broadcast)) => Some(broadcast),
            Some(IpAddr::V6(_)) | None => None,
        };
        // The attribute has all flags, the header only those that fit its byte.
        let flags = value(&attributes, Ifa::Flags)
            .and_then(|bytes| read_u32(bytes, 0))
            .unwrap_or_else(|| u32::from(message.ifa_flags().bits()));
        Some(Self {
            index: *message.ifa_index(),
            address,
            prefix: *message.ifa_prefixlen(),
            peer: first.filter(|peer| *peer != address),
            broadcast,
            scope: u8::from(*message.ifa_scope()),
            flags: AddressFlags(flags),
            label: value(&attributes, Ifa::Label).map(text),
            protocol: value(&attributes, PROTOCOL_ATTRIBUTE)
                .and_then(|bytes| bytes.first().copied()),
        })
    }
}

/// Flags of an address, `IFA_F_*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AddressFlags(pub u32);

impl AddressFlags {
    /// IPv4: another address of the same network came first, and owns this one.
    #[must_use]
    pub const fn secondary(self) -> bool {
        self.0 & libc::IFA_F_SECONDARY != 0
    }

    /// IPv6: not for new connections.
    #[must_use]
    pub const fn deprecated(self) -> bool {
        self.0 & libc::IFA_F_DEPRECATED != 0
    }

    /// IPv6: duplicate address detection is not done yet; not usable.
    #[must_use]
    pub const fn tentative(self) -> bool {
        self.0 & libc::IFA_F_TENTATIVE != 0
    }

    /// IPv6: another host has this address; not usable.
    #[must_use]
    pub const fn duplicate(self) -> bool {
        self.0 & libc::IFA_F_DADFAILED != 0
    }

    /// Valid for ever.
    #[must_use]
    pub const fn permanent(self) -> bool {
        self.0 & libc::IFA_F_PERMANENT != 0
    }

    /// IPv6: without duplicate address detection.
    #[must_use]
    pub const fn without_dad(self) -> bool {
        self.0 & libc::IFA_F_NODAD != 0
    }
}

type Attributes<'a> = RtAttrHandle<'a, Ifa>;

fn value<'a>(attributes: &'a Attributes<'_>, kind: Ifa) -> Option<&'a [u8]> {
    let attribute = attributes.get_attribute(kind)?;
    Some(attribute.rta_payload().as_ref())
}

fn ip(attributes: &Attributes<'_>, kind: Ifa, family: RtAddrFamily) -> Option<IpAddr> {
    let bytes = value(attributes, kind)?;
    match family {
        RtAddrFamily::Inet => {
            let octets: [u8; 4] = bytes.try_into().ok()?;
            Some(Ipv4Addr::from(octets).into())
        }
        RtAddrFamily::Inet6 => {
            let octets: [u8; 16] = bytes.try_into().ok()?;
            Some(Ipv6Addr::from(octets).into())
        }
        _ => None,
    }
}
