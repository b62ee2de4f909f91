//! `global_defs` and the single keywords of the top level.

use std::path::PathBuf;

use evervip_model::{
    Daemon, Dbus, Dumps, Extensions, Fifo, Firewall, GlobalScripts, Globals, Mail, MarkerFile,
    NetlinkBuffer, NotifyFifo, NotifyFifos, NotifyOrder, Process, Processes, ReceiveBuffers,
    ReceivePolicy, Reload, ReloadCheck, RemovedAddresses, Snmp, UnrunnableScripts, VrrpSettings,
};
use serde_json::{Map, Value, json};

use super::value::{command, seconds};

/// Everything, as one object.
pub(super) fn json(globals: &Globals) -> Value {
    let Globals {
        router_id,
        script_security,
        dynamic_interfaces,
        log_unknown_vrids,
        garp_interval,
        gna_interval,
        mail: mail_settings,
        extensions: own,
        daemon: of_daemon,
        processes: of_processes,
        scripts: of_scripts,
        fifos: of_fifos,
        vrrp: of_vrrp,
        firewall: packet_filter,
        buffers: of_buffers,
        reload: of_reload,
        dumps: files,
        snmp: of_snmp,
        dbus: of_dbus,
        // What instances have stands at the instances.
        dump_only: _,
    } = globals;
    let mut all = Map::new();
    let parts = [
        json!({
            "router_id": router_id,
            "enable_script_security": script_security,
            "dynamic_interfaces": dynamic_interfaces,
            "log_unknown_vrids": log_unknown_vrids,
            "vrrp_garp_interval": seconds(*garp_interval),
            "vrrp_gna_interval": seconds(*gna_interval),
        }),
        mail(mail_settings),
        daemon(of_daemon),
        processes(of_processes),
        scripts(of_scripts),
        fifos(of_fifos),
        vrrp(of_vrrp),
        firewall(packet_filter),
        buffers(of_buffers),
        reload(of_reload),
        dumps(files),
        snmp(of_snmp),
        dbus(of_dbus),
        extensions(own),
    ];
    for part in parts {
        if let Value::Object(part) = part {
            all.extend(part);
        }
    }
    Value::Object(all)
}

fn mail(mail: &Mail) -> Value {
    let Mail {
        recipients,
        from,
        server,
        helo_name,
        connect_timeout,
        alerts,
        vrrp_alerts,
        no_faults,
    } = mail;
    json!({
        "notification_email": recipients,
        "notification_email_from": from,
        "smtp_server": server.as_ref().map(|(host, port)| json!({"host": host, "port": port})),
        "smtp_helo_name": helo_name,
        "smtp_connect_timeout": seconds(*connect_timeout),
        "smtp_alert": alerts,
        "smtp_alert_vrrp": vrrp_alerts,
        "no_email_faults": no_faults,
    })
}

fn daemon(daemon: &Daemon) -> Value {
    let Daemon {
        instance,
        net_namespace,
        namespace_with_ipsets,
        use_pid_dir,
        linkbeat_polling,
        child_wait_time,
    } = daemon;
    json!({
        "instance": instance,
        "net_namespace": net_namespace,
        "namespace_with_ipsets": namespace_with_ipsets,
        "use_pid_dir": use_pid_dir,
        "linkbeat_use_polling": linkbeat_polling,
        "child_wait_time": seconds(*child_wait_time),
    })
}

fn processes(processes: &Processes) -> Value {
    let Processes {
        own_names,
        parent_name,
        vrrp,
        bfd,
        max_auto_priority,
        min_auto_priority_delay,
        umask,
    } = processes;
    json!({
        "process_names": own_names,
        "process_name": parent_name,
        "vrrp_process": process(vrrp),
        "bfd_process": process(bfd),
        "max_auto_priority": max_auto_priority,
        "min_auto_priority_delay": seconds(*min_auto_priority_delay),
        "umask": format!("{umask:04o}"),
    })
}

fn process(process: &Process) -> Value {
    let Process {
        name,
        nice,
        realtime,
        realtime_limit,
        no_swap,
        processors,
    } = process;
    json!({
        "process_name": name,
        "priority": nice,
        "rt_priority": realtime,
        "rlimit_rttime": seconds(*realtime_limit),
        "no_swap": no_swap,
        "cpu_affinity": processors,
    })
}

fn scripts(scripts: &GlobalScripts) -> Value {
    let GlobalScripts {
        startup,
        startup_timeout,
        shutdown,
        shutdown_timeout,
        use_symlink_paths,
        supplementary_groups,
    } = scripts;
    json!({
        "startup_script": startup.as_ref().map(command),
        "startup_script_timeout": seconds(*startup_timeout),
        "shutdown_script": shutdown.as_ref().map(command),
        "shutdown_script_timeout": seconds(*shutdown_timeout),
        "use_symlink_paths": use_symlink_paths,
        "set_supplementary_groups": supplementary_groups,
    })
}

fn fifos(fifos: &NotifyFifos) -> Value {
    let NotifyFifos {
        all: NotifyFifo { fifo: all, reader },
        vrrp: NotifyFifo {
            fifo: vrrp,
            reader: vrrp_reader,
        },
        priority_changes,
        states_on_reload,
    } = fifos;
    json!({
        "notify_fifo": all.as_ref().map(fifo),
        "notify_fifo_script": reader.as_ref().map(command),
        "vrrp_notify_fifo": vrrp.as_ref().map(fifo),
        "vrrp_notify_fifo_script": vrrp_reader.as_ref().map(command),
        "vrrp_notify_priority_changes": priority_changes,
        "fifo_write_vrrp_states_on_reload": states_on_reload,
    })
}

fn fifo(fifo: &Fifo) -> Value {
    let Fifo { path: at, owner } = fifo;
    json!({"path": at.to_string_lossy(), "uid": owner.uid, "gid": owner.gid})
}

