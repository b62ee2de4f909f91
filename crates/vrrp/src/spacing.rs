//! Which announcements keep a least gap to each other (spec vrrp-runtime 11, vrrp-keywords 16).

use std::collections::HashMap;
use std::time::Duration;

use evervip_model::{Config, GarpGroup};

use crate::announce::Lane;
use crate::{Engine, Timestamp};

/// What the announcements of one kind share a gap with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Budget {
    /// Those on the same interface, or on a virtual one on top of it.
    Interface(u32),
    /// Those on all interfaces of a `garp_group`, by its slot.
    Group(usize),
}

/// The gaps of a configuration; zero is none.
#[derive(Debug, Default)]
pub(crate) struct Spacing {
    garp: Duration,
    gna: Duration,
    groups: Vec<GarpGroup>,
    /// Slots in `groups` by the names of their interfaces.
    members: HashMap<String, usize>,
}

impl Spacing {
    /// Takes a configuration; gives whether anything differs from the one before.
    pub(crate) fn configure(&mut self, config: &Config) -> bool {
        let globals = &config.globals;
        let same = self.garp == globals.garp_interval
            && self.gna == globals.gna_interval
            && self.groups == config.garp_groups;
        if same {
            return false;
        }
        self.garp = globals.garp_interval;
        self.gna = globals.gna_interval;
        self.groups.clone_from(&config.garp_groups);
        self.members = self
            .groups
            .iter()
            .enumerate()
            .flat_map(|(slot, group)| group.interfaces.iter().map(move |name| (name, slot)))
            .map(|(name, slot)| (name.clone(), slot))
            .collect();
        true
    }

    /// The groups of interfaces that share a gap.
    pub(crate) fn groups(&self) -> &[GarpGroup] {
        &self.groups
    }

    /// Nothing has to wait.
    pub(crate) fn is_off(&self) -> bool {
        self.garp.is_zero() && self.gna.is_zero() && self.groups.is_empty()
    }

    /// The group that has a gap of its own for this kind of announcement on an interface.
    fn group_of(&self, interface: &str, ipv6: bool) -> Option<usize> {
        let slot = *self.members.get(interface)?;
        group_gap(self.groups.get(slot)?, ipv6).map(|_| slot)
    }

    /// The least gap in a lane; zero is none.
    pub(crate) fn gap(&self, lane: Lane) -> Duration {
        let global = if lane.ipv6 { self.gna } else { self.garp };
        match lane.budget {
            Budget::Interface(_) => global,
            Budget::Group(slot) => self
                .groups
                .get(slot)
                .and_then(|group| group_gap(group, lane.ipv6))
                .unwrap_or(global),
        }
    }
}

fn group_gap(group: &GarpGroup, ipv6: bool) -> Option<Duration> {
    if ipv6 {
        group.gna_interval
    } else {
        group.garp_interval
    }
}

impl Engine {
    /// Where an announcement on an interface stands in line.
    pub(crate) fn lane_of(&self, interface: u32, ipv6: bool) -> Lane {
        let base = self.virtual_interfaces.base_of(interface);
        let link = self.interfaces.get(interface);
        let name = base.or_else(|| link.map(|link| link.name.as_str()));
        let group = name.and_then(|name| self.spacing.group_of(name, ipv6));
        let physical = base.and_then(|base| self.interfaces.index_of(base));
        let budget = match group {
            Some(slot) => Budget::Group(slot),
            None => Budget::Interface(physical.unwrap_or(interface)),
        };
        Lane { budget, ipv6 }
    }

    /// Other gaps are in force: what waits stands in line anew, in the order it had.
    pub(crate) fn respace(&mut self, now: Timestamp) {
        let old = std::mem::take(&mut self.lanes);
        for (lane, queue) in old {
            self.timers.clear(crate::timers::TimerKey::Spacing(lane));
            for (router, placed) in queue.waiting {
                let lane = self.lane_of(placed.interface, lane.ipv6);
                let renewed = self.lanes.entry(lane).or_default();
                renewed.free_at = renewed.free_at.max(queue.free_at);
                renewed.waiting.push_back((router, placed));
            }
        }
        let lanes: Vec<Lane> = self.lanes.keys().copied().collect();
        for lane in lanes {
            self.drain_lane(now, lane);
        }
    }
}
