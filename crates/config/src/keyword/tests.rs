//! The table against the list of names that the language has.

use super::*;

/// Every keyword of the language, by block.
const NAMES: &[(Block, &str)] = &[
    (
        Block::Instance,
        "
        accept advert_int auth_hmac authentication check_unicast_src debug dont_track_primary
        down_timer_adverts garp_extra_if garp_lower_prio_delay garp_lower_prio_repeat
        garp_master_delay garp_master_refresh garp_master_refresh_repeat garp_master_repeat
        higher_prio_send_advert interface kernel_rx_buf_size linkbeat_use_polling
        lower_prio_no_advert lvs_sync_daemon_interface mcast_dst_ip mcast_src_ip native_ipv6
        no_accept no_virtual_ipaddress nopreempt notify notify_backup notify_deleted
        notify_fault notify_master notify_master_rx_lower_pri notify_priority_changes
        notify_stop old_unicast_checksum owner_ignore_adverts preempt preempt_delay priority
        promote_secondaries skip_check_adv_addr smtp_alert state strict_mode
        thread_timer_expired timer_expired_backup track_bfd track_file track_interface
        track_process track_script track_src_ip unicast_fault_no_peer unicast_peer
        unicast_src_ip unicast_ttl use_ipvlan use_vmac use_vmac_addr v3_checksum_as_v2 version
        virtual_ipaddress virtual_ipaddress_excluded virtual_router_id virtual_routes
        virtual_rules vmac_garp_intvl vmac_xmit_base vrf
        ",
    ),
    (
        Block::Authentication,
        "
        auth_pass auth_type
        ",
    ),
    (
        Block::AuthHmac,
        "
        active_key anti_replay key mode time_window
        ",
    ),
    (
        Block::AddressEntry,
        "
        -nodad autojoin brd broadcast dev home label mngtmpaddr no_track noprefixroute peer
        preferred_lft scope track_group use_vmac
        ",
    ),
    (
        Block::RouteEntry,
        "
        add advmss append as congctl cwnd dev dsfield encap expires fastopen_no_cookie features
        from gw hoplimit inet inet6 initcwnd initrwnd metric mtu nexthop no_track oif onlink or
        pref preference prepend priority protocol quickack realms reordering rto_min rtt rttvar
        scope src ssthresh table to tos track_group ttl-propagate via vrf window
        ",
    ),
    (
        Block::RuleEntry,
        "
        blackhole dev dport dsfield from fwmark goto iif inet inet6 ipproto l3mdev lookup
        no_track nop not oif order preference priority prohibit protocol realms sport sup_group
        sup_pl suppress_ifgroup suppress_prefixlength table to tos track_group tunnel-id type
        uidrange unreachable
        ",
    ),
    (
        Block::SyncGroup,
        "
        global_tracking group notify notify_backup notify_fault notify_master
        notify_priority_changes notify_stop smtp_alert sync_group_tracking_weight track_bfd
        track_file track_interface track_process track_script
        ",
    ),
    (
        Block::Script,
        "
        fall init_fail interval rise script timeout user weight
        ",
    ),
    (
        Block::TrackFile,
        "
        file init_file weight
        ",
    ),
    (
        Block::TrackProcess,
        "
        delay fork_delay full_command param_match process quorum quorum_max terminate_delay
        weight
        ",
    ),
    (
        Block::Bfd,
        "
        checker hoplimit idle_tx max_hops min_rx min_tx multihop multiplier neighbor_ip
        neighbour_ip passive source_ip ttl vrrp weight
        ",
    ),
    (
        Block::GarpGroup,
        "
        garp_interval gna_interval interface interfaces
        ",
    ),
    (
        Block::Top,
        "
        SSL bfd_instance child_wait_time garp_group global_defs include includea includeb
        includem includer includew instance interface_up_down_delays linkbeat_interfaces
        linkbeat_use_polling namespace_with_ipsets net_namespace net_namespace_ipvs
        static_ipaddress static_routes static_rules track_file track_group use_pid_dir
        virtual_server virtual_server_group vrrp_instance vrrp_script vrrp_sync_group
        vrrp_track_file vrrp_track_process
        ",
    ),
    (
        Block::Global,
        "
        bfd_cpu_affinity bfd_no_swap bfd_priority bfd_process_name bfd_rlimit_rtime
        bfd_rlimit_rttime bfd_rt_priority checker_cpu_affinity checker_log_all_failures
        checker_no_swap checker_priority checker_process_name checker_rlimit_rtime
        checker_rlimit_rttime checker_rt_priority config_save_dir data_use_instance
        dbus_no_interface_name dbus_service_name default_interface disable_local_igmp
        dynamic_interfaces enable_dbus enable_script_security enable_snmp_checker
        enable_snmp_keepalived enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3
        enable_snmp_vrrp enable_traps fifo_write_vrrp_states_on_reload include_check
        iproute_etc_dir iproute_usr_dir json_dump_file json_version log_unknown_vrids lvs_flush
        lvs_flush_on_stop lvs_flush_onstop lvs_netlink_cmd_rcv_bufs
        lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs
        lvs_netlink_monitor_rcv_bufs_force lvs_notify_fifo lvs_notify_fifo_script
        lvs_process_name lvs_sync_daemon lvs_timeouts max_auto_priority min_auto_priority_delay
        nftables nftables_counters nftables_ifindex nftables_ipvs nftables_ipvs_priority
        nftables_ipvs_start_fwmark nftables_priority no_checker_emails no_email_faults
        notification_email notification_email_from notify_fifo notify_fifo_script
        process_monitor_rcv_bufs process_monitor_rcv_bufs_force process_name process_names
        random_seed reload_check_config reload_file reload_repeat reload_time_file router_id
        rs_init_notifies script_user set_supplementary_groups shutdown_script
        shutdown_script_timeout smtp_alert smtp_alert_checker smtp_alert_vrrp
        smtp_connect_timeout smtp_helo_name smtp_server snmp_rs_stats_update_interval
        snmp_socket snmp_vs_stats_update_interval startup_script startup_script_timeout
        state_dump_file stats_dump_file tmp_config_directory umask use_symlink_paths
        v3_checksum_as_v2 vmac_addr_prefix vmac_prefix vrrp_check_unicast_src vrrp_cpu_affinity
        vrrp_delay_after_boot vrrp_down_timer_adverts vrrp_garp_extra_if vrrp_garp_interval
        vrrp_garp_lower_prio_delay vrrp_garp_lower_prio_repeat vrrp_garp_master_delay
        vrrp_garp_master_refresh vrrp_garp_master_refresh_repeat vrrp_garp_master_repeat
        vrrp_gna_interval vrrp_higher_prio_send_advert vrrp_ipsets vrrp_iptables
        vrrp_lower_prio_no_advert vrrp_mcast_group4 vrrp_mcast_group6 vrrp_min_garp
        vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force vrrp_netlink_monitor_rcv_bufs
        vrrp_netlink_monitor_rcv_bufs_force vrrp_no_swap vrrp_notify_fifo
        vrrp_notify_fifo_script vrrp_notify_priority_changes vrrp_owner_ignore_adverts
        vrrp_priority vrrp_process_name vrrp_rlimit_rtime vrrp_rlimit_rttime vrrp_rt_priority
        vrrp_rx_bufs_multiplier vrrp_rx_bufs_policy vrrp_skip_check_adv_addr vrrp_startup_delay
        vrrp_strict vrrp_version vrrp_vmac_garp_intvl
        ",
    ),
    (
        Block::PeerEntry,
        "
        max_ttl min_ttl
        ",
    ),
    (
        Block::TrackEntry,
        "
        noreverse reverse weight
        ",
    ),
    (
        Block::LinkbeatEntry,
        "
        ETHTOOL IOCTL MII
        ",
    ),
    (
        Block::TrackGroup,
        "
        group
        ",
    ),
];

