//! What must hold at every moment of a run, found in its history.

mod debts;
mod naps;
mod patience;

use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Instance, State};
use evervip_simulation::{Deed, Doing, Loaded, Side};
use evervip_vrrp::Timestamp;

use self::debts::Debts;
use self::naps::Nap;
use self::patience::Patience;
use super::{SEGMENTS, segment_of};

/// What a watch has to know of a LAN.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest time after the last incident in which somebody is BACKUP and nobody is MASTER.
    pub takeover: Duration,
    /// Nobody is MASTER so shortly after the start of its daemon.
    pub startup: Duration,
    /// The longest time from one advert of a master to the arrival of the next; none where packets are
    /// lost.
    pub arrival: Option<Duration>,
    /// The longest that a packet is on its way.
    pub way: Duration,
    /// How much longer an advert may be on its way than the one before.
    pub jitter: Duration,
    /// Whether every advert that arrives is accepted.
    pub plain: bool,
    /// Whether an advert that arrives is believed: numbers and clocks may stand in the way.
    pub believed: bool,
}

/// What is wrong in a history that ends at this time: a master that was late with an advert, an
/// able host that left addresses without owner for too long, a master before its time, one that took
/// over although it was to leave a healthy master alone, or earlier or later than its timer says, one
/// that did not do what an advert asked for, a sync group whose members disagreed, and
/// faults of those that slept: a backup that takes over from a healthy master, a master that sends on
/// although a better one is there to be heard, or although it has been asleep for too long.
#[must_use]
pub fn watch(history: &[Deed], hosts: usize, end: Timestamp, limits: Limits) -> Vec<String> {
    let mut watch = Watch {
        limits,
        hosts: vec![Seen::default(); hosts],
        sides: vec![0; hosts],
        severed: std::array::from_fn(|_| vec![0; hosts]),
        ownerless: Vec::new(),
        last_incident: Timestamp::default(),
        now: Timestamp::default(),
        faults: Vec::new(),
    };
    for deed in history {
        watch.pass(deed.at);
        watch.see(deed.at, &deed.what);
    }
    watch.pass(end);
    watch.end_moment();
    watch.incident(end);
    for host in 0..hosts {
        for vrid in 0..VRIDS {
            watch.check_rhythm(end, host, vrid);
        }
    }
    watch.faults
}

/// VRIDs of schedules are smaller.
const VRIDS: usize = 8;
/// Engines and the network count in microseconds.
const SLACK: Duration = Duration::from_micros(10);

/// A host as far as it was seen.
#[derive(Clone, Default)]
struct Seen {
    running: bool,
    started: Timestamp,
    /// It is asleep.
    nap: Option<Nap>,
    instances: Vec<Arc<Instance>>,
    groups: Vec<Vec<usize>>,
    /// When the state of each link last changed.
    linked: [Timestamp; SEGMENTS],
    /// When it last woke.
    woke: Timestamp,
    routers: [SeenRouter; VRIDS],
}

#[derive(Clone, Copy, Default)]
struct SeenRouter {
    state: Option<State>,
    entered: Timestamp,
    /// Priority of its last advert.
    priority: u8,
    /// The next advert must come by then.
    due: Option<Timestamp>,
    /// It is asleep, or has slept, and has no reason to take over.
    innocent: bool,
    /// A better master is there to be heard.
    must_yield: bool,
    /// It has slept for so long that it must not be MASTER any more.
    expired: bool,
    debts: Debts,
    patience: Patience,
}

struct Watch {
    limits: Limits,
    hosts: Vec<Seen>,
    sides: Vec<u8>,
    severed: [Vec<u8>; SEGMENTS],
    /// Side and VRID without owner, and since when.
    ownerless: Vec<(Side, usize, Timestamp)>,
    last_incident: Timestamp,
    /// The moment that is looked at.
    now: Timestamp,
    faults: Vec<String>,
}

impl Watch {
    /// Time goes on; what one step of an engine does is done by then.
    fn pass(&mut self, at: Timestamp) {
        if at > self.now {
            self.end_moment();
            self.now = at;
        }
    }

    fn end_moment(&mut self) {
        for host in 0..self.hosts.len() {
            self.check_groups(host);
            self.check_expired(host);
            self.check_debts(host);
            self.check_patience(host);
        }
    }

    /// Members of a group change their states together. Who waits for scripts says nothing.
    fn check_groups(&mut self, host: usize) {
        let seen = &self.hosts[host];
        for group in &seen.groups {
            let members = group.iter().filter_map(|member| seen.vrid_of(*member));
            let states: Option<Vec<State>> = members.map(|vrid| seen.routers[vrid].state).collect();
            let torn = |states: &Vec<State>| states.windows(2).any(|pair| pair[0] != pair[1]);
            if let Some(states) = states.filter(torn) {
                self.faults.push(format!(
                    "host {host}: the group is torn at {:?}: {states:?}",
                    self.now
                ));
            }
        }
    }

