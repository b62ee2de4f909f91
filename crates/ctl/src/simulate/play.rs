//! A run: every step at its time, and what came of it.

use std::time::Duration;

use evervip_model::{Config, ProcessPattern, State};
use evervip_simulation::{Disturbance, Lan, Node, Sleep, Weather};
use evervip_vrrp::Timestamp;

use super::file::{Lines, Other};
use super::limits;
use super::plan::{Deed, Plan, Step};
use super::timeline::{Happening, Timeline};
use crate::scenario::{self, Object};

/// What a run needs.
pub(super) struct Stage<'a> {
    pub(super) names: &'a [&'a str],
    pub(super) network: Vec<Node>,
    pub(super) others: &'a [Other],
    pub(super) plan: &'a Plan,
    pub(super) lines: &'a Lines,
    pub(super) left_out: Vec<String>,
    pub(super) seed: u64,
}

/// A run and what came of it.
pub(super) struct Play<'a> {
    pub(super) stage: &'a Stage<'a>,
    pub(super) timeline: Timeline,
    pub(super) lan: Lan,
    /// What was expected otherwise.
    pub(super) failed: Vec<Failure>,
    weather: Weather,
}

/// Something that was expected otherwise.
pub(super) struct Failure {
    /// On which line.
    pub(super) line: Option<usize>,
    pub(super) text: String,
}

/// An ordinary local network: packets do not overtake each other.
const ORDINARY: Weather = Weather {
    loss: 0,
    duplicates: 0,
    delay: Duration::from_micros(300),
    jitter: Duration::ZERO,
};

/// So much time passes before its records become a timeline.
const STRIDE: Duration = Duration::from_secs(60);
/// Packets, messages and deadlines of a run: a day of a hundred instances on two nodes.
const MOST_STEPS: u64 = 50_000_000;

impl<'a> Play<'a> {
    pub(super) fn perform(stage: &'a Stage<'a>) -> Self {
        let mut lan = Lan::new(stage.seed, stage.network.clone());
        lan.set_weather(ORDINARY);
        lan.record();
        lan.allow_steps(MOST_STEPS);
        let mut play = Self {
            stage,
            timeline: Timeline::default(),
            lan,
            failed: Vec::new(),
            weather: ORDINARY,
        };
        for node in 0..stage.names.len() {
            play.lan.disturb(Disturbance::Start(node));
        }
        for step in &stage.plan.steps {
            play.run_to(step.at.unwrap_or(stage.plan.length));
            play.step(step);
        }
        play.run_to(stage.plan.length);
        for violation in play.lan.violations() {
            let seconds = play.lan.now().as_nanos() / 1_000_000_000;
            let text = format!("given up after {seconds} s: {violation}");
            play.failed.push(Failure { line: None, text });
        }
        play
    }

    /// Lets time pass up to here.
    fn run_to(&mut self, time: Duration) {
        let target = Timestamp::default() + time;
        while self.lan.now() < target && self.lan.violations().is_empty() {
            let left = target.saturating_since(self.lan.now());
            self.lan.run(left.min(STRIDE));
            self.read_records();
        }
        self.timeline.end(self.lan.now());
    }

    fn read_records(&mut self) {
        for record in self.lan.take_records() {
            self.timeline.record(&record);
        }
    }

    fn step(&mut self, step: &Step) {
        let line = self.stage.lines.of(step.place.as_ref());
        let failure = match &step.deed {
            Deed::ExpectState(node, instance, state) => {
                self.other_state(*node, instance.as_deref(), *state)
            }
            Deed::ExpectGap(limit) => self.longer_gap(*limit),
            Deed::ExpectDouble(limit) => self.longer_double(*limit),
            deed => {
                self.act(deed, line);
                None
            }
        };
        if let Some(text) = failure {
            self.failed.push(Failure { line, text });
        }
    }

    /// Does something to the network.
    fn act(&mut self, deed: &Deed, line: Option<usize>) {
        let at = self.lan.now();
        let killed = match deed {
            Deed::KillMaster => self.master().map(Deed::Kill),
            _ => None,
        };
        let deed = killed.as_ref().unwrap_or(deed);
        let (disturbance, details) = self.disturbance(deed);
        let text = deed.describe(self.stage.names);
        let done = Happening::Done {
            line,
            text,
            details,
        };
        self.timeline.entry(at, done);
        if let Some(disturbance) = disturbance {
            self.lan.disturb(disturbance);
        }
        match deed {
            Deed::Kill(node) => self.timeline.lost_all(at, *node),
            Deed::Remove(node) => self.timeline.lost_addresses(at, *node),
            _ => {}
        }
        self.read_records();
    }

    /// The first node that is MASTER of anything.
    fn master(&self) -> Option<usize> {
        let is_master = |node: &usize| {
            let mut status = self.lan.status(*node).into_iter();
            status.any(|status| status.state == State::Master)
        };
        (0..self.stage.names.len()).find(is_master)
    }

