//! LVS (spec config-language 11.7).

use super::RECEIVE_BUFFER;
use crate::keyword::{Keyword, boolean, flag, word};

pub(super) const LVS: &[Keyword] = &[
    word(
        "lvs_timeouts",
        "[tcp S] [tcpfin S] [udp S]",
        "Time-outs of IPVS.",
    )
    .lenient()
    .lvs(),
    flag("lvs_flush", "Clear IPVS at start.").lvs(),
    word("lvs_flush_on_stop", "[VS]", "Clear IPVS at stop.")
        .optional()
        .since("2.0.15")
        .lvs(),
    word(
        "lvs_flush_onstop",
        "[VS]",
        "Old spelling of lvs_flush_on_stop.",
    )
    .optional()
    .since("2.0.15")
    .lvs(),
    word(
        "lvs_sync_daemon",
        "IFNAME …",
        "Synchronises IPVS connections.",
    )
    .lenient()
    .lvs(),
    word("nftables_ipvs", "[TABLE]", "Firewall marks by nftables.")
        .optional()
        .since("2.2.2")
        .lvs(),
    word(
        "nftables_ipvs_priority",
        "NUMBER",
        "Priority of its chains.",
    )
    .since("2.2.2")
    .lvs(),
    word("nftables_ipvs_start_fwmark", "NUMBER", "First mark.")
        .default("1000")
        .since("2.2.2")
        .lvs(),
    word("lvs_netlink_cmd_rcv_bufs", "BYTES", RECEIVE_BUFFER)
        .lenient()
        .since("2.0.0")
        .lvs(),
    boolean("lvs_netlink_cmd_rcv_bufs_force", RECEIVE_BUFFER)
        .since("2.0.0")
        .lvs(),
    word("lvs_netlink_monitor_rcv_bufs", "BYTES", RECEIVE_BUFFER)
        .lenient()
        .since("2.0.0")
        .lvs(),
    boolean("lvs_netlink_monitor_rcv_bufs_force", RECEIVE_BUFFER)
        .since("2.0.0")
        .lvs(),
    boolean("rs_init_notifies", "Notify for real servers at start.")
        .since("2.0.0")
        .lvs(),
];
