//! What no single file can show: the configurations of all nodes of a group, side by side.
//!
//! A [`Group`] matches the instances of the nodes, reports what must agree and does not, and
//! forecasts who is MASTER after every single failure.

mod addresses;
mod difference;
mod handover;
mod matching;
mod member;
mod peers;
mod presence;
mod priority;
mod scenario;

use std::net::IpAddr;

use evervip_config::{Code, Diagnostic, Severity, SourceMap, Span};
use evervip_model::{Config, Instance};

use crate::Input;
use crate::outcome::{Contest, Place, Seat};

pub use matching::VirtualRouter;
pub use member::Member;
pub use scenario::{Event, Forecast, Row};

/// The nodes of a group, at least one, and the virtual routers that they share.
pub struct Group<'a> {
    /// The nodes in the order in which their files were given.
    pub members: Vec<Member<'a>>,
    /// The virtual routers, those of the first node first.
    pub routers: Vec<VirtualRouter>,
    /// The files of all nodes: places in diagnostics of the group are places in these.
    pub sources: SourceMap,
    /// Where the adverts of each instance of each router come from.
    origins: Vec<Vec<Option<IpAddr>>>,
}

impl<'a> Group<'a> {
    /// A group of nodes with names for messages. Nodes whose configuration is refused are left out.
    #[must_use]
    pub fn new(nodes: &[(String, Input<'a>)]) -> Self {
        let mut sources = SourceMap::default();
        let mut members = Vec::new();
        for (name, input) in nodes {
            let offset = sources.append(&input.loaded.sources);
            if let Some(config) = &input.loaded.config {
                members.push(Member::new(name.clone(), input, config, offset));
            }
        }
        let routers = matching::virtual_routers(&members);
        let origins = routers
            .iter()
            .map(|router| matching::sources(&members, router))
            .collect();
        Self {
            members,
            routers,
            sources,
            origins,
        }
    }

    /// Everything there is to say about the group, in the order of the files.
    #[must_use]
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut found: Vec<Diagnostic> = LINTS.iter().flat_map(|lint| lint(self)).collect();
        found.sort_by_key(|d| d.place().map(|span| (span.file, span.start)));
        found
    }

    /// The name of a virtual router: that of its first instance.
    #[must_use]
    pub fn router_name(&self, router: &VirtualRouter) -> &'a str {
        let first = router.places.first();
        first
            .and_then(|place| self.instance(*place))
            .map_or("", |instance| &*instance.name)
    }

    /// Where the adverts of each instance of a router come from, as far as the files say it.
    #[must_use]
    pub fn sources_of(&self, router: usize) -> &[Option<IpAddr>] {
        self.origins.get(router).map_or(&[], Vec::as_slice)
    }

    fn instance(&self, place: Place) -> Option<&'a Instance> {
        self.members.get(place.node)?.instance(place)
    }

    /// The instances of a virtual router.
    fn instances(&self, router: &VirtualRouter) -> Vec<(Place, &'a Instance)> {
        let places = router.places.iter();
        places
            .filter_map(|place| Some((*place, self.instance(*place)?)))
            .collect()
    }

    fn name(&self, place: Place) -> &str {
        &self.members[place.node].name
    }

    fn contest(&self, routers: &[usize]) -> Contest<'a> {
        let configs: Vec<&'a Config> = self.members.iter().map(|m| m.config).collect();
        let seats: Vec<Vec<Seat>> = routers
            .iter()
            .map(|router| {
                let places = self.routers[*router].places.iter();
                places
                    .zip(&self.origins[*router])
                    .map(|(place, source)| Seat {
                        place: *place,
                        group: self.members[place.node].group_of(place.instance),
                        source: *source,
                    })
                    .collect()
            })
            .collect();
        Contest::new(&configs, &seats)
    }
}

type Lint = fn(&Group<'_>) -> Vec<Diagnostic>;

const LINTS: &[Lint] = &[
    presence::instances,
    presence::sync_groups,
    difference::settings,
    addresses::lists,
    peers::lists,
    priority::owners,
    priority::equals,
    priority::states,
    handover::checks,
    handover::preemption,
];

/// A finding about several places; the first is the primary one.
fn finding(
    code: Code,
    severity: Severity,
    message: String,
    spots: Vec<(Option<Span>, String)>,
) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(code, evervip_config::Class::Log, message);
    diagnostic.severity = severity;
    for (at, (span, text)) in spots.into_iter().enumerate() {
        let Some(span) = span else { continue };
        diagnostic = if at == 0 {
            diagnostic.at(span)
        } else {
            diagnostic.label(span, text)
        };
    }
    diagnostic
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}
