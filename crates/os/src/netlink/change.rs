//! The messages that add and remove a virtual address (spec vrrp-runtime 12).

use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr};

use evervip_model::{AddressLifetime, VirtualAddress};
use neli::ToBytes as _;
use neli::consts::nl::NlmF;
use neli::consts::rtnl::{Ifa, IfaF, RtAddrFamily, RtScope, Rtm};
use neli::nl::{NlPayload, NlmsghdrBuilder};
use neli::rtnl::{Ifaddrmsg, IfaddrmsgBuilder, Rtattr, RtattrBuilder};
use neli::types::{Buffer, RtBuffer};

use super::error::NetlinkError;

/// What to do with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// `RTM_NEWADDR`.
    Add,
    /// `RTM_DELADDR`.
    Remove,
    /// `RTM_NEWADDR` of one that is there, which gets other flags and lifetimes.
    Alter,
}

impl Change {
    /// Name and number of the message.
    pub(super) const fn message(self) -> (&'static str, u16) {
        match self {
            Self::Add | Self::Alter => ("RTM_NEWADDR", libc::RTM_NEWADDR),
            Self::Remove => ("RTM_DELADDR", libc::RTM_DELADDR),
        }
    }
}

/// The whole message, which asks for an acknowledgement.
///
/// For an addition neither CREATE nor REPLACE nor EXCL is set: an address that is there already is
/// left alone and answered with EEXIST.
pub(super) fn encode(
    change: Change,
    sequence: u32,
    ifindex: u32,
    virtual_address: &VirtualAddress,
) -> Result<Vec<u8>, NetlinkError> {
    let kind = match change {
        Change::Add | Change::Alter => Rtm::Newaddr,
        Change::Remove => Rtm::Deladdr,
    };
    let attributes = match change {
        Change::Add | Change::Alter => attributes_to_add(virtual_address)?,
        Change::Remove => attributes_to_remove(virtual_address)?,
    };
    let replace = match change {
        Change::Alter => NlmF::REPLACE,
        Change::Add | Change::Remove => NlmF::empty(),
    };
    let family = match virtual_address.address {
        IpAddr::V4(_) => RtAddrFamily::Inet,
        IpAddr::V6(_) => RtAddrFamily::Inet6,
    };
    let message = IfaddrmsgBuilder::default()
        .ifa_family(family)
        .ifa_prefixlen(virtual_address.prefix)
        .ifa_flags(IfaF::empty())
        .ifa_scope(RtScope::from(virtual_address.scope))
        .ifa_index(ifindex)
        .rtattrs(attributes.into_iter().collect::<RtBuffer<_, _>>())
        .build()
        .map_err(encoding)?;
    let request = NlmsghdrBuilder::<Rtm, Ifaddrmsg>::default()
        .nl_type(kind)
        .nl_flags(NlmF::REQUEST | NlmF::ACK | replace)
        .nl_seq(sequence)
        .nl_payload(NlPayload::Payload(message))
        .build()
        .map_err(encoding)?;
    let mut bytes = Cursor::new(Vec::new());
    request.to_bytes(&mut bytes).map_err(encoding)?;
    Ok(bytes.into_inner())
}

type Attribute = Rtattr<Ifa, Buffer>;

fn attributes_to_add(address: &VirtualAddress) -> Result<Vec<Attribute>, NetlinkError> {
    let mut attributes = vec![attribute(Ifa::Local, octets(address.address))?];
    if let Some(peer) = address.peer {
        attributes.push(attribute(Ifa::Address, octets(peer))?);
    }
    let flags = flags(address);
    if flags != 0 {
        attributes.push(attribute(Ifa::Flags, flags.to_ne_bytes().to_vec())?);
    }
    if address.address.is_ipv4() {
        if let Some(broadcast) = address.broadcast {
            attributes.push(attribute(Ifa::Broadcast, octets(broadcast.into()))?);
        }
        if let Some(label) = &address.label {
            attributes.push(attribute(Ifa::Label, c_string(label)?)?);
        }
    } else if let Some(preferred) = preferred_seconds(address) {
        attributes.push(attribute(Ifa::Cacheinfo, cache_info(preferred))?);
    }
    attributes.push(attribute(PROTOCOL_ATTRIBUTE, vec![PROTOCOL])?);
    Ok(attributes)
}

