//! The interfaces of the host, and whose instances depend on them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

use evervip_model::{GarpGroup, Weight};
use evervip_vrrp::{InterfaceSnapshot, Snapshot};

use super::instance::hardware;
use super::pace;
use super::tracks::weight;
use crate::places::Places;
use crate::text::Text;
use crate::{LinkFacts, Scene};

/// What the original shows for an instance that does not depend on its own interface.
const NOT_TRACKED: Weight = 255;

const UP: u32 = 1;
const BROADCAST: u32 = 2;
const LOOPBACK: u32 = 8;
const RUNNING: u32 = 0x40;
const MULTICAST: u32 = 0x1000;

pub(super) fn write(text: &mut Text, scene: &Scene, places: &Places<'_>) {
    let snapshot = &scene.snapshot;
    text.section("Interfaces");
    let watchers = watchers(snapshot, places);
    let facts: HashMap<u32, &LinkFacts> = scene
        .host
        .links
        .iter()
        .map(|link| (link.index, link))
        .collect();
    let watchers_of = |name: &str| watchers.get(name).map_or(&[][..], Vec::as_slice);
    let all = || snapshot.interfaces.iter();
    let installed = snapshot
        .routers
        .iter()
        .flat_map(|router| &*router.installed);
    let paces = pace::groups(snapshot);
    let page = Page {
        snapshot,
        virtual_addresses: installed
            .map(|p| (p.interface, p.address.address))
            .collect(),
        facts,
        paces: paces.iter().flat_map(members).collect(),
    };
    for link in all().filter(|link| link.base.is_none()) {
        page.one(text, link, watchers_of(&link.name));
    }
    for (name, watchers) in &watchers {
        if !all().any(|link| link.name == *name) {
            missing(text, name, watchers);
        }
    }
    for link in all().filter(|link| link.base.is_some()) {
        page.one(text, link, watchers_of(&link.name));
    }
}

/// For each interface that instances depend on, a line for each of them. What an instance needs in
/// any case has weight 0, whatever weight it names beside that.
fn watchers<'a>(snapshot: &'a Snapshot, places: &Places<'a>) -> BTreeMap<&'a str, Vec<String>> {
    let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for router in &snapshot.routers {
        let spec = &*router.spec;
        let mut named: HashSet<&str> = HashSet::new();
        let mut add = |name: &'a str, amount, reverse| {
            if !name.is_empty() && named.insert(name) {
                let line = format!("{}, {}", spec.name, weight(amount, reverse));
                lines.entry(name).or_default().push(line);
            }
        };
        let amount = if spec.track_primary { 0 } else { NOT_TRACKED };
        add(places.own_name(router), amount, false);
        add(spec.interface.as_deref().unwrap_or_default(), amount, false);
        // An address may be on a virtual interface of its own.
        let placed = router.placed.iter();
        let placed: HashMap<_, _> = placed.map(|p| (&p.address, p.interface)).collect();
        let addresses = spec.addresses.iter().chain(&spec.excluded_addresses);
        for address in addresses.filter(|address| !address.no_track) {
            let Some(named) = address.dev.as_deref() else {
                continue;
            };
            let link = placed.get(address).and_then(|index| places.get(*index));
            add(link.map_or(named, |link| &link.name), 0, false);
        }
        for route in spec.routes.iter().filter(|route| !route.no_track) {
            add(route.interface.as_deref().unwrap_or_default(), 0, false);
        }
        for track in &spec.track_interfaces {
            add(&track.interface, track.weight, track.reverse);
        }
    }
    lines
}

/// The address that adverts leave from, and what is there besides.
fn one_and_others<'a>(
    text: &mut Text,
    family: &str,
    mut addresses: impl Iterator<Item = &'a IpAddr>,
) {
    match addresses.next() {
        Some(address) => text.line(format_args!("   {family} address = {address}")),
        None => text.line(format_args!("   {family} address = (none)")),
    }
    let mut others = addresses.peekable();
    if others.peek().is_some() {
        text.line(format_args!("   Additional {family} addresses :"));
    }
    for address in others {
        text.line(format_args!("     {address}"));
    }
}

fn members(group: &(usize, GarpGroup)) -> impl Iterator<Item = (&str, &(usize, GarpGroup))> {
    let names = group.1.interfaces.iter();
    names.map(move |name| (name.as_str(), group))
}

struct Page<'a> {
    snapshot: &'a Snapshot,
    /// Addresses that routers have added.
    virtual_addresses: HashSet<(u32, IpAddr)>,
    facts: HashMap<u32, &'a LinkFacts>,
    /// The gaps between announcements on each interface, and the number of its group.
    paces: HashMap<&'a str, &'a (usize, GarpGroup)>,
}

