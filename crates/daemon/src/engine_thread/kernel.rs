//! Links and addresses of the kernel: what is known of them, and what the engine wants changed.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use evervip_model::{ReceiveBuffers, VirtualAddress};
use evervip_os::netlink::{InterfaceAddress, KernelEvent, Link, Monitor, NetlinkError, Requests};
use evervip_os::packet_socket::PacketSocket;
use evervip_vrrp::{Event, LinkState, PlacedAddress};
use nix::errno::Errno;

use super::culprit::Culprits;
use super::known_addresses::{KnownAddress, KnownAddresses};
use super::ledger::Ledger;

/// The netlink sockets, the socket for gratuitous ARP, a copy of the kernel's tables, and the ledger
/// of its settings.
pub(super) struct Kernel {
    monitor: Monitor,
    requests: Requests,
    pub(super) frames: PacketSocket,
    pub(super) links: BTreeMap<u32, Link>,
    addresses: KnownAddresses,
    /// The tables could not be read after an overrun and are out of date; to be tried again then.
    reread_at: Option<Instant>,
    refused: bool,
    watches_routing: bool,
    /// An interface was put into a VRF, bridge or bond, or taken out of one.
    masters_changed: bool,
    pub(super) culprits: Culprits,
    /// Addresses that others add and remove are logged (`-a`).
    address_monitoring: bool,
    pub(super) ledger: Ledger,
}

/// Of an interface that is not known (spec wire 2.6).
const DEFAULT_MTU: u32 = 1500;

/// How soon tables that could not be read are read again.
const REREAD: Duration = Duration::from_secs(1);

impl Kernel {
    /// Opens the sockets and reads the tables. The monitor comes first, so that nothing is missed.
    /// `ledger` is where changed settings are noted down.
    ///
    /// # Errors
    /// When a socket is refused or the tables cannot be read: then nothing can be run.
    pub(super) fn open(ledger: PathBuf, address_monitoring: bool) -> anyhow::Result<Self> {
        let monitor = Monitor::open()?;
        tracing::debug!("Registering Kernel netlink reflector");
        let requests = Requests::open()?;
        tracing::debug!("Registering Kernel netlink command channel");
        let frames = PacketSocket::open()?;
        tracing::debug!("Registering gratuitous ARP shared channel");
        let mut kernel = Self {
            monitor,
            requests,
            frames,
            links: BTreeMap::new(),
            addresses: KnownAddresses::default(),
            reread_at: None,
            refused: false,
            culprits: Culprits::default(),
            address_monitoring,
            watches_routing: false,
            masters_changed: false,
            ledger: Ledger::open(ledger),
        };
        kernel.resynchronise()?;
        Ok(kernel)
    }

    /// Sets the room of the netlink sockets. What the kernel refuses is logged.
    pub(super) fn set_receive_buffers(&self, buffers: &ReceiveBuffers) {
        let (commands, monitor) = (buffers.netlink_commands, buffers.netlink_monitor);
        let results = [
            self.requests
                .set_receive_buffer(commands.bytes, commands.force),
            self.monitor
                .set_receive_buffer(monitor.bytes, monitor.force),
        ];
        for error in results.into_iter().filter_map(Result::err) {
            tracing::warn!("Netlink: error: {error}");
        }
    }

    /// The greatest packet of an interface, in bytes.
    pub(super) fn mtu(&self, index: u32) -> u32 {
        self.links.get(&index).map_or(DEFAULT_MTU, |link| link.mtu)
    }

    pub(super) const fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// The socket for changes.
    pub(super) const fn requests(&mut self) -> &mut Requests {
        &mut self.requests
    }

    /// Whether any interface has come under another master since the last call.
    pub(super) const fn take_masters_changed(&mut self) -> bool {
        std::mem::replace(&mut self.masters_changed, false)
    }

    /// The interface that has this name now.
    pub(super) fn link_named(&self, name: &str) -> Option<&Link> {
        self.links.values().find(|link| link.name == name)
    }

    /// The VRF that an interface is in.
    pub(super) fn vrf_of(&self, link: &Link) -> Option<u32> {
        let master = self.links.get(&link.master?)?;
        (master.kind.as_deref() == Some("vrf")).then_some(master.index)
    }

    /// The IPv6 link-local address of an interface.
    pub(super) fn link_local_of(&self, index: u32) -> Option<Ipv6Addr> {
        let addresses = self.addresses.of_interface(index);
        addresses.into_iter().find_map(|address| match address {
            IpAddr::V6(address) if address.is_unicast_link_local() => Some(address),
            _ => None,
        })
    }

    /// The links as the engine sees them.
    pub(super) fn links(&self) -> Vec<LinkState> {
        self.links.values().map(state).collect()
    }

