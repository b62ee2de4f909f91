//! What a scenario means for the nodes of a run: names become numbers, repetitions single steps.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use evervip_config::Code;
use evervip_model::{Config, State};

use super::network::interfaces;
use crate::scenario::{
    self, Expectation, Mistake, Name, Object, Placed, Scenario, Statement, Weather,
};

/// Everything that happens, in order, and how long it is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) length: Duration,
}

/// What happens when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// Time since the start; `None` is the end.
    pub(super) at: Option<Duration>,
    /// Where the file says so; `None` is nowhere.
    pub(super) place: Option<Range<usize>>,
    pub(super) deed: Deed,
}

/// What happens. Nodes are numbers of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    Kill(usize),
    /// Whoever is MASTER of anything dies, if anybody is.
    KillMaster,
    Stop(usize),
    Start(usize),
    Pause(usize, Duration),
    Freeze(usize, Duration),
    /// Of the instance of this name.
    ClearFault(usize, String),
    /// The file as the scenario names it.
    Reload(usize, String),
    Remove(usize),
    /// Milliseconds by which the wall clock is ahead.
    Clock(usize, i64),
    Change(Object, usize),
    /// The side of each node.
    Partition(Vec<u8>),
    Heal,
    Weather(Weather),
    /// Of one instance, or of all.
    ExpectState(usize, Option<String>, Option<State>),
    ExpectGap(Duration),
    ExpectDouble(Duration),
}

/// A node as far as scenarios can speak of it.
pub(super) struct Cast<'a> {
    pub(super) name: &'a str,
    /// What it runs, first what it starts with.
    pub(super) configs: Vec<&'a Config>,
}

/// When the master dies without a scenario.
const DEATH: Duration = Duration::from_secs(20);
/// How long it is watched after the last step when the file does not say.
const AFTERWARDS: Duration = Duration::from_secs(30);
/// How long the death of the master is watched.
const AFTER_DEATH: Duration = Duration::from_secs(20);
/// Steps of all repetitions together: more than anybody reads.
const MOST_STEPS: usize = 10_000;

impl Plan {
    /// The master dies.
    pub(super) fn death() -> Self {
        let at = Some(DEATH);
        let deed = Deed::KillMaster;
        let place = None;
        Self {
            steps: vec![Step { at, place, deed }],
            length: DEATH + AFTER_DEATH,
        }
    }

    /// What a scenario means, and what in it means nothing.
    pub(super) fn new(scenario: &Scenario, nodes: &[Cast<'_>]) -> (Self, Vec<Mistake>) {
        let mut reader = Reader {
            nodes,
            mistakes: Vec::new(),
            steps: Vec::new(),
        };
        let until = reader.until(&scenario.statements);
        for statement in &scenario.statements {
            reader.statement(statement, until);
        }
        let mut steps = reader.steps;
        steps.sort_by_key(|step| step.at.unwrap_or(Duration::MAX));
        let last = steps.iter().filter_map(|step| step.at).max();
        let length = until.unwrap_or_else(|| last.unwrap_or_default() + AFTERWARDS);
        (Self { steps, length }, reader.mistakes)
    }
}

struct Reader<'a> {
    nodes: &'a [Cast<'a>],
    mistakes: Vec<Mistake>,
    steps: Vec<Step>,
}

