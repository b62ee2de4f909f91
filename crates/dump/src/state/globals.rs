//! `global_defs`.

use evervip_model::{
    CheckerSettings, DumpOnly, Fifo, FlushOnStop, GlobalScripts, Globals, InstanceDefaults, Mail,
    MarkerFile, NetlinkBuffer, NotifyFifo, Process, ReceiveBuffers, ReceivePolicy, ReloadCheck,
    Version,
};

use crate::command::{with_owner, words};
use crate::text::{Text, on_off, yes_no};

/// Which process writes: some lines are the guardian's, some the child's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    Parent,
    Child {
        /// Instances need the packet filter.
        filtering: bool,
    },
}

pub(super) fn write(text: &mut Text, globals: &Globals, writer: Writer) {
    let DumpOnly {
        instances,
        checkers,
    } = globals.dump_only.as_deref().cloned().unwrap_or_default();
    text.section("Global definitions");
    names(text, globals, &checkers);
    mail(text, &globals.mail, &checkers);
    reload(text, globals);
    if writer == Writer::Parent {
        scripts(text, &globals.scripts);
    }
    interfaces(text, globals, writer, &checkers);
    fifos(text, globals, &checkers);
    announcements(text, globals, writer, &instances);
    let filtering = matches!(writer, Writer::Child { filtering: true });
    firewall(text, globals, filtering, &checkers);
    checks_of_instances(text, &instances);
    processes(text, globals, &checkers);
    interfaces_of_others(text, globals, &checkers);
    text.line(format_args!(
        " Script security {}",
        on_off(globals.script_security)
    ));
    if let Some(user) = instances.script_user {
        let (uid, gid) = (user.uid, user.gid);
        text.line(format_args!(" Default script uid:gid {uid}:{gid}"));
    }
    buffers(text, &globals.buffers, &checkers);
    text.line(format_args!(" umask = 0{:o}", globals.processes.umask));
    delays_and_prefixes(text, globals);
}

fn checks_of_instances(text: &mut Text, instances: &InstanceDefaults) {
    text.line(format_args!(
        " VRRP check unicast_src = {}",
        instances.check_unicast_source
    ));
    text.line(format_args!(
        " VRRP skip check advert addresses = {}",
        instances.skip_check_adv_addr
    ));
    text.line(format_args!(" VRRP strict mode = {}", instances.strict));
}

fn names(text: &mut Text, globals: &Globals, checkers: &CheckerSettings) {
    let namespace = globals.daemon.net_namespace.as_deref();
    text.line(format_args!(
        " Network namespace = {}",
        namespace.unwrap_or("(default)")
    ));
    text.fixed(" Network namespace ipvs = (main namespace)");
    if let Some(directory) = &globals.reload.save_directory {
        text.line(format_args!(" Config save dir = {}", directory.display()));
    }
    if let Some(instance) = &globals.daemon.instance {
        text.line(format_args!(" Instance name = {instance}"));
    }
    let processes = &globals.processes;
    if let Some(name) = &processes.parent_name {
        text.line(format_args!(" Parent process name = {name}"));
    }
    let named = |process: &Process, usual: &str| match &process.name {
        Some(name) => Some(name.clone()),
        None => processes.own_names.then(|| usual.to_owned()),
    };
    if let Some(name) = named(&processes.vrrp, "keepalived_vrrp") {
        text.line(format_args!(" VRRP process name = {name}"));
    }
    if let Some(name) = named(&checkers.process, "keepalived_lvs") {
        text.line(format_args!(" LVS process name = {name}"));
    }
    if let Some(name) = named(&processes.bfd, "keepalived_bfd") {
        text.line(format_args!(" BFD process name = {name}"));
    }
    if let Some(router_id) = &globals.router_id {
        text.line(format_args!(" Router ID = {router_id}"));
    }
}

