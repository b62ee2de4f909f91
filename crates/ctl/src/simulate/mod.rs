//! `evervip simulate`: configurations of several nodes on a virtual network.

mod network;
mod scenario;
mod timeline;

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use evervip_model::State;
use evervip_simulation::{Disturbance, Lan, Weather};
use evervip_vrrp::Timestamp;

use crate::pair::Nodes;
use scenario::{Deed, Scenario, Step};
use timeline::{Timeline, seconds};

/// What `simulate` is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Simulate {
    /// One for each node.
    pub files: Vec<PathBuf>,
    /// What happens to them.
    pub scenario: Option<PathBuf>,
    /// Which of the possible runs.
    pub seed: u64,
    /// `-i` of the daemon.
    pub config_id: Option<String>,
}

/// Exit code when something was expected otherwise, or the scenario is wrong.
const UNEXPECTED: u8 = 1;
/// Exit code when the daemon would refuse one of the files.
const REFUSED: u8 = 2;
/// When the master dies without a scenario.
const DEATH: Duration = Duration::from_secs(20);
/// How long that is watched.
const DEFAULT_LENGTH: Duration = Duration::from_secs(40);
/// An ordinary local network: packets do not overtake each other.
const ORDINARY: Weather = Weather {
    loss: 0,
    duplicates: 0,
    delay: Duration::from_micros(300),
    jitter: Duration::ZERO,
};

impl Simulate {
    /// Runs the scenario. The exit code is 0 when everything expected came true.
    pub(crate) fn run(&self, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
        let nodes = Nodes::read(&self.files, self.config_id.as_deref());
        for node in nodes.all.iter().filter(|node| node.loaded.config.is_none()) {
            for line in node.loaded.log_lines() {
                writeln!(err, "{line}")?;
            }
        }
        if nodes.all.iter().any(|node| node.loaded.config.is_none()) {
            return Ok(REFUSED);
        }
        let names = nodes.names();
        let scenario = match &self.scenario {
            None => None,
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|error| (0, error.to_string()));
                match text.and_then(|text| Scenario::parse(&text, &names)) {
                    Ok(scenario) => Some(scenario),
                    Err((line, text)) => {
                        writeln!(err, "{}:{line}: {text}", file.display())?;
                        return Ok(UNEXPECTED);
                    }
                }
            }
        };
        let mut lan = Lan::new(self.seed, network::nodes(&nodes.group()));
        lan.set_weather(ORDINARY);
        lan.record();
        let mut play = Play {
            timeline: Timeline::new(&names),
            names: &names,
            lan,
            read: 0,
            weather: ORDINARY,
            failed: Vec::new(),
        };
        play.perform(scenario.as_ref());
        play.write(out)
    }
}

/// A run.
struct Play<'a> {
    timeline: Timeline<'a>,
    names: &'a [&'a str],
    lan: Lan,
    /// Records that the timeline has.
    read: usize,
    weather: Weather,
    failed: Vec<String>,
}

