//! Interfaces of our own on top of a real one: macvlan and ipvlan (spec vrrp-runtime 14).

use super::builder::MessageBuilder;
use super::error::NetlinkError;
use super::link::Link;
use super::requests::Requests;

/// What kind of interface to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VirtualLinkKind {
    /// A private macvlan with this hardware address.
    MacVlan([u8; 6]),
    /// An ipvlan of layer 2.
    IpVlan(IpVlanMode),
}

/// How the ipvlans of one interface reach each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IpVlanMode {
    /// Directly.
    Bridge,
    /// Not at all.
    Private,
    /// Through the switch.
    Vepa,
}

/// An interface to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualLink<'a> {
    /// Its name, at most 15 bytes.
    pub name: &'a str,
    /// Index of the interface below.
    pub base: u32,
    /// Macvlan or ipvlan.
    pub kind: VirtualLinkKind,
    /// Interface group; 0 is the default one.
    pub group: u32,
    /// Index of the VRF that it is put into.
    pub master: Option<u32>,
}

/// A setting of an interface's IPv4 (`net.ipv4.conf.INTERFACE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ipv4Setting {
    /// `arp_ignore`.
    ArpIgnore,
    /// `arp_filter`.
    ArpFilter,
    /// `accept_local`.
    AcceptLocal,
    /// `rp_filter`.
    RpFilter,
    /// `promote_secondaries`.
    PromoteSecondaries,
}

impl Ipv4Setting {
    /// Its name below `/proc/sys/net/ipv4/conf/INTERFACE`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ArpIgnore => "arp_ignore",
            Self::ArpFilter => "arp_filter",
            Self::AcceptLocal => "accept_local",
            Self::RpFilter => "rp_filter",
            Self::PromoteSecondaries => "promote_secondaries",
        }
    }

    /// The kernel's number, `IPV4_DEVCONF_*`.
    const fn number(self) -> u16 {
        match self {
            Self::RpFilter => 8,
            Self::ArpFilter => 13,
            Self::ArpIgnore => 19,
            Self::PromoteSecondaries => 20,
            Self::AcceptLocal => 23,
        }
    }
}

impl Requests {
    /// Makes an interface, which is down at first; a macvlan will make no IPv6 link-local address by
    /// itself. Gives what the kernel knows of it.
    ///
    /// # Errors
    /// [`NetlinkError::Rejected`]: the name is taken (`EEXIST`), the interface below is gone or
    /// carries no such thing, the kernel lacks the kind (`EOPNOTSUPP`), no privilege.
    pub fn create_link(&mut self, link: &VirtualLink<'_>) -> Result<Link, NetlinkError> {
        self.acknowledged(NEW_LINK, |sequence| creation(sequence, link))?;
        let made = self.link_named(link.name)?.ok_or(NetlinkError::NoAnswer)?;
        if matches!(link.kind, VirtualLinkKind::MacVlan(_)) {
            // Kernels without IPv6 refuse, and make no such address either.
            let _ = self.acknowledged(NEW_LINK, |sequence| no_link_local(sequence, made.index));
        }
        Ok(made)
    }

    /// Sets an interface administratively up or down.
    ///
    /// # Errors
    /// [`NetlinkError::Rejected`] when it is gone, or without privilege.
    pub fn set_link_up(&mut self, index: u32, up: bool) -> Result<(), NetlinkError> {
        self.acknowledged(NEW_LINK, |sequence| {
            let flags = if up { IFF_UP } else { 0 };
            MessageBuilder::new(
                libc::RTM_NEWLINK,
                REQUEST | ACKNOWLEDGE,
                sequence,
                &header(index, flags, IFF_UP),
            )
            .finish()
        })
    }

    /// Deletes an interface. One that is gone already is a success.
    ///
    /// # Errors
    /// [`NetlinkError::Rejected`] when it cannot be deleted, or without privilege.
    pub fn delete_link(&mut self, index: u32) -> Result<(), NetlinkError> {
        let result = self.acknowledged(("RTM_DELLINK", libc::RTM_DELLINK), |sequence| {
            MessageBuilder::new(
                libc::RTM_DELLINK,
                REQUEST | ACKNOWLEDGE,
                sequence,
                &header(index, 0, 0),
            )
            .finish()
        });
        match result {
            Err(error) if error.errno() == Some(libc::ENODEV) => Ok(()),
            result => result,
        }
    }

    /// Puts an interface into a VRF, or out of any (`None`).
    ///
    /// # Errors
    /// [`NetlinkError::Rejected`].
    pub fn set_link_master(&mut self, index: u32, vrf: Option<u32>) -> Result<(), NetlinkError> {
        self.acknowledged(NEW_LINK, |sequence| {
            let mut message = MessageBuilder::new(
                libc::RTM_NEWLINK,
                REQUEST | ACKNOWLEDGE,
                sequence,
                &header(index, 0, 0),
            );
            message.number(libc::IFLA_MASTER, vrf.unwrap_or(0));
            message.finish()
        })
    }

    /// Changes IPv4 settings of an interface all at once. It works where `/proc/sys` is read-only,
    /// too.
    ///
    /// # Errors
    /// [`NetlinkError::Rejected`] when the interface is gone, or without privilege.
    pub fn set_ipv4_settings(
        &mut self,
        index: u32,
        settings: &[(Ipv4Setting, u32)],
    ) -> Result<(), NetlinkError> {
        self.acknowledged(NEW_LINK, |sequence| {
            ipv4_settings(sequence, index, settings)
        })
    }

