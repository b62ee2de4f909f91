//! What instances refer to, and what refers to them.

use std::time::Duration;

use evervip_model::{
    BfdInstance, Config, GarpGroup, LinkDelays, Linkbeat, LinkbeatMethod, ParameterMatch,
    SyncGroup, TrackFile, TrackGroup, TrackProcess, VrrpScript,
};

use super::instance::hooks;
use super::tracks::tracks;
use super::writer::{Writer, seconds, word};

/// What instances refer to.
pub(super) fn objects(out: &mut Writer<'_>, config: &Config) {
    for script in &config.scripts {
        vrrp_script(out, script);
    }
    for file in &config.files {
        track_file(out, file);
    }
    for process in &config.processes {
        track_process(out, process);
    }
    for bfd in &config.bfd_instances {
        bfd_instance(out, bfd);
    }
}

fn track_file(out: &mut Writer<'_>, file: &TrackFile) {
    let TrackFile {
        name,
        path,
        weight,
        reverse,
        initial,
    } = file;
    out.block(format_args!("track_file {}", word(name)), |out| {
        out.line(format_args!("file {}", word(&path.to_string_lossy())));
        let reverse = if *reverse { " reverse" } else { "" };
        out.value("weight", &format!("{weight}{reverse}"), &"1".to_owned());
        let initial = initial.map(|i| {
            let overwrite = if i.overwrite { " overwrite" } else { "" };
            format!("{}{overwrite}", i.value)
        });
        out.option("init_file", initial);
    });
}

fn track_process(out: &mut Writer<'_>, process: &TrackProcess) {
    let TrackProcess {
        name,
        process,
        parameters,
        parameter_match,
        full_command,
        weight,
        reverse,
        quorum,
        quorum_max,
        terminate_delay,
        fork_delay,
    } = process;
    out.block(format_args!("vrrp_track_process {}", word(name)), |out| {
        let words: Vec<_> = std::iter::once(process)
            .chain(parameters)
            .map(|w| word(&w.to_string_lossy()))
            .collect();
        out.line(format_args!("process {}", words.join(" ")));
        match parameter_match {
            ParameterMatch::Ignored => {}
            ParameterMatch::Exact => out.line("param_match"),
            ParameterMatch::Initial => out.line("param_match initial"),
            ParameterMatch::Partial => out.line("param_match partial"),
        }
        out.flag("full_command", *full_command);
        let reverse = if *reverse { " reverse" } else { "" };
        out.value("weight", &format!("{weight}{reverse}"), &"0".to_owned());
        match quorum {
            // The one way to a quorum of 0.
            0 => out.line("quorum_max 0"),
            1 => {}
            n => out.line(format_args!("quorum {n}")),
        }
        out.option("quorum_max", *quorum_max);
        out.time("terminate_delay", *terminate_delay, Duration::ZERO);
        out.time("fork_delay", *fork_delay, Duration::ZERO);
    });
}

fn bfd_instance(out: &mut Writer<'_>, bfd: &BfdInstance) {
    let BfdInstance {
        name,
        neighbor,
        source,
        min_rx,
        min_tx,
        idle_tx,
        multiplier,
        passive,
        ttl,
        max_hops,
        multihop,
        weight,
        reverse,
        vrrp,
        checker,
    } = bfd;
    out.block(format_args!("bfd_instance {}", word(name)), |out| {
        out.option("neighbor_ip", *neighbor);
        out.option("source_ip", *source);
        for (keyword, time) in [("min_rx", min_rx), ("min_tx", min_tx), ("idle_tx", idle_tx)] {
            let millis = seconds(*time * 1000);
            out.line(format_args!("{keyword} {millis}"));
        }
        out.value("multiplier", multiplier, &5);
        out.flag("passive", *passive);
        out.line(format_args!("ttl {ttl}"));
        let hops = max_hops.map_or(-1, i16::from);
        out.value("max_hops", &hops, &0);
        out.flag("multihop", *multihop);
        let reverse = if *reverse { " reverse" } else { "" };
        out.value("weight", &format!("{weight}{reverse}"), &"0".to_owned());
        out.flag("vrrp", *vrrp && !*checker);
        out.flag("checker", *checker && !*vrrp);
    });
}

/// Settings of interfaces, and what refers to instances.
pub(super) fn surroundings(out: &mut Writer<'_>, config: &Config) {
    for GarpGroup {
        garp_interval,
        gna_interval,
        interfaces,
    } in &config.garp_groups
    {
        out.block("garp_group", |out| {
            out.option("garp_interval", garp_interval.map(seconds));
            out.option("gna_interval", gna_interval.map(seconds));
            out.values("interfaces", interfaces.iter().cloned());
        });
    }
    let delays = config.link_delays.iter().map(|delays| {
        let LinkDelays {
            interface,
            down,
            up,
        } = delays;
        format!("{interface} {} {}", seconds(*down), seconds(*up))
    });
    out.values("interface_up_down_delays", delays);
    let linkbeat = config.linkbeat.iter().map(|l| {
        let Linkbeat { interface, method } = l;
        let method = match method {
            LinkbeatMethod::Any => "",
            LinkbeatMethod::Mii => " MII",
            LinkbeatMethod::Ethtool => " ETHTOOL",
            LinkbeatMethod::Ioctl => " IOCTL",
        };
        format!("{interface}{method}")
    });
    out.values("linkbeat_interfaces", linkbeat);
    for TrackGroup { name, members } in &config.track_groups {
        out.block(format_args!("track_group {}", word(name)), |out| {
            let members = members.iter().filter_map(|m| config.instances.get(m.0));
            out.values("group", members.map(|i| word(&i.name)));
        });
    }
}

fn vrrp_script(out: &mut Writer<'_>, script: &VrrpScript) {
    let VrrpScript {
        name,
        command,
        interval,
        timeout,
        has_timeout,
        weight,
        reverse,
        rise,
        fall,
        init_fail,
        // A fact of the machine that loading finds out again.
        unusable: _,
    } = script;
    out.block(format_args!("vrrp_script {}", word(name)), |out| {
        out.command("script", command);
        out.time("interval", *interval, Duration::from_secs(1));
        if *has_timeout {
            out.time("timeout", *timeout, Duration::ZERO);
        }
        let reverse = if *reverse { " reverse" } else { "" };
        out.value("weight", &format!("{weight}{reverse}"), &"0".to_owned());
        out.value("rise", rise, &1);
        out.value("fall", fall, &1);
        out.flag("init_fail", *init_fail);
    });
}

/// A sync group.
pub(super) fn sync_group(out: &mut Writer<'_>, config: &Config, group: &SyncGroup) {
    let SyncGroup {
        name,
        members,
        notify,
        smtp_alert,
        tracks: tracked,
        tracking_weight,
        notify_priority_changes,
    } = group;
    out.block(format_args!("vrrp_sync_group {}", word(name)), |out| {
        let members = members.iter().filter_map(|m| config.instances.get(m.0));
        out.values("group", members.map(|i| word(&i.name)));
        tracks(out, config, tracked.lists());
        out.flag("sync_group_tracking_weight", *tracking_weight);
        hooks(out, notify);
        out.option("notify_priority_changes", *notify_priority_changes);
        out.line(format_args!("smtp_alert {smtp_alert}"));
    });
}
