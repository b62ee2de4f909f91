//! What is broken, and what that amounts to for one instance.

use std::collections::BTreeSet;

use evervip_model::{
    Config, Delivery, Instance, Priority, ScriptIndex, TrackedInterface, contribution,
};

/// Everything that is broken at one time. Nodes are counted as the files are given, from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failures {
    /// Nodes that are gone without a word: crashed, or cut off.
    pub dead: BTreeSet<usize>,
    /// Nodes whose daemon was ended in order.
    pub stopped: BTreeSet<usize>,
    /// Interfaces that are down.
    pub interfaces: BTreeSet<(usize, String)>,
    /// Check scripts that fail.
    pub scripts: BTreeSet<(usize, ScriptIndex)>,
}

impl Failures {
    /// Whether no daemon runs on the node.
    #[must_use]
    pub fn is_gone(&self, node: usize) -> bool {
        self.dead.contains(&node) || self.stopped.contains(&node)
    }

    fn is_down(&self, node: usize, interface: &str) -> bool {
        self.interfaces
            .iter()
            .any(|(at, name)| *at == node && name == interface)
    }
}

/// What an instance can do under some failures, its sync group aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// In FAULT, or its node is gone.
    pub fault: bool,
    /// Its own interface carries packets.
    pub linked: bool,
    /// Effective priority.
    pub priority: u8,
}

/// Assesses an instance as the engine does (spec vrrp-runtime 6 and 7); whatever is not among the
/// failures works.
#[must_use]
pub fn standing(
    config: &Config,
    instance: &Instance,
    node: usize,
    failures: &Failures,
) -> Standing {
    let own = instance.interface.as_deref().unwrap_or_default();
    let linked = !failures.is_down(node, own);
    let mut fault = failures.is_gone(node)
        || instance.unsupported.is_some()
        || instance.delivery == Delivery::NoPeer
        || (instance.track_primary && !linked)
        || address_interfaces(instance).any(|dev| failures.is_down(node, dev));
    let mut total = i32::from(instance.priority.value());
    for TrackedInterface {
        interface,
        weight,
        reverse,
    } in &instance.track_interfaces
    {
        let up = !failures.is_down(node, interface);
        add(up, *weight, *reverse, &mut total, &mut fault);
    }
    for track in &instance.track_scripts {
        if config.scripts.get(track.script.0).is_some() {
            let good = !failures.scripts.contains(&(node, track.script));
            add(good, track.weight, track.reverse, &mut total, &mut fault);
        }
    }
    let priority = if instance.priority.is_owner() {
        instance.priority
    } else {
        Priority::clamp_non_owner(total)
    };
    Standing {
        fault,
        linked,
        priority: priority.value(),
    }
}

/// Interfaces of addresses that are a FAULT when they are down, besides the instance's own.
pub(crate) fn address_interfaces(instance: &Instance) -> impl Iterator<Item = &str> {
    let addresses = instance.addresses.iter();
    addresses
        .chain(&instance.excluded_addresses)
        .filter(|address| !address.no_track)
        .filter_map(|address| address.dev.as_deref())
        .filter(|dev| Some(*dev) != instance.interface.as_deref())
}

fn add(good: bool, weight: i32, reverse: bool, total: &mut i32, fault: &mut bool) {
    if weight == 0 {
        *fault |= good == reverse;
    } else {
        *total = total.saturating_add(contribution(good, weight, reverse));
    }
}