fn mail(text: &mut Text, mail: &Mail, checkers: &CheckerSettings) {
    if let Some((host, port)) = &mail.server {
        text.line(format_args!(" Smtp server = {host}"));
        text.line(format_args!(" Smtp server port = {port}"));
        if let Some(name) = &mail.helo_name {
            text.line(format_args!(" Smtp HELO name = {name}"));
        }
        text.line(format_args!(
            " Smtp server connection timeout = {}",
            mail.connect_timeout.as_secs()
        ));
    }
    if let Some(from) = &mail.from {
        text.line(format_args!(" Email notification from = {from}"));
        text.fixed(" Email notification to:");
        for recipient in &mail.recipients {
            text.line(format_args!("   {recipient}"));
        }
    }
    let word = |switch: Option<bool>| match switch {
        None => "unset",
        Some(true) => "on",
        Some(false) => "off",
    };
    text.line(format_args!(" Default smtp_alert = {}", word(mail.alerts)));
    text.line(format_args!(
        " Default smtp_alert_vrrp = {}",
        word(mail.vrrp_alerts)
    ));
    text.line(format_args!(
        " Default smtp_alert_checker = {}",
        word(checkers.alerts)
    ));
    text.line(format_args!(
        " Checkers log all failures = {}",
        checkers.log_all_failures
    ));
}

fn reload(text: &mut Text, globals: &Globals) {
    let reload = &globals.reload;
    match &reload.check {
        ReloadCheck::Off => text.fixed(" No test config before reload"),
        ReloadCheck::Quiet => text.fixed(" Test config before reload"),
        ReloadCheck::LogTo(file) => {
            text.line(format_args!(
                " Test config before reload, log to {}",
                file.display()
            ));
        }
    }
    if globals.dumps.use_instance {
        text.fixed(" Use instance name in data dumps");
    }
    if let Some(file) = &reload.time_file {
        let repeat = if reload.repeat { " (repeat)" } else { "" };
        text.line(format_args!(
            " Reload time file{repeat} = {}",
            file.display()
        ));
        text.fixed(" No reload scheduled");
    }
    if let MarkerFile::At(file) = &reload.marker {
        text.line(format_args!(" Reload_file = {}", file.display()));
    }
    if let Some(directory) = &reload.temporary_directory {
        text.line(format_args!(
            " config save directory = {}",
            directory.display()
        ));
    }
}

fn scripts(text: &mut Text, scripts: &GlobalScripts) {
    if let Some(script) = &scripts.startup {
        text.line(format_args!(
            " Startup script = {}, timeout {}",
            with_owner(script),
            scripts.startup_timeout.as_secs()
        ));
    }
    if let Some(script) = &scripts.shutdown {
        text.line(format_args!(
            " Shutdown script = {} timeout {}",
            with_owner(script),
            scripts.shutdown_timeout.as_secs()
        ));
    }
}

fn interfaces(text: &mut Text, globals: &Globals, writer: Writer, checkers: &CheckerSettings) {
    text.line(format_args!(
        " Dynamic interfaces = {}",
        globals.dynamic_interfaces
    ));
    if globals.dynamic_interfaces {
        text.line(format_args!(
            " Allow interface changes = {}",
            globals.vrrp.allow_interface_changes
        ));
    }
    if globals.mail.no_faults {
        text.fixed(" Send emails for fault transitions = off");
    }
    // The original calls the last one by the name of the first.
    let titles = ["TCP", "TCP FIN", "TCP"];
    for (title, seconds) in titles.iter().zip(checkers.timeouts) {
        if seconds != 0 {
            text.line(format_args!(" LVS {title} timeout = {seconds}"));
        }
    }
    if writer != Writer::Parent {
        let name = globals.vrrp.default_interface.as_deref();
        text.line(format_args!(
            " Default interface = {}",
            name.unwrap_or("eth0")
        ));
    }
    text.line(format_args!(
        " Disable local IGMP = {}",
        yes_no(globals.vrrp.disable_local_igmp)
    ));
    text.line(format_args!(" LVS flush = {}", checkers.flush));
    let at_stop = match checkers.flush_on_stop {
        FlushOnStop::Off => "disabled",
        FlushOnStop::VirtualServers => "VS",
        FlushOnStop::Full => "full",
    };
    text.line(format_args!(" LVS flush on stop = {at_stop}"));
}

