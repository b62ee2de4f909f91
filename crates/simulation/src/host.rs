//! One host: its interfaces and addresses, and the daemon that may run on it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::Config;
use evervip_vrrp::{
    Engine, Event, LinkState, PlacedAddress, PlacedRoute, RouteReport, RouterStatus, SocketKey,
    Timestamp,
};

use crate::queue::Item;
use crate::tracked::{Fact, Tracked};
use crate::{Node, Port, Sleep};

/// What the kernel tells the daemon.
#[derive(Clone)]
pub(crate) enum Notice {
    Link(u32),
    Added(u32, IpAddr),
    /// The last is whether the daemon did it.
    Removed(u32, IpAddr, bool),
    /// Somebody else removed a route.
    RouteRemoved(RouteReport),
}

pub(crate) struct Host {
    pub(crate) ports: Vec<Port>,
    pub(crate) config: Config,
    pub(crate) engine: Option<Engine>,
    /// Counts the daemons that ran here, so that nothing reaches one that was meant for another.
    pub(crate) life: u32,
    pub(crate) links: BTreeMap<u32, bool>,
    /// Virtual addresses on its interfaces.
    pub(crate) held: BTreeSet<(u32, IpAddr)>,
    /// Routes of its instances.
    pub(crate) routes: Vec<PlacedRoute>,
    pub(crate) script_good: bool,
    /// Scripts that fail although the others do not.
    pub(crate) failing: BTreeSet<Arc<str>>,
    /// Instances that the last daemon has left in FAULT for an operator to look at.
    pub(crate) latched: Vec<String>,
    pub(crate) paused_until: Option<Timestamp>,
    /// Since when the machine stands still, and with it its clock or not.
    frozen: Option<(Timestamp, Sleep)>,
    /// For how long its clock has stood still: so much less it shows.
    behind: Duration,
    /// What waits for the end of a pause.
    pub(crate) waiting: Vec<Item>,
    pub(crate) tracked: Tracked,
    /// Milliseconds by which the wall clock is wrong.
    pub(crate) clock_ahead: i64,
    /// The same as the daemon knows it, and how far its other clock was behind then.
    clock_told: Option<(i64, Duration)>,
}

/// The true time at the start of a run, in nanoseconds since the epoch.
const START_OF_TIME: u64 = 1_800_000_000_000_000_000;

/// The table of routes that name none.
const MAIN_TABLE: u32 = 254;

impl Host {
    pub(crate) fn new(node: Node) -> Self {
        Self {
            links: node.ports.iter().map(|port| (port.index, true)).collect(),
            ports: node.ports,
            config: node.config,
            engine: None,
            life: 0,
            held: BTreeSet::new(),
            routes: Vec::new(),
            script_good: true,
            failing: BTreeSet::new(),
            latched: Vec::new(),
            paused_until: None,
            frozen: None,
            behind: Duration::ZERO,
            waiting: Vec::new(),
            tracked: Tracked::default(),
            clock_ahead: 0,
            clock_told: None,
        }
    }

    /// What the wall clock shows, in nanoseconds since the epoch.
    pub(crate) fn wall_clock(&self, now: Timestamp) -> u64 {
        let ahead = self.clock_ahead.saturating_mul(1_000_000);
        START_OF_TIME
            .saturating_add(now.as_nanos())
            .saturating_add_signed(ahead)
    }

    /// What the kernel says of an interface.
    fn link(&self, port: &Port) -> LinkState {
        LinkState {
            index: port.index,
            name: port.name.clone(),
            up: self.is_up(port.index),
            flags: 0,
        }
    }

    /// Whether its daemon is awake and does not know what the wall clock shows; then it is told now.
    pub(crate) fn learns_of_clock(&mut self) -> bool {
        let shown = (self.clock_ahead, self.behind);
        self.paused_until.is_none() && self.clock_told.replace(shown) != Some(shown)
    }

    pub(crate) fn fall_asleep(&mut self, now: Timestamp, time: Duration, sleep: Sleep) {
        self.paused_until = Some(now + time);
        if sleep != Sleep::Daemon {
            self.frozen.get_or_insert((now, sleep));
        }
    }

    pub(crate) fn wake(&mut self, now: Timestamp) {
        self.paused_until = None;
        if let Some((since, Sleep::MachineAndClock)) = self.frozen.take() {
            self.behind += now.saturating_since(since);
        }
    }

    /// Whether nothing arrives at all.
    pub(crate) const fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// What the clock of its daemon shows.
    fn clock(&self, now: Timestamp) -> Timestamp {
        now - self.behind
    }

    pub(crate) fn handle(&mut self, now: Timestamp, event: Event<'_>) {
        let now = self.clock(now);
        if let Some(engine) = &mut self.engine {
            engine.handle(now, event);
        }
    }

