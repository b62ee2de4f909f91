//! What concerns VRRP as a whole (spec config-language 11.4).

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

/// `vrrp_garp_extra_if`: periodic gratuitous ARPs on other interfaces of the addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExtraAnnouncements {
    /// 1 s to a day.
    pub interval: Duration,
    /// On every interface, not only those with a virtual MAC.
    pub all: bool,
}

/// Settings that belong to no instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VrrpSettings {
    /// `dynamic_interfaces allow_if_changes`: an interface may come back as another one.
    pub allow_interface_changes: bool,
    /// `default_interface`: where static entries go that name none.
    pub default_interface: Option<String>,
    /// `vrrp_garp_extra_if`.
    pub extra_announcements: Option<ExtraAnnouncements>,
    /// `vrrp_mcast_group4`: the group of instances that name none, and what the old checksum of
    /// unicast covers.
    pub multicast_group4: Ipv4Addr,
    /// `v3_checksum_as_v2`: no pseudo header in the IPv4 checksum of version 3.
    pub v3_checksum_as_v2: bool,
    /// `vrrp_owner_ignore_adverts`: the address owner ignores adverts.
    pub owner_ignore_adverts: bool,
    /// `vrrp_startup_delay`, at least 1 ms; zero is none.
    pub startup_delay: Duration,
    /// `vrrp_delay_after_boot`: the same, counted from the start of the machine.
    pub delay_after_boot: Duration,
    /// `vmac_prefix`: how names of virtual MAC interfaces begin.
    pub vmac_prefix: String,
    /// `vmac_addr_prefix`: the same for those of `use_vmac_addr`; `None` is `vmac_prefix`.
    pub vmac_addr_prefix: Option<String>,
    /// `disable_local_igmp`: no IGMP reports for link-local groups.
    pub disable_local_igmp: bool,
    /// `iproute_usr_dir`: second place where names of tables and the like are looked up.
    pub iproute_usr_dir: Option<PathBuf>,
    /// `iproute_etc_dir`: first place.
    pub iproute_etc_dir: Option<PathBuf>,
}

impl Default for VrrpSettings {
    fn default() -> Self {
        Self {
            allow_interface_changes: false,
            default_interface: None,
            extra_announcements: None,
            multicast_group4: Ipv4Addr::new(224, 0, 0, 18),
            v3_checksum_as_v2: false,
            owner_ignore_adverts: false,
            startup_delay: Duration::ZERO,
            delay_after_boot: Duration::ZERO,
            vmac_prefix: "vrrp".to_owned(),
            vmac_addr_prefix: None,
            disable_local_igmp: false,
            iproute_usr_dir: None,
            iproute_etc_dir: None,
        }
    }
}
