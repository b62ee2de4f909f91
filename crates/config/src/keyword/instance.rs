//! Keywords of `vrrp_instance` and its blocks.

use super::{Block, Keyword, block, boolean, flag, script, values, word};

pub(super) const INSTANCE: &[Keyword] = &[
    // Election and timers.
    word(
        "state",
        "MASTER | BACKUP",
        "Wanted state at start; without priority, MASTER makes an address owner.",
    )
    .default("from the priority")
    .yes(),
    word(
        "interface",
        "IFNAME",
        "Interface of the adverts, and of addresses that name none.",
    )
    .yes(),
    word("vrf", "IFNAME", "VRF of the sockets.")
        .since("2.2.5")
        .yes(),
    word(
        "virtual_router_id",
        "1 to 255",
        "Which virtual router this is; the same on all its members.",
    )
    .yes(),
    word(
        "priority",
        "1 to 255",
        "The greatest becomes MASTER; 255 is the address owner.",
    )
    .default("100")
    .yes(),
    word(
        "advert_int",
        "0.01 to 255 seconds",
        "Time between two adverts.",
    )
    .default("1")
    .yes(),
    word("version", "2 or 3", "Protocol version.")
        .default("vrrp_version")
        .yes(),
    flag("native_ipv6", "Makes it an IPv6 instance.").yes(),
    flag(
        "nopreempt",
        "A running MASTER of lower priority is left alone.",
    )
    .yes(),
    flag("preempt", "Undoes nopreempt.").yes(),
    word(
        "preempt_delay",
        "0 to 1000 seconds",
        "Time that a running MASTER of lower priority is left alone.",
    )
    .default("0")
    .yes(),
    word(
        "down_timer_adverts",
        "1 to 100",
        "Adverts missed before takeover.",
    )
    .default("vrrp_down_timer_adverts")
    .since("2.2.3")
    .yes(),
    word(
        "timer_expired_backup",
        "[1 to 254]",
        "Go to BACKUP after having slept too long as MASTER.",
    )
    .optional()
    .since("2.2.8")
    .yes(),
    word(
        "thread_timer_expired",
        "[1 to 254]",
        "Old spelling of timer_expired_backup.",
    )
    .optional()
    .since("2.3.2")
    .yes(),
    boolean(
        "skip_check_adv_addr",
        "Address lists of repeated adverts of one master are not compared.",
    )
    .default("vrrp_skip_check_adv_addr")
    .yes(),
    boolean("strict_mode", "Hold the instance to the standard.")
        .default("vrrp_strict")
        .yes(),
    boolean(
        "lower_prio_no_advert",
        "A MASTER does not answer adverts of lower priority.",
    )
    .yes(),
    boolean(
        "higher_prio_send_advert",
        "A MASTER sends one more advert before it yields.",
    )
    .yes(),
    boolean("owner_ignore_adverts", "The address owner ignores adverts.")
        .since("2.3.3")
        .yes(),
    word("debug", "0 to 4", "No effect.")
        .default("0")
        .accepted(),
    word(
        "kernel_rx_buf_size",
        "BYTES",
        "Receive buffer of the socket.",
    )
    .lenient()
    .since("2.0.3")
    .yes(),
    // Addresses on the wire.
    word("mcast_src_ip", "ADDRESS", "Source address of adverts.")
        .default("first address of the interface")
        .yes(),
    word(
        "unicast_src_ip",
        "ADDRESS",
        "Source address of unicast adverts.",
    )
    .yes(),
    word(
        "mcast_dst_ip",
        "ADDRESS",
        "Multicast group of this instance.",
    )
    .default("vrrp_mcast_group4")
    .since("2.2.5")
    .yes(),
    values(
        "unicast_peer",
        "{ ADDRESS [min_ttl N] [max_ttl N] }",
        "Neighbours that get unicast adverts.",
    )
    .yes(),
    flag(
        "unicast_fault_no_peer",
        "Without peers: FAULT instead of multicast.",
    )
    .since("2.2.5")
    .yes(),
    word("unicast_ttl", "0 to 255", "TTL of unicast adverts.")
        .default("255")
        .since("2.1.0")
        .yes(),
    flag(
        "check_unicast_src",
        "Adverts must come from a configured peer.",
    )
    .since("2.1.0")
    .yes(),
    word(
        "old_unicast_checksum",
        "[never]",
        "Checksum of unicast version 3 as before 1.3.7.",
    )
    .optional()
    .yes(),
    boolean(
        "v3_checksum_as_v2",
        "Checksum of version 3 without pseudo header.",
    )
    .since("2.2.8")
    .yes(),
    flag(
        "track_src_ip",
        "FAULT while the configured source address is missing.",
    )
    .since("2.0.0")
    .yes(),
    // Addresses, routes, rules.
    values(
        "virtual_ipaddress",
        "{ address entries }",
        "Addresses that belong to the MASTER, and are advertised.",
    )
    .yes(),
    values(
        "virtual_ipaddress_excluded",
        "{ address entries }",
        "Addresses that belong to the MASTER, and are not advertised.",
    )
    .yes(),
    flag("no_virtual_ipaddress", "No addresses is what is meant.")
        .since("2.2.8")
        .yes(),
    values(
        "virtual_routes",
        "{ route entries }",
        "Routes that come and go with MASTER.",
    )
    .yes(),
    values(
        "virtual_rules",
        "{ rule entries }",
        "Rules that come and go with MASTER.",
    )
    .yes(),
    flag(
        "promote_secondaries",
        "Sets the sysctl of that name on the interface.",
    )
    .yes(),
    flag(
        "accept",
        "Accept packets to the addresses although not owner.",
    )
    .yes(),
    flag("no_accept", "Drop packets to the addresses unless owner.").yes(),
    // Tracking.
    values(
        "track_interface",
        "{ IFNAME [weight N [reverse]] }",
        "Interfaces whose state counts.",
    )
    .yes(),
    values(
        "track_script",
        "{ SCRIPT [weight N [reverse]] }",
        "Checks whose result counts.",
    )
    .yes(),
    values(
        "track_file",
        "{ NAME [weight N [reverse]] }",
        "Files whose number counts.",
    )
    .since("2.0.0")
    .yes(),
    values(
        "track_process",
        "{ NAME [weight N [reverse]] }",
        "Processes whose presence counts.",
    )
    .since("2.0.11")
    .yes(),
    values(
        "track_bfd",
        "{ NAME [weight N [reverse]] }",
        "BFD sessions whose state counts.",
    )
    .since("2.0.0")
    .yes(),
    flag(
        "dont_track_primary",
        "The instance's own interface going down is no fault.",
    )
    .yes(),
    flag("linkbeat_use_polling", "Poll the link state. Deprecated.").yes(),
    // Gratuitous ARP.
    word(
        "garp_master_delay",
        "0 to 4294 seconds",
        "Time to the second burst; 0 is none.",
    )
    .default("vrrp_garp_master_delay")
    .yes(),
    word("garp_master_repeat", "COUNT", "Rounds in a burst.")
        .default("vrrp_garp_master_repeat")
        .yes(),
    word(
        "garp_master_refresh",
        "SECONDS",
        "Period of the refresh; 0 is none.",
    )
    .default("vrrp_garp_master_refresh")
    .yes(),
    word(
        "garp_master_refresh_repeat",
        "COUNT",
        "Rounds of a refresh.",
    )
    .default("vrrp_garp_master_refresh_repeat")
    .yes(),
    word(
        "garp_lower_prio_delay",
        "0 to 4294 seconds",
        "Time to the second burst after an advert of lower priority.",
    )
    .default("vrrp_garp_lower_prio_delay")
    .yes(),
    word(
        "garp_lower_prio_repeat",
        "0 to 2147483647",
        "Rounds of that burst.",
    )
    .default("vrrp_garp_lower_prio_repeat")
    .yes(),
    word(
        "garp_extra_if",
        "[all] 0 to 86400 seconds",
        "Periodic gratuitous ARPs on other interfaces.",
    )
    .lenient()
    .since("2.2.3")
    .yes(),
    word(
        "vmac_garp_intvl",
        "[all] 0 to 86400 seconds",
        "Old spelling of garp_extra_if.",
    )
    .lenient()
    .since("2.2.0")
    .yes(),
    // Virtual MAC.
    word(
        "use_vmac",
        "[[name] IFNAME] [MAC] [group GROUP] [netlink_notify_msg]",
        "Own a virtual MAC address.",
    )
    .optional()
    .yes(),
    flag(
        "use_vmac_addr",
        "Virtual MAC for addresses on other interfaces too.",
    )
    .since("2.2.0")
    .yes(),
    flag(
        "vmac_xmit_base",
        "Adverts leave through the real interface.",
    )
    .yes(),
    word(
        "use_ipvlan",
        "[[name] IFNAME] [ADDRESS[/PREFIX]] [bridge|private|vepa] [group GROUP]",
        "Run on an ipvlan interface.",
    )
    .optional()
    .since("2.0.17")
    .yes(),
    // Notification.
    script("notify_master", "Run when MASTER.").yes(),
    script("notify_backup", "Run when BACKUP.").yes(),
    script("notify_fault", "Run when FAULT.").yes(),
    script("notify_stop", "Run at a stop.").yes(),
    script(
        "notify",
        "Run at every change, with kind, name, state and priority.",
    )
    .yes(),
    script("notify_deleted", "Run when a reload removes the instance.")
        .optional()
        .since("2.1.0")
        .yes(),
    script(
        "notify_master_rx_lower_pri",
        "Run when a MASTER gets an advert of lower priority.",
    )
    .since("2.0.6")
    .yes(),
    boolean(
        "notify_priority_changes",
        "Priority changes are written to the FIFOs too.",
    )
    .since("2.0.16")
    .yes(),
    boolean("smtp_alert", "Send mail at state changes.")
        .default("smtp_alert_vrrp")
        .yes(),
    word(
        "lvs_sync_daemon_interface",
        "IFNAME",
        "Interface of the IPVS synchronisation. Deprecated.",
    )
    .lenient()
    .lvs(),
    block(
        "authentication",
        Block::Authentication,
        "Authentication of version 2.",
    )
    .yes(),
    block("auth_hmac", Block::AuthHmac, "Signed adverts.")
        .since("2.4.0")
        .yes(),
];

