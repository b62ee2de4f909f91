//! What instances track, and settings of interfaces.

use evervip_model::{
    BfdInstance, Config, GarpGroup, LinkDelays, Linkbeat, LinkbeatMethod, ParameterMatch,
    TrackFile, TrackGroup, TrackProcess,
};
use serde_json::{Value, json};

use super::value::seconds;

pub(super) fn track_file(file: &TrackFile) -> Value {
    let TrackFile {
        name,
        path,
        weight,
        reverse,
        initial,
    } = file;
    json!({
        "name": **name,
        "file": path.to_string_lossy(),
        "weight": weight,
        "reverse": reverse,
        "init_file": initial.map(|i| json!({"value": i.value, "overwrite": i.overwrite})),
    })
}

pub(super) fn track_process(process: &TrackProcess) -> Value {
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
    let words: Vec<_> = parameters.iter().map(|w| w.to_string_lossy()).collect();
    json!({
        "name": **name,
        "process": process.to_string_lossy(),
        "parameters": words,
        "param_match": match parameter_match {
            ParameterMatch::Ignored => "none",
            ParameterMatch::Exact => "exact",
            ParameterMatch::Initial => "initial",
            ParameterMatch::Partial => "partial",
        },
        "full_command": full_command,
        "weight": weight,
        "reverse": reverse,
        "quorum": quorum,
        "quorum_max": quorum_max,
        "terminate_delay": seconds(*terminate_delay),
        "fork_delay": seconds(*fork_delay),
    })
}

/// Times are seconds, as everywhere.
pub(super) fn bfd_instance(bfd: &BfdInstance) -> Value {
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
    json!({
        "name": **name,
        "neighbor_ip": neighbor.map(|a| a.to_string()),
        "source_ip": source.map(|a| a.to_string()),
        "min_rx": seconds(*min_rx),
        "min_tx": seconds(*min_tx),
        "idle_tx": seconds(*idle_tx),
        "multiplier": multiplier,
        "passive": passive,
        "ttl": ttl,
        "max_hops": max_hops,
        "multihop": multihop,
        "weight": weight,
        "reverse": reverse,
        "vrrp": vrrp,
        "checker": checker,
    })
}

pub(super) fn garp_group(group: &GarpGroup) -> Value {
    let GarpGroup {
        garp_interval,
        gna_interval,
        interfaces,
    } = group;
    json!({
        "garp_interval": garp_interval.map(seconds),
        "gna_interval": gna_interval.map(seconds),
        "interfaces": interfaces,
    })
}

pub(super) fn link_delays(delays: &LinkDelays) -> Value {
    let LinkDelays {
        interface,
        down,
        up,
    } = delays;
    json!({"interface": interface, "down": seconds(*down), "up": seconds(*up)})
}

pub(super) fn linkbeat(linkbeat: &Linkbeat) -> Value {
    let Linkbeat { interface, method } = linkbeat;
    let method = match method {
        LinkbeatMethod::Any => Value::Null,
        LinkbeatMethod::Mii => json!("MII"),
        LinkbeatMethod::Ethtool => json!("ETHTOOL"),
        LinkbeatMethod::Ioctl => json!("IOCTL"),
    };
    json!({"interface": interface, "type": method})
}

pub(super) fn track_group(config: &Config, group: &TrackGroup) -> Value {
    let TrackGroup { name, members } = group;
    let members: Vec<_> = members
        .iter()
        .filter_map(|m| config.instances.get(m.0))
        .map(|i| &*i.name)
        .collect();
    json!({"name": **name, "group": members})
}