    /// What a deed does, and what else there is to say about it.
    fn disturbance(&mut self, deed: &Deed) -> (Option<Disturbance>, Vec<String>) {
        let disturbance = match deed {
            Deed::Kill(node) => Disturbance::PowerOff(*node),
            Deed::Stop(node) => Disturbance::Stop(*node),
            Deed::Start(node) => Disturbance::Start(*node),
            Deed::Pause(node, time) => Disturbance::Pause(*node, *time, Sleep::Daemon),
            Deed::Freeze(node, time) => Disturbance::Pause(*node, *time, Sleep::Machine),
            Deed::ClearFault(node, instance) => {
                Disturbance::ClearFault(*node, instance.as_str().into())
            }
            Deed::Reload(node, file) => return self.reload(*node, file),
            Deed::Remove(node) => Disturbance::Steal(*node),
            Deed::Clock(node, ahead) => Disturbance::Clock(*node, *ahead),
            Deed::Change(object, node) => return (self.change(object, *node), Vec::new()),
            Deed::Partition(sides) => Disturbance::Partition(sides.clone()),
            Deed::Heal => Disturbance::Partition(vec![0; self.stage.names.len()]),
            Deed::Weather(weather) => {
                self.change_weather(*weather);
                return (None, Vec::new());
            }
            Deed::KillMaster
            | Deed::ExpectState(..)
            | Deed::ExpectGap(_)
            | Deed::ExpectDouble(_) => return (None, Vec::new()),
        };
        (Some(disturbance), Vec::new())
    }

    /// As the daemon does it: what is refused changes nothing.
    fn reload(&self, node: usize, file: &str) -> (Option<Disturbance>, Vec<String>) {
        let mut others = self.stage.others.iter();
        let found = others.find(|other| other.node == node && other.name == file);
        let Some(other) = found else {
            return (None, Vec::new());
        };
        let Some(config) = &other.read.loaded.config else {
            let mut details = vec!["refused: it goes on with what it has".to_owned()];
            details.extend(other.read.loaded.log_lines());
            return (None, details);
        };
        let config = Box::new(limits::simulated(config));
        (Some(Disturbance::Reload(node, config)), Vec::new())
    }

    fn change(&self, object: &Object, node: usize) -> Option<Disturbance> {
        Some(match object {
            Object::Link(name, up) => {
                let index = self.lan.port(node, &name.what)?;
                Disturbance::Link(node, index, *up)
            }
            Object::Script(name, good) => {
                Disturbance::OneScript(node, name.what.as_str().into(), *good)
            }
            Object::Bfd(name, up) => Disturbance::Bfd(node, name.what.as_str().into(), *up),
            Object::File(name, value) => {
                let file = self.configs(node).flat_map(|config| &config.files);
                let mut named = file.filter(|file| *file.name == *name.what);
                let text = value.map(|value| value.to_string()).unwrap_or_default();
                Disturbance::TrackedFile(node, named.next()?.path.clone(), text)
            }
            Object::Process(name, runs) => {
                let process = self.configs(node).flat_map(|config| &config.processes);
                let mut named = process.filter(|process| *process.name == *name.what);
                let process = named.next()?;
                let count = if *runs { process.quorum } else { 0 };
                Disturbance::TrackedProcesses(node, ProcessPattern::of(process), count)
            }
        })
    }

    /// What a node runs now, then all that it may run.
    fn configs(&self, node: usize) -> impl Iterator<Item = &Config> {
        let others = self.stage.others.iter().filter(move |o| o.node == node);
        let others = others.filter_map(|other| other.read.loaded.config.as_ref());
        [self.lan.config(node), &self.stage.network[node].config]
            .into_iter()
            .chain(others)
    }

    fn change_weather(&mut self, weather: scenario::Weather) {
        match weather {
            scenario::Weather::Loss(percent) => self.weather.loss = percent * 10,
            scenario::Weather::Duplicate(percent) => self.weather.duplicates = percent * 10,
            scenario::Weather::Delay(time) => self.weather.delay = time,
            scenario::Weather::Jitter(time) => self.weather.jitter = time,
        }
        self.lan.set_weather(self.weather);
    }

    /// Of one instance, or of all.
    fn other_state(
        &self,
        node: usize,
        instance: Option<&str>,
        expected: Option<State>,
    ) -> Option<String> {
        let name = self.stage.names[node];
        let Some(expected) = expected else {
            let running = self.lan.is_running(node);
            return running.then(|| format!("{name} is not gone"));
        };
        if !self.lan.is_running(node) {
            return Some(format!("{name} is gone, not {expected}"));
        }
        let meant = |known: &str| instance.is_none_or(|instance| instance == known);
        let mut status = self.lan.status(node);
        status.retain(|status| meant(&status.name));
        if let (Some(instance), []) = (instance, status.as_slice()) {
            return Some(format!("{name} has no {instance} now"));
        }
        let other = status.iter().find(|status| status.state != expected)?;
        Some(format!(
            "{name} {} is {}, not {expected}",
            other.name, other.state
        ))
    }

    fn longer_gap(&self, limit: Duration) -> Option<String> {
        let mut all = self.timeline.addresses.iter();
        let (address, ownership) = all.find(|(_, o)| o.longest_gap >= limit)?;
        let millis = ownership.longest_gap.as_millis();
        Some(format!("{address} had no owner for {millis} ms"))
    }
    fn longer_double(&self, limit: Duration) -> Option<String> {
        let mut all = self.timeline.addresses.iter();
        let (address, ownership) = all.find(|(_, o)| o.longest_double >= limit)?;
        let millis = ownership.longest_double.as_millis();
        Some(format!("{address} had several owners for {millis} ms"))
    }
}
