//! Sync groups.

use evervip_vrrp::{GroupSnapshot, RouterSnapshot};

use super::instance::state_word;
use super::notify;
use super::tracks::{self, Owner};
use crate::Scene;
use crate::text::{Text, yes_no};

pub(super) fn write(text: &mut Text, scene: &Scene) {
    if !scene.snapshot.groups.is_empty() {
        text.section("VRRP Sync groups");
    }
    for group in &scene.snapshot.groups {
        one(text, scene, group);
    }
}

fn one(text: &mut Text, scene: &Scene, group: &GroupSnapshot) {
    let members: Vec<&RouterSnapshot> = group
        .members
        .iter()
        .filter_map(|at| scene.snapshot.routers.get(*at))
        .collect();
    let count = |what: fn(&RouterSnapshot) -> bool| members.iter().filter(|m| what(m)).count();
    let faulty = count(|member| member.configuration_faults + member.other_faults > 0);
    let awaited = count(|member| member.awaited_scripts > 0);
    text.line(format_args!(
        " VRRP Sync Group = {}, {}",
        group.spec.name,
        state_word(group.state)
    ));
    text.line(format_args!(
        "   Num member fault {faulty}, num member init {awaited}"
    ));
    text.fixed("   VRRP member instances :");
    for member in &members {
        text.line(format_args!("     {}", member.spec.name));
    }
    if group.spec.tracking_weight {
        text.fixed("   sync group tracking weight set");
    }
    text.line(format_args!(
        "   Using smtp notification = {}",
        yes_no(group.spec.smtp_alert)
    ));
    if let Some(wanted) = group.spec.notify_priority_changes {
        text.line(format_args!(
            "   Notify priority changes = {}",
            yes_no(wanted)
        ));
    }
    let tracked = group.spec.tracks.lists();
    tracks::write(text, &scene.snapshot, tracked, Owner::Group);
    notify::write(text, &group.spec.notify);
}