    fn see(&mut self, at: Timestamp, what: &Doing) {
        match what {
            Doing::Moved { .. } => return,
            Doing::Advert {
                host,
                name,
                priority,
            } => {
                if let Some((vrid, interval)) = self.hosts[*host].find(name) {
                    self.advert(at, *host, vrid, interval, *priority);
                }
                return;
            }
            Doing::Heard(heard) => return self.heard(at, heard),
            Doing::Announced {
                host,
                name,
                addresses,
            } => {
                if let Some((vrid, _)) = self.hosts[*host].find(name) {
                    self.announced(at, *host, vrid, *addresses);
                }
                return;
            }
            _ => {}
        }
        self.incident(at);
        let calm = at.saturating_since(self.last_incident);
        if !matches!(what, Doing::Resumed(_) | Doing::Paused(..)) {
            self.forget_naps(what);
        }
        match what {
            Doing::Started(host, loaded) => {
                self.hosts[*host] = Seen {
                    running: true,
                    started: at,
                    ..Seen::default()
                };
                self.hosts[*host].load(loaded);
            }
            Doing::Ended(host) => self.hosts[*host] = Seen::default(),
            Doing::Paused(host, sleep) => self.paused(at, *host, *sleep, calm),
            Doing::Resumed(host) => self.resumed(at, *host),
            Doing::Reloaded(host, loaded) => {
                self.hosts[*host].forget_changed(loaded);
                self.hosts[*host].load(loaded);
            }
            Doing::Linked(host, interface, _) => self.linked(at, *host, *interface),
            Doing::Divided(sides) => self.sides.clone_from(sides),
            Doing::Severed(segment, sides) => self.severed[*segment].clone_from(sides),
            Doing::Entered {
                host,
                name,
                state,
                priority,
            } => {
                if let Some((vrid, interval)) = self.hosts[*host].find(name) {
                    self.settle_debts(at, *host, vrid, *state);
                    self.wait_from(at, *host, vrid, *state, *priority);
                    self.entered(at, *host, vrid, interval, *state);
                }
            }
            // Whom it had a right to replace a moment ago, it may have to leave alone now.
            Doing::Priority {
                host,
                name,
                priority,
            } => {
                if let Some((vrid, _)) = self.hosts[*host].find(name) {
                    let patience = &mut self.hosts[*host].routers[vrid].patience;
                    patience.priority_changed(at, *priority);
                }
            }
            Doing::Disturbed
            | Doing::Advert { .. }
            | Doing::Moved { .. }
            | Doing::Heard(_)
            | Doing::Announced { .. } => {}
        }
        self.last_incident = at;
        self.find_ownerless(at);
    }

    fn advert(
        &mut self,
        at: Timestamp,
        host: usize,
        vrid: usize,
        interval: Duration,
        priority: u8,
    ) {
        self.check_rhythm(at, host, vrid);
        let router = &mut self.hosts[host].routers[vrid];
        router.due = Some(at + interval);
        if router.must_yield && priority != 0 {
            self.faults.push(format!(
                "host {host} slept and sent an advert of VRID {vrid} at {at:?}, although another master may be there"
            ));
        }
        let router = &mut self.hosts[host].routers[vrid];
        router.must_yield = false;
        router.priority = priority;
        router.debts.advertised(at, priority);
    }

    fn check_rhythm(&mut self, at: Timestamp, host: usize, vrid: usize) {
        let router = &self.hosts[host].routers[vrid];
        let master = router.state == Some(State::Master) && self.hosts[host].nap.is_none();
        let router = &mut self.hosts[host].routers[vrid];
        if let Some(due) = router.due.filter(|due| master && at > *due) {
            router.due = None;
            self.faults.push(format!(
                "host {host} was due to advertise VRID {vrid} at {due:?}, not at {at:?}"
            ));
        }
    }

    fn entered(
        &mut self,
        at: Timestamp,
        host: usize,
        vrid: usize,
        interval: Duration,
        state: State,
    ) {
        self.check_rhythm(at, host, vrid);
        if state == State::Master {
            self.check_takeover(at, host, vrid);
        }
        let started = self.hosts[host].started;
        let router = &mut self.hosts[host].routers[vrid];
        if state == State::Master {
            if router.innocent {
                self.faults.push(format!(
                    "host {host} slept and took over VRID {vrid} at {at:?} from a healthy master"
                ));
            }
            if at < started + self.limits.startup {
                self.faults.push(format!(
                    "host {host} is MASTER of VRID {vrid} at {at:?}, before the startup delay ended"
                ));
            }
        }
        let router = &mut self.hosts[host].routers[vrid];
        router.due = (state == State::Master).then_some(at + interval);
        router.state = Some(state);
        router.entered = at;
        router.innocent = false;
        router.must_yield = false;
    }

