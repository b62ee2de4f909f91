//! What may happen to a group, and who is MASTER then.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use evervip_model::{ScriptIndex, VrrpScript};

use super::Group;
use crate::outcome::{Contest, Failures, Outcome, address_interfaces};

/// Something that happens to a group in which all is well. Nodes are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// All daemons are started at once.
    Start,
    /// The daemon of a node is ended in order.
    Stops {
        /// Which node.
        node: usize,
    },
    /// A node crashes or loses all its links.
    Dies {
        /// Which node.
        node: usize,
    },
    /// An interface goes down.
    InterfaceDown {
        /// Which node.
        node: usize,
        /// Its name.
        interface: String,
    },
    /// A check script fails.
    ScriptFails {
        /// Which node.
        node: usize,
        /// Which of its scripts.
        script: ScriptIndex,
    },
    /// The check script of this name fails on every node that has it.
    ScriptFailsEverywhere {
        /// Its name.
        script: String,
    },
}

/// An event and its outcomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What happens.
    pub event: Event,
    /// The longest time until it is noticed.
    pub noticed: Duration,
    /// Who is MASTER then.
    pub outcome: Outcome,
    /// The same after recovery; `None` for the start.
    pub recovery: Option<Recovery>,
}

/// How things are when all is well again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The longest time until that is noticed.
    pub noticed: Duration,
    /// Who is MASTER then.
    pub outcome: Outcome,
}

/// The outcomes for virtual routers that sync groups tie together, or for one alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// Indices of the virtual routers; outcomes count routers in this order.
    pub routers: Vec<usize>,
    /// The start, then one row for each single failure.
    pub rows: Vec<Row>,
    /// Failures that were left out because there are too many.
    pub left_out: usize,
}