    pub(crate) fn event(&self, notice: Notice) -> Option<Event<'static>> {
        Some(match notice {
            Notice::Link(index) => {
                let port = self.ports.iter().find(|port| port.index == index)?;
                Event::LinkChanged(self.link(port))
            }
            Notice::Added(index, address) => Event::AddressAdded { index, address },
            Notice::Removed(index, address, by_us) => Event::AddressRemoved {
                index,
                address,
                by_us,
            },
            Notice::RouteRemoved(report) => Event::RouteRemoved(report),
        })
    }

    pub(crate) fn is_up(&self, interface: u32) -> bool {
        self.links.get(&interface).is_some_and(|up| *up)
    }

    pub(crate) fn port(&self, index: u32) -> Option<&Port> {
        self.ports.iter().find(|port| port.index == index)
    }

    /// The interface that has this address.
    pub(crate) fn port_with(&self, address: IpAddr) -> Option<u32> {
        let mut ports = self.ports.iter();
        Some(ports.find(|port| port.addresses.contains(&address))?.index)
    }

    /// Whether its daemon listens on this socket, which is bound to no interface.
    pub(crate) fn has_routed_socket(&self, key: &SocketKey) -> bool {
        // Few have any, and listing sockets takes time.
        let routed = self.config.instances.iter().any(|i| i.interface.is_none());
        let engine = self.engine.as_ref().filter(|_| routed);
        engine.is_some_and(|engine| engine.sockets().iter().any(|socket| socket.key == *key))
    }

    /// Interfaces that a packet from this segment to this address reaches.
    pub(crate) fn receivers(&self, segment: usize, destination: IpAddr) -> Vec<u32> {
        let reached = |port: &&Port| {
            if destination.is_multicast() {
                port.segment == segment
            } else {
                port.addresses.contains(&destination)
            }
        };
        self.ports.iter().filter(reached).map(|p| p.index).collect()
    }

    /// Makes a daemon that finds what is on the host; not when one runs.
    pub(crate) fn boot(&mut self) -> bool {
        if self.engine.is_some() {
            return false;
        }
        self.clock_told = None;
        let links: Vec<LinkState> = self.ports.iter().map(|port| self.link(port)).collect();
        let own = self.ports.iter().flat_map(|port| {
            let addresses = port.addresses.iter();
            addresses.map(|address| (port.index, *address))
        });
        let addresses: Vec<(u32, IpAddr)> = own.chain(self.held.iter().copied()).collect();
        let mut engine = Engine::new(self.config.clone(), links, &addresses);
        engine.restore_latches(&self.latched);
        self.engine = Some(engine);
        self.tracked.initialise(&self.config.files);
        true
    }

    pub(crate) fn crash(&mut self) {
        if let Some(engine) = self.engine.take() {
            let latched = engine.latched();
            self.latched = latched.iter().map(ToString::to_string).collect();
        }
        self.life += 1;
        self.clock_told = None;
        self.waiting.clear();
        self.paused_until = None;
        self.frozen = None;
    }

    /// Whether that was a change.
    pub(crate) fn set_link(&mut self, interface: u32, up: bool) -> bool {
        self.links.insert(interface, up) != Some(up)
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        if self.paused_until.is_some() {
            return None;
        }
        let engine = self.engine.as_ref()?;
        let next = engine.next_deadline().into_iter().chain(engine.vigil());
        Some(next.min()? + self.behind)
    }

    /// Whether its daemon is to show now that it is awake.
    pub(crate) fn is_vigil_due(&self, now: Timestamp) -> bool {
        let engine = self.engine.as_ref();
        engine.is_some_and(|engine| engine.vigil().is_some_and(|at| at <= self.clock(now)))
    }

    pub(crate) fn status(&self) -> Vec<RouterStatus> {
        self.engine.as_ref().map(Engine::status).unwrap_or_default()
    }

    /// Puts addresses on; gives those that were not there.
    pub(crate) fn hold(&mut self, addresses: &[PlacedAddress]) -> Vec<(u32, IpAddr)> {
        let keys = addresses.iter().map(|a| (a.interface, a.address.address));
        keys.filter(|key| self.held.insert(*key)).collect()
    }

    /// Takes addresses off; gives those that were there.
    pub(crate) fn drop(&mut self, addresses: &[PlacedAddress]) -> Vec<(u32, IpAddr)> {
        let keys = addresses.iter().map(|a| (a.interface, a.address.address));
        keys.filter(|key| self.held.remove(key)).collect()
    }

    /// Somebody else takes all virtual addresses off.
    pub(crate) fn steal(&mut self) -> Vec<(u32, IpAddr)> {
        std::mem::take(&mut self.held).into_iter().collect()
    }

    /// Puts routes on.
    pub(crate) fn add_routes(&mut self, routes: Vec<PlacedRoute>) {
        for route in routes {
            if !self.routes.contains(&route) {
                self.routes.push(route);
            }
        }
    }

    /// Takes routes off.
    pub(crate) fn remove_routes(&mut self, routes: &[PlacedRoute]) {
        self.routes.retain(|route| !routes.contains(route));
    }

    /// Somebody else takes all of them off.
    pub(crate) fn steal_routes(&mut self) -> Vec<RouteReport> {
        let stolen = std::mem::take(&mut self.routes).into_iter();
        let report = |placed: PlacedRoute| RouteReport {
            family: placed.route.family,
            destination: placed.route.destination,
            table: MAIN_TABLE,
            tos: 0,
            metric: None,
            gateway: None,
            interface: placed.interface,
        };
        stolen.map(report).collect()
    }

    /// What its daemon is to know of tracked objects before it runs its configuration.
    pub(crate) fn tracked_facts(&self) -> Vec<Fact> {
        self.tracked.facts(&self.config)
    }

    /// Has its daemon, if there is one, take the configuration that the host has now.
    pub(crate) fn reload(&mut self, now: Timestamp) {
        let now = self.clock(now);
        if let Some(engine) = &mut self.engine {
            engine.reload(now, self.config.clone());
        }
    }

    /// One of its scripts fails from now on, or succeeds again.
    pub(crate) fn set_script(&mut self, script: Arc<str>, good: bool) {
        if good {
            self.failing.remove(&script);
        } else {
            self.failing.insert(script);
        }
    }

    /// Whether a run of this script succeeds now.
    pub(crate) fn succeeds(&self, script: &str) -> bool {
        self.script_good && !self.failing.contains(script)
    }
}
