//! Virtual addresses: the lists of all nodes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use evervip_config::{Code, Diagnostic, Node, Severity, Span};
use evervip_model::{Instance, VirtualAddress};

use super::matching::VirtualRouter;
use super::{Group, finding, list};
use crate::outcome::Place;

/// One of the two lists of an instance.
#[derive(Clone, Copy)]
struct List {
    keyword: &'static str,
    of: fn(&Instance) -> &[VirtualAddress],
    severity: Severity,
    note: &'static str,
}

const LISTS: [List; 2] = [
    List {
        keyword: "virtual_ipaddress",
        of: |instance| &instance.addresses,
        severity: Severity::Error,
        note: "keepalived 2.2.7 drops adverts with another list, so that each node becomes MASTER; evervip takes them, and the address is gone whenever a node is MASTER that does not have it",
    },
    List {
        keyword: "virtual_ipaddress_excluded",
        of: |instance| &instance.excluded_addresses,
        severity: Severity::Warning,
        note: "the address is gone whenever a node is MASTER that does not have it",
    },
];

pub(super) fn lists(group: &Group<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for router in group.routers.iter().filter(|r| r.places.len() > 1) {
        for list in LISTS {
            let table = table(group, router, list);
            found.extend(missing(group, router, list, &table));
            found.extend(details(group, router, list, &table));
        }
    }
    found
}

type Table<'a> = BTreeMap<IpAddr, Vec<(Place, &'a VirtualAddress)>>;

/// Which nodes have which address.
fn table<'a>(group: &Group<'a>, router: &VirtualRouter, list: List) -> Table<'a> {
    let mut table = Table::new();
    for (place, instance) in group.instances(router) {
        for address in (list.of)(instance) {
            table
                .entry(address.address)
                .or_default()
                .push((place, address));
        }
    }
    table
}

fn missing(
    group: &Group<'_>,
    router: &VirtualRouter,
    list_of: List,
    table: &Table<'_>,
) -> Option<Diagnostic> {
    let (mut parts, mut spots) = (Vec::new(), Vec::new());
    for (address, holders) in table {
        let lacking = router.places.iter().filter(|place| {
            let mut holders = holders.iter();
            !holders.any(|(holder, _)| holder == *place)
        });
        let lacking: Vec<&str> = lacking.map(|place| group.name(*place)).collect();
        let Some((holder, _)) = holders.first().filter(|_| !lacking.is_empty()) else {
            continue;
        };
        let text = format!("{address} is not on {}", list(&lacking));
        spots.push((
            entry(group, *holder, list_of.keyword, *address),
            text.clone(),
        ));
        parts.push(text);
    }
    let kept = parts.len().min(MOST_NAMED);
    let rest = parts.len() - kept;
    let mut what = parts[..kept].join("; ");
    if rest > 0 {
        what = format!("{what}; and {rest} more");
    }
    spots.truncate(MOST_NAMED);
    (kept > 0).then(|| {
        let message = format!(
            "{}: {} differs: {what}",
            group.router_name(router),
            list_of.keyword
        );
        finding(Code::DifferingAddresses, list_of.severity, message, spots)
            .note(list_of.note)
            .help("write the same list on every node")
    })
}

/// Prefix length, label and interface: nobody drops anything, but hosts see the difference.
fn details(
    group: &Group<'_>,
    router: &VirtualRouter,
    list: List,
    table: &Table<'_>,
) -> Option<Diagnostic> {
    let (address, [first, others @ ..]) = table
        .iter()
        .map(|(address, holders)| (address, holders.as_slice()))
        .find(|(_, holders)| {
            let mut texts = holders.iter().map(|(_, a)| described(a));
            let first = texts.next();
            texts.any(|text| Some(text) != first)
        })?
    else {
        return None;
    };
    let other = others
        .iter()
        .find(|(_, a)| described(a) != described(first.1))?;
    let [ours, theirs] = [first, other].map(|(_, a)| described(a));
    let [here, there] = [first, other].map(|(place, _)| group.name(*place));
    let message = format!(
        "{}: {address} is {ours} on {here}, {theirs} on {there}",
        group.router_name(router)
    );
    let spot = |place: Place| entry(group, place, list.keyword, *address);
    let spots = vec![
        (spot(other.0), String::new()),
        (spot(first.0), format!("{ours} on {here}")),
    ];
    Some(
        finding(
            Code::DifferingAddressDetails,
            Severity::Warning,
            message,
            spots,
        )
        .note("the address is not the same thing on both: routes and names change with the MASTER")
        .help("write the address alike on every node"),
    )
}

fn described(address: &VirtualAddress) -> String {
    let mut text = format!("/{}", address.prefix);
    if let Some(dev) = &address.dev {
        text = format!("{text} dev {dev}");
    }
    if let Some(label) = &address.label {
        text = format!("{text} label {label}");
    }
    text
}

/// The line of an address in a list.
fn entry(group: &Group<'_>, place: Place, keyword: &'static str, address: IpAddr) -> Option<Span> {
    let member = &group.members[place.node];
    let lists = member.lines(place).iter();
    let entries = lists
        .filter(|node| node.keyword().text == keyword)
        .flat_map(Node::nodes);
    let found = entries.map(Node::keyword).find(|word| {
        let text = word.text.split(['/', '-']).next();
        text.and_then(|t| t.parse().ok()) == Some(address)
    });
    found
        .map(|word| member.moved(word.span))
        .or_else(|| member.spot(place, keyword))
}

/// Addresses named in one message.
const MOST_NAMED: usize = 8;
