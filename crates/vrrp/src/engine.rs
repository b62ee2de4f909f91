//! The engine: what it holds, and the dispatch of events.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use evervip_model::{Config, Globals, State};

use crate::addresses::place;
use crate::announce::{Lane, LaneQueue};
use crate::check::Check;
use crate::group::Group;
use crate::interface::{Interfaces, LinkChange};
use crate::router::{Router, Routers, v4};
use crate::sockets::Lookup;
use crate::timers::{TimerKey, Timers};
use crate::{Action, AdvertSpec, Event, LinkState, LogLine, RouterId, Statistics, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Created,
    Running,
    Stopped,
}

/// Every virtual router of a configuration. See the crate documentation for the order of calls.
#[derive(Debug)]
pub struct Engine {
    pub(crate) globals: Globals,
    pub(crate) routers: Routers,
    pub(crate) groups: Vec<Group>,
    pub(crate) checks: Vec<Check>,
    pub(crate) interfaces: Interfaces,
    /// Addresses of all routers: they never serve as a source.
    pub(crate) virtual_addresses: HashSet<IpAddr>,
    pub(crate) lookup: Lookup,
    pub(crate) timers: Timers,
    pub(crate) lanes: BTreeMap<Lane, LaneQueue>,
    pub(crate) next_run: u64,
    pub(crate) next_revision: u64,
    pub(crate) malformed: u64,
    pub(crate) unknown_vrid: u64,
    actions: VecDeque<Action>,
    phase: Phase,
}

/// A router as it is now, for status displays and tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterStatus {
    /// Its id.
    pub id: RouterId,
    /// Its name.
    pub name: Arc<str>,
    /// Its state.
    pub state: State,
    /// Its effective priority.
    pub priority: u8,
    /// Its counters.
    pub statistics: Statistics,
}

impl Engine {
    /// An engine that knows the configuration and the host's interfaces and addresses, but does
    /// nothing before [`Event::Started`].
    #[must_use]
    pub fn new(config: Config, links: Vec<LinkState>, addresses: &[(u32, IpAddr)]) -> Self {
        let mut engine = Self {
            globals: config.globals.clone(),
            routers: Routers::default(),
            groups: Vec::new(),
            checks: Vec::new(),
            interfaces: Interfaces::default(),
            virtual_addresses: HashSet::new(),
            lookup: Lookup::new(),
            timers: Timers::default(),
            lanes: BTreeMap::new(),
            next_run: 0,
            next_revision: 0,
            malformed: 0,
            unknown_vrid: 0,
            actions: VecDeque::new(),
            phase: Phase::Created,
        };
        for link in links {
            engine.interfaces.apply(link);
        }
        for (index, address) in addresses {
            engine.interfaces.add_address(*index, *address);
        }
        engine.install(config);
        engine
    }

    /// Takes the configuration of a fresh engine.
    fn install(&mut self, config: Config) {
        self.virtual_addresses = virtual_addresses(&config);
        self.checks = config.scripts.into_iter().map(Check::new).collect();
        let mut ids = Vec::new();
        for instance in config.instances {
            let revision = self.new_revision();
            ids.push(
                self.routers
                    .add(Router::new(Arc::new(instance), None, revision)),
            );
        }
        self.set_groups(config.sync_groups, &ids);
    }

    /// Takes one event. Drain [`Engine::poll_action`] before the next.
    pub fn handle(&mut self, now: Timestamp, event: Event<'_>) {
        match self.phase {
            Phase::Stopped => {}
            Phase::Created => self.handle_before_start(now, event),
            Phase::Running => self.handle_running(now, event),
        }
    }

    fn handle_before_start(&mut self, now: Timestamp, event: Event<'_>) {
        match event {
            Event::Started => {
                self.phase = Phase::Running;
                self.start(now);
            }
            Event::LinkChanged(link) => {
                self.interfaces.apply(link);
            }
            Event::LinkRemoved { index } => {
                self.interfaces.remove(index);
            }
            Event::AddressAdded { index, address } => self.interfaces.add_address(index, address),
            Event::AddressRemoved { index, address, .. } => {
                self.interfaces.remove_address(index, address)
            }
            Event::StopRequested => self.phase = Phase::Stopped,
            Event::DeadlineReached | Event::PacketReceived { .. } | Event::CheckEnded { .. } => {}
        }
    }

    fn handle_running(&mut self, now: Timestamp, event: Event<'_>) {
        match event {
            Event::Started => {}
            Event::DeadlineReached => self.deadline_reached(now),
            Event::PacketReceived { socket, bytes } => self.packet_received(now, socket, bytes),
            Event::LinkChanged(link) => self.link_changed(now, link),
            Event::LinkRemoved { index } => self.link_removed(now, index),
            Event::AddressAdded { index, address } => {
                self.interfaces.add_address(index, address);
                self.address_changed(now, address);
            }
            Event::AddressRemoved {
                index,
                address,
                by_us,
            } => {
                self.interfaces.remove_address(index, address);
                if !by_us && self.virtual_addresses.contains(&address) {
                    self.address_taken(now, index, address);
                }
                self.address_changed(now, address);
            }
            Event::CheckEnded { run, outcome } => self.check_ended(now, run, &outcome),
            Event::StopRequested => {
                self.stop();
                self.phase = Phase::Stopped;
            }
        }
    }

    fn deadline_reached(&mut self, now: Timestamp) {
        while let Some((due, key)) = self.timers.pop_due(now) {
            match key {
                TimerKey::Router(id) => self.router_timer(now, id, due),
                TimerKey::Burst(id) => self.delayed_burst(now, id),
                TimerKey::LowerPriorityBurst(id) => self.delayed_lower_priority_burst(now, id),
                TimerKey::Refresh(id) => self.refresh_burst(now, id, due),
                TimerKey::Spacing(lane) => self.drain_lane(now, lane),
                TimerKey::Check(slot) => self.check_due(now, slot, due),
            }
        }
    }

