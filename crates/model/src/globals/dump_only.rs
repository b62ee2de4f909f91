//! What `global_defs` says that only the state dump asks for (spec vrrp-runtime 19).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::{NetlinkBuffer, NotifyFifo, Process};
use crate::{Credentials, Version};

/// Settings that are shown and otherwise not asked for.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct DumpOnly {
    /// What instances were given that say nothing else.
    pub instances: InstanceDefaults,
    /// Settings of the checker process, which is not run.
    pub checkers: CheckerSettings,
}

/// On one line, also where the rest has one for each field: it is much, and seldom looked at.
impl fmt::Debug for DumpOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            instances,
            checkers,
        } = self;
        write!(f, "DumpOnly({instances:?}, {checkers:?})")
    }
}

/// What `global_defs` gives to instances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceDefaults {
    /// `vrrp_version`.
    pub version: Version,
    /// `vrrp_strict`.
    pub strict: bool,
    /// `vrrp_mcast_group6`.
    pub multicast_group6: IpAddr,
    /// `vrrp_check_unicast_src`.
    pub check_unicast_source: bool,
    /// `vrrp_skip_check_adv_addr`.
    pub skip_check_adv_addr: bool,
    /// `vrrp_down_timer_adverts`.
    pub down_timer_adverts: u8,
    /// `vrrp_lower_prio_no_advert`.
    pub lower_prio_no_advert: bool,
    /// `vrrp_higher_prio_send_advert`.
    pub higher_prio_send_advert: bool,
    /// Gratuitous ARPs.
    pub garp: GarpDefaults,
    /// Who runs scripts that name nobody; `None` where `script_user` names nobody that exists.
    pub script_user: Option<Credentials>,
}

impl Default for InstanceDefaults {
    fn default() -> Self {
        Self {
            version: Version::V2,
            strict: false,
            multicast_group6: IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12)),
            check_unicast_source: false,
            skip_check_adv_addr: false,
            down_timer_adverts: 3,
            lower_prio_no_advert: false,
            higher_prio_send_advert: false,
            garp: GarpDefaults::default(),
            script_user: Some(Credentials { uid: 0, gid: 0 }),
        }
    }
}

/// Defaults of gratuitous ARPs; times in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GarpDefaults {
    /// `vrrp_garp_master_delay`.
    pub delay: u32,
    /// `vrrp_garp_master_repeat`.
    pub repeat: u32,
    /// `vrrp_garp_master_refresh`.
    pub refresh: u32,
    /// `vrrp_garp_master_refresh_repeat`.
    pub refresh_repeat: u32,
    /// `vrrp_garp_lower_prio_delay`; `None` is `delay`.
    pub lower_delay: Option<u32>,
    /// `vrrp_garp_lower_prio_repeat`; `None` is `repeat`.
    pub lower_repeat: Option<u32>,
}

impl Default for GarpDefaults {
    fn default() -> Self {
        Self {
            delay: 5,
            repeat: 5,
            refresh: 0,
            refresh_repeat: 1,
            lower_delay: None,
            lower_repeat: None,
        }
    }
}

/// When IPVS is cleared at the end (`lvs_flush_on_stop`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FlushOnStop {
    /// Never.
    #[default]
    Off,
    /// The virtual servers of the configuration.
    VirtualServers,
    /// Everything.
    Full,
}

/// `global_defs` of LVS, as far as the dump shows them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckerSettings {
    /// `checker_process_name` and the like.
    pub process: Process,
    /// `smtp_alert_checker`.
    pub alerts: Option<bool>,
    /// `checker_log_all_failures`.
    pub log_all_failures: bool,
    /// `lvs_timeouts`: tcp, tcpfin, udp, in seconds; 0 is not given.
    pub timeouts: [u32; 3],
    /// `lvs_flush`.
    pub flush: bool,
    /// `lvs_flush_on_stop`.
    pub flush_on_stop: FlushOnStop,
    /// `lvs_notify_fifo`; the command is as written.
    pub fifo: NotifyFifo,
    /// `nftables_ipvs`.
    pub table: Option<String>,
    /// `nftables_ipvs_priority`.
    pub chain_priority: Option<i32>,
    /// `nftables_ipvs_start_fwmark`.
    pub first_mark: Option<u32>,
    /// `enable_snmp_checker`.
    pub snmp: bool,
    /// `lvs_netlink_cmd_rcv_bufs`.
    pub netlink_commands: NetlinkBuffer,
    /// `lvs_netlink_monitor_rcv_bufs`.
    pub netlink_monitor: NetlinkBuffer,
    /// `rs_init_notifies`.
    pub first_notifies: bool,
    /// `no_checker_emails`.
    pub no_mails: bool,
}
