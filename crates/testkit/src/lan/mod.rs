//! Several engines against each other on a virtual LAN, in virtual time.
//!
//! A [`Lan`] has hosts and one segment for each interface index. It executes the engines' actions
//! in order, as the daemon does, carries their packets with the configured loss, delay,
//! duplication and reordering, and tells each engine what its host would tell. Everything follows
//! from the seed: a run that failed can be repeated for ever.
//!
//! While it runs it checks what must hold at every moment (see [`Lan::violations`]); what must hold
//! once the network is quiet is asked with [`Lan::judge`].
//!
//! * [`schedule`] makes a LAN and a list of disturbances out of a seed.

mod host;
mod judge;
pub mod schedule;
mod wire;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::IpAddr;
use std::time::Duration;

use evervip_model::{Config, State};
use evervip_vrrp::{Action, CheckOutcome, Event, RunId, Timestamp};

use crate::Rng;
use host::{Host, Notice};

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

/// What is done to a LAN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disturbance {
    /// The process and its host are dead at once; its addresses stay where they are.
    Crash(usize),
    /// The daemon is asked to end.
    Stop(usize),
    /// A daemon is started on a host that has none.
    Start(usize),
    /// The interface with this index of a host goes down or comes up.
    Link(usize, u32, bool),
    /// Hosts with equal numbers hear each other.
    Partition(Vec<u8>),
    /// The check scripts of a host fail, or succeed again.
    Script(usize, bool),
    /// A host does nothing for a while; what happens to it meanwhile waits.
    Pause(usize, Duration),
    /// Somebody removes the virtual addresses of a host, behind its back.
    Steal(usize),
    /// A frame that must not be accepted reaches a host.
    Hostile(usize),
    /// A host reads its configuration again, with another base priority for all instances.
    Reload(usize, u8),
}

enum Item {
    Frame {
        to: usize,
        interface: u32,
        from_side: u8,
        bytes: Vec<u8>,
    },
    Notice(usize, u32, Notice),
    CheckEnded(usize, u32, RunId),
    Resume(usize),
    Disturb(Disturbance),
}

struct Queued(Timestamp, u64, Item);

/// Hosts, their engines, and the network between them.
pub struct Lan {
    now: Timestamp,
    hosts: Vec<Host>,
    queue: BinaryHeap<Reverse<Queued>>,
    queued: u64,
    weather: Weather,
    sides: Vec<u8>,
    rng: Rng,
    steps: u64,
    /// Since when more than one host of a side is MASTER of a VRID.
    doubles: BTreeMap<(u8, u8), Timestamp>,
    longest_double: Duration,
    violations: Vec<String>,
    trace: Option<Vec<String>>,
    buffer: Vec<Action>,
}

/// More steps than any schedule needs; a run that gets there goes round in circles.
const MAX_STEPS: u64 = 2_000_000;
/// Time from a change on a host to the message about it.
const NOTICE_DELAY: Duration = Duration::from_micros(100);
/// How long a check script runs.
const CHECK_TIME: Duration = Duration::from_millis(10);

impl Lan {
    /// A LAN of hosts that run nothing yet. Host n has the address 10.0.0.(n + 1).
    #[must_use]
    pub fn new(seed: u64, configs: Vec<Config>) -> Self {
        let sides = vec![0; configs.len()];
        let host = |(number, config)| Host::new(number, config);
        Self {
            now: Timestamp::from_nanos(0),
            hosts: configs.into_iter().enumerate().map(host).collect(),
            queue: BinaryHeap::new(),
            queued: 0,
            weather: Weather::default(),
            sides,
            rng: Rng::new(seed),
            steps: 0,
            doubles: BTreeMap::new(),
            longest_double: Duration::ZERO,
            violations: Vec::new(),
            trace: None,
            buffer: Vec::new(),
        }
    }

    /// Records what happens, for [`Lan::trace`].
    pub fn record(&mut self) {
        self.trace = Some(Vec::new());
    }

    /// What was recorded.
    #[must_use]
    pub fn trace(&self) -> &[String] {
        self.trace.as_deref().unwrap_or_default()
    }