    /// The interface of this name, if there is one.
    ///
    /// # Errors
    /// [`NetlinkError`].
    pub fn link_named(&mut self, name: &str) -> Result<Option<Link>, NetlinkError> {
        let found = self.dump(
            ("RTM_GETLINK", libc::RTM_GETLINK),
            |sequence| {
                let mut message = MessageBuilder::new(
                    libc::RTM_GETLINK,
                    REQUEST | ACKNOWLEDGE,
                    sequence,
                    &header(0, 0, 0),
                );
                message.text(libc::IFLA_IFNAME, name);
                Ok(message.finish())
            },
            libc::RTM_NEWLINK,
            Link::decode,
        );
        match found {
            Ok(links) => Ok(links.into_iter().next()),
            Err(error) if error.errno() == Some(libc::ENODEV) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn creation(sequence: u32, link: &VirtualLink<'_>) -> Vec<u8> {
    let mut message = MessageBuilder::new(
        libc::RTM_NEWLINK,
        REQUEST | ACKNOWLEDGE | EXCLUSIVE | CREATE,
        sequence,
        &header(0, 0, 0),
    );
    message.nested(libc::IFLA_LINKINFO, |info| match link.kind {
        VirtualLinkKind::MacVlan(_) => {
            info.attribute(libc::IFLA_INFO_KIND, b"macvlan");
            info.nested(libc::IFLA_INFO_DATA, |data| {
                data.number(IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
            });
        }
        VirtualLinkKind::IpVlan(mode) => {
            info.attribute(libc::IFLA_INFO_KIND, b"ipvlan");
            info.nested(libc::IFLA_INFO_DATA, |data| {
                data.attribute(IFLA_IPVLAN_MODE, &IPVLAN_MODE_L2.to_ne_bytes());
                data.attribute(IFLA_IPVLAN_FLAGS, &ipvlan_flags(mode).to_ne_bytes());
            });
        }
    });
    message.number(libc::IFLA_LINK, link.base);
    message.text(libc::IFLA_IFNAME, link.name);
    if let VirtualLinkKind::MacVlan(address) = link.kind {
        message.attribute(libc::IFLA_ADDRESS, &address);
    }
    if link.group != 0 {
        message.number(libc::IFLA_GROUP, link.group);
    }
    if let Some(vrf) = link.master {
        message.number(libc::IFLA_MASTER, vrf);
    }
    message.finish()
}

const fn ipvlan_flags(mode: IpVlanMode) -> u16 {
    match mode {
        IpVlanMode::Bridge => 0,
        IpVlanMode::Private => 1,
        IpVlanMode::Vepa => 2,
    }
}

fn no_link_local(sequence: u32, index: u32) -> Vec<u8> {
    let mut message = MessageBuilder::new(
        libc::RTM_NEWLINK,
        REQUEST | ACKNOWLEDGE,
        sequence,
        &header(index, 0, 0),
    );
    message.nested(libc::IFLA_AF_SPEC, |families| {
        families.nested(family(libc::AF_INET6), |inet6| {
            inet6.attribute(IFLA_INET6_ADDR_GEN_MODE, &[ADDR_GEN_MODE_NONE]);
        });
    });
    message.finish()
}

fn ipv4_settings(sequence: u32, index: u32, settings: &[(Ipv4Setting, u32)]) -> Vec<u8> {
    let mut message = MessageBuilder::new(
        libc::RTM_NEWLINK,
        REQUEST | ACKNOWLEDGE,
        sequence,
        &header(index, 0, 0),
    );
    message.nested(libc::IFLA_AF_SPEC, |families| {
        families.nested(family(libc::AF_INET), |inet| {
            inet.nested(IFLA_INET_CONF, |values| {
                for (setting, value) in settings {
                    values.number(setting.number(), *value);
                }
            });
        });
    });
    message.finish()
}

fn family(number: libc::c_int) -> u16 {
    // Address families are small numbers.
    u16::try_from(number).unwrap_or(0)
}

/// struct ifinfomsg: family, padding, hardware type, index, flags, mask of the flags that change.
fn header(index: u32, flags: u32, change: u32) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[4..8].copy_from_slice(&index.to_ne_bytes());
    bytes[8..12].copy_from_slice(&flags.to_ne_bytes());
    bytes[12..16].copy_from_slice(&change.to_ne_bytes());
    bytes
}

const NEW_LINK: (&str, u16) = ("RTM_NEWLINK", libc::RTM_NEWLINK);

// Flags of a request, as in linux/netlink.h.
const REQUEST: u16 = 0x1;
const ACKNOWLEDGE: u16 = 0x4;
const EXCLUSIVE: u16 = 0x200;
const CREATE: u16 = 0x400;

const IFF_UP: u32 = 1;
pub(super) const IFLA_MACVLAN_MODE: u16 = 1;
/// Mode of a macvlan that does not talk to the others of its interface.
pub(super) const MACVLAN_MODE_PRIVATE: u32 = 1;
const IFLA_IPVLAN_MODE: u16 = 1;
const IFLA_IPVLAN_FLAGS: u16 = 2;
const IPVLAN_MODE_L2: u16 = 0;
const IFLA_INET_CONF: u16 = 1;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
const ADDR_GEN_MODE_NONE: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    /// The message that keepalived 2.2.7 was seen to send.
    #[test]
    fn a_macvlan_is_asked_for_as_the_original_does() {
        let bytes = creation(
            7,
            &VirtualLink {
                name: "vrrp.51",
                base: 2,
                kind: VirtualLinkKind::MacVlan([0, 0, 0x5e, 0, 1, 0x33]),
                group: 0,
                master: None,
            },
        );
        assert_eq!(bytes.len(), 92);
        let position = |part: &[u8]| bytes.windows(part.len()).position(|window| window == part);
        assert!(position(b"macvlan").is_some());
        assert!(position(b"vrrp.51\0").is_some());
        assert!(position(&[0, 0, 0x5e, 0, 1, 0x33]).is_some());
    }
}
