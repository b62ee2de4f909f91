//! `global_defs`.

use evervip_model::{
    Fifo, GlobalScripts, Globals, Mail, MarkerFile, NetlinkBuffer, NotifyFifo, Process,
    ReceiveBuffers, ReceivePolicy, ReloadCheck,
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
    text.section("Global definitions");
    names(text, globals);
    mail(text, &globals.mail);
    reload(text, globals);
    if writer == Writer::Parent {
        scripts(text, &globals.scripts);
    }
    interfaces(text, globals, writer);
    fifos(text, globals);
    announcements(text, globals, writer);
    let filtering = matches!(writer, Writer::Child { filtering: true });
    firewall(text, globals, filtering);
    text.fixed(" VRRP check unicast_src = false");
    text.fixed(" VRRP skip check advert addresses = false");
    text.fixed(" VRRP strict mode = false");
    processes(text, globals);
    interfaces_of_others(text, globals);
    text.line(format_args!(
        " Script security {}",
        on_off(globals.script_security)
    ));
    text.fixed(" Default script uid:gid 0:0");
    buffers(text, &globals.buffers);
    text.line(format_args!(" umask = 0{:o}", globals.processes.umask));
    delays_and_prefixes(text, globals);
}

fn names(text: &mut Text, globals: &Globals) {
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
    if processes.own_names {
        text.fixed(" LVS process name = keepalived_lvs");
    }
    if let Some(name) = named(&processes.bfd, "keepalived_bfd") {
        text.line(format_args!(" BFD process name = {name}"));
    }
    if let Some(router_id) = &globals.router_id {
        text.line(format_args!(" Router ID = {router_id}"));
    }
}

fn mail(text: &mut Text, mail: &Mail) {
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
    text.fixed(" Default smtp_alert_checker = unset");
    text.fixed(" Checkers log all failures = false");
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

fn interfaces(text: &mut Text, globals: &Globals, writer: Writer) {
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
    text.fixed(" LVS flush = false");
    text.fixed(" LVS flush on stop = disabled");
}

fn fifos(text: &mut Text, globals: &Globals) {
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
            text.line(format_args!(
                " {title} notify fifo script = {} '{path}', uid:gid {}:{}",
                words(reader),
                who.uid,
                who.gid
            ));
        }
    };
    one("Global", &fifos.all);
    one("VRRP", &fifos.vrrp);
    text.line(format_args!(
        " FIFO write vrrp states on reload = {}",
        fifos.states_on_reload
    ));
    text.line(format_args!(
        " VRRP notify priority changes = {}",
        fifos.priority_changes
    ));
}

fn announcements(text: &mut Text, globals: &Globals, writer: Writer) {
    let extra = globals.vrrp.extra_announcements;
    text.line(format_args!(
        " VRRP IPv4 mcast group = {}",
        globals.vrrp.multicast_group4
    ));
    text.fixed(" VRRP IPv6 mcast group = ff02::12");
    text.fixed(" Gratuitous ARP delay = 5");
    text.fixed(" Gratuitous ARP repeat = 5");
    text.fixed(" Gratuitous ARP refresh timer = 0");
    text.fixed(" Gratuitous ARP refresh repeat = 1");
    // The guardian does not fill in what the configuration leaves open.
    let lower = if writer != Writer::Parent {
        5
    } else {
        u32::MAX
    };
    text.line(format_args!(
        " Gratuitous ARP lower priority delay = {lower}"
    ));
    text.line(format_args!(
        " Gratuitous ARP lower priority repeat = {lower}"
    ));
    text.fixed(" Num adverts before down = 3");
    text.line(format_args!(
        " Gratuitous ARP for each secondary {} = {}s",
        if extra.is_some_and(|extra| extra.all) {
            "i/f"
        } else {
            "VMAC"
        },
        extra.map_or(0, |extra| extra.interval.as_secs())
    ));
    text.fixed(" Send advert after receive lower priority advert = true");
    text.fixed(" Send advert after receive higher priority advert = false");
    text.line(format_args!(
        " Gratuitous ARP interval = {:.6}",
        globals.garp_interval.as_secs_f64()
    ));
    text.line(format_args!(
        " Gratuitous NA interval = {:.6}",
        globals.gna_interval.as_secs_f64()
    ));
    text.fixed(" VRRP default protocol version = 2");
}

fn firewall(text: &mut Text, globals: &Globals, filtering: bool) {
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
    let counters = if firewall.counters { "with" } else { "without" };
    text.line(format_args!(" nftables {counters} counters"));
}

fn processes(text: &mut Text, globals: &Globals) {
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
    process(text, "Checker", &Process::default());
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
        let numbers: Vec<String> = process.processors.iter().map(u32::to_string).collect();
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

fn interfaces_of_others(text: &mut Text, globals: &Globals) {
    let (snmp, dbus) = (&globals.snmp, &globals.dbus);
    text.line(format_args!(" SNMP vrrp {}", on_off(snmp.vrrp)));
    text.fixed(" SNMP checker disabled");
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

fn buffers(text: &mut Text, buffers: &ReceiveBuffers) {
    let all = [
        ("vrrp_netlink_cmd", buffers.netlink_commands),
        ("vrrp_netlink_monitor", buffers.netlink_monitor),
        ("process_monitor", buffers.process_monitor),
        ("lvs_netlink_cmd", NetlinkBuffer::default()),
        ("lvs_netlink_monitor", NetlinkBuffer::default()),
    ];
    for (name, NetlinkBuffer { bytes, force }) in all {
        text.line(format_args!(" {name}_rcv_bufs = {bytes}"));
        text.line(format_args!(" {name}_rcv_bufs_force = {}", u8::from(force)));
    }
    text.fixed(" rs_init_notifies = 0");
    text.fixed(" no_checker_emails = 0");
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
    if vrrp.vmac_prefix != "vrrp" {
        text.line(format_args!(" VMAC prefix = {}", vrrp.vmac_prefix));
    }
    if let Some(prefix) = &vrrp.vmac_addr_prefix {
        text.line(format_args!(" VMAC address prefix = {prefix}"));
    }
}