pub(super) const AUTHENTICATION: &[Keyword] = &[
    word(
        "auth_type",
        "PASS | AH",
        "PASS: a password in clear. AH: an authentication header.",
    )
    .yes(),
    word("auth_pass", "TEXT, at most 8 bytes", "The password.").yes(),
];

pub(super) const AUTH_HMAC: &[Keyword] = &[
    word("key", "ID VALUE", "A key of 32 to 64 bytes.")
        .lenient()
        .since("2.4.0")
        .yes(),
    word("active_key", "ID", "The key to sign with.")
        .since("2.4.0")
        .yes(),
    word(
        "time_window",
        "1 to 300 seconds",
        "Clock difference that is allowed.",
    )
    .since("2.4.0")
    .yes(),
    word(
        "anti_replay",
        "time | monotonic",
        "How repeated packets are noticed.",
    )
    .default("time")
    .since("2.4.0")
    .yes(),
    word(
        "mode",
        "enforce | permissive | receive-only",
        "What happens to unsigned adverts.",
    )
    .default("enforce")
    .since("2.4.0")
    .yes(),
];

pub(super) const EVERVIP: &[Keyword] = &[boolean(
    "fault_latch",
    "After a failure the instance stays in FAULT until `evervip clear-fault INSTANCE`.",
)
.default("off")
.yes()];
