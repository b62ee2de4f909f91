//! Which instances of different nodes are one virtual router.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use evervip_model::{Delivery, Instance};

use super::member::Member;
use crate::outcome::Place;

/// A virtual router: one instance of each node that has it, in the order of the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualRouter {
    /// Its instances.
    pub places: Vec<Place>,
}

/// Puts the instances together: by family and VRID, and where that says too little by name,
/// interface and addresses; at last by name or address alone, because the VRID may be the mistake.
pub(super) fn virtual_routers(members: &[Member<'_>]) -> Vec<VirtualRouter> {
    let mut by_vrid: BTreeMap<_, Vec<Place>> = BTreeMap::new();
    for (node, member) in members.iter().enumerate() {
        for (instance, spec) in member.config.instances.iter().enumerate() {
            let place = Place { node, instance };
            by_vrid
                .entry((spec.family, spec.vrid))
                .or_default()
                .push(place);
        }
    }
    let mut routers: Vec<Vec<Place>> = Vec::new();
    for places in by_vrid.into_values() {
        routers.extend(told_apart(members, places));
    }
    let mut routers = same_in_spite_of_vrid(members, routers);
    for places in &mut routers {
        places.sort_unstable();
    }
    // In the order of the first file, so that people find their way.
    routers.sort_unstable();
    routers
        .into_iter()
        .map(|places| VirtualRouter { places })
        .collect()
}

/// Instances with one VRID: a virtual router, or several where a node has several.
fn told_apart(members: &[Member<'_>], mut places: Vec<Place>) -> Vec<Vec<Place>> {
    if once_per_node(&places) {
        return vec![places];
    }
    let mut routers = Vec::new();
    for trait_of in [name, interface, addresses] {
        let mut alike: BTreeMap<String, Vec<Place>> = BTreeMap::new();
        for place in places {
            let key = members[place.node].instance(place).map(trait_of);
            alike
                .entry(key.unwrap_or_default())
                .or_default()
                .push(place);
        }
        places = Vec::new();
        for group in alike.into_values() {
            if group.len() > 1 && once_per_node(&group) {
                routers.push(group);
            } else {
                places.extend(group);
            }
        }
    }
    if once_per_node(&places) && !places.is_empty() {
        routers.push(places);
    } else {
        routers.extend(places.into_iter().map(|place| vec![place]));
    }
    routers
}

fn once_per_node(places: &[Place]) -> bool {
    let nodes: BTreeSet<usize> = places.iter().map(|p| p.node).collect();
    nodes.len() == places.len()
}

fn name(instance: &Instance) -> String {
    instance.name.to_string()
}

fn interface(instance: &Instance) -> String {
    instance.interface.clone().unwrap_or_default()
}

fn addresses(instance: &Instance) -> String {
    let all: BTreeSet<IpAddr> = instance.addresses.iter().map(|a| a.address).collect();
    format!("{all:?}")
}

/// Joins routers that not all nodes have, when they share a name or an address.
fn same_in_spite_of_vrid(members: &[Member<'_>], routers: Vec<Vec<Place>>) -> Vec<Vec<Place>> {
    let (mut whole, partial): (Vec<_>, Vec<_>) =
        routers.into_iter().partition(|r| r.len() == members.len());
    let mut joined: Vec<Vec<Place>> = Vec::new();
    let mut by_trait: BTreeMap<String, usize> = BTreeMap::new();
    for places in partial {
        let traits: Vec<String> = places
            .iter()
            .filter_map(|place| members[place.node].instance(*place))
            .flat_map(|instance| {
                let addresses = instance.addresses.iter().map(|a| a.address.to_string());
                std::iter::once(format!("name {}", instance.name)).chain(addresses)
            })
            .collect();
        let nodes: BTreeSet<usize> = places.iter().map(|p| p.node).collect();
        let fits = |index: &usize| joined[*index].iter().all(|p| !nodes.contains(&p.node));
        let known = traits.iter().filter_map(|t| by_trait.get(t)).copied();
        let index = known.into_iter().find(fits).unwrap_or(joined.len());
        if index == joined.len() {
            joined.push(Vec::new());
        }
        joined[index].extend(places);
        by_trait.extend(traits.into_iter().map(|t| (t, index)));
    }
    whole.append(&mut joined);
    whole
}

/// Where the adverts of each instance of a virtual router come from, as far as the files say it:
/// a configured source, or the one address that all the others expect.
pub(super) fn sources(members: &[Member<'_>], router: &VirtualRouter) -> Vec<Option<IpAddr>> {
    let instances: Vec<Option<&Instance>> = router
        .places
        .iter()
        .map(|place| members[place.node].instance(*place))
        .collect();
    let configured: Vec<Option<IpAddr>> =
        instances.iter().map(|i| i.and_then(|i| i.source)).collect();
    let peers: Vec<BTreeSet<IpAddr>> = instances.iter().map(|i| peers(*i)).collect();
    (0..instances.len())
        .map(|at| configured[at].or_else(|| expected_source(at, &configured, &peers)))
        .collect()
}

fn peers(instance: Option<&Instance>) -> BTreeSet<IpAddr> {
    match instance.map(|i| &i.delivery) {
        Some(Delivery::Unicast { peers, .. }) => peers.iter().map(|p| p.address).collect(),
        _ => BTreeSet::new(),
    }
}

fn expected_source(
    at: usize,
    configured: &[Option<IpAddr>],
    peers: &[BTreeSet<IpAddr>],
) -> Option<IpAddr> {
    let mut others = (0..peers.len()).filter(|other| *other != at);
    let first = peers.get(others.next()?)?;
    let mut expected = first
        .iter()
        .filter(|address| !peers[at].contains(*address))
        .filter(|address| !configured.contains(&Some(**address)))
        .filter(|address| others.clone().all(|other| peers[other].contains(*address)));
    let only = expected.next()?;
    expected.next().is_none().then_some(*only)
}
