//! Keywords of `global_defs`. One table in one file although it is long: it is searched, not read.

use super::{Keyword, boolean, flag, script, values, word};

const RCVBUF: &str = "Receive buffer of a netlink socket.";

pub(super) const GLOBAL: &[Keyword] = &[
    // Identification and mail.
    word(
        "router_id",
        "STRING",
        "Name of this machine in mails and dumps.",
    )
    .default("host name")
    .lenient()
    .yes(),
    values(
        "notification_email",
        "{ ADDRESS … }",
        "Recipients of mails. Read; this version sends no mail.",
    )
    .yes(),
    word("notification_email_from", "ADDRESS", "Sender of mails.")
        .lenient()
        .yes(),
    word(
        "smtp_server",
        "HOST [PORT]",
        "Mail relay. Read; this version sends no mail.",
    )
    .default("port 25")
    .yes(),
    word("smtp_helo_name", "STRING", "Name given to the mail relay.")
        .default("host name")
        .optional()
        .accepted(),
    word(
        "smtp_connect_timeout",
        "SECONDS, 0 to 4294",
        "Time allowed to the mail relay.",
    )
    .default("30")
    .accepted(),
    boolean(
        "smtp_alert",
        "Send mail at state changes, unless a block says otherwise.",
    )
    .since("2.0.0"),
    boolean("smtp_alert_vrrp", "The same for instances and groups.").since("2.0.0"),
    boolean("smtp_alert_checker", "The same for LVS checks.")
        .since("2.0.0")
        .lvs(),
    flag("no_email_faults", "No mail for FAULT.")
        .since("2.0.0")
        .accepted(),
    boolean("no_checker_emails", "No mail for single checks.")
        .since("2.0.0")
        .lvs(),
    boolean("checker_log_all_failures", "Log every failed check.")
        .since("2.0.11")
        .lvs(),
    // Processes.
    flag("process_names", "Give the processes names of their own.").since("2.0.16"),
    word(
        "process_name",
        "NAME, at most 15 bytes",
        "Name of the parent process.",
    )
    .since("2.0.16"),
    word(
        "vrrp_process_name",
        "NAME, at most 15 bytes",
        "Name of the VRRP process.",
    )
    .since("2.0.16"),
    word(
        "checker_process_name",
        "NAME, at most 15 bytes",
        "Name of the checker process.",
    )
    .since("2.2.0")
    .lvs(),
    word(
        "lvs_process_name",
        "NAME, at most 15 bytes",
        "Old spelling of checker_process_name.",
    )
    .since("2.0.16")
    .lvs(),
    word(
        "bfd_process_name",
        "NAME, at most 15 bytes",
        "Name of the BFD process.",
    )
    .since("2.0.16"),
    word(
        "vrrp_priority",
        "-20 to 19",
        "Nice value of the VRRP process.",
    )
    .default("0")
    .lenient(),
    word(
        "checker_priority",
        "-20 to 19",
        "Nice value of the checker process.",
    )
    .default("0")
    .lenient()
    .lvs(),
    word(
        "bfd_priority",
        "-20 to 19",
        "Nice value of the BFD process.",
    )
    .default("0")
    .lenient()
    .since("2.0.0"),
    word(
        "vrrp_rt_priority",
        "1 to 99",
        "Real-time priority of the VRRP process.",
    )
    .default("off")
    .lenient()
    .since("2.0.0"),
    word(
        "checker_rt_priority",
        "1 to 99",
        "Real-time priority of the checker process.",
    )
    .lenient()
    .since("2.0.0")
    .lvs(),
    word(
        "bfd_rt_priority",
        "1 to 99",
        "Real-time priority of the BFD process.",
    )
    .lenient()
    .since("2.0.0"),
    word(
        "vrrp_rlimit_rttime",
        "MICROSECONDS",
        "Processor time a real-time process may use without sleeping.",
    )
    .default("10000")
    .since("2.1.0"),
    word(
        "checker_rlimit_rttime",
        "MICROSECONDS",
        "The same for the checker process.",
    )
    .since("2.1.0")
    .lvs(),
    word(
        "bfd_rlimit_rttime",
        "MICROSECONDS",
        "The same for the BFD process.",
    )
    .since("2.1.0"),
    word(
        "vrrp_rlimit_rtime",
        "MICROSECONDS",
        "Old spelling of vrrp_rlimit_rttime.",
    )
    .since("2.0.0"),
    word(
        "checker_rlimit_rtime",
        "MICROSECONDS",
        "Old spelling of checker_rlimit_rttime.",
    )
    .since("2.0.0")
    .lvs(),
    word(
        "bfd_rlimit_rtime",
        "MICROSECONDS",
        "Old spelling of bfd_rlimit_rttime.",
    )
    .since("2.0.0"),
    flag("vrrp_no_swap", "Keep the VRRP process in memory."),
    flag("checker_no_swap", "Keep the checker process in memory.").lvs(),
    flag("bfd_no_swap", "Keep the BFD process in memory."),
    word(
        "vrrp_cpu_affinity",
        "CPU …",
        "Processors of the VRRP process.",
    )
    .lenient()
    .since("2.0.17"),
    word(
        "checker_cpu_affinity",
        "CPU …",
        "Processors of the checker process.",
    )
    .lenient()
    .since("2.0.17")
    .lvs(),
    word(
        "bfd_cpu_affinity",
        "CPU …",
        "Processors of the BFD process.",
    )
    .lenient()
    .since("2.0.17"),
    word(
        "max_auto_priority",
        "[-1 to 99]",
        "Upper bound of the real-time priority that is raised when timers are late.",
    )
    .default("0")
    .optional()
    .since("2.1.0"),
    word(
        "min_auto_priority_delay",
        "1 to 10000000 microseconds",
        "Lateness that raises the priority.",
    )
    .default("1000000")
    .lenient()
    .since("2.1.0"),
    word(
        "umask",
        "NUMBER or IRUSR|IWGRP|…",
        "Permissions withheld from files that are created.",
    )
    .default("0177")
    .since("2.0.9"),
    script("startup_script", "Run before anything else at a start.").since("2.1.0"),
    script("shutdown_script", "Run at the end of a stop.").since("2.1.0"),
    word(
        "startup_script_timeout",
        "1 to 1000 seconds",
        "Time allowed to it.",
    )
    .default("10")
    .lenient()
    .since("2.1.0"),
    word(
        "shutdown_script_timeout",
        "1 to 1000 seconds",
        "Time allowed to it.",
    )
    .default("10")
    .lenient()
    .since("2.1.0"),
    // Scripts and FIFOs.
    word(
        "script_user",
        "USER [GROUP]",
        "Who runs scripts that name nobody.",
    )
    .default("keepalived_script if that account exists, else the daemon's user")
    .lenient()
    .yes(),
    flag(
        "enable_script_security",
        "Scripts that others than root could replace are not run as root.",
    )
    .yes(),
    boolean("use_symlink_paths", "Keep symbolic links in script paths.").since("2.3.0"),
    boolean(
        "set_supplementary_groups",
        "Scripts get the supplementary groups of their user.",
    )
    .since("after 2.4.3"),
    word(
        "notify_fifo",
        "PATH [USER [GROUP]]",
        "FIFO that gets a line for every state change.",
    )
    .lenient()
    .since("1.3.6"),
    word(
        "vrrp_notify_fifo",
        "PATH [USER [GROUP]]",
        "The same, for instances and groups alone.",
    )
    .lenient()
    .since("1.3.6"),
    word(
        "lvs_notify_fifo",
        "PATH [USER [GROUP]]",
        "The same, for LVS.",
    )
    .lenient()
    .since("1.3.6")
    .lvs(),
    script("notify_fifo_script", "Program that reads notify_fifo.")
        .lenient()
        .since("1.3.6"),
    script(
        "vrrp_notify_fifo_script",
        "Program that reads vrrp_notify_fifo.",
    )
    .lenient()
    .since("1.3.6"),
    script(
        "lvs_notify_fifo_script",
        "Program that reads lvs_notify_fifo.",
    )
    .lenient()
    .since("1.3.6")
    .lvs(),
    boolean(
        "vrrp_notify_priority_changes",
        "Priority changes are written to the FIFOs too.",
    )
    .since("2.0.16"),
    flag(
        "fifo_write_vrrp_states_on_reload",
        "All states are written to the FIFOs after a reload.",
    )
    .since("2.2.5"),
    // Defaults of instances.
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
    .default("ff02::12"),
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
    boolean("vrrp_strict", "Hold all instances to the standard.").yes(),
    flag(
        "vrrp_check_unicast_src",
        "Adverts must come from a configured peer.",
    )
    .yes(),
    boolean(
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
    .since("2.2.3"),
    word(
        "vrrp_vmac_garp_intvl",
        "[all] 1 to 86400 seconds",
        "Old spelling of vrrp_garp_extra_if.",
    )
    .since("2.2.0"),
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
    .since("2.2.8"),
    boolean(
        "vrrp_owner_ignore_adverts",
        "The address owner ignores adverts.",
    )
    .since("2.3.3"),
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
    .since("2.0.14"),
    word(
        "vrrp_delay_after_boot",
        "0.001 to 4294.967295 seconds",
        "Delays it until the machine is up that long.",
    )
    .since("2.4.0"),
    word(
        "vmac_prefix",
        "STRING",
        "Prefix of the names of virtual MAC interfaces.",
    )
    .default("vrrp")
    .since("2.2.0"),
    word("vmac_addr_prefix", "STRING", "The same for use_vmac_addr.").since("2.2.0"),
    flag(
        "disable_local_igmp",
        "No IGMP reports for link-local groups.",
    )
    .since("2.2.0"),
    word("nftables", "[TABLE]", "Use nftables.")
        .default("keepalived")
        .optional()
        .since("2.0.11"),
    word("nftables_priority", "NUMBER", "Priority of its chains.")
        .default("-1")
        .since("2.0.11"),
    flag("nftables_counters", "Count in its rules.").since("2.0.11"),
    flag(
        "nftables_ifindex",
        "Interface numbers instead of names in its sets.",
    )
    .since("2.0.11"),
    word("vrrp_iptables", "[IN [OUT]]", "Use iptables.").optional(),
    word("vrrp_ipsets", "[NAME …]", "Names of the ipsets.").optional(),
    word("vrrp_netlink_cmd_rcv_bufs", "BYTES", RCVBUF)
        .lenient()
        .since("2.0.0"),
    boolean("vrrp_netlink_cmd_rcv_bufs_force", RCVBUF).since("2.0.0"),
    word("vrrp_netlink_monitor_rcv_bufs", "BYTES", RCVBUF)
        .lenient()
        .since("2.0.0"),
    boolean("vrrp_netlink_monitor_rcv_bufs_force", RCVBUF).since("2.0.0"),
    word(
        "process_monitor_rcv_bufs",
        "BYTES",
        "Receive buffer of the process connector.",
    )
    .lenient()
    .since("2.0.11"),
    boolean(
        "process_monitor_rcv_bufs_force",
        "The same, beyond the system's limit.",
    )
    .since("2.0.11"),
    word(
        "vrrp_rx_bufs_policy",
        "MTU | ADVERT | BYTES",
        "Size of the receive buffers.",
    )
    .lenient()
    .since("2.0.3"),
    word(
        "vrrp_rx_bufs_multiplier",
        "at least 1",
        "Packets that a receive buffer holds.",
    )
    .default("3")
    .since("2.0.3"),
    word(
        "iproute_usr_dir",
        "PATH",
        "Where names of tables, scopes and protocols are looked up.",
    )
    .lenient()
    .since("2.3.2"),
    word("iproute_etc_dir", "PATH", "The same, first choice.")
        .lenient()
        .since("2.3.2"),
    // Reload and files.
    word(
        "reload_check_config",
        "[LOGFILE]",
        "Test a configuration before a reload. Always done here.",
    )
    .optional()
    .since("2.2.0")
    .accepted(),
    word(
        "reload_time_file",
        "PATH",
        "File that names the time of a reload.",
    )
    .since("2.1.0"),
    flag("reload_repeat", "Keep that file: reload every day.").since("2.1.0"),
    word(
        "reload_file",
        "[PATH]",
        "File that exists while a configuration is read.",
    )
    .optional()
    .since("2.2.0"),
    word(
        "include_check",
        "[read|match|wildcard_match|brace_match] …",
        "Include faults that end a start.",
    )
    .optional()
    .since("2.2.0")
    .yes(),
    word(
        "config_save_dir",
        "DIRECTORY",
        "Keeps a copy of every configuration.",
    )
    .since("2.2.3"),
    word(
        "tmp_config_directory",
        "DIRECTORY",
        "Where the text is kept for the children. Not needed here.",
    )
    .lenient()
    .since("2.2.0")
    .accepted(),
    word("random_seed", "NUMBER", "Seed of ${_RANDOM}.").since("2.0.15"),
    boolean(
        "data_use_instance",
        "Instance and namespace in names of dump files.",
    )
    .since("2.2.3"),
    word("state_dump_file", "PATH", "Name of the state dump.")
        .lenient()
        .since("2.3.3"),
    word("stats_dump_file", "PATH", "Name of the statistics dump.")
        .lenient()
        .since("2.3.3"),
    word("json_dump_file", "PATH", "Name of the JSON dump.")
        .lenient()
        .since("2.3.3"),
    word("json_version", "1 or 2", "Layout of the JSON dump.")
        .default("1")
        .lenient()
        .since("2.2.8"),
    // SNMP and D-Bus.
    word("snmp_socket", "SOCKET", "Address of the AgentX master.")
        .default("unix:/var/agentx/master"),
    flag("enable_snmp_vrrp", "Serve the keepalived MIB for VRRP."),
    flag(
        "enable_snmp_keepalived",
        "Old spelling of enable_snmp_vrrp.",
    ),
    flag("enable_snmp_rfc", "Serve both standard MIBs."),
    flag("enable_snmp_rfcv2", "Serve the MIB of version 2."),
    flag("enable_snmp_rfcv3", "Serve the MIB of version 3."),
    flag("enable_traps", "Send traps."),
    flag("enable_snmp_checker", "Serve the keepalived MIB for LVS.").lvs(),
    word(
        "snmp_vs_stats_update_interval",
        "0.001 to 30 seconds",
        "Age of virtual server statistics.",
    )
    .since("2.3.0")
    .lvs(),
    word(
        "snmp_rs_stats_update_interval",
        "0.001 to 30 seconds",
        "Age of real server statistics.",
    )
    .since("2.3.0")
    .lvs(),
    flag("enable_dbus", "Offer the D-Bus interface."),
    word("dbus_service_name", "NAME", "Its bus name.")
        .lenient()
        .since("1.3.7"),
    word(
        "dbus_no_interface_name",
        "NAME",
        "Path element of instances without interface.",
    )
    .lenient()
    .since("2.3.0"),
    // LVS.
    word(
        "lvs_timeouts",
        "[tcp S] [tcpfin S] [udp S]",
        "Time-outs of IPVS.",
    )
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
    word("lvs_netlink_cmd_rcv_bufs", "BYTES", RCVBUF)
        .since("2.0.0")
        .lvs(),
    boolean("lvs_netlink_cmd_rcv_bufs_force", RCVBUF)
        .since("2.0.0")
        .lvs(),
    word("lvs_netlink_monitor_rcv_bufs", "BYTES", RCVBUF)
        .since("2.0.0")
        .lvs(),
    boolean("lvs_netlink_monitor_rcv_bufs_force", RCVBUF)
        .since("2.0.0")
        .lvs(),
    boolean("rs_init_notifies", "Notify for real servers at start.")
        .since("2.0.0")
        .lvs(),
];