impl Page<'_> {
    fn one(&self, text: &mut Text, link: &InterfaceSnapshot, watchers: &[String]) {
        let facts = self.facts.get(&link.index).copied();
        let flags = facts.map_or(0, |facts| facts.flags);
        text.line(format_args!(" Name = {}", link.name));
        text.line(format_args!("   index = {}", link.index));
        self.addresses(text, link);
        if let Some(facts) = facts.filter(|_| flags & LOOPBACK == 0) {
            if !facts.address.is_empty() {
                text.line(format_args!("   MAC = {}", hardware(&facts.address)));
                text.line(format_args!(
                    "   MAC broadcast = {}",
                    hardware(&facts.broadcast)
                ));
            }
        }
        text.line(format_args!("   State = {}", state(flags)));
        text.line(format_args!("   Seen up = {}", u8::from(link.seen_up)));
        debounce(text, link.delayed);
        if let Some(base) = &link.base {
            self.below(text, base);
        }
        text.line(format_args!(
            "   MTU = {}",
            facts.map_or(0, |facts| facts.mtu)
        ));
        text.line(format_args!(
            "   HW Type = {}",
            hardware_type(facts.map_or(0, |facts| facts.hardware_type))
        ));
        text.fixed("   NIC netlink status update");
        self.gaps(text, &link.name);
        settings(text, watchers);
    }

    fn addresses(&self, text: &mut Text, link: &InterfaceSnapshot) {
        let own = |address: &&IpAddr| !self.virtual_addresses.contains(&(link.index, **address));
        let addresses = || link.addresses.iter().filter(own);
        let inet = addresses().filter(|address| address.is_ipv4());
        one_and_others(text, "IPv4", inet);
        // The others of version 6 are of no use to the original.
        let local = addresses().filter(|address| match address {
            IpAddr::V6(address) => address.is_unicast_link_local(),
            IpAddr::V4(_) => false,
        });
        one_and_others(text, "IPv6", local);
    }

    /// What one of our interfaces is on.
    fn below(&self, text: &mut Text, base: &str) {
        let mut all = self.snapshot.interfaces.iter();
        let link = all.find(|link| link.name == base);
        let facts = link.and_then(|link| self.facts.get(&link.index));
        let state = state(facts.map_or(0, |facts| facts.flags));
        let words = state.split(", no ").next().unwrap_or_default();
        text.line(format_args!(
            "   VMAC type private, underlying interface = {base}, state = {words}"
        ));
        text.fixed("   I/f created by keepalived");
    }

    fn gaps(&self, text: &mut Text, name: &str) {
        let Some((number, group)) = self.paces.get(name) else {
            return;
        };
        let gaps = [("ARP", group.garp_interval), ("NA", group.gna_interval)];
        for (kind, gap) in gaps {
            if let Some(gap) = gap {
                let millis = gap.as_millis();
                text.line(format_args!("   Gratuitous {kind} interval {millis}ms"));
            }
        }
        if *number != 0 {
            text.line(format_args!("   Gratuitous ARP aggregation group {number}"));
        }
    }
}

/// An interface that instances want and that does not exist.
fn missing(text: &mut Text, name: &str, watchers: &[String]) {
    text.line(format_args!(" Name = {name}"));
    text.fixed("   index = 0 (deleted)");
    text.fixed("   IPv4 address = (none)");
    text.fixed("   IPv6 address = (none)");
    text.line(format_args!("   State = {}", state(0)));
    text.fixed("   Seen up = 0");
    debounce(text, false);
    text.fixed("   MTU = 0");
    text.line(format_args!("   HW Type = {}", hardware_type(0)));
    text.fixed("   NIC netlink status update");
    settings(text, watchers);
}

fn debounce(text: &mut Text, running: bool) {
    text.line(format_args!("   Delayed state change running = {running}"));
    text.fixed("   Up debounce timer = 0us");
    text.fixed("   Down debounce timer = 0us");
}

/// Settings that are changed for virtual MACs are kept elsewhere; here stands what the original
/// shows for an interface that it has not changed.
fn settings(text: &mut Text, watchers: &[String]) {
    text.fixed("   Reset ARP config counter 0");
    text.fixed("   Original arp_ignore 0");
    text.fixed("   Original arp_filter 0");
    text.fixed("   Original promote_secondaries 0");
    text.fixed("   Reset promote_secondaries counter 0");
    if !watchers.is_empty() {
        text.fixed("   Tracking VRRP instances :");
    }
    for watcher in watchers {
        text.line(format_args!("     {watcher}"));
    }
}

fn state(flags: u32) -> String {
    let word = |flag: u32, yes: &str, no: &str| if flags & flag == 0 { no } else { yes }.to_owned();
    let mut text = word(UP, "UP", "not UP");
    text += &word(RUNNING, ", RUNNING", ", not RUNNING");
    text += &word(BROADCAST, "", ", no broadcast");
    text += &word(LOOPBACK, ", loopback", "");
    text += &word(MULTICAST, "", ", no multicast");
    text
}

/// The name of an `ARPHRD_*` number, as far as VRRP meets it.
fn hardware_type(number: u16) -> String {
    match number {
        1 => "ETHERNET".to_owned(),
        32 => "INFINIBAND".to_owned(),
        772 => "LOOPBACK".to_owned(),
        other => format!("UNKNOWN ({other})"),
    }
}