    /// Who has heard a master must leave it alone, unless its own priority, which its first advert has
    /// told, is higher and it may preempt.
    fn check_takeover(&mut self, at: Timestamp, host: usize, vrid: usize) {
        let calm = at.saturating_since(self.last_incident);
        let heard = self.limits.believed && self.limits.arrival.is_some_and(|time| calm > time);
        let seen = &self.hosts[host];
        let own = seen.routers[vrid];
        let mut instances = seen.instances.iter();
        let Some(instance) = instances.find(|i| usize::from(i.vrid.value()) == vrid) else {
            return;
        };
        let waits = own.state == Some(State::Backup) && at < own.entered + instance.preempt_delay;
        let patient = instance.nopreempt || waits;
        let side = self.side(host, vrid);
        let wronged = self.masters(side, vrid).find(|master| {
            *master != host
                && (patient || own.priority <= self.hosts[*master].routers[vrid].priority)
        });
        if let (true, Some(master)) = (heard, wronged) {
            self.faults.push(format!(
                "host {host} took over VRID {vrid} at {at:?} from host {master}, which it was to leave alone"
            ));
        }
    }

    /// Where a host is on the segment of a VRID.
    fn side(&self, host: usize, vrid: usize) -> Side {
        let segment = self.hosts[host].instance(vrid).map_or(0, segment_of);
        (self.sides[host], self.severed[segment][host])
    }

    /// Hosts that are awake and MASTER of a VRID.
    fn masters(&self, side: Side, vrid: usize) -> impl Iterator<Item = usize> + '_ {
        self.of_state(side, vrid, State::Master)
    }

    fn of_state(&self, side: Side, vrid: usize, state: State) -> impl Iterator<Item = usize> + '_ {
        let hosts = self.hosts.iter().enumerate();
        hosts
            .filter(move |(host, seen)| {
                seen.running
                    && seen.nap.is_none()
                    && seen.routers[vrid].state == Some(state)
                    && self.side(*host, vrid) == side
            })
            .map(|(host, _)| host)
    }

    /// Says who was without owner for too long until now.
    fn incident(&mut self, at: Timestamp) {
        for (side, vrid, since) in &self.ownerless {
            let time = at.saturating_since(*since);
            if time > self.limits.takeover {
                self.faults.push(format!(
                    "VRID {vrid} had no owner on side {side:?} for {time:?} until {at:?}, at most {:?} allowed",
                    self.limits.takeover
                ));
            }
        }
    }

    fn find_ownerless(&mut self, at: Timestamp) {
        self.ownerless.clear();
        for host in 0..self.hosts.len() {
            for vrid in 0..VRIDS {
                let seen = &self.hosts[host];
                if seen.routers[vrid].state != Some(State::Backup) || seen.nap.is_some() {
                    continue;
                }
                let side = self.side(host, vrid);
                let known = self
                    .ownerless
                    .iter()
                    .any(|(on, of, _)| (*on, *of) == (side, vrid));
                if !known && !self.is_led(host, vrid) {
                    self.ownerless.push((side, vrid, at));
                }
            }
        }
    }

    /// Whether it, or a member of its group, hears a master. Where only one segment is divided, those
    /// who hear none there have to leave the master of the other alone.
    fn is_led(&self, host: usize, vrid: usize) -> bool {
        let mut company = self.hosts[host].company(vrid).into_iter();
        company.any(|vrid| self.masters(self.side(host, vrid), vrid).next().is_some())
    }
}

impl Seen {
    fn instance(&self, vrid: usize) -> Option<&Instance> {
        let mut instances = self.instances.iter();
        Some(instances.find(|known| usize::from(known.vrid.value()) == vrid)?)
    }

    /// The VRIDs of the group of a VRID's instance, or it alone.
    fn company(&self, vrid: usize) -> Vec<usize> {
        let mut groups = self.groups.iter().map(|group| {
            let vrids = group.iter().filter_map(|member| self.vrid_of(*member));
            vrids.collect::<Vec<usize>>()
        });
        let own = groups.find(|vrids| vrids.contains(&vrid));
        own.unwrap_or_else(|| vec![vrid])
    }

    /// The VRID of the instance with this index.
    fn vrid_of(&self, index: usize) -> Option<usize> {
        Some(usize::from(self.instances.get(index)?.vrid.value()).min(VRIDS - 1))
    }

    /// VRID and interval of an instance.
    fn find(&self, name: &str) -> Option<(usize, Duration)> {
        let instance = self.instances.iter().find(|known| *known.name == *name)?;
        Some((
            usize::from(instance.vrid.value()).min(VRIDS - 1),
            instance.advert_interval,
        ))
    }

    /// Instances without a counterpart are not looked at any more.
    fn load(&mut self, loaded: &Loaded) {
        self.instances.clone_from(&loaded.instances);
        self.groups.clone_from(&loaded.groups);
        for (vrid, router) in self.routers.iter_mut().enumerate() {
            let kept = loaded
                .instances
                .iter()
                .any(|i| usize::from(i.vrid.value()) == vrid);
            if !kept {
                *router = SeenRouter::default();
            }
        }
    }
}
