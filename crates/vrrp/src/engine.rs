//! The engine: what it holds, and the dispatch of events.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Config, Globals, State};

use crate::announce::{Lane, LaneQueue};
use crate::check::Check;
use crate::debounce::Debounce;
use crate::fixtures::Fixtures;
use crate::group::Group;
use crate::interface::Interfaces;
use crate::linkbeat::Linkbeats;
use crate::named::{interface_names, shared_addresses, virtual_addresses};
use crate::router::{Router, Routers};
use crate::sockets::Lookup;
use crate::spacing::Spacing;
use crate::stop::AtStop;
use crate::timers::{TimerKey, Timers};
use crate::track_bfd::BfdSessions;
use crate::track_file::Files;
use crate::track_process::Processes;
use crate::virtual_interface::VirtualInterfaces;
use crate::wall_clock::WallClock;
use crate::{
    Action, AdvertSpec, Event, LinkState, LogLine, RouterId, SocketKey, Statistics, Timestamp,
};

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
    pub(crate) files: Files,
    pub(crate) processes: Processes,
    pub(crate) bfd: BfdSessions,
    pub(crate) interfaces: Interfaces,
    pub(crate) debounce: Debounce,
    pub(crate) linkbeats: Linkbeats,
    pub(crate) virtual_interfaces: VirtualInterfaces,
    pub(crate) fixtures: Fixtures,
    /// Addresses of all routers: they never serve as a source.
    pub(crate) virtual_addresses: HashSet<IpAddr>,
    /// Those among them that several routers have, or had before the last reload.
    pub(crate) shared_addresses: HashSet<IpAddr>,
    /// Names of the interfaces that any router depends on. A host may have thousands of others,
    /// whose comings and goings must not cost anything.
    pub(crate) tracked: HashSet<String>,
    /// Whether any instance signs its adverts or expects signatures.
    signed: bool,
    /// Configured source addresses, which may be on any interface.
    pub(crate) sources: HashSet<IpAddr>,
    /// What the driver could not open.
    pub(crate) missing_sockets: BTreeSet<SocketKey>,
    /// Whether the kernel lets a program send from an address that the host does not have.
    pub(crate) foreign_sources: bool,
    pub(crate) at_stop: AtStop,
    /// How long the machine had been up at the start.
    pub(crate) uptime: Duration,
    /// Nobody becomes MASTER before.
    pub(crate) startup_ends: Timestamp,
    pub(crate) lookup: Lookup,
    pub(crate) timers: Timers,
    pub(crate) wall_clock: WallClock,
    /// When the driver is to show that it is awake.
    pub(crate) vigil: Option<Timestamp>,
    pub(crate) spacing: Spacing,
    pub(crate) lanes: BTreeMap<Lane, LaneQueue>,
    pub(crate) next_run: u64,
    pub(crate) next_revision: u64,
    pub(crate) malformed: u64,
    pub(crate) unknown_vrid: u64,
    /// Routers that the last reload removed: the actions by which they hand over are carried out
    /// after they are gone.
    pub(crate) retired: BTreeMap<RouterId, Router>,
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
            files: Files::default(),
            processes: Processes::default(),
            bfd: BfdSessions::default(),
            interfaces: Interfaces::default(),
            debounce: Debounce::default(),
            linkbeats: Linkbeats::default(),
            virtual_interfaces: VirtualInterfaces::default(),
            fixtures: Fixtures::default(),
            virtual_addresses: HashSet::new(),
            shared_addresses: HashSet::new(),
            tracked: HashSet::new(),
            signed: false,
            sources: HashSet::new(),
            missing_sockets: BTreeSet::new(),
            foreign_sources: false,
            at_stop: AtStop::default(),
            uptime: Duration::ZERO,
            startup_ends: Timestamp::from_nanos(0),
            lookup: Lookup::default(),
            timers: Timers::default(),
            wall_clock: WallClock::default(),
            vigil: None,
            spacing: Spacing::default(),
            lanes: BTreeMap::new(),
            next_run: 0,
            next_revision: 0,
            malformed: 0,
            unknown_vrid: 0,
            retired: BTreeMap::new(),
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

    /// Tells whether the kernel lets a program send from an address that the host does not have
    /// (`net.ipv4.ip_nonlocal_bind`). Call it before [`Event::Started`].
    pub fn allow_foreign_sources(&mut self, allowed: bool) {
        self.foreign_sources = allowed;
    }

    /// Takes the configuration of a fresh engine.
    fn install(&mut self, config: Config) {
        self.take_globals(&config);
        self.spacing.configure(&config);
        self.checks = config.scripts.into_iter().map(Check::new).collect();
        self.files.configure(config.files);
        self.processes.configure(config.processes, &mut self.timers);
        self.bfd.configure(config.bfd_instances);
        let mut ids = Vec::new();
        for instance in config.instances {
            let revision = self.new_revision();
            ids.push(
                self.routers
                    .add(Router::new(Arc::new(instance), None, revision)),
            );
        }
        self.set_groups(config.sync_groups, &ids);
        self.set_guarded(&ids);
    }

    /// What a configuration says beyond its parts, and what is looked up in all of it.
    pub(crate) fn take_globals(&mut self, config: &Config) {
        self.globals = config.globals.clone();
        self.virtual_addresses = virtual_addresses(config);
        // A reload takes some of them away, which must leave the others theirs.
        let before = self.routers.iter().map(|(_, router)| &*router.spec);
        self.shared_addresses = shared_addresses(before.chain(&config.instances));
        self.tracked = interface_names(config);
        self.debounce.configure(&config.link_delays);
        self.linkbeats.configure(config);
        self.virtual_interfaces.set_wanted(config);
        self.fixtures.configure(config);
        self.signed = config.instances.iter().any(|i| i.hmac.is_some());
        self.sources = config
            .instances
            .iter()
            .filter_map(|instance| instance.source)
            .collect();
    }

    /// Takes one event. Drain [`Engine::poll_action`] before the next.
    pub fn handle(&mut self, now: Timestamp, event: Event<'_>) {
        let now = now.min(LAST);
        self.retired.clear();
        self.wall_clock.advance(now);
        match self.phase {
            Phase::Stopped => {}
            Phase::Created => self.handle_before_start(now, event),
            Phase::Running => {
                self.notice_stall(now);
                self.handle_running(now, event);
            }
        }
    }

    fn handle_before_start(&mut self, now: Timestamp, event: Event<'_>) {
        match event {
            Event::Started => {
                self.phase = Phase::Running;
                self.start(now);
            }
            Event::LinkChanged(link) => {
                self.interfaces.apply(self.linkbeats.correct(link));
            }
            Event::LinkRemoved { index } => {
                self.interfaces.remove(index);
            }
            Event::AddressAdded { index, address } => self.interfaces.add_address(index, address),
            Event::AddressRemoved { index, address, .. } => {
                self.interfaces.remove_address(index, address);
            }
            Event::FileRead { path, text } => {
                self.note_file(path, text);
            }
            Event::ProcessesCounted { pattern, count } => self.note_processes(pattern, count),
            Event::BfdReported { session, up } => self.note_bfd(session, up),
            Event::LinkPolled { interface, up } => self.note_polled_link(interface, up),
            Event::WallClockSet { unix_nanos } => self.wall_clock.set(now, unix_nanos),
            Event::StopRequested => self.phase = Phase::Stopped,
            Event::VirtualInterfaceMade { key, index, fresh } => {
                self.virtual_interfaces.made(key, index, fresh);
            }
            Event::DeadlineReached
            | Event::Awake
            | Event::PacketReceived { .. }
            | Event::RouteRemoved(_)
            | Event::RuleRemoved(_)
            | Event::RoutingReportsLost
            | Event::AnnouncementWanted { .. }
            | Event::FaultCleared { .. }
            | Event::SocketsMissing(_)
            | Event::CheckEnded { .. } => {}
        }
    }

    fn handle_running(&mut self, now: Timestamp, event: Event<'_>) {
        match event {
            Event::Started => {}
            Event::DeadlineReached => self.deadline_reached(now),
            Event::Awake => self.awake(now),
            Event::PacketReceived { socket, bytes } => self.packet_received(now, socket, bytes),
            Event::LinkChanged(link) => self.link_changed(now, link),
            Event::LinkRemoved { index } => self.link_removed(now, index),
            Event::AddressAdded { index, address } => self.address_added(now, index, address),
            Event::AddressRemoved {
                index,
                address,
                by_us,
            } => self.address_removed(now, index, address, by_us),
            Event::SocketsMissing(missing) => {
                if self.missing_sockets != missing {
                    self.missing_sockets = missing;
                    self.reassess_all(now);
                }
            }
            Event::VirtualInterfaceMade { key, index, fresh } => {
                self.virtual_interfaces.made(key, index, fresh);
                self.virtual_interface_made(now, index);
            }
            Event::CheckEnded { run, outcome } => self.check_ended(now, run, &outcome),
            Event::FileRead { path, text } => self.file_read(now, path, text),
            Event::ProcessesCounted { pattern, count } => {
                self.processes_counted(now, pattern, count);
            }
            Event::LinkPolled { interface, up } => self.link_polled(now, interface, up),
            Event::BfdReported { session, up } => self.bfd_reported(now, session, up),
            Event::WallClockSet { unix_nanos } => self.wall_clock.set(now, unix_nanos),
            Event::RouteRemoved(report) => {
                self.route_taken(now, &report);
                self.fixed_route_taken(now, &report);
            }
            Event::RuleRemoved(report) => {
                self.rule_taken(now, &report);
                self.fixed_rule_taken(now, &report);
            }
            Event::RoutingReportsLost => {
                self.restore_routing();
                self.restore_fixtures();
            }
            Event::AnnouncementWanted { router } => self.announce_once(now, router),
            Event::FaultCleared { router } => self.clear_fault(now, router),
            Event::StopRequested => {
                self.stop();
                self.vigil = None;
                self.phase = Phase::Stopped;
            }
        }
    }

    fn deadline_reached(&mut self, now: Timestamp) {
        let mut first = None;
        let mut adverts = 0;
        while let Some((due, key)) = self.timers.pop_due(now) {
            if self.is_advert(key) {
                first.get_or_insert(due);
                adverts += 1;
            }
            match key {
                TimerKey::Router(id) => self.router_timer(now, id, due),
                TimerKey::Burst(id) => self.delayed_burst(now, id),
                TimerKey::LowerPriorityBurst(id) => self.delayed_lower_priority_burst(now, id),
                TimerKey::Refresh(id) => self.refresh_burst(now, id, due),
                TimerKey::Extra(id) => self.extra_announcements(now, id, due),
                TimerKey::Confirmation(id) => self.confirm(now, id),
                TimerKey::Spacing(lane) => self.drain_lane(now, lane),
                TimerKey::Fixtures => self.restore_fixtures(),
                TimerKey::Check(slot) => self.check_due(now, slot, due),
                TimerKey::Process(slot) => self.process_due(now, slot),
                TimerKey::Link(index) => {
                    if let Some(link) = self.take_delayed_link(index) {
                        self.link_counts(now, link);
                    }
                }
            }
        }
        if let Some(due) = first {
            self.bring_forward(now, due, adverts);
        }
    }

    /// Takes a new configuration. Routers that are in both keep state, timers, addresses and
    /// counters; removed ones hand over; new ones start as at the daemon's start.
    ///
    /// Before [`Event::Started`] it simply takes the place of the first configuration, after
    /// [`Event::StopRequested`] it is ignored.
    pub fn reload(&mut self, now: Timestamp, config: Config) {
        self.retired.clear();
        self.wall_clock.advance(now.min(LAST));
        match self.phase {
            Phase::Created => {
                self.routers = Routers::default();
                self.install(config);
            }
            Phase::Running => self.reload_running(now.min(LAST), config),
            Phase::Stopped => {}
        }
    }

    /// The next thing to do, in order; `None` when everything has been handed out.
    pub fn poll_action(&mut self) -> Option<Action> {
        let action = self.actions.pop_front();
        if action.is_none() {
            // Room for what a change of state of a thousand routers asks for is not kept.
            self.actions.shrink_to(ACTIONS_KEPT);
        }
        action
    }

    /// When [`Event::DeadlineReached`] is wanted next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.timers.next()
    }

    /// What is in a router's adverts; `None` for a router that is gone or cannot send. One that a
    /// reload has removed is gone at the next event.
    #[must_use]
    pub fn advert_spec(&self, id: RouterId) -> Option<AdvertSpec> {
        self.named(id)?
            .advert_spec(self.globals.vrrp.multicast_group4)
    }

    /// The router that an action names.
    fn named(&self, id: RouterId) -> Option<&Router> {
        self.routers.get(id).or_else(|| self.retired.get(&id))
    }

    /// Name of a router, for log lines of the driver.
    #[must_use]
    pub fn router_name(&self, id: RouterId) -> Option<Arc<str>> {
        self.named(id).map(Router::name)
    }

    /// Every router as it is now, in configuration order.
    #[must_use]
    pub fn status(&self) -> Vec<RouterStatus> {
        let status = |(id, router): (RouterId, &Router)| RouterStatus {
            id,
            name: router.name(),
            state: router.state,
            priority: router.effective_priority,
            statistics: router.statistics.read(),
        };
        self.routers.iter().map(status).collect()
    }

    /// Packets that were no VRRP packet at all, and packets for VRIDs that nobody listens for.
    #[must_use]
    pub fn undeliverable(&self) -> (u64, u64) {
        (self.malformed, self.unknown_vrid)
    }

    /// Whether [`Event::WallClockSet`] is wanted: adverts of some router are signed.
    #[must_use]
    pub fn wants_wall_clock(&self) -> bool {
        self.signed
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

/// Actions for which room is kept.
const ACTIONS_KEPT: usize = 256;

/// Later times count as this one: deadlines set after it still lie in the future.
const LAST: Timestamp = Timestamp::from_nanos(u64::MAX / 2);
