//! What must hold on a LAN that has been left alone for a while.

use std::collections::BTreeSet;

use evervip_model::{Config, Family, Route, State};
use evervip_simulation::Lan;
use evervip_vrrp::RouterStatus;

use super::facts::{self, Facts};
use super::{Side, segment_of};

/// What is wrong after a quiet time. On each side of a partition each virtual router has exactly one
/// MASTER among those that have no fault; nobody who may preempt is better than it; the members of a
/// sync group agree; states and priorities are what the surroundings amount to; and exactly the
/// masters hold addresses.
#[must_use]
pub fn judge(lan: &Lan) -> Vec<String> {
    let hosts = 0..lan.size();
    judge_by(
        lan,
        &hosts
            .map(|host| lan.config(host).clone())
            .collect::<Vec<_>>(),
    )
}

/// The same, when the hosts should run these configurations.
#[must_use]
pub fn judge_by(lan: &Lan, configs: &[Config]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut all: Vec<Candidate<'_>> = Vec::new();
    for (host, config) in configs.iter().enumerate() {
        if !lan.is_running(host) {
            continue;
        }
        let candidates = candidates(lan, host, config, &mut faults);
        judge_groups(host, config, &candidates, &mut faults);
        judge_addresses(lan, host, &candidates, &mut faults);
        all.extend(candidates);
    }
    let routers: BTreeSet<Router> = all.iter().map(Candidate::router).collect();
    for router in routers {
        judge_router(router, &all, &mut faults);
    }
    faults
}

/// A virtual router among hosts that hear each other: where they are, VRID and family.
type Router = (Side, u8, bool);

/// An instance of a running host.
struct Candidate<'a> {
    host: usize,
    side: Side,
    config: &'a Config,
    index: usize,
    status: RouterStatus,
    facts: Facts,
}

impl Candidate<'_> {
    fn router(&self) -> Router {
        let instance = &self.config.instances[self.index];
        let is_ipv6 = instance.family == Family::Inet6;
        (self.side, instance.vrid.value(), is_ipv6)
    }

    fn is_master(&self) -> bool {
        self.status.state == State::Master
    }

    /// Whether it would take over from a running master of this priority, as far as it goes alone.
    fn preempts(&self, priority: u8) -> bool {
        !self.config.instances[self.index].nopreempt && self.status.priority > priority
    }
}

/// The instances of a host, those whose state or priority is without reason reported.
fn candidates<'a>(
    lan: &Lan,
    host: usize,
    config: &'a Config,
    faults: &mut Vec<String>,
) -> Vec<Candidate<'a>> {
    let statuses = lan.status(host);
    if statuses.len() != config.instances.len() {
        faults.push(format!("host {host} runs {} instances", statuses.len()));
        return Vec::new();
    }
    let mut candidates = Vec::new();
    for (index, status) in statuses.into_iter().enumerate() {
        let facts = facts::of(lan, host, config, index);
        let running = matches!(status.state, State::Backup | State::Master);
        if running == facts.faulty {
            faults.push(format!(
                "host {host}: {} is in {:?}, but its surroundings say {facts:?}",
                status.name, status.state
            ));
        }
        // Who met a second address owner has given 255 up.
        let given_up = facts.priority == 255 && status.priority == 254;
        // The original leaves the priority as it is when a tracked file is the fault.
        let unsaid = facts::has_file_fault(lan, host, config, index);
        if status.priority != facts.priority && !given_up && !unsaid {
            faults.push(format!(
                "host {host}: {} has the priority {} instead of {}",
                status.name, status.priority, facts.priority
            ));
        }
        candidates.push(Candidate {
            host,
            side: lan.side(host, segment_of(&config.instances[index])),
            config,
            index,
            status,
            facts,
        });
    }
    candidates
}

fn judge_groups(
    host: usize,
    config: &Config,
    candidates: &[Candidate<'_>],
    faults: &mut Vec<String>,
) {
    for group in &config.sync_groups {
        let members = group.members.iter();
        let states: Vec<State> = members
            .filter_map(|member| Some(candidates.get(member.0)?.status.state))
            .collect();
        if states.windows(2).any(|pair| pair[0] != pair[1]) {
            faults.push(format!("host {host}: the group is torn: {states:?}"));
        }
    }
}

fn judge_addresses(lan: &Lan, host: usize, candidates: &[Candidate<'_>], faults: &mut Vec<String>) {
    let masters = candidates.iter().filter(|candidate| candidate.is_master());
    let expected: BTreeSet<_> = masters
        .flat_map(|master| &master.config.instances[master.index].addresses)
        .map(|address| address.address)
        .collect();
    let held: BTreeSet<_> = lan.held(host).map(|(_, address)| address).collect();
    if held != expected {
        faults.push(format!(
            "host {host} holds {held:?} instead of {expected:?}"
        ));
    }
    let mut routes: Vec<_> = candidates
        .iter()
        .filter(|candidate| candidate.is_master())
        .flat_map(|master| &master.config.instances[master.index].routes)
        .collect();
    let mut installed: Vec<_> = lan
        .routes(host)
        .iter()
        .map(|placed| &placed.route)
        .collect();
    let place = |route: &&Route| route.destination.map(|network| network.address);
    routes.sort_by_key(place);
    installed.sort_by_key(place);
    if routes != installed {
        faults.push(format!(
            "host {host} has the routes {installed:?} instead of {routes:?}"
        ));
    }
}

fn judge_router(router: Router, candidates: &[Candidate<'_>], faults: &mut Vec<String>) {
    let able: Vec<&Candidate<'_>> = candidates
        .iter()
        .filter(|candidate| candidate.router() == router && !candidate.facts.faulty)
        .collect();
    let masters: Vec<&&Candidate<'_>> = able.iter().filter(|c| c.is_master()).collect();
    let (side, vrid, _) = router;
    let [master] = masters.as_slice() else {
        // Where only one segment is divided, all who hear each other there may have to follow
        // masters on the other.
        let free = able.iter().any(|c| !is_held_back(c, candidates));
        if free || !masters.is_empty() {
            let hosts: Vec<usize> = able.iter().map(|candidate| candidate.host).collect();
            faults.push(format!(
                "VRID {vrid} has {} masters among hosts {hosts:?} on side {side:?}",
                masters.len()
            ));
        }
        return;
    };
    for better in able.iter().filter(|c| c.preempts(master.status.priority)) {
        if !is_held_back(better, candidates) {
            faults.push(format!(
                "VRID {vrid} is on host {} with priority {}, but host {} has {} and may preempt",
                master.host, master.status.priority, better.host, better.status.priority
            ));
        }
    }
}

/// Whether another member of its sync group has to leave its own master alone.
fn is_held_back(candidate: &Candidate<'_>, candidates: &[Candidate<'_>]) -> bool {
    let members = facts::members(candidate.config, candidate.index);
    let mates = candidates
        .iter()
        .filter(|mate| mate.host == candidate.host && members.contains(&mate.index));
    mates
        .filter(|mate| mate.index != candidate.index)
        .any(|mate| {
            let mut others = candidates.iter().filter(|c| c.router() == mate.router());
            let master = others.find(|other| other.is_master());
            master.is_some_and(|master| !mate.preempts(master.status.priority))
        })
}