impl Reader<'_> {
    fn mistake(&mut self, code: Code, at: &Range<usize>, message: String, help: Option<String>) {
        let at = at.clone();
        self.mistakes.push(Mistake {
            code,
            at,
            message,
            help,
        });
    }

    /// The end that the file names; one is enough.
    fn until(&mut self, statements: &[Placed<Statement>]) -> Option<Duration> {
        let mut until = None;
        for statement in statements {
            let Statement::Until(time) = statement.what else {
                continue;
            };
            if until.is_some() {
                let message = "the end is named above".to_owned();
                self.mistake(Code::Duplicate, &statement.at, message, None);
            }
            until = until.or(Some(time));
        }
        until
    }

    fn statement(&mut self, statement: &Placed<Statement>, until: Option<Duration>) {
        let place = &statement.at;
        let (first, every, deed) = match &statement.what {
            Statement::Until(_) => return,
            Statement::Expect(expectation) => {
                if let Some(deed) = self.expectation(expectation) {
                    self.step(None, place, deed);
                }
                return;
            }
            Statement::At { first, every, deed } => (*first, *every, self.deed(deed)),
        };
        let Some(deed) = deed else { return };
        if until.is_some_and(|until| first > until) {
            let message = "this is after the end".to_owned();
            self.mistake(Code::Conflict, place, message, None);
            return;
        }
        match (every, until) {
            (None, _) => self.step(Some(first), place, deed),
            (Some(_), None) => {
                let message = "what is repeated needs an end".to_owned();
                let help = Some("write 'until TIME' on a line of its own".to_owned());
                self.mistake(Code::Conflict, place, message, help);
            }
            (Some(every), Some(until)) => self.repeat(first, every, until, place, &deed),
        }
    }

    fn repeat(
        &mut self,
        first: Duration,
        every: Duration,
        until: Duration,
        place: &Range<usize>,
        deed: &Deed,
    ) {
        let mut at = first;
        while at <= until {
            if self.steps.len() >= MOST_STEPS {
                let message = format!("this makes more than {MOST_STEPS} steps");
                self.mistake(Code::Limit, place, message, None);
                return;
            }
            self.step(Some(at), place, deed.clone());
            at += every;
        }
    }

    fn step(&mut self, at: Option<Duration>, place: &Range<usize>, deed: Deed) {
        let place = Some(place.clone());
        self.steps.push(Step { at, place, deed });
    }

    fn node(&mut self, name: &Name) -> Option<usize> {
        let mut nodes = self.nodes.iter();
        let found = nodes.position(|node| node.name == name.what);
        if found.is_none() {
            let names: Vec<&str> = self.nodes.iter().map(|node| node.name).collect();
            let message = format!("there is no node '{}'", name.what);
            let help = Some(format!("the nodes are {}", names.join(", ")));
            self.mistake(Code::UnknownName, &name.at, message, help);
        }
        found
    }

    fn deed(&mut self, deed: &scenario::Deed) -> Option<Deed> {
        Some(match deed {
            scenario::Deed::Kill(node) => Deed::Kill(self.node(node)?),
            scenario::Deed::Stop(node) => Deed::Stop(self.node(node)?),
            scenario::Deed::Start(node) => Deed::Start(self.node(node)?),
            scenario::Deed::Pause(node, time) => Deed::Pause(self.node(node)?, *time),
            scenario::Deed::Freeze(node, time) => Deed::Freeze(self.node(node)?, *time),
            scenario::Deed::ClearFault { instance, node } => {
                let node = self.node(node)?;
                self.instance(instance, node)?;
                Deed::ClearFault(node, instance.what.clone())
            }
            scenario::Deed::Reload { node, file } => {
                Deed::Reload(self.node(node)?, file.what.clone())
            }
            scenario::Deed::Remove(node) => Deed::Remove(self.node(node)?),
            scenario::Deed::Clock { ahead, by, node } => {
                // A day at most.
                let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
                Deed::Clock(self.node(node)?, if *ahead { by } else { -by })
            }
            scenario::Deed::Change { object, node } => {
                let node = self.node(node)?;
                self.object(object, node)?;
                Deed::Change(object.clone(), node)
            }
            scenario::Deed::Partition(sides) => Deed::Partition(self.sides(sides)?),
            scenario::Deed::Heal => Deed::Heal,
            scenario::Deed::Weather(weather) => Deed::Weather(*weather),
            scenario::Deed::Expect(expectation) => self.expectation(expectation)?,
        })
    }

    fn expectation(&mut self, expectation: &Expectation) -> Option<Deed> {
        Some(match expectation {
            Expectation::State {
                node,
                instance,
                state,
            } => {
                let node = self.node(node)?;
                if let Some(instance) = instance {
                    self.instance(instance, node)?;
                }
                let instance = instance.as_ref().map(|instance| instance.what.clone());
                Deed::ExpectState(node, instance, *state)
            }
            Expectation::Gap(limit) => Deed::ExpectGap(*limit),
            Expectation::Double(limit) => Deed::ExpectDouble(*limit),
        })
    }

    /// Whether any configuration of the node has the instance.
    fn instance(&mut self, instance: &Name, node: usize) -> Option<()> {
        let names = self.names(node, |config| {
            let instances = config.instances.iter();
            instances.map(|i| i.name.to_string()).collect()
        });
        self.known("instance", instance, node, names)
    }

    /// Who is not named is on the first side.
    fn sides(&mut self, groups: &[Vec<Name>]) -> Option<Vec<u8>> {
        let mut sides = vec![None; self.nodes.len()];
        for (side, names) in (0_u8..).zip(groups) {
            for name in names {
                let node = self.node(name)?;
                if sides[node].replace(side).is_some() {
                    let message = format!("'{}' cannot be on two sides", name.what);
                    self.mistake(Code::Duplicate, &name.at, message, None);
                }
            }
        }
        Some(sides.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// Whether any configuration of the node knows the object.
    fn object(&mut self, object: &Object, node: usize) -> Option<()> {
        let (kind, name, names): (_, _, fn(&Config) -> Vec<String>) = match object {
            Object::Link(name, _) => ("interface", name, |config| {
                interfaces(config).into_iter().collect()
            }),
            Object::Script(name, _) => ("check script", name, |config| {
                config.scripts.iter().map(|s| s.name.to_string()).collect()
            }),
            Object::File(name, _) => ("tracked file", name, |config| {
                config.files.iter().map(|f| f.name.to_string()).collect()
            }),
            Object::Process(name, _) => ("tracked process", name, |config| {
                let processes = config.processes.iter();
                processes.map(|p| p.name.to_string()).collect()
            }),
            Object::Bfd(name, _) => ("BFD session", name, |config| {
                let sessions = config.bfd_instances.iter();
                sessions.map(|b| b.name.to_string()).collect()
            }),
        };
        let names = self.names(node, names);
        self.known(kind, name, node, names)
    }

    /// Names in all configurations of a node.
    fn names(&self, node: usize, of: fn(&Config) -> Vec<String>) -> BTreeSet<String> {
        let configs = self.nodes[node].configs.iter();
        configs.flat_map(|config| of(config)).collect()
    }

    fn known(
        &mut self,
        kind: &str,
        name: &Name,
        node: usize,
        names: BTreeSet<String>,
    ) -> Option<()> {
        if names.contains(&name.what) {
            return Some(());
        }
        let owner = self.nodes[node].name;
        let message = format!("{owner} has no {kind} '{}'", name.what);
        let names: Vec<String> = names.into_iter().collect();
        let help = (!names.is_empty()).then(|| format!("it has {}", names.join(", ")));
        self.mistake(Code::UnknownName, &name.at, message, help);
        None
    }
}

impl Deed {
    /// What happens, in words.
    pub(super) fn describe(&self, names: &[&str]) -> String {
        match self {
            Self::Kill(node) => format!("{} dies", names[*node]),
            Self::KillMaster => "nobody is MASTER, nobody dies".to_owned(),
            Self::Stop(node) => format!("{} is stopped", names[*node]),
            Self::Start(node) => format!("{} starts", names[*node]),
            Self::Pause(node, time) => format!("{} sleeps for {}", names[*node], millis(*time)),
            Self::Freeze(node, time) => {
                format!(
                    "the machine of {} stands still for {}",
                    names[*node],
                    millis(*time)
                )
            }
            Self::ClearFault(node, instance) => {
                format!(
                    "{}: an operator clears the fault of {instance}",
                    names[*node]
                )
            }
            Self::Reload(node, file) => format!("{} reloads {file}", names[*node]),
            Self::Remove(node) => format!("{}: somebody removes its addresses", names[*node]),
            Self::Clock(node, ahead) => {
                let way = if *ahead < 0 { "behind" } else { "ahead" };
                let by = ahead.unsigned_abs();
                format!("{}: the clock is {by} ms {way}", names[*node])
            }
            Self::Change(object, node) => format!("{}: {}", names[*node], change(object)),
            Self::Partition(_) => "the network is divided".to_owned(),
            Self::Heal => "the network is whole".to_owned(),
            Self::Weather(Weather::Loss(percent)) => format!("{percent}% of packets are lost"),
            Self::Weather(Weather::Duplicate(percent)) => {
                format!("{percent}% of packets arrive twice")
            }
            Self::Weather(Weather::Delay(time)) => format!("packets take {}", millis(*time)),
            Self::Weather(Weather::Jitter(time)) => {
                format!("packets take up to {} longer", millis(*time))
            }
            // They do nothing.
            Self::ExpectState(..) | Self::ExpectGap(_) | Self::ExpectDouble(_) => String::new(),
        }
    }
}

fn change(object: &Object) -> String {
    let now = "from now on";
    match object {
        Object::Link(name, true) => format!("{} comes up", name.what),
        Object::Link(name, false) => format!("{} goes down", name.what),
        Object::Script(name, true) => format!("{} succeeds {now}", name.what),
        Object::Script(name, false) => format!("{} fails {now}", name.what),
        Object::Process(name, true) => format!("process {} runs {now}", name.what),
        Object::Process(name, false) => format!("process {} is gone", name.what),
        Object::Bfd(name, true) => format!("BFD session {} comes up", name.what),
        Object::Bfd(name, false) => format!("BFD session {} goes down", name.what),
        Object::File(name, Some(value)) => format!("file {} is {value} {now}", name.what),
        Object::File(name, None) => format!("file {} is gone", name.what),
    }
}

fn millis(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

#[cfg(test)]
mod tests;
