//! One instance.

use std::time::Duration;

use evervip_config::print::Names;
use evervip_model::{
    Authentication, Config, Delivery, Family, InitialState, Instance, Priority, UnsupportedReason,
    VirtualAddress, contribution, master_down_interval, skew_time,
};

use super::phrase::{list, milliseconds, seconds, signed};
use super::{Section, kernel, schedule};
use crate::outcome::address_interfaces;

pub(super) fn section(config: &Config, instance: &Instance, names: &dyn Names) -> Section {
    let family = match instance.family {
        Family::Inet => "IPv4",
        Family::Inet6 => "IPv6",
    };
    let mut section = Section::new(format!(
        "instance {}: VRID {}, VRRP version {} over {family}",
        instance.name,
        instance.vrid,
        instance.version.number()
    ));
    if let Some(reason) = instance.unsupported {
        let text = format!("stays in FAULT: {}", unsupported(reason));
        section.add("not run", vec![text]);
    }
    section.add("talks", talks(instance));
    section.add("timing", timing(instance));
    section.add("priority", priority(instance));
    section.add("takes over", takes_over(config, instance));
    kernel::add(&mut section, config, instance);
    let (faults, points) = consequences(config, instance);
    section.add("FAULT when", faults);
    if instance.fault_latch {
        let stays = "once it was BACKUP or MASTER: until `evervip clear-fault`, also when the reason goes and over restarts of the daemon (fault_latch)";
        section.add("stays in FAULT", vec![stays.to_owned()]);
    }
    section.add("priority when", points);
    section.add(
        "runs",
        schedule::hooks(&instance.notify, schedule::INSTANCE, &instance.name, names),
    );
    section
}

const fn unsupported(reason: UnsupportedReason) -> &'static str {
    match reason {
        UnsupportedReason::NoMulticast => "the interface cannot multicast, and there are no peers",
        UnsupportedReason::NotEthernet => "a virtual MAC needs an Ethernet interface",
        UnsupportedReason::NoIpvlanAddress => "the ipvlan has no address of its own",
        UnsupportedReason::SharedVirtualMac => "another instance has the same virtual MAC",
    }
}

/// With whom, from where.
fn talks(instance: &Instance) -> Vec<String> {
    let interface = instance.interface.as_deref().unwrap_or("no interface");
    let source = match (instance.source, instance.family) {
        (Some(source), _) => format!("from {source} on {interface}"),
        (None, Family::Inet) => format!("from the first address of {interface}"),
        (None, Family::Inet6) => format!("from the link-local address of {interface}"),
    };
    let to = match &instance.delivery {
        Delivery::Multicast { group } => format!("to the group {group}"),
        Delivery::Unicast { peers, .. } => {
            let peers: Vec<String> = peers.iter().map(|p| p.address.to_string()).collect();
            let peers: Vec<&str> = peers.iter().map(String::as_str).collect();
            format!("to {}", list(&peers))
        }
        Delivery::NoPeer => "to nobody: it has no peer, and unicast_fault_no_peer".to_owned(),
    };
    let mut lines = vec![format!("{source} {to}")];
    match instance.authentication {
        Authentication::None => {}
        Authentication::Pass(_) => lines.push("with a password, readable on the wire".to_owned()),
        Authentication::Header(_) => lines.push("with an authentication header".to_owned()),
    }
    let checked = matches!(
        instance.delivery,
        Delivery::Unicast {
            check_source: true,
            ..
        }
    );
    if checked {
        lines.push("takes adverts from its peers only".to_owned());
    }
    lines
}

/// Intervals, and what hand-overs cost.
fn timing(instance: &Instance) -> Vec<String> {
    let Instance {
        version,
        advert_interval: interval,
        down_timer_adverts: adverts,
        ..
    } = *instance;
    let priority = instance.priority.value();
    let skew = skew_time(version, priority, interval);
    let down = master_down_interval(version, priority, interval, adverts);
    vec![
        format!("as MASTER an advert every {}", seconds(interval)),
        format!(
            "takes over {} after the last advert of a MASTER that died: {adverts} x {} and {} skew",
            milliseconds(down),
            milliseconds(interval),
            milliseconds(skew)
        ),
        format!(
            "takes over {} after a MASTER resigned: stopped, or in FAULT with its link up",
            milliseconds(skew)
        ),
    ]
}

