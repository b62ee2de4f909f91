//! Unicast peers: everybody has to name everybody else.

use std::collections::BTreeSet;
use std::net::IpAddr;

use evervip_config::{Code, Diagnostic, Severity, Span};
use evervip_model::Delivery;

use super::matching::VirtualRouter;
use super::{Group, finding};
use crate::outcome::Place;

pub(super) fn lists(group: &Group<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (router, origins) in group.routers.iter().zip(&group.origins) {
        for (at, place) in router.places.iter().enumerate() {
            let peers = peers(group, *place);
            for (other, source) in router.places.iter().zip(origins) {
                let unicast = !peers.is_empty() && other != place;
                let Some(source) = source.filter(|source| unicast && !peers.contains(source))
                else {
                    continue;
                };
                found.push(missing(group, router, *place, (*other, source)));
            }
            if origins.iter().all(Option::is_some) && router.places.len() > 1 {
                let known: BTreeSet<IpAddr> = origins.iter().flatten().copied().collect();
                let strangers = peers.difference(&known);
                found.extend(
                    strangers.map(|peer| stranger(group, router, router.places[at], *peer)),
                );
            }
        }
    }
    found
}

fn peers(group: &Group<'_>, place: Place) -> BTreeSet<IpAddr> {
    match group.instance(place).map(|i| &i.delivery) {
        Some(Delivery::Unicast { peers, .. }) => peers.iter().map(|p| p.address).collect(),
        _ => BTreeSet::new(),
    }
}

fn missing(
    group: &Group<'_>,
    router: &VirtualRouter,
    place: Place,
    (other, source): (Place, IpAddr),
) -> Diagnostic {
    let [here, there] = [place, other].map(|p| group.name(p));
    let message = format!(
        "{}: {here} does not name {there} ({source}) as peer",
        group.router_name(router)
    );
    let spots = vec![
        (
            group.members[place.node].spot(place, "unicast_peer"),
            String::new(),
        ),
        (
            group.members[other.node].spot(other, "unicast_src_ip"),
            format!("{there} sends from here"),
        ),
    ];
    finding(Code::MissingPeer, Severity::Error, message, spots)
        .note(format!(
            "{there} never hears {here}, and becomes MASTER beside it"
        ))
        .help(format!("add {source} to unicast_peer on {here}"))
}

fn stranger(group: &Group<'_>, router: &VirtualRouter, place: Place, peer: IpAddr) -> Diagnostic {
    let here = group.name(place);
    let message = format!(
        "{}: peer {peer} of {here} is none of these nodes",
        group.router_name(router)
    );
    let spots = vec![(entry(group, place, peer), String::new())];
    finding(Code::UnknownPeer, Severity::Warning, message, spots)
        .note("adverts are sent there for nothing, unless the group has a node that was not given")
        .help("correct the address, or give the files of all nodes")
}

fn entry(group: &Group<'_>, place: Place, peer: IpAddr) -> Option<Span> {
    let member = &group.members[place.node];
    let block = member.line(place, "unicast_peer")?;
    let mut entries = block.nodes().iter();
    let word = entries.find(|node| node.keyword().text.parse() == Ok(peer));
    word.map(|node| member.moved(node.span()))
        .or_else(|| member.spot(place, "unicast_peer"))
}
