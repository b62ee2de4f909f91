//! Virtual addresses and router ids of all instances of a file.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use evervip_config::{Code, Diagnostic, Node, Severity};

use crate::merge::finding;
use crate::section::{Section, address};
use crate::subject::Subject;

/// An address that the daemon would install.
#[derive(Clone, Copy)]
struct Installed<'a> {
    at: IpAddr,
    entry: &'a Node,
    /// `None` for `static_ipaddress`.
    owner: Option<Section<'a>>,
}

/// Addresses that stand in two places.
pub(crate) fn duplicates(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut first: HashMap<(IpAddr, Option<&str>), Installed<'_>> = HashMap::new();
    let mut found = Vec::new();
    for address in all_addresses(subject) {
        // A link-local address is another one on another interface.
        let interface = interface(address).filter(|_| is_link_local(address.at));
        match first.get(&(address.at, interface)) {
            Some(earlier) => found.push(duplicate(address, earlier)),
            None => {
                first.insert((address.at, interface), address);
            }
        }
    }
    found
}

fn all_addresses<'a>(subject: &Subject<'a>) -> Vec<Installed<'a>> {
    let entries = subject
        .input
        .blocks("static_ipaddress")
        .flat_map(Node::nodes);
    let fixed = entries.filter_map(|entry| {
        let at = address(&entry.keyword().text)?;
        let owner = None;
        Some(Installed { at, entry, owner })
    });
    let instances = subject.instances.iter().copied();
    let virtual_ones = instances.flat_map(|instance| {
        let owner = Some(instance);
        let addresses = instance.virtual_addresses();
        addresses.map(move |(at, entry)| Installed { at, entry, owner })
    });
    fixed.chain(virtual_ones).collect()
}

fn interface(address: Installed<'_>) -> Option<&str> {
    let words = address.entry.args();
    let dev = words.iter().position(|word| word.text == "dev");
    let own = dev.and_then(|at| words.get(at + 1));
    let word = own.or_else(|| address.owner?.argument("interface"));
    word.map(|word| word.text.as_str())
}

fn duplicate(address: Installed<'_>, earlier: &Installed<'_>) -> Diagnostic {
    let at = address.at;
    let owner = address.owner.map(Section::name);
    let text = match (earlier.owner.map(Section::name), owner) {
        (None, _) => format!("{at} is a static address, too"),
        (Some(same), Some(own)) if same == own => format!("{at} stands twice in '{own}'"),
        (Some(other), _) => format!("{at} belongs to '{other}', too"),
    };
    let note = if earlier.owner.map(Section::name) == owner {
        "keepalived 2.2.7 announces it twice; newer ones ignore the second"
    } else if has_own_interface(address) || has_own_interface(*earlier) {
        "each has it on an interface of its own, and neighbours see it move between two MAC addresses"
    } else {
        "whoever leaves MASTER first removes the address from under the other"
    };
    finding(Code::DuplicateAddress, address.entry.span(), text)
        .label(earlier.entry.span(), "first here")
        .note(note)
        .help("keep one of them")
}

/// Whether the address is on a virtual MAC, where no other instance touches it.
fn has_own_interface(address: Installed<'_>) -> bool {
    address.owner.is_some_and(|owner| owner.has("use_vmac"))
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(a) if a.segments()[0] & 0xffc0 == 0xfe80)
}

/// Addresses without prefix length, which makes /32, where a /32 is hardly meant.
pub(crate) fn prefixes(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for instance in &subject.instances {
        let entries: Vec<_> = instance.virtual_addresses().collect();
        let networks: Networks<'_> = entries
            .iter()
            .filter_map(|(_, entry)| network(entry))
            .collect();
        for (at, entry) in entries {
            if let IpAddr::V4(at) = at {
                found.extend(without_prefix(at, entry, &networks));
            }
        }
    }
    found
}

/// Networks by prefix length and address, with the words that name them.
type Networks<'a> = HashMap<(u32, Ipv4Addr), &'a str>;

fn network(entry: &Node) -> Option<((u32, Ipv4Addr), &str)> {
    let word = entry.keyword().text.as_str();
    let (at, prefix) = word.split_once('/')?;
    let prefix = prefix.parse().ok().filter(|p| (1..32).contains(p))?;
    Some(((prefix, masked(at.parse().ok()?, prefix)), word))
}

fn masked(at: Ipv4Addr, prefix: u32) -> Ipv4Addr {
    let mask = u32::MAX.checked_shl(32 - prefix.min(32)).unwrap_or(0);
    Ipv4Addr::from(u32::from(at) & mask)
}

fn without_prefix(at: Ipv4Addr, entry: &Node, networks: &Networks<'_>) -> Option<Diagnostic> {
    let option = |name: &str| entry.args().iter().any(|word| word.text == name);
    if entry.keyword().text.contains('/') || option("peer") {
        return None;
    }
    let finding = |text| {
        finding(Code::AddressWithoutPrefix, entry.span(), text)
            .note("an address without prefix length is a /32: it brings no route to its network, and no broadcast address")
    };
    let known = |prefix: u32| Some((prefix, *networks.get(&(prefix, masked(at, prefix)))?));
    if let Some((prefix, sibling)) = (1..32).rev().find_map(known) {
        let text = format!("{at} has no prefix length, other than {sibling} of the same network");
        return Some(finding(text).help(format!("write {at}/{prefix}")));
    }
    (option("brd") || option("broadcast")).then(|| {
        let text = format!("{at} has a broadcast address and no prefix length");
        finding(text).help(format!(
            "write {at}/24, or the prefix length of its network"
        ))
    })
}

/// Router ids that two instances share on one interface, where keepalived lets them: multicast
/// beside unicast, or unicast with other peers. What it refuses the loader has reported.
pub(crate) fn router_ids(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let said = &subject.input.loaded.diagnostics;
    if said
        .iter()
        .any(|d| d.severity == Severity::Error && d.code == Code::VridReused)
    {
        return Vec::new();
    }
    let mut first: HashMap<_, Section<'_>> = HashMap::new();
    let mut found = Vec::new();
    for instance in subject.instances.iter().copied() {
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