    fn link_changed(&mut self, now: Timestamp, link: LinkState) {
        let name = link.name.clone();
        let up = link.up;
        let change = self.interfaces.apply(link);
        let interesting = self.is_tracked(&name);
        match change {
            LinkChange::Added if interesting => self.log(LogLine::LinkAdded { interface: name }),
            LinkChange::WentUp if interesting => self.log(LogLine::LinkUp { interface: name }),
            LinkChange::WentDown if interesting => self.log(LogLine::LinkDown { interface: name }),
            LinkChange::Renamed { from } => {
                if self.is_tracked(&from) {
                    self.log(LogLine::LinkDeleted { interface: from });
                }
                if interesting {
                    self.log(LogLine::LinkAdded {
                        interface: name.clone(),
                    });
                    self.log(if up {
                        LogLine::LinkUp { interface: name }
                    } else {
                        LogLine::LinkDown { interface: name }
                    });
                }
            }
            LinkChange::Nothing => return,
            LinkChange::Added | LinkChange::WentUp | LinkChange::WentDown => {}
        }
        self.host_changed(now);
    }

    fn link_removed(&mut self, now: Timestamp, index: u32) {
        let Some(interface) = self.interfaces.remove(index) else {
            return;
        };
        if self.is_tracked(&interface.name) {
            self.log(LogLine::LinkDeleted {
                interface: interface.name,
            });
        }
        self.host_changed(now);
    }

    /// A virtual address cannot be a source, so that its coming and going changes nothing here; with
    /// hundreds of them this matters.
    fn address_changed(&mut self, now: Timestamp, address: IpAddr) {
        if !self.virtual_addresses.contains(&address) {
            self.host_changed(now);
        }
    }

    /// Whether any router's state depends on the interface.
    fn is_tracked(&self, name: &str) -> bool {
        self.routers.iter().any(|(_, router)| {
            let spec = &router.spec;
            spec.interface.as_deref() == Some(name)
                || spec
                    .track_interfaces
                    .iter()
                    .any(|track| track.interface == name)
                || spec
                    .addresses
                    .iter()
                    .chain(&spec.excluded_addresses)
                    .any(|a| a.dev.as_deref() == Some(name))
        })
    }

    /// Interfaces or real addresses changed: finds everything that depends on them anew.
    pub(crate) fn host_changed(&mut self, now: Timestamp) {
        for id in self.routers.ids() {
            self.resolve(id);
        }
        self.refresh_lookup();
        self.reassess_all(now);
    }

    /// Finds interface, source address and places of a router.
    pub(crate) fn resolve(&mut self, id: RouterId) {
        let spec = Arc::clone(&self.routers[id].spec);
        let interface = spec
            .interface
            .as_deref()
            .and_then(|name| self.interfaces.index_of(name));
        let source = match spec.source {
            Some(configured) => v4(configured),
            None => interface.and_then(|index| {
                self.interfaces
                    .primary_ipv4(index, |address| self.virtual_addresses.contains(&address))
            }),
        };
        let placed = place(&spec, &self.interfaces);
        let changed = {
            let router = &self.routers[id];
            router.interface != interface || router.source != source
        };
        let revision = if changed {
            self.new_revision()
        } else {
            self.routers[id].revision
        };
        let router = &mut self.routers[id];
        router.interface = interface;
        router.source = source;
        router.revision = revision;
        if router.placed != placed {
            router.placed = placed;
        }
    }

    /// The next thing to do, in order; `None` when everything has been handed out.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When [`Event::DeadlineReached`] is wanted next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.timers.next()
    }

    /// What is in a router's adverts; `None` for a router that is gone or cannot send.
    #[must_use]
    pub fn advert_spec(&self, id: RouterId) -> Option<AdvertSpec> {
        self.routers.get(id)?.advert_spec()
    }

    /// Name of a router, for log lines of the driver.
    #[must_use]
    pub fn router_name(&self, id: RouterId) -> Option<Arc<str>> {
        self.routers.get(id).map(Router::name)
    }

    /// Every router as it is now, in configuration order.
    #[must_use]
    pub fn status(&self) -> Vec<RouterStatus> {
        let status = |(id, router): (RouterId, &Router)| RouterStatus {
            id,
            name: router.name(),
            state: router.state,
            priority: router.effective_priority,
            statistics: router.statistics,
        };
        self.routers.iter().map(status).collect()
    }

    /// Packets that were no VRRP packet at all, and packets for VRIDs that nobody listens for.
    #[must_use]
    pub fn undeliverable(&self) -> (u64, u64) {
        (self.malformed, self.unknown_vrid)
    }

    /// Whether every VRID is to reach the engine (`log_unknown_vrids`).
    #[must_use]
    pub fn wants_unknown_vrids(&self) -> bool {
        self.globals.log_unknown_vrids
    }

    pub(crate) fn push(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    pub(crate) fn log(&mut self, line: LogLine) {
        self.push(Action::Log(line));
    }

    pub(crate) fn new_revision(&mut self) -> u64 {
        self.next_revision += 1;
        self.next_revision
    }
}

pub(crate) fn virtual_addresses(config: &Config) -> HashSet<IpAddr> {
    let all = |instance: &evervip_model::Instance| -> Vec<IpAddr> {
        instance
            .addresses
            .iter()
            .chain(&instance.excluded_addresses)
            .map(|a| a.address)
            .collect()
    };
    config.instances.iter().flat_map(all).collect()
}
