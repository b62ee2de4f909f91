//! `global_defs` and the single keywords of the top level.
//!
//! Defaults of instances stand at the instances.

use std::path::Path;
use std::time::Duration;

use evervip_model::{
    Config, Daemon, Dbus, Dumps, Extensions, Firewall, GlobalScripts, Globals, Mail, MarkerFile,
    NetlinkBuffer, NotifyFifo, NotifyFifos, NotifyOrder, NotifyRules, Process, Processes,
    ReceiveBuffers, ReceivePolicy, Reload, ReloadCheck, RemovedAddresses, Snmp, UnrunnableScripts,
    VrrpSettings,
};

use super::writer::{Writer, word};

/// All of it; nothing when all is default.
pub(super) fn globals(out: &mut Writer<'_>, config: &Config) {
    let globals = &config.globals;
    let Globals {
        router_id,
        script_security,
        dynamic_interfaces,
        log_unknown_vrids,
        garp_interval,
        gna_interval,
        mail: letters,
        extensions,
        daemon: surroundings,
        processes: limits,
        scripts,
        fifos,
        vrrp: settings,
        firewall: filter,
        buffers,
        reload: again,
        dumps: files,
        snmp: agent,
        dbus: bus,
        // What instances have stands at the instances.
        dump_only: _,
    } = globals;
    extension_lines(out, *extensions);
    daemon(out, surroundings);
    let rest = Globals {
        extensions: Extensions::default(),
        daemon: Daemon::default(),
        dump_only: None,
        ..globals.clone()
    };
    let inherited = inherited(config);
    if rest == Globals::default() && inherited.is_empty() {
        return;
    }
    out.block("global_defs", |out| {
        inherited.iter().for_each(|line| out.line(line));
        out.option("router_id", router_id.as_deref().map(word));
        out.flag("enable_script_security", *script_security);
        if *dynamic_interfaces {
            let changes = if settings.allow_interface_changes {
                " allow_if_changes"
            } else {
                ""
            };
            out.line(format_args!("dynamic_interfaces{changes}"));
        }
        out.flag("log_unknown_vrids", *log_unknown_vrids);
        out.time("vrrp_garp_interval", *garp_interval, Duration::ZERO);
        out.time("vrrp_gna_interval", *gna_interval, Duration::ZERO);
        mail(out, letters);
        processes(out, limits);
        global_scripts(out, scripts);
        notify_fifos(out, fifos);
        vrrp(out, settings);
        firewall(out, filter);
        receive_buffers(out, *buffers);
        reload(out, again);
        dumps(out, files);
        snmp(out, agent);
        dbus(out, bus);
    });
}

/// What an instance can have from `global_defs` only.
fn inherited(config: &Config) -> Vec<String> {
    let mut lines = Vec::new();
    let all = || config.instances.iter().map(|i| i.garp);
    if all().any(|garp| garp.refresh_repeat == 0) {
        lines.push("vrrp_min_garp".to_owned());
    }
    let beyond = all().map(|garp| garp.lower_prio_repeat).max();
    if let Some(repeat) = beyond.filter(|n| *n > MOST_LOWER_PRIO_REPEAT) {
        lines.push(format!("vrrp_garp_master_repeat {repeat}"));
    }
    lines
}

/// Greatest `garp_lower_prio_repeat` that an instance can ask for itself.
pub(super) const MOST_LOWER_PRIO_REPEAT: u32 = i32::MAX as u32;

/// `@evervip` lines.
fn extension_lines(out: &mut Writer<'_>, extensions: Extensions) {
    let Extensions {
        unrunnable_scripts,
        removed_addresses,
        notify: NotifyRules {
            order,
            timeout,
            retries,
        },
    } = extensions;
    out.flag(
        "@evervip unrunnable_scripts fail",
        unrunnable_scripts == UnrunnableScripts::Fail,
    );
    out.flag(
        "@evervip reinstate_addresses off",
        removed_addresses != RemovedAddresses::default(),
    );
    out.flag("@evervip notify_order serial", order == NotifyOrder::Serial);
    out.option(
        "@evervip notify_timeout",
        timeout.map(|timeout| timeout.as_secs()),
    );
    if retries > 0 {
        out.line(format_args!("@evervip notify_retries {retries}"));
    }
}

fn daemon(out: &mut Writer<'_>, daemon: &Daemon) {
    let Daemon {
        instance,
        net_namespace,
        namespace_with_ipsets,
        use_pid_dir,
        linkbeat_polling,
        child_wait_time,
    } = daemon;
    out.option("instance", instance.as_deref().map(word));
    out.option("net_namespace", net_namespace.as_deref().map(word));
    out.flag("namespace_with_ipsets", *namespace_with_ipsets);
    out.flag("use_pid_dir", *use_pid_dir);
    out.flag("linkbeat_use_polling", *linkbeat_polling);
    out.time("child_wait_time", *child_wait_time, Duration::from_secs(5));
}

