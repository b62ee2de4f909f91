//! Interfaces of an instance's own on top of the real one (spec vrrp-keywords 4.6).

use std::net::IpAddr;

use crate::Family;

/// `use_vmac`: a private macvlan with the virtual MAC address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct VirtualMac {
    /// Its name, at most 15 bytes; `None` is a free one made of the prefix and the VRID.
    pub name: Option<String>,
    /// Its address; `None` is 00:00:5e:00:01:VRID for IPv4 and 00:00:5e:00:02:VRID for IPv6
    /// (RFC 9568 7.3).
    pub address: Option<[u8; 6]>,
    /// Interface group it is put into.
    pub group: Option<u32>,
    /// Its changes are announced over netlink.
    pub netlink_notify: bool,
}

/// How the ipvlans of one interface reach each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IpvlanMode {
    /// Directly.
    #[default]
    Bridge,
    /// Not at all.
    Private,
    /// Through the switch.
    Vepa,
}

impl IpvlanMode {
    /// The word of the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bridge => "bridge",
            Self::Private => "private",
            Self::Vepa => "vepa",
        }
    }
}

/// `use_ipvlan`: an ipvlan of layer 2.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Ipvlan {
    /// Its name, at most 15 bytes; `None` is a free one made of the VRID.
    pub name: Option<String>,
    /// Its address and prefix length, which adverts come from when no source is configured.
    pub address: Option<(IpAddr, u8)>,
    /// How it reaches others.
    pub mode: IpvlanMode,
    /// Interface group it is put into.
    pub group: Option<u32>,
}

/// 00:00:5e:00:01:VRID, or :02: for IPv6 (RFC 9568 7.3).
#[must_use]
pub const fn standard_hardware_address(vrid: u8, family: Family) -> [u8; 6] {
    let kind = match family {
        Family::Inet => 1,
        Family::Inet6 => 2,
    };
    [0, 0, 0x5e, 0, kind, vrid]
}
