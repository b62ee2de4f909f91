//! Defaults of instances (spec config-language 11.4).

use crate::keyword::{Keyword, boolean, flag, word};

pub(super) const VRRP: &[Keyword] = &[
    word(
        "vrrp_mcast_group4",
        "ADDRESS",
        "Multicast group of IPv4 instances.",
    )
    .default("224.0.0.18")
    .yes(),
    word(
        "vrrp_mcast_group6",
        "ADDRESS",
        "Multicast group of IPv6 instances.",
    )
    .default("ff02::12")
    .yes(),
    word(
        "default_interface",
        "IFNAME",
        "Interface of static addresses and routes that name none.",
    )
    .default("eth0")
    .lenient()
    .accepted(),
    word(
        "dynamic_interfaces",
        "[allow_if_changes]",
        "Interfaces may be missing at start.",
    )
    .optional()
    .since("2.0.0")
    .yes(),
    word(
        "vrrp_version",
        "2 or 3",
        "Protocol version of instances that name none.",
    )
    .default("2")
    .yes(),
    flag("vrrp_strict", "Hold all instances to the standard.").yes(),
    flag(
        "vrrp_check_unicast_src",
        "Adverts must come from a configured peer.",
    )
    .yes(),
    flag(
        "vrrp_skip_check_adv_addr",
        "Address lists of repeated adverts of one master are not compared.",
    )
    .yes(),
    word(
        "vrrp_garp_master_delay",
        "0 to 4294 seconds",
        "Time to the second burst of gratuitous ARPs.",
    )
    .default("5")
    .yes(),
    word("vrrp_garp_master_repeat", "COUNT", "Rounds in a burst.")
        .default("5")
        .yes(),
    word(
        "vrrp_garp_master_refresh",
        "SECONDS",
        "Period of the refresh; 0 is none.",
    )
    .default("0")
    .yes(),
    word(
        "vrrp_garp_master_refresh_repeat",
        "COUNT",
        "Rounds of a refresh.",
    )
    .default("1")
    .yes(),
    word(
        "vrrp_garp_lower_prio_delay",
        "0 to 4294 seconds",
        "Time to the second burst after an advert of lower priority.",
    )
    .default("vrrp_garp_master_delay")
    .yes(),
    word(
        "vrrp_garp_lower_prio_repeat",
        "0 to 2147483647",
        "Rounds of that burst.",
    )
    .default("vrrp_garp_master_repeat")
    .yes(),
    word(
        "vrrp_garp_interval",
        "0.000001 to 4294.967295 seconds",
        "Least gap between gratuitous ARPs on an interface.",
    )
    .default("none")
    .yes(),
    word(
        "vrrp_gna_interval",
        "0.000001 to 4294.967295 seconds",
        "The same for neighbour advertisements.",
    )
    .default("none")
    .yes(),
    boolean(
        "vrrp_min_garp",
        "One gratuitous ARP per address and no second burst.",
    )
    .since("2.0.12")
    .yes(),
    word(
        "vrrp_garp_extra_if",
        "[all] 1 to 86400 seconds",
        "Periodic gratuitous ARPs on other interfaces of the addresses.",
    )
    .lenient()
    .since("2.2.3")
    .yes(),
    word(
        "vrrp_vmac_garp_intvl",
        "[all] 1 to 86400 seconds",
        "Old spelling of vrrp_garp_extra_if.",
    )
    .lenient()
    .since("2.2.0")
    .yes(),
    word(
        "vrrp_down_timer_adverts",
        "1 to 100",
        "Adverts missed before takeover.",
    )
    .default("3")
    .since("2.2.3")
    .yes(),
    boolean(
        "vrrp_lower_prio_no_advert",
        "A master does not answer adverts of lower priority.",
    )
    .yes(),
    boolean(
        "vrrp_higher_prio_send_advert",
        "A master sends one more advert before it yields.",
    )
    .since("1.3.5")
    .yes(),
    flag(
        "v3_checksum_as_v2",
        "Checksum of version 3 without pseudo header.",
    )
    .since("2.2.8")
    .yes(),
    boolean(
        "vrrp_owner_ignore_adverts",
        "The address owner ignores adverts.",
    )
    .since("2.3.3")
    .yes(),
    flag(
        "log_unknown_vrids",
        "Log adverts for virtual routers that are not configured here.",
    )
    .since("2.0.16")
    .yes(),
    word(
        "vrrp_startup_delay",
        "0.001 to 4294.967295 seconds",
        "Delays the start of the instances.",
    )
    .since("2.0.14")
    .yes(),
    word(
        "vrrp_delay_after_boot",
        "0.001 to 4294.967295 seconds",
        "Delays it until the machine is up that long.",
    )
    .since("2.4.0")
    .yes(),
    word(
        "vmac_prefix",
        "STRING",
        "Prefix of the names of virtual MAC interfaces.",
    )
    .default("vrrp")
    .since("2.2.0")
    .yes(),
    word("vmac_addr_prefix", "STRING", "The same for use_vmac_addr.")
        .since("2.2.0")
        .yes(),
    flag(
        "disable_local_igmp",
        "No IGMP reports for link-local groups.",
    )
    .since("2.2.0")
    .yes(),
];