fn mail(out: &mut Writer<'_>, mail: &Mail) {
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
    out.values("notification_email", recipients.iter().map(|r| word(r)));
    out.option("notification_email_from", from.as_deref().map(word));
    let server = server
        .as_ref()
        .map(|(host, port)| format!("{} {port}", word(host)));
    out.option("smtp_server", server);
    out.option("smtp_helo_name", helo_name.as_deref().map(word));
    out.time(
        "smtp_connect_timeout",
        *connect_timeout,
        Duration::from_secs(30),
    );
    out.option("smtp_alert", *alerts);
    out.option("smtp_alert_vrrp", *vrrp_alerts);
    out.flag("no_email_faults", *no_faults);
}

fn processes(out: &mut Writer<'_>, processes: &Processes) {
    let Processes {
        own_names,
        parent_name,
        vrrp,
        bfd,
        max_auto_priority,
        min_auto_priority_delay,
        umask,
    } = processes;
    out.flag("process_names", *own_names);
    out.option("process_name", parent_name.as_deref().map(word));
    process(out, "vrrp", vrrp);
    process(out, "bfd", bfd);
    out.value("max_auto_priority", max_auto_priority, &0);
    let micros = min_auto_priority_delay.as_micros();
    out.value("min_auto_priority_delay", &micros, &1_000_000);
    if *umask != 0o177 {
        out.line(format_args!("umask 0{umask:o}"));
    }
}

fn process(out: &mut Writer<'_>, who: &str, process: &Process) {
    let Process {
        name,
        nice,
        realtime,
        realtime_limit,
        no_swap,
        processors,
    } = process;
    out.option(&format!("{who}_process_name"), name.as_deref().map(word));
    out.value(&format!("{who}_priority"), nice, &0);
    out.option(&format!("{who}_rt_priority"), *realtime);
    let micros = realtime_limit.as_micros();
    out.value(&format!("{who}_rlimit_rttime"), &micros, &10_000);
    out.flag(&format!("{who}_no_swap"), *no_swap);
    if !processors.is_empty() {
        let list: Vec<_> = processors.iter().map(u32::to_string).collect();
        out.line(format_args!("{who}_cpu_affinity {}", list.join(" ")));
    }
}

fn global_scripts(out: &mut Writer<'_>, scripts: &GlobalScripts) {
    let GlobalScripts {
        startup,
        startup_timeout,
        shutdown,
        shutdown_timeout,
        use_symlink_paths,
        supplementary_groups,
    } = scripts;
    let ten = Duration::from_secs(10);
    out.hook("startup_script", startup.as_ref());
    out.time("startup_script_timeout", *startup_timeout, ten);
    out.hook("shutdown_script", shutdown.as_ref());
    out.time("shutdown_script_timeout", *shutdown_timeout, ten);
    out.flag("use_symlink_paths", *use_symlink_paths);
    out.flag("set_supplementary_groups", *supplementary_groups);
}

fn notify_fifos(out: &mut Writer<'_>, fifos: &NotifyFifos) {
    let NotifyFifos {
        all,
        vrrp,
        priority_changes,
        states_on_reload,
    } = fifos;
    for (keyword, NotifyFifo { fifo, reader }) in [("notify_fifo", all), ("vrrp_notify_fifo", vrrp)]
    {
        if let Some(fifo) = fifo {
            let who = out.identity(fifo.owner);
            out.line(format_args!("{keyword} {} {who}", path(&fifo.path)));
        }
        out.hook(&format!("{keyword}_script"), reader.as_ref());
    }
    out.flag("vrrp_notify_priority_changes", *priority_changes);
    out.flag("fifo_write_vrrp_states_on_reload", *states_on_reload);
}

fn vrrp(out: &mut Writer<'_>, settings: &VrrpSettings) {
    let VrrpSettings {
        // Behind `dynamic_interfaces`.
        allow_interface_changes: _,
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
    } = settings;
    out.option("default_interface", default_interface.as_deref().map(word));
    if let Some(extra) = extra_announcements {
        let all = if extra.all { "all " } else { "" };
        let seconds = extra.interval.as_secs();
        out.line(format_args!("vrrp_garp_extra_if {all}{seconds}"));
    }
    if *multicast_group4 != VrrpSettings::default().multicast_group4 {
        out.line(format_args!("vrrp_mcast_group4 {multicast_group4}"));
    }
    out.flag("v3_checksum_as_v2", *v3_checksum_as_v2);
    out.flag("vrrp_owner_ignore_adverts", *owner_ignore_adverts);
    out.time("vrrp_startup_delay", *startup_delay, Duration::ZERO);
    out.time("vrrp_delay_after_boot", *delay_after_boot, Duration::ZERO);
    if vmac_prefix != "vrrp" {
        out.line(format_args!("vmac_prefix {}", word(vmac_prefix)));
    }
    out.option("vmac_addr_prefix", vmac_addr_prefix.as_deref().map(word));
    out.flag("disable_local_igmp", *disable_local_igmp);
    out.option("iproute_usr_dir", iproute_usr_dir.as_deref().map(path));
    out.option("iproute_etc_dir", iproute_etc_dir.as_deref().map(path));
}

