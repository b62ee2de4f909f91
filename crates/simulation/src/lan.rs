//! The network: hosts, their engines, and what happens between them.
//!
//! A [`Lan`] executes the engines' actions in order, as the daemon does, carries their packets with
//! the configured loss, delay, duplication and reordering, and tells each engine what its host would
//! tell. Everything follows from the seed: a run that failed can be repeated for ever.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use evervip_vrrp::{Action, Event, Timestamp};

use crate::host::Host;
use crate::queue::{Item, Queued};
use crate::{Deed, Disturbance, Node, Record, Rng, Side, What};

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

/// Hosts, their engines, and the network between them.
pub struct Lan {
    pub(crate) now: Timestamp,
    pub(crate) hosts: Vec<Host>,
    queue: BinaryHeap<Reverse<Queued>>,
    pub(crate) queued: u64,
    pub(crate) weather: Weather,
    pub(crate) sides: Vec<u8>,
    /// Sides of single segments.
    pub(crate) severed: BTreeMap<usize, Vec<u8>>,
    pub(crate) rng: Rng,
    steps: u64,
    most_steps: u64,
    /// Since when more than one host of a side is MASTER of a VRID.
    pub(crate) doubles: BTreeMap<(Side, u8), Timestamp>,
    pub(crate) longest_double: Duration,
    pub(crate) violations: Vec<String>,
    pub(crate) records: Option<Vec<Record>>,
    pub(crate) history: Option<Vec<Deed>>,
    pub(crate) buffer: Vec<Action>,
}

/// More steps than any schedule of a test needs; a run that gets there goes round in circles.
const MAX_STEPS: u64 = 2_000_000;

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

    /// Changes how packets fare from now on.
    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    /// Lets a run be longer than schedules of tests are: so many packets, messages and deadlines.
    pub fn allow_steps(&mut self, steps: u64) {
        self.most_steps = steps;
    }

    /// Forgets [`Lan::longest_double`] so far; a double that lasts counts from now on.
    pub fn reset_longest_double(&mut self) {
        self.longest_double = Duration::ZERO;
        let now = self.now;
        self.doubles.values_mut().for_each(|since| *since = now);
    }

    /// Lets something happen at a time of its own.
    pub fn schedule(&mut self, at: Timestamp, disturbance: Disturbance) {
        self.push(at, Item::Disturb(disturbance));
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
