//! What is there of that which a daemon may have left.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use evervip_config::Config;
use evervip_model::Rule;
use evervip_os::netlink::{
    InterfaceAddress, KEEPALIVED, Link, ListedRoute, ListedRule, NetlinkError, Requests, RouteEntry,
};
use evervip_os::nftables::families_of_table;
use evervip_os::settings_change::SettingsChange;
use evervip_vrrp::{
    Candidate, Choice, LinkState, PlacedAddress, PlacedRoute, Remains, VirtualInterface,
    VirtualInterfaceKey, is_rule, needs_packet_filter, remains, virtual_interfaces,
};

use super::place::Place;
use super::remnant::Remnant;

/// What was found.
#[derive(Debug)]
pub(super) struct Survey {
    /// What is to go, in this order.
    pub(super) remnants: Vec<Remnant>,
    /// What the configuration names, and somebody else has put there.
    pub(super) kept: Vec<String>,
    /// The socket for removals.
    pub(super) requests: Requests,
}

/// Looks at the machine.
pub(super) fn survey(config: Config, place: &Place) -> Result<Survey, NetlinkError> {
    let mut requests = Requests::open()?;
    let machine = Machine::read(&mut requests)?;
    let made = machine.made_for(&config);
    let table =
        needs_packet_filter(&config).then(|| config.globals.firewall.table_name().to_owned());
    let interfaces = made.iter().filter_map(|(_, index)| machine.link(*index));
    let interfaces: Vec<Link> = interfaces.cloned().collect();
    let addresses: Vec<(u32, IpAddr)> = machine
        .addresses
        .iter()
        .map(|address| (address.index, address.address))
        .collect();
    let left = remains(config, machine.link_states(), &addresses, made);
    let mut survey = Survey {
        remnants: Vec::new(),
        kept: Vec::new(),
        requests,
    };
    survey.add_routing(&left, &machine);
    survey.add_addresses(left.addresses, &machine);
    let interfaces = interfaces.into_iter().map(Box::new);
    survey.remnants.extend(interfaces.map(Remnant::Interface));
    if let Some(name) = table {
        for family in families_of_table(&name)? {
            let name = name.clone();
            survey.remnants.push(Remnant::Table { family, name });
        }
    }
    survey.add_files(place);
    Ok(survey)
}

impl Survey {
    /// Only what has the protocol number that the daemon gives its own is its own.
    fn add_routing(&mut self, left: &Remains, machine: &Machine) {
        let rules = left.rules.iter().filter(|rule| machine.has_rule(rule));
        let rules = rules.cloned().map(Box::new);
        self.remnants.extend(rules.map(Remnant::Rule));
        for placed in &left.routes {
            let entry = RouteEntry::new(&placed.route, placed.interface, &placed.hops)
                .in_vrf(|name| machine.link_named(name));
            if machine.has_route(placed, entry.table) {
                self.remnants.push(Remnant::Route {
                    route: Box::new(placed.clone()),
                    table: entry.table,
                });
            }
        }
    }

    fn add_addresses(&mut self, left: Vec<PlacedAddress>, machine: &Machine) {
        let knows_owners = machine.knows_owners();
        for placed in left {
            let Some(found) = machine.address(&placed) else {
                continue;
            };
            let interface = machine.name(placed.interface).to_owned();
            if knows_owners && found.protocol != Some(KEEPALIVED) {
                self.kept.push(format!(
                    "address {}/{} on {interface}: somebody else has put it there",
                    found.address, found.prefix
                ));
                continue;
            }
            self.remnants.push(Remnant::Address {
                address: Box::new(placed),
                interface,
            });
        }
    }

    fn add_files(&mut self, place: &Place) {
        // The last change first, as the daemon restores them.
        let noted = SettingsChange::noted_in(&place.ledger);
        let standing = noted.into_iter().rev().filter(SettingsChange::stands);
        self.remnants.extend(standing.map(Remnant::Setting));
        if place.ledger.exists() {
            let ledger = place.ledger.clone();
            self.remnants.push(Remnant::Ledger(ledger));
        }
        let pid_files = place.stale_pid_files().cloned();
        self.remnants.extend(pid_files.map(Remnant::PidFile));
        let socket = place.stale_socket().cloned();
        self.remnants.extend(socket.map(Remnant::Socket));
    }
}