fn fifos(text: &mut Text, globals: &Globals, checkers: &CheckerSettings) {
    let fifos = &globals.fifos;
    let mut one = |title: &str, NotifyFifo { fifo, reader }: &NotifyFifo| {
        let Some(Fifo { path, owner }) = fifo else {
            return;
        };
        let path = path.display();
        text.line(format_args!(
            " {title} notify fifo = {path}, uid:gid {}:{}",
            owner.uid, owner.gid
        ));
        if let Some(reader) = reader {
            let who = reader.credentials;
            // The original's process of VRRP leaves that of LVS as it is written.
            let path = if title == "LVS" {
                String::new()
            } else {
                format!(" '{path}'")
            };
            text.line(format_args!(
                " {title} notify fifo script = {}{path}, uid:gid {}:{}",
                words(reader),
                who.uid,
                who.gid
            ));
        }
    };
    one("Global", &fifos.all);
    one("VRRP", &fifos.vrrp);
    one("LVS", &checkers.fifo);
    text.line(format_args!(
        " FIFO write vrrp states on reload = {}",
        fifos.states_on_reload
    ));
    text.line(format_args!(
        " VRRP notify priority changes = {}",
        fifos.priority_changes
    ));
}

fn announcements(text: &mut Text, globals: &Globals, writer: Writer, instances: &InstanceDefaults) {
    let extra = globals.vrrp.extra_announcements;
    text.line(format_args!(
        " VRRP IPv4 mcast group = {}",
        globals.vrrp.multicast_group4
    ));
    text.line(format_args!(
        " VRRP IPv6 mcast group = {}",
        instances.multicast_group6
    ));
    let garp = instances.garp;
    // The guardian does not fill in what the configuration leaves open.
    let (lower_delay, lower_repeat) = if writer == Writer::Parent {
        (u32::MAX, u32::MAX)
    } else {
        (garp.delay, garp.repeat)
    };
    let numbers = [
        ("Gratuitous ARP delay", garp.delay),
        ("Gratuitous ARP repeat", garp.repeat),
        ("Gratuitous ARP refresh timer", garp.refresh),
        ("Gratuitous ARP refresh repeat", garp.refresh_repeat),
        (
            "Gratuitous ARP lower priority delay",
            garp.lower_delay.unwrap_or(lower_delay),
        ),
        (
            "Gratuitous ARP lower priority repeat",
            garp.lower_repeat.unwrap_or(lower_repeat),
        ),
        (
            "Num adverts before down",
            u32::from(instances.down_timer_adverts),
        ),
    ];
    for (title, number) in numbers {
        text.line(format_args!(" {title} = {number}"));
    }
    text.line(format_args!(
        " Gratuitous ARP for each secondary {} = {}s",
        if extra.is_some_and(|extra| extra.all) {
            "i/f"
        } else {
            "VMAC"
        },
        extra.map_or(0, |extra| extra.interval.as_secs())
    ));
    text.line(format_args!(
        " Send advert after receive lower priority advert = {}",
        !instances.lower_prio_no_advert
    ));
    text.line(format_args!(
        " Send advert after receive higher priority advert = {}",
        instances.higher_prio_send_advert
    ));
    text.line(format_args!(
        " Gratuitous ARP interval = {:.6}",
        globals.garp_interval.as_secs_f64()
    ));
    text.line(format_args!(
        " Gratuitous NA interval = {:.6}",
        globals.gna_interval.as_secs_f64()
    ));
    let version = match instances.version {
        Version::V2 => 2,
        Version::V3 => 3,
    };
    text.line(format_args!(" VRRP default protocol version = {version}"));
}

fn firewall(text: &mut Text, globals: &Globals, filtering: bool, checkers: &CheckerSettings) {
    let firewall = &globals.firewall;
    let usual = filtering.then_some("keepalived");
    if let Some(table) = firewall.table.as_deref().or(usual) {
        text.line(format_args!(" nftables table name = {table}"));
        text.line(format_args!(
            " nftables base chain priority = {}",
            firewall.priority
        ));
        let force = if firewall.interface_indices {
            ""
        } else {
            "don't "
        };
        text.line(format_args!(
            " nftables {force}force use ifindex for link local IPv6"
        ));
    }
    if let Some(table) = &checkers.table {
        text.line(format_args!(" ipvs nftables table name = {table}"));
        let priority = checkers.chain_priority.unwrap_or(-1);
        text.line(format_args!(
            " ipvs nftables base chain priority = {priority}"
        ));
        let mark = checkers.first_mark.unwrap_or(1000);
        text.line(format_args!(" ipvs nftables start fwmark = {mark}"));
    }
    let counters = if firewall.counters { "with" } else { "without" };
    text.line(format_args!(" nftables {counters} counters"));
}

