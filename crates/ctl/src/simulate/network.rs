//! The virtual network that the configurations of a group describe.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};

use evervip_lint::group::Group;
use evervip_model::{Config, Route};
use evervip_simulation::{Node, Port};

use super::limits::simulated;

/// An interface of a node.
type Place = (usize, String);

/// The nodes of the first group with all interfaces that their files name, in this group and in
/// those that follow: the same nodes, some with other files.
///
/// Interfaces with instances of one virtual router are on one segment, others with those of the same
/// name. Addresses are the configured ones, those that all peers expect, or else 198.18.S.N for
/// node N on segment S, both counted from 1. Those of instances that name no interface are on the
/// first of their node.
pub(super) fn nodes(groups: &[Group<'_>]) -> Vec<Node> {
    let segments = segments(groups);
    let sources = sources(groups);
    let Some(first) = groups.first() else {
        return Vec::new();
    };
    let members = first.members.iter().enumerate();
    members
        .map(|(node, member)| Node {
            config: simulated(member.config),
            ports: ports(node, groups, &segments, &sources),
        })
        .collect()
}

fn ports(
    node: usize,
    groups: &[Group<'_>],
    segments: &BTreeMap<Place, usize>,
    sources: &BTreeMap<Place, BTreeSet<IpAddr>>,
) -> Vec<Port> {
    let configs = groups.iter().filter_map(|group| group.members.get(node));
    let names: BTreeSet<String> = configs.flat_map(|m| interfaces(m.config)).collect();
    let named = names.into_iter().zip(FIRST_INDEX..);
    named
        .map(|(name, index)| {
            let place = (node, name);
            let segment = segments.get(&place).copied().unwrap_or_default();
            let known = sources.get(&place).cloned().unwrap_or_default();
            let mut addresses: Vec<IpAddr> = known.into_iter().collect();
            if !addresses.iter().any(IpAddr::is_ipv4) {
                let octet = |number: usize| u8::try_from(number + 1).unwrap_or(u8::MAX);
                addresses.push(IpAddr::from([198, 18, octet(segment), octet(node)]));
            }
            if !addresses.iter().any(IpAddr::is_ipv6) {
                let part = |number: usize| u16::try_from(number + 1).unwrap_or(u16::MAX);
                let address = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, part(segment), part(node));
                addresses.push(IpAddr::V6(address));
            }
            Port {
                index,
                name: place.1,
                segment,
                addresses,
            }
        })
        .collect()
}

/// 1 is the loopback's.
const FIRST_INDEX: u32 = 2;

/// Names of all interfaces that a file depends on, at least one.
pub(super) fn interfaces(config: &Config) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for instance in &config.instances {
        names.extend(instance.interface.clone());
        names.extend(
            instance
                .track_interfaces
                .iter()
                .map(|t| t.interface.clone()),
        );
        let addresses = instance
            .addresses
            .iter()
            .chain(&instance.excluded_addresses);
        names.extend(addresses.filter_map(|a| a.dev.as_deref().map(str::to_owned)));
        names.extend(instance.routes.iter().flat_map(ways));
    }
    let fixtures = &config.fixtures;
    let addresses = fixtures.addresses.iter();
    names.extend(addresses.filter_map(|a| a.entry.dev.as_deref().map(str::to_owned)));
    names.extend(fixtures.routes.iter().flat_map(|route| ways(&route.entry)));
    if names.is_empty() {
        names.insert(NAMELESS.to_owned());
    }
    names
}

/// The interfaces through which a route leads.
fn ways(route: &Route) -> impl Iterator<Item = String> + '_ {
    let hops = route.next_hops.iter().map(|hop| &hop.interface);
    hops.chain([&route.interface]).flatten().cloned()
}

/// The interface of a node whose file names none.
const NAMELESS: &str = "eth0";

fn segments(groups: &[Group<'_>]) -> BTreeMap<Place, usize> {
    let mut segments = BTreeMap::new();
    let mut next = 0;
    for group in groups {
        for router in &group.routers {
            let places = router.places.iter();
            let places: Vec<Place> = places.filter_map(|place| seat(group, *place)).collect();
            let known = places.iter().find_map(|place| segments.get(place)).copied();
            let segment = known.unwrap_or(next);
            next = next.max(segment + 1);
            for place in places {
                segments.entry(place).or_insert(segment);
            }
        }
    }
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    let members = groups
        .iter()
        .flat_map(|group| group.members.iter().enumerate());
    for (node, member) in members {
        for name in interfaces(member.config) {
            segments.entry((node, name.clone())).or_insert_with(|| {
                *by_name.entry(name).or_insert_with(|| {
                    next += 1;
                    next - 1
                })
            });
        }
    }
    segments
}

/// The interface of an instance.
fn seat(group: &Group<'_>, place: evervip_lint::outcome::Place) -> Option<Place> {
    let config = group.members.get(place.node)?.config;
    let instance = config.instances.get(place.instance)?;
    Some((place.node, instance.interface.clone()?))
}

/// The interface that has an instance's source: its own, or the first of its node.
fn home(group: &Group<'_>, place: evervip_lint::outcome::Place) -> Option<Place> {
    let first = || {
        let names = interfaces(group.members.get(place.node)?.config);
        Some((place.node, names.into_iter().next()?))
    };
    seat(group, place).or_else(first)
}

/// What the first group says of an interface counts.
fn sources(groups: &[Group<'_>]) -> BTreeMap<Place, BTreeSet<IpAddr>> {
    let mut sources: BTreeMap<Place, BTreeSet<IpAddr>> = BTreeMap::new();
    for group in groups {
        let mut found: BTreeMap<Place, BTreeSet<IpAddr>> = BTreeMap::new();
        for (router, virtual_router) in group.routers.iter().enumerate() {
            for (place, source) in virtual_router.places.iter().zip(group.sources_of(router)) {
                if let (Some(seat), Some(source)) = (home(group, *place), source) {
                    found.entry(seat).or_default().insert(*source);
                }
            }
        }
        for (seat, addresses) in found {
            sources.entry(seat).or_insert(addresses);
        }
    }
    sources
}