/// With the address attribute the kernel also compares the prefix length (IPv4): of two equal
/// addresses with different ones it removes ours, not the administrator's.
fn attributes_to_remove(address: &VirtualAddress) -> Result<Vec<Attribute>, NetlinkError> {
    let other = address.peer.unwrap_or(address.address);
    Ok(vec![
        attribute(Ifa::Local, octets(address.address))?,
        attribute(Ifa::Address, octets(other))?,
    ])
}

fn flags(address: &VirtualAddress) -> u32 {
    let wanted = [
        (address.address.is_ipv6() && !address.dad, libc::IFA_F_NODAD),
        (address.home, libc::IFA_F_HOMEADDRESS),
        (address.mngtmpaddr, libc::IFA_F_MANAGETEMPADDR),
        (address.noprefixroute, libc::IFA_F_NOPREFIXROUTE),
        (address.autojoin, libc::IFA_F_MCAUTOJOIN),
    ];
    wanted
        .into_iter()
        .filter(|(set, _)| *set)
        .fold(0, |flags, (_, flag)| flags | flag)
}

/// How long an IPv6 address is preferred; `None` is for ever, which is the kernel's default.
fn preferred_seconds(address: &VirtualAddress) -> Option<u32> {
    let seconds = match address.preferred_lifetime {
        AddressLifetime::Default if address.prefix == 128 => 0,
        AddressLifetime::Default => FOREVER,
        AddressLifetime::Seconds(seconds) => seconds,
    };
    Some(seconds).filter(|seconds| *seconds != FOREVER)
}

/// struct `ifa_cacheinfo`: preferred and valid lifetime, and two times that only the kernel sets.
fn cache_info(preferred: u32) -> Vec<u8> {
    [preferred, FOREVER, 0, 0]
        .into_iter()
        .flat_map(u32::to_ne_bytes)
        .collect()
}

fn attribute(kind: Ifa, value: Vec<u8>) -> Result<Attribute, NetlinkError> {
    RtattrBuilder::default()
        .rta_type(kind)
        .rta_payload(Buffer::from(value))
        .build()
        .map_err(encoding)
}

