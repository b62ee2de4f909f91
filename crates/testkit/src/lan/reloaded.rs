//! What a reload may do at the moment in which it happens, and whom it may unsettle afterwards.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use evervip_model::{Config, Instance, State};
use evervip_simulation::{Deed, Doing};
use evervip_vrrp::RouterStatus;

use super::facts;

/// A reload, as seen from outside.
#[derive(Debug, Clone, Copy)]
pub struct Reloaded<'a> {
    /// Which host did it.
    pub host: usize,
    /// What it had read before.
    pub old: &'a Config,
    /// What it has read now.
    pub new: &'a Config,
    /// Its routers before.
    pub before: &'a [RouterStatus],
    /// Its routers right afterwards.
    pub after: &'a [RouterStatus],
    /// What was done at that moment.
    pub deeds: &'a [Deed],
}

/// What is wrong: an instance that the change does not concern was touched in any way, or one that
/// goes on left its state, counted anew, or let go of an address that it keeps.
#[must_use]
pub fn judge_reload(reload: &Reloaded<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, instance) in reload.new.instances.iter().enumerate() {
        let mut old = reload.old.instances.iter();
        let Some(at) = old.position(|old| is_same_router(old, instance)) else {
            continue;
        };
        if company(reload.old, at) != company(reload.new, index) {
            continue;
        }
        let fault = if reload.old.instances[at] == *instance {
            untouched(reload, at, index)
        } else {
            changed_in_place(reload, at, index)
        };
        let (host, name) = (reload.host, &instance.name);
        faults.extend(fault.map(|fault| format!("host {host}: a reload {fault} {name}")));
    }
    faults
}

/// Hosts of the schedules have one router of a VRID.
fn is_same_router(one: &Instance, other: &Instance) -> bool {
    (one.vrid, one.family) == (other.vrid, other.family) && one.interface == other.interface
}

/// The VRIDs of the sync group of an instance.
fn company(config: &Config, index: usize) -> BTreeSet<u8> {
    let members = facts::members(config, index).into_iter();
    members
        .map(|member| config.instances[member].vrid.value())
        .collect()
}

fn untouched(reload: &Reloaded<'_>, old: usize, new: usize) -> Option<&'static str> {
    let (before, mut after) = (reload.before.get(old)?, reload.after.get(new)?.clone());
    // What the priority was before a tracked file was the fault is left as it was, as the original
    // does, until there is another reason to work it out.
    if before.state == State::Fault && !reload.new.instances[new].track_files.is_empty() {
        after.priority = before.priority;
    }
    if *before != after {
        return Some("changed the state, the priority or a counter of the unconcerned");
    }
    let name = &reload.new.instances[new].name;
    let touches = |deed: &Deed| match &deed.what {
        Doing::Advert { name: by, .. }
        | Doing::Entered { name: by, .. }
        | Doing::Moved { name: by, .. } => by == name,
        _ => false,
    };
    let touched = reload.deeds.iter().any(touches);
    touched.then_some("had something done by the unconcerned")
}

fn changed_in_place(reload: &Reloaded<'_>, old: usize, new: usize) -> Option<&'static str> {
    let (before, after) = (reload.before.get(old)?, reload.after.get(new)?);
    if (before.id, before.state) != (after.id, after.state) {
        return Some("changed the state of");
    }
    let counted = |status: &RouterStatus| {
        let statistics = status.statistics;
        (statistics.become_master, statistics.release_master)
    };
    if counted(before) != counted(after) {
        return Some("made more than one state of");
    }
    let advertised = reload.deeds.iter().any(|deed| {
        matches!(&deed.what, Doing::Advert { name, .. } if *name == reload.new.instances[new].name)
    });
    if after.state == State::Master && !advertised {
        return Some("did not tell the backups of the change of");
    }
    let (had, has) = (
        addresses(&reload.old.instances[old]),
        addresses(&reload.new.instances[new]),
    );
    let name: &Arc<str> = &reload.new.instances[new].name;
    let moved = reload.deeds.iter().filter_map(|deed| match &deed.what {
        Doing::Moved {
            name: by,
            addresses,
            added,
            ..
        } if by == name => Some((addresses, *added)),
        _ => None,
    });
    for (list, added) in moved {
        let allowed = |address: &IpAddr| {
            if added {
                !had.contains(address)
            } else {
                !has.contains(address)
            }
        };
        if !list.iter().all(|(_, address)| allowed(address)) {
            return Some("moved addresses that were to stay of");
        }
    }
    None
}

fn addresses(instance: &Instance) -> BTreeSet<IpAddr> {
    instance.addresses.iter().map(|a| a.address).collect()
}

/// From this place in a history on these VRIDs may change their states.
pub(super) type Permission = (usize, Vec<u8>);

/// Changes of state that nobody had a reason for, from the first permission on.
pub(super) fn unfounded(history: &[Deed], permissions: &[Permission]) -> Vec<String> {
    let first = permissions.first().map_or(history.len(), |first| first.0);
    let mut faults = Vec::new();
    let mut names: Vec<(Arc<str>, u8)> = Vec::new();
    for (place, deed) in history.iter().enumerate() {
        if let Doing::Started(_, loaded) | Doing::Reloaded(_, loaded) = &deed.what {
            for instance in &loaded.instances {
                if names.iter().all(|known| known.0 != instance.name) {
                    names.push((Arc::clone(&instance.name), instance.vrid.value()));
                }
            }
        }
        let Doing::Entered {
            host, name, state, ..
        } = &deed.what
        else {
            continue;
        };
        let vrid = names
            .iter()
            .find(|known| known.0 == *name)
            .map(|known| known.1);
        let allowed = permissions
            .iter()
            .filter(|permission| permission.0 <= place)
            .any(|permission| vrid.is_some_and(|vrid| permission.1.contains(&vrid)));
        if place >= first && !allowed {
            faults.push(format!(
                "host {host}: {name} entered {state:?} at {:?}, which no reload is a reason for",
                deed.at
            ));
        }
    }
    faults
}
