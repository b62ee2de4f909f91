//! The virtual network that a group of configurations describes.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};

use evervip_lint::group::Group;
use evervip_model::Config;
use evervip_simulation::{Node, Port};

/// An interface of a node.
type Place = (usize, String);

/// The nodes with all interfaces that their files name.
///
/// Interfaces with instances of one virtual router are on one segment, others with those of the same
/// name. Addresses are the configured ones, those that all peers expect, or else 198.18.S.N for
/// node N on segment S, both counted from 1.
pub(super) fn nodes(group: &Group<'_>) -> Vec<Node> {
    let segments = segments(group);
    let sources = sources(group);
    let members = group.members.iter().enumerate();
    members
        .map(|(node, member)| Node {
            config: member.config.clone(),
            ports: ports(node, member.config, &segments, &sources),
        })
        .collect()
}

fn ports(
    node: usize,
    config: &Config,
    segments: &BTreeMap<Place, usize>,
    sources: &BTreeMap<Place, BTreeSet<IpAddr>>,
) -> Vec<Port> {
    let named = interfaces(config).into_iter().zip(FIRST_INDEX..);
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

/// Names of all interfaces that a file depends on.
fn interfaces(config: &Config) -> BTreeSet<String> {
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
    }
    names
}

fn segments(group: &Group<'_>) -> BTreeMap<Place, usize> {
    let mut segments = BTreeMap::new();
    let mut next = 0;
    for router in &group.routers {
        let places: Vec<Place> = router
            .places
            .iter()
            .filter_map(|place| {
                let instance = group.members[place.node]
                    .config
                    .instances
                    .get(place.instance)?;
                Some((place.node, instance.interface.clone()?))
            })
            .collect();
        let known = places.iter().find_map(|place| segments.get(place)).copied();
        let segment = known.unwrap_or(next);
        next = next.max(segment + 1);
        for place in places {
            segments.entry(place).or_insert(segment);
        }
    }
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    for (node, member) in group.members.iter().enumerate() {
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

fn sources(group: &Group<'_>) -> BTreeMap<Place, BTreeSet<IpAddr>> {
    let mut sources: BTreeMap<Place, BTreeSet<IpAddr>> = BTreeMap::new();
    for (router, virtual_router) in group.routers.iter().enumerate() {
        for (place, source) in virtual_router.places.iter().zip(group.sources_of(router)) {
            let instance = group.members[place.node]
                .config
                .instances
                .get(place.instance);
            let interface = instance.and_then(|instance| instance.interface.clone());
            if let (Some(interface), Some(source)) = (interface, source) {
                sources
                    .entry((place.node, interface))
                    .or_default()
                    .insert(*source);
            }
        }
    }
    sources
}