fn vrrp(vrrp: &VrrpSettings) -> Value {
    let VrrpSettings {
        allow_interface_changes,
        default_interface,
        extra_announcements,
        multicast_group4,
        v3_checksum_as_v2,
        owner_ignore_adverts,
        startup_delay,
        delay_after_boot,
        vmac_prefix,
        vmac_addr_prefix,
        disable_local_igmp,
        iproute_usr_dir,
        iproute_etc_dir,
    } = vrrp;
    json!({
        "allow_if_changes": allow_interface_changes,
        "default_interface": default_interface,
        "vrrp_garp_extra_if": extra_announcements
            .map(|extra| json!({"interval": seconds(extra.interval), "all": extra.all})),
        "vrrp_mcast_group4": multicast_group4.to_string(),
        "v3_checksum_as_v2": v3_checksum_as_v2,
        "vrrp_owner_ignore_adverts": owner_ignore_adverts,
        "vrrp_startup_delay": seconds(*startup_delay),
        "vrrp_delay_after_boot": seconds(*delay_after_boot),
        "vmac_prefix": vmac_prefix,
        "vmac_addr_prefix": vmac_addr_prefix,
        "disable_local_igmp": disable_local_igmp,
        "iproute_usr_dir": path(iproute_usr_dir.as_ref()),
        "iproute_etc_dir": path(iproute_etc_dir.as_ref()),
    })
}

fn firewall(firewall: &Firewall) -> Value {
    let Firewall {
        table,
        priority,
        counters,
        interface_indices,
        ipsets,
    } = firewall;
    json!({
        "nftables": table,
        "nftables_priority": priority,
        "nftables_counters": counters,
        "nftables_ifindex": interface_indices,
        "vrrp_ipsets": ipsets,
    })
}

fn buffers(buffers: &ReceiveBuffers) -> Value {
    let ReceiveBuffers {
        netlink_commands,
        netlink_monitor,
        process_monitor,
        policy,
        multiplier,
    } = buffers;
    json!({
        "vrrp_netlink_cmd_rcv_bufs": netlink(*netlink_commands),
        "vrrp_netlink_monitor_rcv_bufs": netlink(*netlink_monitor),
        "process_monitor_rcv_bufs": netlink(*process_monitor),
        "vrrp_rx_bufs_policy": match policy {
            ReceivePolicy::System => Value::Null,
            ReceivePolicy::Mtu => json!("MTU"),
            ReceivePolicy::Advert => json!("ADVERT"),
            ReceivePolicy::Bytes(bytes) => json!(bytes),
        },
        "vrrp_rx_bufs_multiplier": multiplier,
    })
}

fn netlink(buffer: NetlinkBuffer) -> Value {
    let NetlinkBuffer { bytes, force } = buffer;
    json!({"bytes": bytes, "force": force})
}

fn reload(reload: &Reload) -> Value {
    let Reload {
        check,
        time_file,
        repeat,
        marker,
        save_directory,
        temporary_directory,
        random_seed,
    } = reload;
    json!({
        "reload_check_config": match check {
            ReloadCheck::Off => json!(false),
            ReloadCheck::Quiet => json!(true),
            ReloadCheck::LogTo(file) => path(Some(file)),
        },
        "reload_time_file": path(time_file.as_ref()),
        "reload_repeat": repeat,
        "reload_file": match marker {
            MarkerFile::Off => json!(false),
            MarkerFile::Default => json!(true),
            MarkerFile::At(file) => path(Some(file)),
        },
        "config_save_dir": path(save_directory.as_ref()),
        "tmp_config_directory": path(temporary_directory.as_ref()),
        "random_seed": random_seed,
    })
}

fn dumps(dumps: &Dumps) -> Value {
    let Dumps {
        use_instance,
        state,
        statistics,
        json: json_file,
        json_version,
    } = dumps;
    json!({
        "data_use_instance": use_instance,
        "state_dump_file": path(state.as_ref()),
        "stats_dump_file": path(statistics.as_ref()),
        "json_dump_file": path(json_file.as_ref()),
        "json_version": json_version,
    })
}

fn snmp(snmp: &Snmp) -> Value {
    let Snmp {
        socket,
        vrrp,
        rfc_v2,
        rfc_v3,
        traps,
    } = snmp;
    json!({
        "snmp_socket": socket,
        "enable_snmp_vrrp": vrrp,
        "enable_snmp_rfcv2": rfc_v2,
        "enable_snmp_rfcv3": rfc_v3,
        "enable_traps": traps,
    })
}

fn dbus(dbus: &Dbus) -> Value {
    let Dbus {
        enabled,
        service_name,
        no_interface_name,
    } = dbus;
    json!({
        "enable_dbus": enabled,
        "dbus_service_name": service_name,
        "dbus_no_interface_name": no_interface_name,
    })
}

fn extensions(own: &Extensions) -> Value {
    let Extensions {
        unrunnable_scripts,
        removed_addresses,
        notify,
    } = own;
    json!({
        "@evervip unrunnable_scripts": match unrunnable_scripts {
            UnrunnableScripts::Succeed => "succeed",
            UnrunnableScripts::Fail => "fail",
        },
        "@evervip reinstate_addresses": *removed_addresses == RemovedAddresses::Reinstate,
        "@evervip notify_order": match notify.order {
            NotifyOrder::SideBySide => "parallel",
            NotifyOrder::Serial => "serial",
        },
        "@evervip notify_timeout": notify.limit().map(|limit| limit.as_secs()),
        "@evervip notify_retries": notify.retries,
    })
}

fn path(path: Option<&PathBuf>) -> Value {
    json!(path.map(|p| p.to_string_lossy()))
}
