//! What must hold on a LAN that has been left alone for a while.

use std::collections::BTreeSet;

use evervip_model::State;
use evervip_vrrp::RouterStatus;

use evervip_simulation::Lan;

/// What is wrong after a quiet time: on each side of a partition there is exactly one MASTER of
/// each instance, it is the one that the election must end with, all members of a group are on
/// one host, and exactly the masters hold addresses.
///
/// `preempts`: whether a better host takes over from a running worse one.
#[must_use]
pub fn judge(lan: &Lan, preempts: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let sides: BTreeSet<u8> = lan.sides().iter().copied().collect();
    for side in sides {
        let members: Vec<usize> = (0..lan.sides().len())
            .filter(|host| lan.sides()[*host] == side)
            .collect();
        judge_side(lan, &members, preempts, &mut faults);
    }
    for host in 0..lan.sides().len() {
        judge_addresses(lan, host, &mut faults);
    }
    faults
}

fn judge_side(lan: &Lan, members: &[usize], preempts: bool, faults: &mut Vec<String>) {
    let count = members
        .iter()
        .map(|host| lan.config(*host).instances.len())
        .max();
    let mut owners = BTreeSet::new();
    for instance in 0..count.unwrap_or(0) {
        let status = |host: &usize| -> Option<(usize, RouterStatus)> {
            Some((*host, lan.status(*host).get(instance)?.clone()))
        };
        let able: Vec<(usize, RouterStatus)> = members
            .iter()
            .filter_map(status)
            .filter(|(_, status)| matches!(status.state, State::Backup | State::Master))
            .collect();
        let masters: Vec<&(usize, RouterStatus)> = able
            .iter()
            .filter(|(_, status)| status.state == State::Master)
            .collect();
        let [(master, status)] = masters.as_slice() else {
            if !able.is_empty() {
                faults.push(format!(
                    "instance {instance} has {} masters among hosts {members:?}",
                    masters.len()
                ));
            }
            continue;
        };
        owners.insert(*master);
        let best = able.iter().map(|(_, status)| status.priority).max();
        if preempts && best != Some(status.priority) {
            faults.push(format!(
                "instance {instance} is on host {master} with priority {}, another has {best:?}",
                status.priority
            ));
        }
    }
    let grouped = members
        .iter()
        .any(|host| !lan.config(*host).sync_groups.is_empty());
    if grouped && owners.len() > 1 {
        faults.push(format!("the group is torn over hosts {owners:?}"));
    }
}

fn judge_addresses(lan: &Lan, host: usize, faults: &mut Vec<String>) {
    if !lan.is_running(host) {
        return;
    }
    let statuses = lan.status(host);
    let masters = statuses.iter().zip(&lan.config(host).instances);
    let expected: BTreeSet<_> = masters
        .filter(|(status, _)| status.state == State::Master)
        .flat_map(|(_, instance)| instance.addresses.iter().map(|a| a.address))
        .collect();
    let held: BTreeSet<_> = lan.held(host).map(|(_, address)| address).collect();
    if held != expected {
        faults.push(format!(
            "host {host} holds {held:?} instead of {expected:?}"
        ));
    }
}
