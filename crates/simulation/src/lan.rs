//! The network: hosts, their engines, and what happens between them.
//!
//! A [`Lan`] executes the engines' actions in order, as the daemon does, carries their packets with
//! the configured loss, delay, duplication and reordering, and tells each engine what its host would
//! tell. Everything follows from the seed: a run that failed can be repeated for ever.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Config, ProcessPattern, State};
use evervip_vrrp::{Action, CheckOutcome, Event, PlacedRoute, RouterStatus, RunId, Timestamp};

use crate::host::{Host, Notice};
use crate::tracked::Fact;
use crate::{Deed, Disturbance, Doing, Node, Record, Rng, Sleep, What};

/// How packets fare.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// Lost, out of a thousand.
    pub loss: u32,
    /// Delivered twice, out of a thousand.
    pub duplicates: u32,
    /// Least time on the way.
    pub delay: Duration,
    /// Up to so much longer, each packet for itself; where it exceeds the distance of two packets
    /// they overtake each other.
    pub jitter: Duration,
}

pub(crate) enum Item {
    Frame {
        to: usize,
        interface: u32,
        from: Side,
        bytes: Vec<u8>,
    },
    Notice(usize, u32, Notice),
    CheckEnded(usize, u32, RunId, Arc<str>),
    Fact(usize, u32, Fact),
    Resume(usize),
    Disturb(Disturbance),
}

struct Queued(Timestamp, u64, Item);

/// Where a host is on a segment: its side of the partition, and its side of the segment's own. Who is
/// at the same place hears each other.
pub type Side = (u8, u8);

/// Hosts, their engines, and the network between them.
pub struct Lan {
    pub(crate) now: Timestamp,
    pub(crate) hosts: Vec<Host>,
    queue: BinaryHeap<Reverse<Queued>>,
    pub(crate) queued: u64,
    pub(crate) weather: Weather,
    pub(crate) sides: Vec<u8>,
    /// Sides of single segments.
    severed: BTreeMap<usize, Vec<u8>>,
    pub(crate) rng: Rng,
    steps: u64,
    most_steps: u64,
    /// Since when more than one host of a side is MASTER of a VRID.
    pub(crate) doubles: BTreeMap<(Side, u8), Timestamp>,
    pub(crate) longest_double: Duration,
    pub(crate) violations: Vec<String>,
    records: Option<Vec<Record>>,
    pub(crate) history: Option<Vec<Deed>>,
    buffer: Vec<Action>,
}

/// More steps than any schedule of a test needs; a run that gets there goes round in circles.
const MAX_STEPS: u64 = 2_000_000;
/// Time from a change on a host to the message about it.
const NOTICE_DELAY: Duration = Duration::from_micros(100);
/// What waits for a paused host at most; later packets are lost, as in a socket that is full.
const SOCKET_QUEUE: usize = 64;
/// How long a check script runs.
const CHECK_TIME: Duration = Duration::from_millis(10);

impl Lan {
    /// A LAN of hosts that run nothing yet.
    #[must_use]
    pub fn new(seed: u64, nodes: Vec<Node>) -> Self {
        let sides = vec![0; nodes.len()];
        Self {
            now: Timestamp::from_nanos(0),
            hosts: nodes.into_iter().map(Host::new).collect(),
            queue: BinaryHeap::new(),
            queued: 0,
            weather: Weather::default(),
            sides,
            severed: BTreeMap::new(),
            rng: Rng::new(seed),
            steps: 0,
            most_steps: MAX_STEPS,
            doubles: BTreeMap::new(),
            longest_double: Duration::ZERO,
            violations: Vec::new(),
            records: None,
            history: None,
            buffer: Vec::new(),
        }
    }

    /// Records what happens, for [`Lan::records`].
    pub fn record(&mut self) {
        self.records = Some(Vec::new());
    }

