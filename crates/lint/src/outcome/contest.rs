//! Who takes part.

use std::collections::BTreeMap;
use std::net::IpAddr;

use evervip_model::{Config, Instance};

use super::hearing::{Speaker, deafness};

/// One instance of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Which node, from 0.
    pub node: usize,
    /// Which of its instances, from 0.
    pub instance: usize,
}

/// An instance as it is given to a [`Contest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// Which instance.
    pub place: Place,
    /// Index of its sync group among those of its node.
    pub group: Option<usize>,
    /// Address that its adverts come from, where that is known.
    pub source: Option<IpAddr>,
}

/// An instance that takes part.
pub(crate) struct Contestant<'a> {
    pub(crate) place: Place,
    pub(crate) config: &'a Config,
    pub(crate) instance: &'a Instance,
    /// Index of its virtual router.
    pub(crate) router: usize,
    /// Index of its unit.
    pub(crate) unit: usize,
    /// Address that adverts come from.
    pub(crate) source: Option<IpAddr>,
    /// The contestants whose adverts it takes.
    pub(crate) hears: Vec<usize>,
}

/// Instances that change state together: the members of a sync group, or one alone.
pub(crate) struct Unit {
    pub(crate) members: Vec<usize>,
    pub(crate) grouped: bool,
}

/// The nodes' instances of some virtual routers, and who hears whom.
pub struct Contest<'a> {
    pub(crate) contestants: Vec<Contestant<'a>>,
    pub(crate) units: Vec<Unit>,
    pub(crate) routers: usize,
}

impl<'a> Contest<'a> {
    /// A contest of virtual routers: each is the list of its instances. Seats that the nodes do not
    /// have stay empty.
    ///
    /// Members of a sync group that have no seat take no part, so the routers that groups tie
    /// together have to come together.
    #[must_use]
    pub fn new(nodes: &[&'a Config], routers: &[Vec<Seat>]) -> Self {
        let (mut contestants, mut units) = (Vec::new(), Units::default());
        for (router, seats) in routers.iter().enumerate() {
            for seat in seats {
                let config = nodes.get(seat.place.node).copied();
                let instance = config.and_then(|c| c.instances.get(seat.place.instance));
                let (Some(config), Some(instance)) = (config, instance) else {
                    continue;
                };
                let unit = units.seat(contestants.len(), seat);
                contestants.push(Contestant {
                    place: seat.place,
                    config,
                    instance,
                    router,
                    unit,
                    source: seat.source,
                    hears: Vec::new(),
                });
            }
        }
        let units = units.all;
        let mut contest = Self {
            contestants,
            units,
            routers: routers.len(),
        };
        contest.listen();
        contest
    }

    fn listen(&mut self) {
        let mut of_router = vec![Vec::new(); self.routers];
        for (at, contestant) in self.contestants.iter().enumerate() {
            of_router[contestant.router].push(at);
        }
        for members in &of_router {
            for listener in members {
                let hears = members.iter().copied().filter(|sender| {
                    sender != listener
                        && deafness(self.speaker(*listener), self.speaker(*sender)).is_none()
                });
                self.contestants[*listener].hears = hears.collect();
            }
        }
    }

    fn speaker(&self, at: usize) -> Speaker<'a> {
        let contestant = &self.contestants[at];
        Speaker {
            instance: contestant.instance,
            source: contestant.source,
        }
    }
}

/// Puts the members of sync groups together.
#[derive(Default)]
struct Units {
    all: Vec<Unit>,
    /// The unit of each group, by node and group.
    of_group: BTreeMap<(usize, usize), usize>,
}

impl Units {
    /// The unit of a contestant.
    fn seat(&mut self, contestant: usize, seat: &Seat) -> usize {
        let next = self.all.len();
        let unit = seat.group.map_or(next, |group| {
            let key = (seat.place.node, group);
            *self.of_group.entry(key).or_insert(next)
        });
        if unit == next {
            self.all.push(Unit {
                members: Vec::new(),
                grouped: seat.group.is_some(),
            });
        }
        self.all[unit].members.push(contestant);
        unit
    }
}
