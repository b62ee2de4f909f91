//! What only some of the nodes have.

use std::collections::{BTreeMap, BTreeSet};

use evervip_config::{Code, Diagnostic, Severity};

use super::{Group, finding, list};
use crate::outcome::Place;

pub(super) fn instances(group: &Group<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for router in &group.routers {
        let having: BTreeSet<usize> = router.places.iter().map(|p| p.node).collect();
        let all = group.members.iter().enumerate();
        let lacking: Vec<&str> = all
            .filter(|(node, _)| !having.contains(node))
            .map(|(_, member)| member.name.as_str())
            .collect();
        let Some(place) = router.places.first().filter(|_| !lacking.is_empty()) else {
            continue;
        };
        let vrid = group.instance(*place).map_or(0, |i| i.vrid.value());
        let message = format!(
            "{} (VRID {vrid}) is not on {}",
            group.router_name(router),
            list(&lacking)
        );
        let spot = group.members[place.node].spot(*place, "vrrp_instance");
        found.push(
            finding(
                Code::MissingInstance,
                Severity::Warning,
                message,
                vec![(spot, String::new())],
            )
            .note("nobody else takes its addresses over")
            .help("add the instance there, or remove it here"),
        );
    }
    found
}

/// Sync groups: what belongs together on one node has to belong together on all.
pub(super) fn sync_groups(group: &Group<'_>) -> Vec<Diagnostic> {
    let mut router_of = BTreeMap::new();
    for (index, router) in group.routers.iter().enumerate() {
        router_of.extend(router.places.iter().map(|place| (*place, index)));
    }
    let mut found = Vec::new();
    let mut reported = BTreeSet::new();
    for (node, member) in group.members.iter().enumerate() {
        for index in 0..member.config.sync_groups.len() {
            let ours = routers_of_group(group, node, index, &router_of);
            for other in (0..group.members.len()).filter(|other| *other != node) {
                let pair = (node.min(other), node.max(other), ours.first().copied());
                let here: BTreeSet<usize> = ours
                    .iter()
                    .copied()
                    .filter(|router| on_node(group, *router, other))
                    .collect();
                let theirs = counterpart(group, other, &here, &router_of);
                let same = theirs.as_ref().is_some_and(|(_, theirs)| {
                    theirs
                        .iter()
                        .all(|r| here.contains(r) || !on_node(group, *r, node))
                        && here.is_subset(theirs)
                });
                if here.len() > 1 && !same && reported.insert(pair) {
                    let other_group = theirs.map(|(index, _)| index);
                    found.push(differing(group, (node, index), (other, other_group)));
                }
            }
        }
    }
    found
}

fn on_node(group: &Group<'_>, router: usize, node: usize) -> bool {
    group.routers[router].places.iter().any(|p| p.node == node)
}

fn routers_of_group(
    group: &Group<'_>,
    node: usize,
    index: usize,
    router_of: &BTreeMap<Place, usize>,
) -> BTreeSet<usize> {
    let members = &group.members[node].config.sync_groups[index].members;
    let place = |instance: usize| Place { node, instance };
    let places = members.iter().map(|member| place(member.0));
    places.filter_map(|p| router_of.get(&p).copied()).collect()
}

/// The sync group of another node that has the first of these routers.
fn counterpart(
    group: &Group<'_>,
    node: usize,
    routers: &BTreeSet<usize>,
    router_of: &BTreeMap<Place, usize>,
) -> Option<(usize, BTreeSet<usize>)> {
    let places = routers.iter().flat_map(|r| &group.routers[*r].places);
    let mut own = places.filter(|place| place.node == node);
    let index = own.find_map(|place| group.members[node].group_of(place.instance))?;
    Some((index, routers_of_group(group, node, index, router_of)))
}

fn differing(
    group: &Group<'_>,
    (node, index): (usize, usize),
    (other, other_index): (usize, Option<usize>),
) -> Diagnostic {
    let [here, there] = [&group.members[node], &group.members[other]];
    let name = here.config.sync_groups.get(index).map_or("", |g| &*g.name);
    let message = match other_index {
        Some(_) => format!(
            "sync group {name} has other members on {} than on {}",
            here.name, there.name
        ),
        None => format!(
            "sync group {name} of {} is not on {}",
            here.name, there.name
        ),
    };
    let mut spots = vec![(here.group_spot(index), String::new())];
    if let Some(index) = other_index {
        spots.push((there.group_spot(index), format!("on {}", there.name)));
    }
    finding(Code::DifferingSyncGroups, Severity::Warning, message, spots)
        .note("a failure moves all members on one node and some on the other: the addresses end on different nodes, or move twice")
        .help("write the same sync group on every node")
}
