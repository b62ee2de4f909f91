//! What is there as long as the daemon runs.

use std::collections::HashSet;

use evervip_vrrp::Snapshot;

use crate::text::Text;
use crate::{address, route, rule};

pub(super) fn write(text: &mut Text, snapshot: &Snapshot) {
    let fixtures = &snapshot.fixtures;
    let added: HashSet<_> = snapshot
        .fixed_addresses
        .iter()
        .map(|p| &p.address)
        .collect();
    let addresses = fixtures.addresses.iter().map(|fixture| &fixture.entry);
    let addresses = addresses.map(|one| {
        let device = one.dev.as_deref().unwrap_or_default();
        address::address(one, device, added.contains(one))
    });
    section(text, "Static Addresses", addresses.collect());
    let routes = fixtures.routes.iter().map(|f| route::route(&f.entry));
    section(text, "Static Routes", routes.collect());
    let rules = fixtures.rules.iter().map(|f| rule::rule(&f.entry));
    section(text, "Static Rules", rules.collect());
    if !snapshot.track_groups.is_empty() {
        text.section("Static Track groups");
    }
    for group in &snapshot.track_groups {
        text.line(format_args!(" Static Track Group = {}", group.name));
        text.fixed("   VRRP member instances :");
        for member in &group.members {
            if let Some(router) = snapshot.routers.get(member.0) {
                text.line(format_args!("     {}", router.spec.name));
            }
        }
    }
}

fn section(text: &mut Text, title: &str, lines: Vec<String>) {
    if !lines.is_empty() {
        text.section(title);
    }
    for line in lines {
        text.line(format_args!("     {line}"));
    }
}