    /// Changes how packets fare from now on.
    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
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
        self.note(|| format!("{disturbance:?}"));
        match disturbance {
            Disturbance::Crash(host) => self.hosts[host].crash(),
            Disturbance::Start(host) => {
                if self.hosts[host].boot() {
                    self.handle(host, Event::Started);
                }
            }
            Disturbance::Stop(host) => {
                self.handle(host, Event::StopRequested);
                self.hosts[host].ended();
            }
            Disturbance::Link(host, interface, up) => {
                if self.hosts[host].set_link(interface, up) {
                    self.notice(host, Notice::Link(interface, up));
                }
            }
            Disturbance::Partition(sides) => {
                self.sides = sides;
                self.doubles.clear();
            }
            Disturbance::Script(host, good) => self.hosts[host].script_good = good,
            Disturbance::Pause(host, time) => {
                self.hosts[host].paused_until = Some(self.now + time);
                self.push(self.now + time, Item::Resume(host));
            }
            Disturbance::Steal(host) => {
                for (interface, address) in self.hosts[host].steal() {
                    self.notice(host, Notice::Removed(interface, address, false));
                }
            }
            Disturbance::Hostile(host) => self.hostile(host),
            Disturbance::Reload(host, priority) => {
                let now = self.now;
                self.hosts[host].reload(now, priority);
                self.execute(host);
            }
        }
        self.watch_doubles();
    }

    /// Lets time pass.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.next().filter(|at| *at <= end) {
            self.steps += 1;
            if self.steps > MAX_STEPS {
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
                    self.hosts[host].paused_until = None;
                    for item in std::mem::take(&mut self.hosts[host].waiting) {
                        self.happen(item);
                    }
                    self.watch_doubles();
                }
            }
            Item::Frame { to, .. } | Item::Notice(to, ..) | Item::CheckEnded(to, ..)
                if self.hosts[to].paused_until.is_some() =>
            {
                self.hosts[to].waiting.push(item);
            }
            Item::Frame {
                to,
                interface,
                from_side,
                bytes,
            } => {
                if self.sides[to] == from_side {
                    self.deliver(to, interface, &bytes);
                }
            }
            Item::Notice(host, life, notice) => {
                if self.hosts[host].life == life {
                    self.handle(host, notice.event());
                }
            }
            Item::CheckEnded(host, life, run) => {
                if self.hosts[host].life == life {
                    let outcome = CheckOutcome::Exited(i32::from(!self.hosts[host].script_good));
                    self.handle(host, Event::CheckEnded { run, outcome });
                }
            }
        }
    }

    fn handle(&mut self, host: usize, event: Event<'_>) {
        let now = self.now;
        if let Some(engine) = &mut self.hosts[host].engine {
            engine.handle(now, event);
        }
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
            if self.trace.is_some() {
                if let Some(engine) = &self.hosts[host].engine {
                    let line = crate::render(engine, &action);
                    self.note(|| format!("host {host}: {line}"));
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
                }
                Action::RemoveAddresses(change) => {
                    for (interface, address) in self.hosts[host].drop(&change.addresses) {
                        self.notice(host, Notice::Removed(interface, address, true));
                    }
                }
                Action::StartCheck { run, .. } => {
                    let life = self.hosts[host].life;
                    self.push(self.now + CHECK_TIME, Item::CheckEnded(host, life, run));
                }
                Action::Notify(_) => changed = true,
                Action::Announce(_)
                | Action::UpdateSockets
                | Action::UpdateVirtualInterfaces
                | Action::CloseAddresses(_)
                | Action::OpenAddresses(_)
                | Action::AddRoutes(_)
                | Action::RemoveRoutes(_)
                | Action::AddRules(_)
                | Action::RemoveRules(_)
                | Action::AddStaticAddresses(_)
                | Action::RemoveStaticAddresses(_)
                | Action::Log(_) => {}
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

    fn push(&mut self, at: Timestamp, item: Item) {
        self.queued += 1;
        self.queue.push(Reverse(Queued(at, self.queued, item)));
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let at = self.now.as_nanos() / 1000;
            trace.push(format!(
                "{:4}.{:06} {}",
                at / 1_000_000,
                at % 1_000_000,
                line()
            ));
        }
    }
}

/// The address of a host on the segment of `eth0`.
fn address_of(host: usize) -> IpAddr {
    crate::sample::lan(u8::try_from(host + 1).unwrap_or(u8::MAX))
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