#[test]
fn the_table_has_every_keyword_of_the_language() {
    for (block, names) in NAMES {
        let missing: Vec<_> = names
            .split_whitespace()
            .filter(|n| find(*block, n).is_none())
            .collect();
        assert!(missing.is_empty(), "{block:?} lacks {missing:?}");
    }
}

#[test]
fn the_table_is_well_formed() {
    for (block, _) in BLOCKS {
        let all = keywords(*block);
        for (i, k) in all.iter().enumerate() {
            assert!(
                !all[..i].iter().any(|o| o.name == k.name),
                "{} twice",
                k.name
            );
            assert!(k.help.ends_with('.'), "{}: {}", k.name, k.help);
            let has_words = matches!(k.shape, Shape::Words | Shape::Script);
            assert!(
                !has_words || !k.arguments.is_empty(),
                "{} takes what?",
                k.name
            );
            let has_block = matches!(k.shape, Shape::Keywords(_) | Shape::Values);
            let named = has_block && !k.arguments.is_empty();
            assert!(
                k.need == Need::Optional || has_words || named,
                "{} needs what?",
                k.name
            );
        }
    }
}

#[test]
fn every_block_keyword_leads_to_a_documented_block() {
    for (block, _) in BLOCKS {
        for k in keywords(*block) {
            if let Shape::Keywords(inner) = k.shape {
                assert!(BLOCKS.iter().any(|(b, _)| *b == inner), "{}", k.name);
            }
        }
    }
}

#[test]
fn misspelled_words_have_suggestions_from_their_block() {
    let rows = [
        (Block::Instance, "virtual_route", Some("virtual_routes")),
        (Block::Instance, "Priority", Some("priority")),
        (Block::Instance, "prempt_delay", Some("preempt_delay")),
        (Block::Script, "raise", Some("rise")),
        (Block::Script, "weigth", Some("weight")),
        (
            Block::Global,
            "smpt_connect_timeout",
            Some("smtp_connect_timeout"),
        ),
        (Block::Global, "script_security", None),
        (Block::Global, "lvs_id", Some("router_id")),
        (
            Block::Instance,
            "prompte_secondaries",
            Some("promote_secondaries"),
        ),
        (Block::Top, "vrrp_instnace", Some("vrrp_instance")),
        (Block::Script, "virtual_ipaddress", None),
        (Block::Instance, "", None),
    ];
    for (block, word, expect) in rows {
        assert_eq!(suggest(block, word), expect, "{word}");
    }
}

#[test]
fn parts_of_keywords_are_completed_when_there_is_one() {
    let security = Some("enable_script_security");
    assert_eq!(longer(Block::Global, "script_security"), security);
    assert_eq!(longer(Block::Top, "global"), Some("global_defs"));
    assert_eq!(longer(Block::Global, "priority"), None);
    assert_eq!(longer(Block::Global, ""), None);
}
