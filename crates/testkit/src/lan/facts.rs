//! What must be the case, worked out from configurations and surroundings alone: the engine is not
//! asked.

use evervip_model::{
    Config, Instance, Priority, ProcessPattern, TrackedFile, TrackedInterface, TrackedProcess,
    contribution,
};
use evervip_simulation::Lan;

/// What the surroundings of an instance amount to once everything has been noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Facts {
    /// It, or a member of its sync group, has a reason to be in FAULT.
    pub(super) faulty: bool,
    /// Its effective priority.
    pub(super) priority: u8,
}

/// The facts of the instance with this index.
pub(super) fn of(lan: &Lan, host: usize, config: &Config, index: usize) -> Facts {
    let members = members(config, index);
    let instance = &config.instances[index];
    Facts {
        faulty: members
            .iter()
            .any(|member| has_fault(lan, host, config, *member)),
        priority: if instance.priority.is_owner() {
            instance.priority.value()
        } else {
            tracked(lan, host, config, instance)
        },
    }
}

/// The instances of the sync group of an instance, or it alone.
pub(super) fn members(config: &Config, index: usize) -> Vec<usize> {
    let is_member = |members: &Vec<usize>| members.contains(&index);
    let groups = config.sync_groups.iter();
    groups
        .map(|group| group.members.iter().map(|member| member.0).collect())
        .find(is_member)
        .unwrap_or_else(|| vec![index])
}

fn has_fault(lan: &Lan, host: usize, config: &Config, index: usize) -> bool {
    let instance = &config.instances[index];
    let up = |name: &str| {
        lan.port(host, name)
            .is_some_and(|port| lan.is_up(host, port))
    };
    let own = instance.interface.as_deref();
    let interfaces = instance.track_interfaces.iter();
    let scripts = instance.track_scripts.iter();
    own.is_some_and(|own| !up(own))
        || interfaces
            .filter(|track| track.weight == 0)
            .any(|track| up(&track.interface) == track.reverse)
        || scripts
            .filter(|track| track.weight == 0)
            .any(|track| succeeds(lan, host, config, track.script.0) == track.reverse)
        || instance
            .track_files
            .iter()
            .any(|track| added(lan, host, config, track).is_none())
        || instance
            .track_processes
            .iter()
            .filter(|track| track.weight == 0)
            .any(|track| has_quorum(lan, host, config, track) == track.reverse)
        || instance
            .routes
            .iter()
            .filter_map(|route| route.interface.as_deref())
            .any(|interface| Some(interface) != own && !up(interface))
}

/// Whether a tracked file is a reason for a FAULT of this instance.
pub(super) fn has_file_fault(lan: &Lan, host: usize, config: &Config, index: usize) -> bool {
    let mut tracks = config.instances[index].track_files.iter();
    tracks.any(|track| added(lan, host, config, track).is_none())
}

/// What a tracked file adds to the priority; `None` is a fault (spec vrrp-runtime 6).
fn added(lan: &Lan, host: usize, config: &Config, track: &TrackedFile) -> Option<i32> {
    let text = lan.file(host, &config.files[track.file.0].path);
    let number: i64 = text.trim().parse().unwrap_or(0);
    if track.weight == 0 {
        return ((number == 0) != track.reverse).then_some(0);
    }
    let sign = if track.reverse { -1 } else { 1 };
    let product = (number * i64::from(track.weight) * sign).min(253);
    i32::try_from(product).ok().filter(|added| *added > -254)
}

fn has_quorum(lan: &Lan, host: usize, config: &Config, track: &TrackedProcess) -> bool {
    let process = &config.processes[track.process.0];
    let count = lan.processes(host, &ProcessPattern::of(process));
    let count = count.unwrap_or(process.quorum);
    count >= process.quorum && process.quorum_max.is_none_or(|most| count <= most)
}

/// The priority of one that is no address owner.
fn tracked(lan: &Lan, host: usize, config: &Config, instance: &Instance) -> u8 {
    let mut total = i32::from(instance.priority.value());
    // What a route needs is a fault when it is down, whatever weight it has.
    let needed = |name: &str| {
        let mut routes = instance.routes.iter();
        routes.any(|route| route.interface.as_deref() == Some(name))
    };
    let weighted = |track: &&TrackedInterface| track.weight != 0 && !needed(&track.interface);
    for track in instance.track_interfaces.iter().filter(weighted) {
        let port = lan.port(host, &track.interface);
        let good = port.is_some_and(|port| lan.is_up(host, port));
        total += contribution(good, track.weight, track.reverse);
    }
    for track in instance.track_scripts.iter().filter(|t| t.weight != 0) {
        let good = succeeds(lan, host, config, track.script.0);
        total += contribution(good, track.weight, track.reverse);
    }
    for track in instance.track_processes.iter().filter(|t| t.weight != 0) {
        let good = has_quorum(lan, host, config, track);
        total += contribution(good, track.weight, track.reverse);
    }
    for track in &instance.track_files {
        total += added(lan, host, config, track).unwrap_or(0);
    }
    Priority::clamp_non_owner(total).value()
}

fn succeeds(lan: &Lan, host: usize, config: &Config, script: usize) -> bool {
    lan.succeeds(host, &config.scripts[script].name)
}
