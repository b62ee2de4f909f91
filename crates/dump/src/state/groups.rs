//! Sync groups.

use evervip_vrrp::{GroupSnapshot, RouterSnapshot};

use super::instance::state_word;
use super::notify;
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
    text.line(format_args!(
        "   Using smtp notification = {}",
        yes_no(group.spec.smtp_alert)
    ));
    notify::write(text, &group.spec.notify);
}
