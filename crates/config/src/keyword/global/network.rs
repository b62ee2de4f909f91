//! Packet filter, receive buffers, names (spec config-language 11.4).

use super::RECEIVE_BUFFER;
use crate::keyword::{Keyword, boolean, flag, word};

pub(super) const NETWORK: &[Keyword] = &[
    word("nftables", "[TABLE]", "Use nftables.")
        .default("keepalived")
        .optional()
        .since("2.0.11")
        .yes(),
    word("nftables_priority", "NUMBER", "Priority of its chains.")
        .default("-1")
        .since("2.0.11")
        .yes(),
    flag("nftables_counters", "Count in its rules.")
        .since("2.0.11")
        .yes(),
    flag(
        "nftables_ifindex",
        "Interface numbers instead of names in its sets.",
    )
    .since("2.0.11")
    .yes(),
    word("vrrp_iptables", "[IN [OUT]]", "Use iptables.")
        .optional()
        .yes(),
    word("vrrp_ipsets", "[NAME …]", "Names of the ipsets.")
        .optional()
        .yes(),
    word("vrrp_netlink_cmd_rcv_bufs", "BYTES", RECEIVE_BUFFER)
        .lenient()
        .since("2.0.0")
        .yes(),
    boolean("vrrp_netlink_cmd_rcv_bufs_force", RECEIVE_BUFFER)
        .since("2.0.0")
        .yes(),
    word("vrrp_netlink_monitor_rcv_bufs", "BYTES", RECEIVE_BUFFER)
        .lenient()
        .since("2.0.0")
        .yes(),
    boolean("vrrp_netlink_monitor_rcv_bufs_force", RECEIVE_BUFFER)
        .since("2.0.0")
        .yes(),
    word(
        "process_monitor_rcv_bufs",
        "BYTES",
        "Receive buffer of the process connector.",
    )
    .lenient()
    .since("2.0.11")
    .yes(),
    boolean(
        "process_monitor_rcv_bufs_force",
        "The same, beyond the system's limit.",
    )
    .since("2.0.11")
    .yes(),
    word(
        "vrrp_rx_bufs_policy",
        "MTU | ADVERT | BYTES",
        "Size of the receive buffers.",
    )
    .lenient()
    .since("2.0.3")
    .yes(),
    word(
        "vrrp_rx_bufs_multiplier",
        "at least 1",
        "Packets that a receive buffer holds.",
    )
    .lenient()
    .default("3")
    .since("2.0.3")
    .yes(),
    word(
        "iproute_usr_dir",
        "PATH",
        "Where names of tables, scopes and protocols are looked up.",
    )
    .lenient()
    .since("2.3.2")
    .yes(),
    word("iproute_etc_dir", "PATH", "The same, first choice.")
        .lenient()
        .since("2.3.2")
        .yes(),
];