impl Group<'_> {
    /// Forecasts for all virtual routers.
    #[must_use]
    pub fn forecasts(&self) -> Vec<Forecast> {
        let components = self.components().into_iter();
        components.map(|routers| self.forecast(routers)).collect()
    }

    fn forecast(&self, routers: Vec<usize>) -> Forecast {
        let contest = self.contest(&routers);
        let none = Failures::default();
        let start = contest.start(&none);
        let mut events = self.events(&routers);
        let left_out = events.len().saturating_sub(MOST_EVENTS);
        events.truncate(MOST_EVENTS);
        let failures = events.into_iter().map(|event| {
            let broken = self.failures(&event);
            let outcome = contest.change(&start, &none, &broken);
            let recovery = contest.change(&outcome, &broken, &none);
            let [noticed, noticed_again] = self.noticed(&event);
            Row {
                event,
                noticed,
                outcome,
                recovery: Some(Recovery {
                    noticed: noticed_again,
                    outcome: recovery,
                }),
            }
        });
        let failures: Vec<Row> = failures.collect();
        let first = Row {
            event: Event::Start,
            noticed: Duration::ZERO,
            outcome: start,
            recovery: None,
        };
        Forecast {
            routers,
            rows: std::iter::once(first).chain(failures).collect(),
            left_out,
        }
    }

    /// The virtual routers that sync groups tie together.
    pub(super) fn components(&self) -> Vec<Vec<usize>> {
        // Each router knows one that it belongs to; the first of a component knows itself.
        let mut first: Vec<usize> = (0..self.routers.len()).collect();
        let mut of_group: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (index, router) in self.routers.iter().enumerate() {
            for place in &router.places {
                let Some(group) = self.members[place.node].group_of(place.instance) else {
                    continue;
                };
                let other = *of_group.entry((place.node, group)).or_insert(index);
                let (a, b) = (root(&mut first, index), root(&mut first, other));
                first[a.max(b)] = a.min(b);
            }
        }
        let mut components: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for index in 0..self.routers.len() {
            components
                .entry(root(&mut first, index))
                .or_default()
                .push(index);
        }
        components.into_values().collect()
    }

    /// Every single failure that concerns these routers.
    fn events(&self, routers: &[usize]) -> Vec<Event> {
        let mut events = Vec::new();
        let nodes = 0..self.members.len();
        events.extend(nodes.clone().map(|node| Event::Stops { node }));
        events.extend(nodes.clone().map(|node| Event::Dies { node }));
        for node in nodes.clone() {
            let mut interfaces = BTreeSet::new();
            for instance in self.instances_on(routers, node) {
                let tracked = instance
                    .track_interfaces
                    .iter()
                    .map(|t| t.interface.as_str());
                let own = instance.interface.as_deref();
                interfaces.extend(
                    own.into_iter()
                        .chain(tracked)
                        .chain(address_interfaces(instance)),
                );
            }
            events.extend(interfaces.into_iter().map(|name| Event::InterfaceDown {
                node,
                interface: name.to_owned(),
            }));
        }
        let mut nodes_of_script: BTreeMap<&str, usize> = BTreeMap::new();
        for node in nodes {
            for script in self.scripts_on(routers, node) {
                events.push(Event::ScriptFails { node, script });
                if let Some(script) = self.script(node, script) {
                    *nodes_of_script.entry(&*script.name).or_default() += 1;
                }
            }
        }
        let shared = nodes_of_script.into_iter().filter(|(_, count)| *count > 1);
        events.extend(shared.map(|(name, _)| Event::ScriptFailsEverywhere {
            script: name.to_owned(),
        }));
        events
    }

    fn instances_on<'s>(
        &'s self,
        routers: &'s [usize],
        node: usize,
    ) -> impl Iterator<Item = &'s evervip_model::Instance> {
        let places = routers.iter().flat_map(|r| &self.routers[*r].places);
        places
            .filter(move |place| place.node == node)
            .filter_map(|place| self.instance(*place))
    }

    fn scripts_on(&self, routers: &[usize], node: usize) -> BTreeSet<ScriptIndex> {
        let instances = self.instances_on(routers, node);
        let tracks = instances.flat_map(|i| &i.track_scripts);
        tracks.map(|track| track.script).collect()
    }

    pub(super) fn script(&self, node: usize, script: ScriptIndex) -> Option<&VrrpScript> {
        self.members.get(node)?.config.scripts.get(script.0)
    }

    /// What an event breaks.
    fn failures(&self, event: &Event) -> Failures {
        let mut failures = Failures::default();
        match event {
            Event::Start => {}
            Event::Stops { node } => {
                failures.stopped.insert(*node);
            }
            Event::Dies { node } => {
                failures.dead.insert(*node);
            }
            Event::InterfaceDown { node, interface } => {
                failures.interfaces.insert((*node, interface.clone()));
            }
            Event::ScriptFails { node, script } => {
                failures.scripts.insert((*node, *script));
            }
            Event::ScriptFailsEverywhere { script } => {
                failures.scripts.extend(self.scripts_named(script));
            }
        }
        failures
    }

    fn scripts_named(&self, name: &str) -> Vec<(usize, ScriptIndex)> {
        let members = self.members.iter().enumerate();
        let found = members.filter_map(|(node, member)| {
            let mut scripts = member.config.scripts.iter();
            let script = scripts.position(|script| &*script.name == name)?;
            Some((node, ScriptIndex(script)))
        });
        found.collect()
    }

    /// The longest time until an event and its end are noticed. The silence of a node is noticed by
    /// the election itself, and interfaces are reported at once.
    fn noticed(&self, event: &Event) -> [Duration; 2] {
        let scripts = match event {
            Event::ScriptFails { node, script } => vec![(*node, *script)],
            Event::ScriptFailsEverywhere { script } => self.scripts_named(script),
            _ => Vec::new(),
        };
        let scripts = scripts.into_iter().filter_map(|(n, s)| self.script(n, s));
        scripts.fold([Duration::ZERO; 2], |[down, up], script| {
            [
                down.max(script.interval.saturating_mul(script.fall.max(1))),
                up.max(script.interval.saturating_mul(script.rise.max(1))),
            ]
        })
    }

    /// An event in words.
    #[must_use]
    pub fn describe(&self, event: &Event) -> String {
        let name = |node: &usize| self.members.get(*node).map_or("", |m| m.name.as_str());
        match event {
            Event::Start => "start of all nodes at once".to_owned(),
            Event::Stops { node } => format!("{} is stopped", name(node)),
            Event::Dies { node } => format!("{} dies", name(node)),
            Event::InterfaceDown { node, interface } => {
                format!("{}: {interface} down", name(node))
            }
            Event::ScriptFails { node, script } => {
                let script = self.script(*node, *script).map_or("", |s| &*s.name);
                format!("{}: {script} fails", name(node))
            }
            Event::ScriptFailsEverywhere { script } => format!("{script} fails everywhere"),
        }
    }

    /// Contests of all components, with the outcome of the start.
    pub(super) fn started(&self) -> Vec<(Vec<usize>, Contest<'_>, Outcome)> {
        let components = self.components().into_iter();
        components
            .map(|routers| {
                let contest = self.contest(&routers);
                let start = contest.start(&Failures::default());
                (routers, contest, start)
            })
            .collect()
    }
}

/// The first of a component, with shorter ways for who asks next.
fn root(first: &mut [usize], of: usize) -> usize {
    let mut at = of;
    while first[at] != at {
        first[at] = first[first[at]];
        at = first[at];
    }
    at
}

/// More rows than anybody reads.
const MOST_EVENTS: usize = 100;