impl Play<'_> {
    fn perform(&mut self, scenario: Option<&Scenario>) {
        for node in 0..self.names.len() {
            self.lan.disturb(Disturbance::Start(node));
        }
        let Some(scenario) = scenario else {
            self.run_to(DEATH);
            let master = |node: &usize| {
                let mut status = self.lan.status(*node).into_iter();
                status.any(|status| status.state == State::Master)
            };
            if let Some(master) = (0..self.names.len()).find(master) {
                self.act(&Deed::Kill(master));
            }
            return self.run_to(DEFAULT_LENGTH);
        };
        let (timed, last): (Vec<&Step>, Vec<&Step>) =
            scenario.steps.iter().partition(|step| step.at.is_some());
        for step in timed {
            self.run_to(step.at.unwrap_or_default().min(scenario.length));
            self.step(step);
        }
        self.run_to(scenario.length);
        for step in last {
            self.step(step);
        }
    }

    fn run_to(&mut self, time: Duration) {
        let target = Timestamp::default() + time;
        self.lan.run(target.saturating_since(self.lan.now()));
        self.read_records();
        self.timeline.end(self.lan.now());
    }

    fn read_records(&mut self) {
        for record in &self.lan.records()[self.read..] {
            self.timeline.record(record);
        }
        self.read = self.lan.records().len();
    }

    fn step(&mut self, step: &Step) {
        let fault = match &step.what {
            Deed::Expect(node, state) => self.state_fault(*node, state),
            Deed::ExpectGap(limit) => self.gap_fault(*limit),
            deed => self.act(deed),
        };
        if let Some(fault) = fault {
            self.failed.push(format!("line {}: {fault}", step.line));
        }
    }

    /// Does something to the network; gives why it cannot be done.
    fn act(&mut self, deed: &Deed) -> Option<String> {
        let (names, now) = (self.names, self.lan.now());
        let (text, disturbance) = match deed {
            Deed::Kill(node) => (
                format!("{} dies", names[*node]),
                Disturbance::PowerOff(*node),
            ),
            Deed::Stop(node) => (
                format!("{} is stopped", names[*node]),
                Disturbance::Stop(*node),
            ),
            Deed::Start(node) => (
                format!("{} starts", names[*node]),
                Disturbance::Start(*node),
            ),
            Deed::Pause(node, time) => (
                format!("{} sleeps for {} ms", names[*node], time.as_millis()),
                Disturbance::Pause(*node, *time),
            ),
            Deed::Link(link, up, node) => {
                let Some(index) = self.lan.port(*node, link) else {
                    return Some(format!("{} has no interface {link}", names[*node]));
                };
                let way = if *up { "comes up" } else { "goes down" };
                (
                    format!("{}: {link} {way}", names[*node]),
                    Disturbance::Link(*node, index, *up),
                )
            }
            Deed::Script(script, good, node) => {
                let scripts = &self.lan.config(*node).scripts;
                if !scripts.iter().any(|known| &*known.name == script) {
                    return Some(format!("{} runs no script {script}", names[*node]));
                }
                let way = if *good { "succeeds" } else { "fails" };
                (
                    format!("{}: {script} {way} from now on", names[*node]),
                    Disturbance::OneScript(*node, script.as_str().into(), *good),
                )
            }
            Deed::Partition(sides) => (
                "the network is divided".to_owned(),
                Disturbance::Partition(sides.clone()),
            ),
            Deed::Heal => (
                "the network is whole".to_owned(),
                Disturbance::Partition(vec![0; names.len()]),
            ),
            Deed::Loss(percent) => {
                self.weather.loss = percent * 10;
                self.lan.set_weather(self.weather);
                self.timeline
                    .line(now, &format!("{percent}% of packets are lost"));
                return None;
            }
            Deed::Delay(delay) => {
                self.weather.delay = *delay;
                self.lan.set_weather(self.weather);
                let text = format!("packets take {} ms", delay.as_millis());
                self.timeline.line(now, &text);
                return None;
            }
            Deed::Expect(..) | Deed::ExpectGap(_) => return None,
        };
        self.timeline.line(now, &format!("-- {text}"));
        self.lan.disturb(disturbance);
        if let Deed::Kill(node) = deed {
            self.timeline.died(now, *node);
        }
        self.read_records();
        None
    }

    fn state_fault(&self, node: usize, expected: &str) -> Option<String> {
        let status = self.lan.status(node);
        let name = self.names[node];
        if status.is_empty() || expected == "gone" {
            let as_expected = status.is_empty() == (expected == "gone");
            return (!as_expected).then(|| format!("{name} is not {expected}"));
        }
        let other = status
            .iter()
            .find(|s| s.state.keepalived_name() != expected)?;
        Some(format!(
            "{name} {} is {}, not {expected}",
            other.name, other.state
        ))
    }

    fn gap_fault(&self, limit: Duration) -> Option<String> {
        let mut all = self.timeline.ownership.iter();
        let (address, ownership) = all.find(|(_, o)| o.longest_gap >= limit)?;
        let millis = ownership.longest_gap.as_millis();
        Some(format!("{address} had no owner for {millis} ms"))
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<u8> {
        for line in &self.timeline.lines {
            writeln!(out, "{line}")?;
        }
        for (address, ownership) in &self.timeline.ownership {
            let (without, double) = (ownership.without.as_millis(), ownership.double.as_millis());
            writeln!(
                out,
                "\n{address}: {without} ms without owner, {double} ms with two"
            )?;
            for (since, owners) in &ownership.spans {
                let names: Vec<&str> = owners.iter().map(|node| self.names[*node]).collect();
                let names = if names.is_empty() {
                    "nobody".to_owned()
                } else {
                    names.join(", ")
                };
                writeln!(out, "{} {names}", seconds(*since))?;
            }
        }
        for fault in &self.failed {
            writeln!(out, "\nnot as expected: {fault}")?;
        }
        Ok(if self.failed.is_empty() {
            0
        } else {
            UNEXPECTED
        })
    }
}
