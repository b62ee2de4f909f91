//! Virtual addresses and router ids of all instances of a file.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use evervip_config::{Code, Diagnostic, Node, Severity};

use crate::Input;
use crate::merge::finding;
use crate::section::{Section, address};

/// Addresses that stand in two places.
pub(crate) fn duplicates(input: &Input<'_>) -> Vec<Diagnostic> {
    let mut first: HashMap<(IpAddr, Option<&str>), (&str, &Node)> = HashMap::new();
    let mut found = Vec::new();
    for (owner, at, entry) in all_addresses(input) {
        // A link-local address is another one on another interface.
        let interface = interface(input, owner, entry).filter(|_| is_link_local(at));
        match first.get(&(at, interface)) {
            Some((earlier, node)) => found.push(duplicate(owner, at, entry, earlier, node)),
            None => {
                first.insert((at, interface), (owner, entry));
            }
        }
    }
    found
}

/// Every address that the daemon would install, with its instance.
fn all_addresses<'a>(input: &Input<'a>) -> Vec<(&'a str, IpAddr, &'a Node)> {
    let fixed = input.blocks("static_ipaddress").flat_map(Node::nodes);
    let fixed = fixed.filter_map(|entry| Some(("", address(&entry.keyword().text)?, entry)));
    let instances = input.sections("vrrp_instance").into_iter();
    let virtual_ones = instances.flat_map(|instance| {
        let addresses = instance.virtual_addresses();
        addresses.map(move |(at, entry)| (instance.name(), at, entry))
    });
    fixed.chain(virtual_ones).collect()
}

fn interface<'a>(input: &Input<'a>, owner: &str, entry: &'a Node) -> Option<&'a str> {
    let dev = entry.args().iter().position(|word| word.text == "dev");
    let own = dev.and_then(|at| entry.args().get(at + 1));
    let instance = || {
        Section {
            node: input.block("vrrp_instance", owner)?,
        }
        .argument("interface")
    };
    own.or_else(instance).map(|word| word.text.as_str())
}

fn duplicate(owner: &str, at: IpAddr, entry: &Node, earlier: &str, node: &Node) -> Diagnostic {
    let text = match earlier {
        "" => format!("{at} is a static address, too"),
        same if same == owner => format!("{at} stands twice in '{owner}'"),
        other => format!("{at} belongs to '{other}', too"),
    };
    let note = if earlier == owner {
        "keepalived 2.2.7 announces it twice; newer ones ignore the second"
    } else {
        "whoever leaves MASTER first removes the address from under the other"
    };
    finding(Code::DuplicateAddress, entry.span(), text)
        .label(node.span(), "first here")
        .note(note)
        .help("keep one of them")
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(a) if a.segments()[0] & 0xffc0 == 0xfe80)
}

/// Addresses without prefix length, which makes /32, where a /32 is hardly meant.
pub(crate) fn prefixes(input: &Input<'_>) -> Vec<Diagnostic> {
    let instances = input.sections("vrrp_instance").into_iter();
    instances
        .flat_map(|instance| {
            let entries: Vec<_> = instance.virtual_addresses().collect();
            let networks: Vec<_> = entries
                .iter()
                .filter_map(|(_, entry)| network(entry))
                .collect();
            let bare = entries.into_iter().filter_map(move |(at, entry)| match at {
                IpAddr::V4(at) => without_prefix(at, entry, &networks),
                IpAddr::V6(_) => None,
            });
            bare.collect::<Vec<_>>()
        })
        .collect()
}

/// The network of an entry that names one, with its text.
fn network(entry: &Node) -> Option<(Ipv4Addr, u32, &str)> {
    let word = entry.keyword().text.as_str();
    let (at, prefix) = word.split_once('/')?;
    let prefix = prefix.parse().ok().filter(|p| (1..32).contains(p))?;
    Some((at.parse().ok()?, prefix, word))
}

fn without_prefix(
    at: Ipv4Addr,
    entry: &Node,
    networks: &[(Ipv4Addr, u32, &str)],
) -> Option<Diagnostic> {
    if entry.keyword().text.contains('/') {
        return None;
    }
    let option = |name: &str| entry.args().iter().find(|word| word.text == name);
    if option("peer").is_some() {
        return None;
    }
    let same = |(base, prefix, _): &&(Ipv4Addr, u32, &str)| {
        (u32::from(*base) ^ u32::from(at)) >> (32 - prefix) == 0
    };
    let finding = |text| {
        finding(Code::AddressWithoutPrefix, entry.span(), text)
            .note("an address without prefix length is a /32: it brings no route to its network, and no broadcast address")
    };
    if let Some((_, prefix, sibling)) = networks.iter().find(same) {
        let text = format!("{at} has no prefix length, other than {sibling} of the same network");
        return Some(finding(text).help(format!("write {at}/{prefix}")));
    }
    option("brd").or_else(|| option("broadcast")).map(|_| {
        let text = format!("{at} has a broadcast address and no prefix length");
        finding(text).help(format!(
            "write {at}/24, or the prefix length of its network"
        ))
    })
}

/// Router ids that two instances share on one interface, where keepalived lets them: multicast
/// beside unicast, or unicast with other peers. What it refuses the loader has reported.
pub(crate) fn router_ids(input: &Input<'_>) -> Vec<Diagnostic> {
    let said = &input.loaded.diagnostics;
    if said
        .iter()
        .any(|d| d.severity == Severity::Error && d.code == Code::VridReused)
    {
        return Vec::new();
    }
    let mut first: HashMap<_, Section<'_>> = HashMap::new();
    let mut found = Vec::new();
    for instance in input.sections("vrrp_instance") {
        let (Some(vrid), Some(interface)) = (
            instance.argument("virtual_router_id"),
            instance.argument("interface"),
        ) else {
            continue;
        };
        let key = (
            vrid.text.as_str(),
            interface.text.as_str(),
            is_inet6(instance),
        );
        match first
            .get(&key)
            .and_then(|i| Some((i.name(), i.argument("virtual_router_id")?)))
        {
            Some((name, earlier)) => {
                let text = format!(
                    "virtual_router_id {} is that of '{name}', on the same interface",
                    vrid.text
                );
                found.push(
                    finding(Code::VridReused, vrid.span, text)
                        .label(earlier.span, "first here")
                        .note("keepalived allows it because their adverts go to different places; other routers and virtual MACs cannot tell the two apart")
                        .help("give each virtual router an id of its own"),
                );
            }
            None => {
                first.insert(key, instance);
            }
        }
    }
    found
}

fn is_inet6(instance: Section<'_>) -> bool {
    let named = instance.virtual_addresses().map(|(at, _)| at).next();
    let source = || address(&instance.argument("unicast_src_ip")?.text);
    instance.has("native_ipv6") || named.or_else(source).is_some_and(|at| at.is_ipv6())
}