fn c_string(text: &str) -> Result<Vec<u8>, NetlinkError> {
    if text.len() > LABEL_MAX || text.contains('\0') {
        return Err(NetlinkError::Encoding(format!(
            "label {text:?} is not usable"
        )));
    }
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    Ok(bytes)
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => Ipv4Addr::octets(&address).to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn encoding(error: impl std::fmt::Display) -> NetlinkError {
    NetlinkError::Encoding(error.to_string())
}

/// `IFA_PROTO`, who has put an address on. Kernels before 5.18 do not look at it.
pub(super) const PROTOCOL_ATTRIBUTE: Ifa = Ifa::UnrecognizedConst(11);
/// That of keepalived, as for routes and rules.
const PROTOCOL: u8 = 18;
/// Longest label in bytes.
const LABEL_MAX: usize = 15;
/// Lifetime without end.
const FOREVER: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::message::{messages, read_u32};

    fn vip(text: &str, prefix: u8) -> VirtualAddress {
        VirtualAddress::new(text.parse().unwrap(), prefix)
    }

    /// `IFA_PROTO`.
    fn ours() -> (u16, Vec<u8>) {
        (11, vec![18])
    }

    /// Kind and value of each attribute of an add message.
    fn added(address: &VirtualAddress) -> Vec<(u16, Vec<u8>)> {
        let bytes = encode(Change::Add, 1, 2, address).unwrap();
        attributes_of(&bytes)
    }

    fn attributes_of(bytes: &[u8]) -> Vec<(u16, Vec<u8>)> {
        let message = messages(bytes).next().unwrap();
        let mut rest = &message.payload[8..];
        let mut found = Vec::new();
        while rest.len() >= 4 {
            let length = usize::from(u16::from_ne_bytes([rest[0], rest[1]]));
            let kind = u16::from_ne_bytes([rest[2], rest[3]]);
            found.push((kind, rest[4..length].to_vec()));
            rest = &rest[length.next_multiple_of(4).min(rest.len())..];
        }
        found
    }

    #[test]
    fn a_plain_address_is_its_local_attribute_and_whose_it_is() {
        let bytes = encode(Change::Add, 9, 2, &vip("10.0.0.5", 24)).unwrap();
        let message = messages(&bytes).next().unwrap();
        assert_eq!(message.kind, 20);
        assert_eq!(message.flags, 5, "request and acknowledge only");
        assert_eq!(message.sequence, 9);
        // Family, prefix length, flags, scope, index.
        assert_eq!(message.payload[..4], [2, 24, 0, 0]);
        assert_eq!(read_u32(message.payload, 4), Some(2));
        assert_eq!(
            attributes_of(&bytes),
            [(libc::IFA_LOCAL, vec![10, 0, 0, 5]), ours()]
        );
    }

    #[test]
    fn everything_configured_is_told() {
        let mut address = vip("10.0.0.5", 32);
        address.scope = 253;
        address.broadcast = Some(Ipv4Addr::new(10, 0, 0, 255));
        address.label = Some("eth0:1".into());
        address.peer = Some(Ipv4Addr::new(10, 9, 9, 9).into());
        address.home = true;
        address.noprefixroute = true;
        let bytes = encode(Change::Add, 1, 2, &address).unwrap();
        assert_eq!(messages(&bytes).next().unwrap().payload[3], 253);
        assert_eq!(
            attributes_of(&bytes),
            [
                (libc::IFA_LOCAL, vec![10, 0, 0, 5]),
                (libc::IFA_ADDRESS, vec![10, 9, 9, 9]),
                (libc::IFA_FLAGS, 0x210_u32.to_ne_bytes().to_vec()),
                (libc::IFA_BROADCAST, vec![10, 0, 0, 255]),
                (libc::IFA_LABEL, b"eth0:1\0".to_vec()),
                ours(),
            ]
        );
    }

    #[test]
    fn ipv6_addresses_come_without_detection_and_deprecated_when_single() {
        let local = (libc::IFA_LOCAL, octets("2001:db8::1".parse().unwrap()));
        let nodad = (libc::IFA_FLAGS, 2_u32.to_ne_bytes().to_vec());
        let lifetime = |seconds| (libc::IFA_CACHEINFO, cache_info(seconds));
        let mut address = vip("2001:db8::1", 128);
        let check = |address: &VirtualAddress, others: &[&(u16, Vec<u8>)]| {
            let wanted = [&local].into_iter().chain(others.iter().copied());
            let wanted: Vec<_> = wanted.cloned().chain([ours()]).collect();
            assert_eq!(added(address), wanted);
        };
        check(&address, &[&nodad, &lifetime(0)]);
        address.preferred_lifetime = AddressLifetime::Seconds(FOREVER);
        check(&address, &[&nodad]);
        address.prefix = 64;
        address.preferred_lifetime = AddressLifetime::Default;
        check(&address, &[&nodad]);
        address.preferred_lifetime = AddressLifetime::Seconds(30);
        check(&address, &[&nodad, &lifetime(30)]);
        address.dad = true;
        check(&address, &[&lifetime(30)]);
    }

    #[test]
    fn labels_that_the_kernel_would_cut_are_refused() {
        let mut address = vip("10.0.0.5", 24);
        address.label = Some("0123456789abcdef".into());
        assert!(encode(Change::Add, 1, 2, &address).is_err());
    }

    #[test]
    fn removal_names_the_prefix_too() {
        let bytes = encode(Change::Remove, 1, 2, &vip("10.0.0.5", 24)).unwrap();
        let octets = vec![10, 0, 0, 5];
        assert_eq!(messages(&bytes).next().unwrap().kind, 21);
        assert_eq!(
            attributes_of(&bytes),
            [
                (libc::IFA_LOCAL, octets.clone()),
                (libc::IFA_ADDRESS, octets)
            ]
        );
    }
}