fn processes(text: &mut Text, globals: &Globals, checkers: &CheckerSettings) {
    let processes = &globals.processes;
    match processes.max_auto_priority {
        -1 => text.fixed(" Max auto priority = Disabled"),
        priority => text.line(format_args!(" Max auto priority = {priority}")),
    }
    text.line(format_args!(
        " Min auto priority delay = {} usecs",
        processes.min_auto_priority_delay.as_micros()
    ));
    process(text, "VRRP", &processes.vrrp);
    process(text, "Checker", &checkers.process);
    process(text, "BFD", &processes.bfd);
}

fn process(text: &mut Text, title: &str, process: &Process) {
    text.line(format_args!(" {title} process priority = {}", process.nice));
    text.line(format_args!(" {title} don't swap = {}", process.no_swap));
    text.line(format_args!(
        " {title} realtime priority = {}",
        process.realtime.unwrap_or(0)
    ));
    if !process.processors.is_empty() {
        // The original leaves the first processor's number empty.
        let number = |id: &u32| {
            if *id == 0 {
                String::new()
            } else {
                id.to_string()
            }
        };
        let numbers: Vec<String> = process.processors.iter().map(number).collect();
        text.line(format_args!(
            " {title} CPU Affinity = {} ",
            numbers.join(" ")
        ));
    }
    text.line(format_args!(
        " {title} realtime limit = {}",
        process.realtime_limit.as_micros()
    ));
}

fn interfaces_of_others(text: &mut Text, globals: &Globals, checkers: &CheckerSettings) {
    let (snmp, dbus) = (&globals.snmp, &globals.dbus);
    text.line(format_args!(" SNMP vrrp {}", on_off(snmp.vrrp)));
    text.line(format_args!(" SNMP checker {}", on_off(checkers.snmp)));
    text.line(format_args!(" SNMP RFCv2 {}", on_off(snmp.rfc_v2)));
    text.line(format_args!(" SNMP RFCv3 {}", on_off(snmp.rfc_v3)));
    text.line(format_args!(" SNMP traps {}", on_off(snmp.traps)));
    let socket = snmp.socket.as_deref();
    text.line(format_args!(
        " SNMP socket = {}",
        socket.unwrap_or("default (unix:/var/agentx/master)")
    ));
    text.line(format_args!(" DBus {}", on_off(dbus.enabled)));
    let name = dbus.service_name.as_deref().unwrap_or_default();
    text.line(format_args!(" DBus service name = {name}"));
}

fn buffers(text: &mut Text, buffers: &ReceiveBuffers, checkers: &CheckerSettings) {
    let all = [
        ("vrrp_netlink_cmd", buffers.netlink_commands),
        ("vrrp_netlink_monitor", buffers.netlink_monitor),
        ("process_monitor", buffers.process_monitor),
        ("lvs_netlink_cmd", checkers.netlink_commands),
        ("lvs_netlink_monitor", checkers.netlink_monitor),
    ];
    for (name, NetlinkBuffer { bytes, force }) in all {
        text.line(format_args!(" {name}_rcv_bufs = {bytes}"));
        text.line(format_args!(" {name}_rcv_bufs_force = {}", u8::from(force)));
    }
    let flags = [
        ("rs_init_notifies", checkers.first_notifies),
        ("no_checker_emails", checkers.no_mails),
    ];
    for (name, on) in flags {
        text.line(format_args!(" {name} = {}", u8::from(on)));
    }
    match buffers.policy {
        ReceivePolicy::System => {}
        ReceivePolicy::Mtu => text.fixed(" rx_bufs_policy = MTU"),
        ReceivePolicy::Advert => text.fixed(" rx_bufs_policy = ADVERT"),
        ReceivePolicy::Bytes(bytes) => text.line(format_args!(" rx_bufs_size = {bytes}")),
    }
    text.line(format_args!(" rx_bufs_multiples = {}", buffers.multiplier));
}

fn delays_and_prefixes(text: &mut Text, globals: &Globals) {
    let vrrp = &globals.vrrp;
    if !vrrp.startup_delay.is_zero() {
        text.line(format_args!(
            " vrrp_startup_delay = {}",
            vrrp.startup_delay.as_secs_f64()
        ));
    }
    if globals.log_unknown_vrids {
        text.fixed(" log_unknown_vrids");
    }
    if vrrp.vmac_prefix != "vrrp" {
        text.line(format_args!(" VMAC prefix = {}", vrrp.vmac_prefix));
    }
    if let Some(prefix) = &vrrp.vmac_addr_prefix {
        text.line(format_args!(" VMAC address prefix = {prefix}"));
    }
}