fn priority(instance: &Instance) -> Vec<String> {
    let mut lines = vec![match instance.priority {
        Priority::OWNER => "255, the owner of the addresses: MASTER at once".to_owned(),
        priority => {
            let idle = instance.initial_state == InitialState::Master;
            let state = if idle {
                "; state MASTER has no effect"
            } else {
                ""
            };
            format!("{priority}; BACKUP until an election is won{state}")
        }
    }];
    lines.push(match (instance.nopreempt, instance.preempt_delay) {
        (true, _) => {
            "leaves a running MASTER alone, however low its priority (nopreempt)".to_owned()
        }
        (false, Duration::ZERO) => "takes over from a MASTER of lower priority".to_owned(),
        (false, delay) => format!(
            "takes over from a MASTER of lower priority after {} (preempt_delay)",
            seconds(delay)
        ),
    });
    lines
}

fn takes_over(config: &Config, instance: &Instance) -> Vec<String> {
    let line = |address: &VirtualAddress, end: &str| {
        let VirtualAddress {
            address: ip,
            prefix,
            ..
        } = address;
        let label = address.label.as_ref();
        let label = label.map_or_else(String::new, |l| format!(", label {l}"));
        let place = kernel::place(config, instance, address);
        format!("{ip}/{prefix} on {place}{label}{end}")
    };
    let advertised = instance.addresses.iter().map(|a| line(a, ""));
    let excluded = instance.excluded_addresses.iter();
    let excluded = excluded.map(|a| line(a, ", not in adverts"));
    let lines: Vec<String> = advertised.chain(excluded).collect();
    if lines.is_empty() {
        return vec!["no address: only its hooks act".to_owned()];
    }
    lines
}

/// What makes it fault, and what costs or gives points.
fn consequences(config: &Config, instance: &Instance) -> (Vec<String>, Vec<String>) {
    let (mut faults, mut points) = (Vec::new(), Vec::new());
    if let (true, Some(own)) = (instance.track_primary, &instance.interface) {
        faults.push(format!("{own} is down"));
    }
    let mut devices: Vec<&str> = address_interfaces(instance).collect();
    devices.sort_unstable();
    devices.dedup();
    faults.extend(
        devices
            .iter()
            .map(|dev| format!("{dev} is down, where addresses go")),
    );
    if instance.track_source {
        faults.extend(instance.source.map(|s| format!("{s} is missing")));
    }
    let mut add = |weight: i32, reverse: bool, good: String, bad: String| {
        if weight == 0 {
            faults.push(if reverse { good } else { bad });
            return;
        }
        for (is_good, text) in [(true, good), (false, bad)] {
            let change = contribution(is_good, weight, reverse);
            if change != 0 && !instance.priority.is_owner() {
                let total = i32::from(instance.priority.value()) + change;
                let sum = Priority::clamp_non_owner(total);
                points.push(format!("{text}: {}, alone {sum}", signed(change)));
            }
        }
    };
    for track in &instance.track_interfaces {
        let name = &track.interface;
        add(
            track.weight,
            track.reverse,
            format!("{name} is up"),
            format!("{name} is down"),
        );
    }
    for track in &instance.track_scripts {
        let script = config.scripts.get(track.script.0);
        let name = script.map_or("", |script| &*script.name);
        add(
            track.weight,
            track.reverse,
            format!("check {name} succeeds"),
            format!("check {name} fails"),
        );
    }
    for track in &instance.track_processes {
        let process = config.processes.get(track.process.0);
        let name = process.map_or("", |process| &*process.name);
        add(
            track.weight,
            track.reverse,
            format!("process {name} runs often enough"),
            format!("process {name} does not run, or not often enough"),
        );
    }
    for track in &instance.track_bfd {
        let session = config.bfd_instances.get(track.bfd.0);
        let name = session.map_or("", |session| &*session.name);
        add(
            track.weight,
            track.reverse,
            format!("BFD session {name} is up"),
            format!("BFD session {name} is down, as all are at first"),
        );
    }
    tracked_files(config, instance, &mut faults, &mut points);
    (faults, points)
}

/// What the numbers in tracked files do.
fn tracked_files(
    config: &Config,
    instance: &Instance,
    faults: &mut Vec<String>,
    points: &mut Vec<String>,
) {
    for track in &instance.track_files {
        let file = config.files.get(track.file.0);
        let name = file.map_or("", |file| &*file.name);
        if track.weight == 0 {
            let not = if track.reverse { "" } else { "not " };
            faults.push(format!("file {name} holds a number that is {not}0"));
        } else if !instance.priority.is_owner() {
            let weight = if track.reverse {
                -track.weight
            } else {
                track.weight
            };
            points.push(format!("file {name} holds N: N times {weight}"));
            faults.push(format!(
                "file {name} holds so much that this is -254 or less"
            ));
        }
    }
}