fn firewall(out: &mut Writer<'_>, firewall: &Firewall) {
    let Firewall {
        table,
        priority,
        counters,
        interface_indices,
        ipsets,
    } = firewall;
    out.option("nftables", table.as_deref().map(word));
    out.value("nftables_priority", priority, &-1);
    out.flag("nftables_counters", *counters);
    out.flag("nftables_ifindex", *interface_indices);
    if !ipsets.is_empty() {
        let names: Vec<_> = ipsets.iter().map(|n| word(n)).collect();
        out.line(format_args!("vrrp_ipsets {}", names.join(" ")));
    }
}

fn receive_buffers(out: &mut Writer<'_>, buffers: ReceiveBuffers) {
    let ReceiveBuffers {
        netlink_commands,
        netlink_monitor,
        process_monitor,
        policy,
        multiplier,
    } = buffers;
    let sockets = [
        ("vrrp_netlink_cmd_rcv_bufs", netlink_commands),
        ("vrrp_netlink_monitor_rcv_bufs", netlink_monitor),
        ("process_monitor_rcv_bufs", process_monitor),
    ];
    for (keyword, NetlinkBuffer { bytes, force }) in sockets {
        out.value(keyword, &bytes, &0);
        out.flag(&format!("{keyword}_force"), force);
    }
    match policy {
        ReceivePolicy::System => {}
        ReceivePolicy::Mtu => out.line("vrrp_rx_bufs_policy MTU"),
        ReceivePolicy::Advert => out.line("vrrp_rx_bufs_policy ADVERT"),
        ReceivePolicy::Bytes(n) => out.line(format_args!("vrrp_rx_bufs_policy {n}")),
    }
    out.value("vrrp_rx_bufs_multiplier", &multiplier, &3);
}

fn reload(out: &mut Writer<'_>, reload: &Reload) {
    let Reload {
        check,
        time_file,
        repeat,
        marker,
        save_directory,
        temporary_directory,
        random_seed,
    } = reload;
    match check {
        ReloadCheck::Off => {}
        ReloadCheck::Quiet => out.line("reload_check_config"),
        ReloadCheck::LogTo(file) => {
            out.line(format_args!("reload_check_config {}", path(file)));
        }
    }
    out.option("reload_time_file", time_file.as_deref().map(path));
    out.flag("reload_repeat", *repeat);
    match marker {
        MarkerFile::Off => {}
        MarkerFile::Default => out.line("reload_file"),
        MarkerFile::At(file) => out.line(format_args!("reload_file {}", path(file))),
    }
    out.option("config_save_dir", save_directory.as_deref().map(path));
    let temporary = temporary_directory.as_deref().map(path);
    out.option("tmp_config_directory", temporary);
    out.option("random_seed", *random_seed);
}

fn dumps(out: &mut Writer<'_>, dumps: &Dumps) {
    let Dumps {
        use_instance,
        state,
        statistics,
        json,
        json_version,
    } = dumps;
    out.flag("data_use_instance", *use_instance);
    out.option("state_dump_file", state.as_deref().map(path));
    out.option("stats_dump_file", statistics.as_deref().map(path));
    out.option("json_dump_file", json.as_deref().map(path));
    out.value("json_version", json_version, &1);
}

fn snmp(out: &mut Writer<'_>, snmp: &Snmp) {
    let Snmp {
        socket,
        vrrp,
        rfc_v2,
        rfc_v3,
        traps,
    } = snmp;
    out.option("snmp_socket", socket.as_deref().map(word));
    out.flag("enable_snmp_vrrp", *vrrp);
    out.flag("enable_snmp_rfcv2", *rfc_v2);
    out.flag("enable_snmp_rfcv3", *rfc_v3);
    out.flag("enable_traps", *traps);
}

fn dbus(out: &mut Writer<'_>, dbus: &Dbus) {
    let Dbus {
        enabled,
        service_name,
        no_interface_name,
    } = dbus;
    out.flag("enable_dbus", *enabled);
    out.option("dbus_service_name", service_name.as_deref().map(word));
    out.option(
        "dbus_no_interface_name",
        no_interface_name.as_deref().map(word),
    );
}

fn path(path: &Path) -> String {
    word(&path.to_string_lossy())
}