    /// What was recorded.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        self.records.as_deref().unwrap_or_default()
    }

    /// The same, which is then forgotten: a long run has more than memory should hold.
    #[must_use]
    pub fn take_records(&mut self) -> Vec<Record> {
        self.records
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// The same, one line each.
    #[must_use]
    pub fn trace(&self) -> Vec<String> {
        self.records().iter().map(Record::to_string).collect()
    }

    /// How many hosts there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.hosts.len()
    }

    /// Where a host is on a segment.
    #[must_use]
    pub fn side(&self, host: usize, segment: usize) -> Side {
        let severed = self.severed.get(&segment);
        let own = severed.and_then(|sides| sides.get(host).copied());
        (self.sides[host], own.unwrap_or(0))
    }

    /// Where a host is on the segment of one of its interfaces.
    pub(crate) fn side_of(&self, host: usize, interface: u32) -> Side {
        let port = self.hosts[host].port(interface);
        self.side(host, port.map_or(0, |port| port.segment))
    }

    /// What a host's daemon runs, or would run.
    #[must_use]
    pub fn config(&self, host: usize) -> &Config {
        &self.hosts[host].config
    }

    /// Whether a host has a daemon.
    #[must_use]
    pub fn is_running(&self, host: usize) -> bool {
        self.hosts[host].engine.is_some()
    }

    /// Whether an interface of a host is up.
    #[must_use]
    pub fn is_up(&self, host: usize, interface: u32) -> bool {
        self.hosts[host].is_up(interface)
    }

    /// Whether a run of this script succeeds now on a host.
    #[must_use]
    pub fn succeeds(&self, host: usize, script: &str) -> bool {
        self.hosts[host].succeeds(script)
    }

    /// The routers of a host; none while it runs no daemon.
    #[must_use]
    pub fn status(&self, host: usize) -> Vec<RouterStatus> {
        self.hosts[host].status()
    }

    /// The index of the interface of a host that has this name.
    #[must_use]
    pub fn port(&self, host: usize, name: &str) -> Option<u32> {
        let mut ports = self.hosts[host].ports.iter();
        Some(ports.find(|port| port.name == name)?.index)
    }

    /// Virtual addresses on the interfaces of a host.
    pub fn held(&self, host: usize) -> impl Iterator<Item = (u32, IpAddr)> + '_ {
        self.hosts[host].held.iter().copied()
    }

    /// Routes of its instances that a host has.
    #[must_use]
    pub fn routes(&self, host: usize) -> &[PlacedRoute] {
        &self.hosts[host].routes
    }

    /// The text of a tracked file of a host; empty if it is missing.
    #[must_use]
    pub fn file(&self, host: usize, path: &Path) -> &str {
        self.hosts[host].tracked.file(path)
    }

    /// How many processes of a pattern run on a host; `None` is as many as are wanted.
    #[must_use]
    pub fn processes(&self, host: usize, pattern: &ProcessPattern) -> Option<u32> {
        self.hosts[host].tracked.processes(pattern)
    }

    /// Changes how packets fare from now on.
    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    /// Lets a run be longer than schedules of tests are: so many packets, messages and deadlines.
    pub fn allow_steps(&mut self, steps: u64) {
        self.most_steps = steps;
    }

    /// Virtual time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Promises that were broken at some moment: a deadline left behind, a dropped packet that
    /// moved a timer, a packet sent by the dead, a run that does not come to an end.
    #[must_use]
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// The longest time that two hosts which heard each other were both MASTER of a VRID.
    #[must_use]
    pub fn longest_double(&self) -> Duration {
        self.longest_double
    }

    /// Forgets [`Lan::longest_double`] so far; a double that lasts counts from now on.
    pub fn reset_longest_double(&mut self) {
        self.longest_double = Duration::ZERO;
        let now = self.now;
        self.doubles.values_mut().for_each(|since| *since = now);
    }

    /// The state of an instance; `None` while the host runs no daemon.
    #[must_use]
    pub fn state(&self, host: usize, instance: usize) -> Option<State> {
        Some(self.hosts[host].status().get(instance)?.state)
    }

    /// Lets something happen at a time of its own.
    pub fn schedule(&mut self, at: Timestamp, disturbance: Disturbance) {
        self.push(at, Item::Disturb(disturbance));
    }

    /// Lets something happen now.
    pub fn disturb(&mut self, disturbance: Disturbance) {
        self.note(|| What::Disturbed(disturbance.to_string()));
        if !disturbance.is_deed() {
            self.keep(|_| Doing::Disturbed);
        }
        match disturbance {
            // A process that is stopped hears of it when it goes on.
            Disturbance::Stop(host) | Disturbance::Reload(host, _)
                if self.hosts[host].paused_until.is_some() =>
            {
                self.hosts[host].waiting.push(Item::Disturb(disturbance));
            }
            Disturbance::Crash(host) => self.crash(host),
            Disturbance::Start(host) => self.start(host),
            Disturbance::Stop(host) => {
                self.handle(host, Event::StopRequested);
                self.crash(host);
            }
            Disturbance::Link(host, interface, up) => {
                self.keep(|_| Doing::Linked(host, interface, up));
                if self.hosts[host].set_link(interface, up) {
                    self.notice(host, Notice::Link(interface));
                }
            }
            Disturbance::Partition(sides) => {
                self.keep(|_| Doing::Divided(sides.clone()));
                self.sides = sides;
                self.doubles.clear();
            }
            Disturbance::Sever(segment, sides) => {
                self.keep(|_| Doing::Severed(segment, sides.clone()));
                self.severed.insert(segment, sides);
                self.doubles.clear();
            }
            Disturbance::Script(host, good) => self.hosts[host].script_good = good,
            Disturbance::Pause(host, time, sleep) => self.pause(host, time, sleep),
            Disturbance::Steal(host) => {
                for (interface, address) in self.hosts[host].steal() {
                    self.notice(host, Notice::Removed(interface, address, false));
                }
            }
            Disturbance::StealRoutes(host) => {
                for report in self.hosts[host].steal_routes() {
                    self.notice(host, Notice::RouteRemoved(report));
                }
            }
            Disturbance::Forge(host, interface, bytes) => self.forge(host, interface, &bytes),
            Disturbance::Reload(host, config) => {
                let now = self.now;
                self.hosts[host].config = *config;
                self.tell_tracked(host);
                self.hosts[host].reload(now);
                self.keep(|lan| Doing::Reloaded(host, lan.loaded(host)));
                self.execute(host);
            }
            Disturbance::TrackedFile(host, path, text) => {
                self.change_tracked(host, Fact::File(path, text));
            }
            Disturbance::TrackedProcesses(host, pattern, count) => {
                self.change_tracked(host, Fact::Processes(pattern, count));
            }
            Disturbance::Clock(host, ahead) => {
                self.hosts[host].clock_ahead = ahead;
                self.tell_clock(host);
            }
            Disturbance::OneScript(host, script, true) => {
                self.hosts[host].failing.remove(&script);
            }
            Disturbance::OneScript(host, script, false) => {
                self.hosts[host].failing.insert(script);
            }
            Disturbance::PowerOff(host) => {
                self.crash(host);
                self.hosts[host].held.clear();
                self.hosts[host].routes.clear();
                self.note(|| What::Held { host });
            }
        }
        self.watch_doubles();
    }

    fn start(&mut self, host: usize) {
        if self.hosts[host].boot() {
            self.keep(|lan| Doing::Started(host, lan.loaded(host)));
            self.tell_tracked(host);
            self.tell_clock(host);
            self.handle(host, Event::Started);
        }
    }

    fn crash(&mut self, host: usize) {
        self.hosts[host].crash();
        self.keep(|_| Doing::Ended(host));
    }

    fn pause(&mut self, host: usize, time: Duration, sleep: Sleep) {
        if !self.is_running(host) {
            return;
        }
        let now = self.now;
        self.hosts[host].fall_asleep(now, time, sleep);
        self.push(now + time, Item::Resume(host));
        self.keep(|_| Doing::Paused(host, sleep));
    }

    /// Tells a daemon what its wall clock shows, if it does not know; one that sleeps finds out when
    /// it wakes.
    fn tell_clock(&mut self, host: usize) {
        if self.hosts[host].learns_of_clock() {
            let unix_nanos = self.hosts[host].wall_clock(self.now);
            self.handle(host, Event::WallClockSet { unix_nanos });
        }
    }

    /// Lets time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.next().filter(|at| *at <= end) {
            self.steps += 1;
            if self.steps > self.most_steps {
                self.violations
                    .push("the run does not come to an end".to_owned());
                return;
            }
            self.now = self.now.max(at);
            self.step();
        }
        self.now = end;
        self.watch_doubles();
    }

    fn next(&self) -> Option<Timestamp> {
        let queued = self.queue.peek().map(|Reverse(Queued(at, ..))| *at);
        let deadlines = self.hosts.iter().filter_map(Host::deadline);
        deadlines.chain(queued).min()
    }

    /// The earliest thing: packets and messages before deadlines, as the daemon reads its sockets
    /// before it handles a deadline.
    fn step(&mut self) {
        let queued = self.queue.peek().map(|Reverse(Queued(at, ..))| *at);
        if queued.is_some_and(|at| at <= self.now) {
            if let Some(Reverse(Queued(_, _, item))) = self.queue.pop() {
                self.happen(item);
            }
            return;
        }
        let now = self.now;
        let due = |host: &Host| host.deadline().is_some_and(|at| at <= now);
        if let Some(host) = self.hosts.iter().position(due) {
            if self.hosts[host].is_vigil_due(now) {
                self.handle(host, Event::Awake);
            }
            self.handle(host, Event::DeadlineReached);
            if self.hosts[host].deadline().is_some_and(|at| at <= now) {
                self.violations
                    .push(format!("host {host} left a deadline behind at {now:?}"));
            }
        }
    }

    fn happen(&mut self, item: Item) {
        match item {
            Item::Disturb(disturbance) => self.disturb(disturbance),
            Item::Resume(host) => {
                if self.hosts[host]
                    .paused_until
                    .is_some_and(|at| at <= self.now)
                {
                    let now = self.now;
                    self.hosts[host].wake(now);
                    self.keep(|_| Doing::Resumed(host));
                    self.tell_clock(host);
                    for item in std::mem::take(&mut self.hosts[host].waiting) {
                        self.happen(item);
                    }
                    self.watch_doubles();
                }
            }
            Item::Frame { to, .. }
            | Item::Notice(to, ..)
            | Item::CheckEnded(to, ..)
            | Item::Fact(to, ..)
                if self.hosts[to].paused_until.is_some() =>
            {
                let host = &mut self.hosts[to];
                let frame = matches!(item, Item::Frame { .. });
                let lost = host.is_frozen() || host.waiting.len() >= SOCKET_QUEUE;
                if !frame || !lost {
                    host.waiting.push(item);
                }
            }
            Item::Frame {
                to,
                interface,
                from,
                bytes,
            } => {
                if self.side_of(to, interface) == from {
                    self.receive(to, interface, &bytes);
                }
            }
            Item::Notice(host, life, notice) => {
                if self.hosts[host].life == life {
                    if let Some(event) = self.hosts[host].event(notice) {
                        self.handle(host, event);
                    }
                }
            }
            Item::Fact(host, life, fact) => {
                if self.hosts[host].life == life {
                    self.handle(host, fact.event());
                }
            }
            Item::CheckEnded(host, life, run, script) => {
                if self.hosts[host].life == life {
                    let outcome =
                        CheckOutcome::Exited(i32::from(!self.hosts[host].succeeds(&script)));
                    self.handle(host, Event::CheckEnded { run, outcome });
                }
            }
        }
    }

    pub(crate) fn handle(&mut self, host: usize, event: Event<'_>) {
        let now = self.now;
        self.hosts[host].handle(now, event);
        self.execute(host);
    }

    /// Carries out the actions of a host, in order.
    fn execute(&mut self, host: usize) {
        let mut actions = std::mem::take(&mut self.buffer);
        if let Some(engine) = &mut self.hosts[host].engine {
            actions.extend(std::iter::from_fn(|| engine.poll_action()));
        }
        let mut changed = false;
        for action in actions.drain(..) {
            if self.records.is_some() {
                if let Some(engine) = &self.hosts[host].engine {
                    let text = crate::render(engine, &action);
                    let action = action.clone();
                    self.note(|| What::Acted { host, action, text });
                }
            }
            if self.history.is_some() {
                let engine = self.hosts[host].engine.as_ref();
                if let Some(doing) = engine.and_then(|engine| Doing::of(host, engine, &action)) {
                    self.keep(|_| doing);
                }
            }
            match action {
                Action::SendAdvert {
                    router,
                    priority,
                    sequence,
                    ..
                } => self.send(host, router, priority, sequence),
                Action::AddAddresses(change) => {
                    for (interface, address) in self.hosts[host].hold(&change.addresses) {
                        self.notice(host, Notice::Added(interface, address));
                    }
                    self.note(|| What::Held { host });
                }
                Action::RemoveAddresses(change) => {
                    for (interface, address) in self.hosts[host].drop(&change.addresses) {
                        self.notice(host, Notice::Removed(interface, address, true));
                    }
                    self.note(|| What::Held { host });
                }
                Action::AddRoutes(change) => self.hosts[host].add_routes(change.routes),
                Action::RemoveRoutes(change) => self.hosts[host].remove_routes(&change.routes),
                Action::StartCheck { run, script } => {
                    let life = self.hosts[host].life;
                    self.push(
                        self.now + CHECK_TIME,
                        Item::CheckEnded(host, life, run, Arc::clone(&script.name)),
                    );
                }
                Action::Notify(_) => changed = true,
                Action::Announce(_)
                | Action::UpdateSockets
                | Action::UpdateVirtualInterfaces
                | Action::CloseAddresses(_)
                | Action::OpenAddresses(_)
                | Action::AddRules(_)
                | Action::RemoveRules(_)
                | Action::AddStaticAddresses(_)
                | Action::RemoveStaticAddresses(_)
                | Action::AlterAddresses(_)
                | Action::Log(_)
                | Action::Mail(_)
                | Action::Trap(_) => {}
            }
        }
        self.buffer = actions;
        if changed {
            self.watch_doubles();
        }
    }

    /// Tells a host's daemon what happened to its host.
    fn notice(&mut self, host: usize, notice: Notice) {
        let life = self.hosts[host].life;
        self.push(self.now + NOTICE_DELAY, Item::Notice(host, life, notice));
    }

    /// Tells it of something that its watchers see.
    fn change_tracked(&mut self, host: usize, fact: Fact) {
        self.hosts[host].tracked.learn(&fact);
        let life = self.hosts[host].life;
        self.push(self.now + NOTICE_DELAY, Item::Fact(host, life, fact));
    }

    /// Tells a daemon that is about to start or to reload of all that its configuration tracks.
    fn tell_tracked(&mut self, host: usize) {
        for fact in self.hosts[host].tracked_facts() {
            self.handle(host, fact.event());
        }
    }

    pub(crate) fn push(&mut self, at: Timestamp, item: Item) {
        self.queued += 1;
        self.queue.push(Reverse(Queued(at, self.queued, item)));
    }

    pub(crate) fn note(&mut self, what: impl FnOnce() -> What) {
        if let Some(records) = &mut self.records {
            let at = self.now;
            records.push(Record { at, what: what() });
        }
    }
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}

impl Eq for Queued {}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}