/// The kernel's tables.
struct Machine {
    links: Vec<Link>,
    /// Position among `links`.
    by_name: HashMap<String, usize>,
    by_index: HashMap<u32, usize>,
    addresses: Vec<InterfaceAddress>,
    /// Positions among `addresses` by interface and address: prefix lengths may differ.
    addresses_at: HashMap<(u32, IpAddr), Vec<usize>>,
    routes: Vec<ListedRoute>,
    rules: Vec<ListedRule>,
}

impl Machine {
    fn read(requests: &mut Requests) -> Result<Self, NetlinkError> {
        let links = requests.links()?;
        let numbered = || links.iter().enumerate();
        let addresses = requests.addresses()?;
        let mut addresses_at: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, found) in addresses.iter().enumerate() {
            let key = (found.index, found.address);
            addresses_at.entry(key).or_default().push(at);
        }
        Ok(Self {
            by_name: numbered()
                .map(|(at, link)| (link.name.clone(), at))
                .collect(),
            by_index: numbered().map(|(at, link)| (link.index, at)).collect(),
            links,
            addresses,
            addresses_at,
            routes: requests.routes()?,
            rules: requests.rules()?,
        })
    }

    fn link(&self, index: u32) -> Option<&Link> {
        self.links.get(*self.by_index.get(&index)?)
    }

    fn link_named(&self, name: &str) -> Option<&Link> {
        self.links.get(*self.by_name.get(name)?)
    }

    fn name(&self, index: u32) -> &str {
        self.link(index).map_or("unknown", |link| &link.name)
    }

    fn link_states(&self) -> Vec<LinkState> {
        let state = |link: &Link| LinkState {
            index: link.index,
            name: link.name.clone(),
            up: link.is_usable(),
            flags: link.flags,
        };
        self.links.iter().map(state).collect()
    }

    /// The interfaces that a daemon would take over, since one like it has made them.
    fn made_for(&self, config: &Config) -> Vec<(VirtualInterfaceKey, u32)> {
        let mut taken = HashSet::new();
        let mut made = Vec::new();
        for wanted in virtual_interfaces(config) {
            let find = |name: &str| {
                let link = self.link_named(name)?;
                Some(wanted.compare(&self.candidate(link, &wanted, &taken)?))
            };
            if let Some(Choice::TakeOver(index)) = wanted.choose(find) {
                taken.insert(index);
                made.push((wanted.key, index));
            }
        }
        made
    }

    fn candidate<'a>(
        &self,
        link: &'a Link,
        wanted: &VirtualInterface,
        taken: &HashSet<u32>,
    ) -> Option<Candidate<'a>> {
        let base = self.link_named(&wanted.key.base)?;
        Some(Candidate {
            index: link.index,
            kind: link.kind.as_deref(),
            private_macvlan: link.private_macvlan,
            hardware_address: link.hardware_address.as_bytes(),
            on_base: link.base == Some(base.index),
            taken: taken.contains(&link.index),
        })
    }

    /// Whether the kernel tells who has put an address on: those that it adds itself are marked.
    fn knows_owners(&self) -> bool {
        self.addresses
            .iter()
            .any(|address| address.protocol.is_some())
    }

    fn address(&self, placed: &PlacedAddress) -> Option<&InterfaceAddress> {
        let wanted = &placed.address;
        let at = self.addresses_at.get(&(placed.interface, wanted.address))?;
        let mut found = at.iter().filter_map(|at| self.addresses.get(*at));
        found.find(|found| found.prefix == wanted.prefix)
    }

    fn has_route(&self, placed: &PlacedRoute, table: u32) -> bool {
        let protocol = placed.route.protocol.unwrap_or(KEEPALIVED);
        let mut listed = self
            .routes
            .iter()
            .filter(|listed| listed.protocol == protocol);
        listed.any(|listed| listed.route.table == table && placed.is(&listed.route))
    }

    fn has_rule(&self, rule: &Rule) -> bool {
        let protocol = rule.protocol.unwrap_or(KEEPALIVED);
        let mut listed = self
            .rules
            .iter()
            .filter(|listed| listed.protocol == protocol);
        listed.any(|listed| is_rule(rule, &listed.rule))
    }
}
