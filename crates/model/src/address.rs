//! Virtual addresses.

use std::net::{IpAddr, Ipv4Addr};

/// How long an IPv6 address stays preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AddressLifetime {
    /// keepalived's default: deprecated at once for a /128, for ever otherwise.
    #[default]
    Default,
    /// Seconds; `u32::MAX` is for ever.
    Seconds(u32),
}

/// One entry of `virtual_ipaddress` or `virtual_ipaddress_excluded` (spec vrrp-keywords 7).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VirtualAddress {
    /// The address itself.
    pub address: IpAddr,
    /// Prefix length, 0 to 32 or 0 to 128.
    pub prefix: u8,
    /// `dev`; `None` means the instance's own interface.
    pub dev: Option<Box<str>>,
    /// Route scope number as in `rt_scopes`; 0 is `global`.
    pub scope: u8,
    /// Broadcast address, only when configured.
    pub broadcast: Option<Ipv4Addr>,
    /// `label`, at most 15 bytes. IPv4 only.
    pub label: Option<Box<str>>,
    /// Point-to-point peer.
    pub peer: Option<IpAddr>,
    /// Kernel flag `IFA_F_HOMEADDRESS`.
    pub home: bool,
    /// Kernel flag `IFA_F_MANAGETEMPADDR`.
    pub mngtmpaddr: bool,
    /// Kernel flag `IFA_F_NOPREFIXROUTE`.
    pub noprefixroute: bool,
    /// Kernel flag `IFA_F_MCAUTOJOIN`.
    pub autojoin: bool,
    /// Whether duplicate address detection is wanted (`-nodad`); off by default. IPv6 only.
    pub dad: bool,
    /// `preferred_lft`. IPv6 only.
    pub preferred_lifetime: AddressLifetime,
    /// Removal by others, and the state of `dev`, do not concern the instance.
    pub no_track: bool,
    /// It goes on a virtual MAC interface on top of `dev` (`use_vmac`). Not for static addresses.
    pub use_vmac: bool,
}

impl VirtualAddress {
    /// An address with keepalived's defaults and the given prefix length.
    #[must_use]
    pub const fn new(address: IpAddr, prefix: u8) -> Self {
        Self {
            address,
            prefix,
            dev: None,
            scope: 0,
            broadcast: None,
            label: None,
            peer: None,
            home: false,
            mngtmpaddr: false,
            noprefixroute: false,
            autojoin: false,
            dad: false,
            preferred_lifetime: AddressLifetime::Default,
            no_track: false,
            use_vmac: false,
        }
    }
}