    /// The addresses, interface by interface, in the kernel's order within each.
    pub(super) fn addresses(&self) -> Vec<(u32, IpAddr)> {
        let of_link = |index: &u32| {
            let index = *index;
            let addresses = self.addresses.of_interface(index);
            addresses.into_iter().map(move |address| (index, address))
        };
        self.links.keys().flat_map(of_link).collect()
    }

    /// Lines about the addresses that are there at start, where they are asked for (`-a`).
    pub(super) fn log_addresses(&self) {
        for known in self.addresses.iter() {
            self.monitor_address(known.index, known.address, "added to");
        }
    }

    fn monitor_address(&self, index: u32, address: IpAddr, change: &str) {
        if self.address_monitoring {
            let interface = self.name(index);
            tracing::info!("Netlink reflector reports IP {address} {change} {interface}");
        }
    }

    pub(super) fn name(&self, index: u32) -> &str {
        self.links
            .get(&index)
            .map_or("unknown", |link| link.name.as_str())
    }

    /// Takes the reports that wait and turns them into events.
    ///
    /// # Errors
    /// When the monitor itself fails.
    pub(super) fn read(&mut self) -> Result<Vec<Event<'static>>, NetlinkError> {
        let mut reports = Vec::new();
        self.culprits.clear();
        self.monitor.read(&mut reports)?;
        let mut events = Vec::new();
        for report in reports {
            match report {
                KernelEvent::LinkChanged(link) => self.link_changed(link, &mut events),
                KernelEvent::LinkRemoved { index, .. } => self.link_removed(index, &mut events),
                KernelEvent::AddressAdded { address, by } => {
                    if by != self.requests.port() {
                        self.monitor_address(address.index, address.address, "added to");
                    }
                    self.address_reported(&address, &mut events);
                }
                KernelEvent::AddressRemoved { address, by } => {
                    let by_us = by == self.requests.port();
                    if !by_us {
                        self.culprits.note(address.address, by);
                        self.monitor_address(address.index, address.address, "removed from");
                    }
                    self.address_removed(&known(&address), by_us, &mut events);
                }
                KernelEvent::RouteRemoved { route, by } => {
                    events.extend(self.by_others(by).then_some(Event::RouteRemoved(route)));
                }
                KernelEvent::RuleRemoved { rule, by } => {
                    events.extend(self.by_others(by).then_some(Event::RuleRemoved(rule)));
                }
                KernelEvent::Overrun => {
                    tracing::info!(
                        "Netlink: Receive buffer overrun on monitor socket - reading everything anew"
                    );
                    events.extend(self.reread());
                    if self.watches_routing {
                        events.push(Event::RoutingReportsLost);
                    }
                }
            }
        }
        Ok(events)
    }

    /// Whether somebody asked for a change: neither we nor the kernel, which removes routes together
    /// with what they depend on.
    fn by_others(&self, port: u32) -> bool {
        port != 0 && port != self.requests.port()
    }

    /// Listens to the removal of routes and rules, once anybody has some.
    pub(super) fn watch_routing(&mut self) {
        if self.watches_routing {
            return;
        }
        match self.monitor.watch_routing() {
            Ok(()) => self.watches_routing = true,
            Err(error) => tracing::error!("Netlink: error: {error} - routes are not watched"),
        }
    }

    /// Whether and when the tables are to be read again without a report.
    pub(super) const fn reread_at(&self) -> Option<Instant> {
        self.reread_at
    }

    /// Reads the tables after an overrun. A machine on which they change too fast to be read will
    /// calm down; until then what is known has to do.
    pub(super) fn reread(&mut self) -> Vec<Event<'static>> {
        match self.resynchronise() {
            Ok(missed) => {
                self.reread_at = None;
                missed
            }
            Err(error) => {
                tracing::error!(
                    "Netlink: error: {error}; state of interfaces may be out of date, reading again in a second"
                );
                self.reread_at = Some(Instant::now() + REREAD);
                Vec::new()
            }
        }
    }

    /// Whether the kernel has refused a change for lack of privilege.
    pub(super) const fn permission_missing(&self) -> bool {
        self.refused
    }

    /// Remembers that a change was refused for lack of privilege.
    pub(super) fn note_refusal(&mut self, error: &NetlinkError) {
        self.refused |= is_permission(error);
    }

    fn link_changed(&mut self, link: Link, events: &mut Vec<Event<'static>>) {
        let (after, master) = (state(&link), link.master);
        let before = self.links.insert(link.index, link);
        self.masters_changed |= before.as_ref().is_some_and(|old| old.master != master);
        let before = before.map(|old| state(&old));
        if before.as_ref() != Some(&after) {
            events.push(Event::LinkChanged(after));
        }
    }

    fn link_removed(&mut self, index: u32, events: &mut Vec<Event<'static>>) {
        if self.links.remove(&index).is_some() {
            self.addresses.remove_interface(index);
            events.push(Event::LinkRemoved { index });
        }
    }

    /// An IPv6 address counts from the moment at which duplicate address detection has found nobody
    /// else who has it: before, and if it did find somebody, nothing can be sent from it. A report
    /// about the end of the detection comes like one about another address.
    fn address_reported(&mut self, address: &InterfaceAddress, events: &mut Vec<Event<'static>>) {
        let usable = !address.flags.tentative() && !address.flags.duplicate();
        if usable {
            self.address_added(known(address), events);
        } else if self.addresses.has(address.index, address.address) {
            // Nobody took it away: there is nothing to be put back.
            self.address_removed(&known(address), true, events);
        }
    }

    fn address_added(&mut self, known: KnownAddress, events: &mut Vec<Event<'static>>) {
        // A change of flags or lifetime is reported as another addition.
        if self.addresses.add(known) {
            let (index, address) = (known.index, known.address);
            events.push(Event::AddressAdded { index, address });
        }
    }

    /// What is gone in one form may still be there in another: an administrator who changes the
    /// prefix length of an interface adds the new one first.
    fn address_removed(
        &mut self,
        known: &KnownAddress,
        by_us: bool,
        events: &mut Vec<Event<'static>>,
    ) {
        if self.addresses.remove(known) {
            events.push(Event::AddressRemoved {
                index: known.index,
                address: known.address,
                by_us,
            });
        }
    }

    /// Reads the tables anew and gives the differences as events.
    fn resynchronise(&mut self) -> Result<Vec<Event<'static>>, NetlinkError> {
        let links = self.requests.links()?;
        let addresses = self.requests.addresses()?;
        let mut events = Vec::new();
        let indices: HashSet<u32> = links.iter().map(|link| link.index).collect();
        let gone: Vec<u32> = self
            .links
            .keys()
            .copied()
            .filter(|index| !indices.contains(index))
            .collect();
        for index in gone {
            self.link_removed(index, &mut events);
        }
        for link in links {
            self.link_changed(link, &mut events);
        }
        let present: HashSet<KnownAddress> = addresses.iter().map(known).collect();
        let gone: Vec<KnownAddress> = self
            .addresses
            .iter()
            .copied()
            .filter(|known| !present.contains(known))
            .collect();
        for known in gone {
            self.address_removed(&known, false, &mut events);
        }
        for address in &addresses {
            self.address_reported(address, &mut events);
        }
        Ok(events)
    }

    /// Adds addresses. One that is refused is logged; the router goes on.
    pub(super) fn add(&mut self, addresses: &[PlacedAddress]) {
        let results = self.requests.add_addresses(&listed(addresses));
        for (result, placed) in results.into_iter().zip(addresses) {
            match result {
                Ok(_) => self.remember(placed),
                Err(error) => self.change_failed("adding", placed, &error),
            }
        }
    }

    /// What we did ourselves is known before the kernel reports it: a report of the same is no news.
    fn remember(&mut self, placed: &PlacedAddress) {
        let address = &placed.address;
        self.addresses.add(KnownAddress::new(
            placed.interface,
            address.address,
            address.prefix,
            address.peer,
        ));
    }

    /// Removes addresses.
    pub(super) fn remove(&mut self, addresses: &[PlacedAddress]) {
        let results = self.requests.remove_addresses(&listed(addresses));
        for (result, placed) in results.into_iter().zip(addresses) {
            if let Err(error) = result {
                self.change_failed("removing", placed, &error);
            }
        }
    }

    /// Changes flags and lifetimes of addresses that are there.
    pub(super) fn alter(&mut self, addresses: &[PlacedAddress]) {
        let results = self.requests.alter_addresses(&listed(addresses));
        for (result, placed) in results.into_iter().zip(addresses) {
            if let Err(error) = result {
                self.change_failed("changing", placed, &error);
            }
        }
    }

    fn change_failed(&mut self, doing: &str, placed: &PlacedAddress, error: &NetlinkError) {
        self.note_refusal(error);
        tracing::error!(
            "Netlink: error: {error} - {doing} {} on {}",
            placed.address.address,
            self.name(placed.interface)
        );
    }
}

/// The addresses in the form that netlink requests take.
fn listed(addresses: &[PlacedAddress]) -> Vec<(u32, &VirtualAddress)> {
    addresses
        .iter()
        .map(|placed| (placed.interface, &placed.address))
        .collect()
}

fn known(address: &InterfaceAddress) -> KnownAddress {
    KnownAddress::new(address.index, address.address, address.prefix, address.peer)
}

fn is_permission(error: &NetlinkError) -> bool {
    error.errno() == Some(Errno::EPERM as i32)
}

fn state(link: &Link) -> LinkState {
    LinkState {
        index: link.index,
        name: link.name.clone(),
        up: link.is_usable(),
        flags: link.flags,
    }
}
