//! Least gaps between announcements.

use std::collections::HashSet;
use std::time::Duration;

use evervip_model::GarpGroup;
use evervip_vrrp::Snapshot;

use crate::Scene;
use crate::text::{Text, general};

/// The next time that an announcement may leave is not written down: where nothing was delayed the
/// original has the beginning of time there.
const NEVER: Option<evervip_vrrp::Timestamp> = None;

pub(super) fn write(text: &mut Text, scene: &Scene) {
    let groups = groups(&scene.snapshot);
    if groups.is_empty() {
        return;
    }
    text.section("Gratuitous ARP delays");
    for (number, group) in &groups {
        text.section(&format!("GARP delay group {number}"));
        one(text, scene, group);
    }
}

/// Every interface or group of them with a gap of its own, and its number. That of a single interface
/// is 0; those that no group has share none, but keep the global gaps.
pub(super) fn groups(snapshot: &Snapshot) -> Vec<(usize, GarpGroup)> {
    let mut groups = Vec::new();
    let mut shared = 0;
    for group in &snapshot.garp_groups {
        let number = if group.interfaces.len() > 1 {
            shared += 1;
            shared
        } else {
            0
        };
        groups.push((number, group.clone()));
    }
    let globals = &snapshot.globals;
    let gap = |gap: Duration| Some(gap).filter(|gap| !gap.is_zero());
    let (garp, gna) = (gap(globals.garp_interval), gap(globals.gna_interval));
    if garp.is_none() && gna.is_none() {
        return groups;
    }
    let configured = snapshot.garp_groups.iter().flat_map(|g| &g.interfaces);
    let mut known: HashSet<&String> = configured.collect();
    for router in &snapshot.routers {
        let Some(interface) = &router.spec.interface else {
            continue;
        };
        if known.insert(interface) {
            let group = GarpGroup {
                garp_interval: garp,
                gna_interval: gna,
                interfaces: vec![interface.clone()],
            };
            groups.push((0, group));
        }
    }
    groups
}

fn one(text: &mut Text, scene: &Scene, group: &GarpGroup) {
    let mut gap = |kind: &str, gap: Option<Duration>| {
        let Some(gap) = gap else { return };
        text.line(format_args!(" {kind} interval = {}", general(gap)));
        // Here the year is left out.
        let next = scene.clock.full(NEVER);
        let next = next.rsplit_once(' ').map_or(next.as_str(), |parts| parts.0);
        text.line(format_args!(" {kind} next time {next})"));
    };
    gap("GARP", group.garp_interval);
    gap("GNA", group.gna_interval);
    text.fixed(" Interfaces");
    for interface in &group.interfaces {
        text.line(format_args!("  {interface}"));
    }
}
