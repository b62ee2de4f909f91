//! What must hold at every moment of a run, found in its history.

use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Instance, State};
use evervip_simulation::{Deed, Doing};
use evervip_vrrp::Timestamp;

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
    /// Whether an advert that arrives is believed: numbers and clocks may stand in the way.
    pub believed: bool,
}

/// What is wrong in a history that ends at this time: a master that was late with an advert, an
/// able host that left addresses without owner for too long, a master before its time, one that took
/// over although it was to leave a healthy master alone, and two faults of those that slept: a backup that takes over from a healthy master, a master that sends
/// on although a better one waits to be heard.
#[must_use]
pub fn watch(history: &[Deed], hosts: usize, end: Timestamp, limits: Limits) -> Vec<String> {
    let mut watch = Watch {
        limits,
        hosts: vec![Seen::default(); hosts],
        sides: vec![0; hosts],
        ownerless: Vec::new(),
        last_incident: Timestamp::default(),
        faults: Vec::new(),
    };
    for deed in history {
        watch.see(deed.at, &deed.what);
    }
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
/// How long nothing must have happened before a nap that is to change nothing.
const CALM_BEFORE_NAP: Duration = Duration::from_secs(7);
/// In this time after a nap nobody takes over unless for a reason that was there before.
const AFTER_NAP: Duration = Duration::from_millis(300);

/// A host as far as it was seen.
#[derive(Clone, Default)]
struct Seen {
    running: bool,
    asleep: bool,
    started: Timestamp,
    /// The beginning of its last nap.
    slept: Timestamp,
    instances: Vec<Arc<Instance>>,
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
    /// It is to sleep, or has slept, without consequence until then.
    innocent_until: Option<Timestamp>,
    /// A better master waits to be heard.
    must_yield: bool,
}

struct Watch {
    limits: Limits,
    hosts: Vec<Seen>,
    sides: Vec<u8>,
    /// Side and VRID without owner, and since when.
    ownerless: Vec<(u8, usize, Timestamp)>,
    last_incident: Timestamp,
    faults: Vec<String>,
}

impl Watch {
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
            _ => {}
        }
        self.incident(at);
        let calm = at.saturating_since(self.last_incident);
        if !matches!(what, Doing::Resumed(_) | Doing::Paused(_)) {
            self.forget_naps(what);
        }
        match what {
            Doing::Started(host, instances) => {
                self.hosts[*host] = Seen {
                    running: true,
                    started: at,
                    instances: instances.clone(),
                    ..Seen::default()
                };
            }
            Doing::Ended(host) => self.hosts[*host] = Seen::default(),
            Doing::Paused(host) => {
                self.hosts[*host].slept = at;
                self.paused(*host, calm);
            }
            Doing::Resumed(host) => self.resumed(at, *host),
            Doing::Reloaded(host, instances) => self.hosts[*host].reload(instances),
            Doing::Divided(sides) => self.sides.clone_from(sides),
            Doing::Entered { host, name, state } => {
                if let Some((vrid, interval)) = self.hosts[*host].find(name) {
                    self.entered(at, *host, vrid, interval, *state);
                }
            }
            Doing::Disturbed | Doing::Advert { .. } | Doing::Moved { .. } => {}
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
                "host {host} slept and sent an advert of VRID {vrid} at {at:?}, although a better master waited"
            ));
        }
        let router = &mut self.hosts[host].routers[vrid];
        router.must_yield = false;
        router.priority = priority;
    }

    fn check_rhythm(&mut self, at: Timestamp, host: usize, vrid: usize) {
        let router = &mut self.hosts[host].routers[vrid];
        let master = router.state == Some(State::Master);
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
        let innocent = router.innocent_until.is_some_and(|until| at <= until);
        if state == State::Master {
            if innocent {
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
        router.innocent_until = None;
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
        let side = self.sides[host];
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

    /// Something happened, so that what was expected of those that slept is expected no more.
    fn forget_naps(&mut self, what: &Doing) {
        let about = match what {
            Doing::Entered { host, .. } => Some(*host),
            _ => None,
        };
        for (host, seen) in self.hosts.iter_mut().enumerate() {
            for router in &mut seen.routers {
                router.must_yield = false;
                if about != Some(host) {
                    router.innocent_until = None;
                }
            }
        }
    }

    fn paused(&mut self, host: usize, calm: Duration) {
        let quiet = calm >= CALM_BEFORE_NAP && self.limits.arrival.is_some();
        self.hosts[host].asleep = true;
        for vrid in 0..VRIDS {
            let side = self.sides[host];
            let led = self.masters(side, vrid).next().is_some();
            let router = &mut self.hosts[host].routers[vrid];
            router.due = None;
            let follows = router.state == Some(State::Backup) && led;
            let never = Timestamp::from_nanos(u64::MAX);
            router.innocent_until = (quiet && follows).then_some(never);
        }
    }

    fn resumed(&mut self, at: Timestamp, host: usize) {
        self.hosts[host].asleep = false;
        for vrid in 0..VRIDS {
            let yields = self.limits.arrival.is_some_and(|arrival| {
                self.hosts[host].routers[vrid].state == Some(State::Master)
                    && self.has_better_master(at, host, vrid, arrival)
            });
            let router = &mut self.hosts[host].routers[vrid];
            router.must_yield = yields;
            if router.innocent_until.is_some() {
                router.innocent_until = Some(at + AFTER_NAP);
            }
        }
    }

    /// Whether an advert of a master of higher priority must have arrived by now.
    fn has_better_master(
        &self,
        at: Timestamp,
        host: usize,
        vrid: usize,
        arrival: Duration,
    ) -> bool {
        let polite = self.hosts[host].instances.iter().any(|instance| {
            usize::from(instance.vrid.value()) == vrid && instance.higher_prio_send_advert
        });
        let own = self.hosts[host].routers[vrid].priority;
        !polite
            && self.masters(self.sides[host], vrid).any(|other| {
                let rival = &self.hosts[other].routers[vrid];
                other != host
                    && rival.priority > own
                    && self.is_only_rival(host, vrid, other)
                    && at.saturating_since(rival.entered.max(self.last_incident)) > arrival
            })
    }

    /// Whether no third host was MASTER during a nap: its adverts may be heard, and answered, first.
    fn is_only_rival(&self, sleeper: usize, vrid: usize, rival: usize) -> bool {
        let slept = self.hosts[sleeper].slept;
        let hosts = self.hosts.iter().enumerate();
        let mut others = hosts.filter(|(host, _)| ![sleeper, rival].contains(host));
        others.all(|(_, seen)| {
            let router = &seen.routers[vrid];
            router.state != Some(State::Master) && router.entered < slept
        })
    }

    /// Hosts that are awake and MASTER of a VRID.
    fn masters(&self, side: u8, vrid: usize) -> impl Iterator<Item = usize> + '_ {
        self.of_state(side, vrid, State::Master)
    }

    fn of_state(&self, side: u8, vrid: usize, state: State) -> impl Iterator<Item = usize> + '_ {
        let hosts = self.hosts.iter().zip(&self.sides).enumerate();
        hosts
            .filter(move |(_, (seen, on))| {
                **on == side
                    && seen.running
                    && !seen.asleep
                    && seen.routers[vrid].state == Some(state)
            })
            .map(|(host, _)| host)
    }

    /// Says who was without owner for too long until now.
    fn incident(&mut self, at: Timestamp) {
        for (side, vrid, since) in &self.ownerless {
            let time = at.saturating_since(*since);
            if time > self.limits.takeover {
                self.faults.push(format!(
                    "VRID {vrid} had no owner on side {side} for {time:?} until {at:?}, at most {:?} allowed",
                    self.limits.takeover
                ));
            }
        }
    }

    fn find_ownerless(&mut self, at: Timestamp) {
        self.ownerless.clear();
        for side in 0..=self.sides.iter().copied().max().unwrap_or(0) {
            for vrid in 0..VRIDS {
                let waiting = self.of_state(side, vrid, State::Backup).next().is_some();
                if waiting && self.masters(side, vrid).next().is_none() {
                    self.ownerless.push((side, vrid, at));
                }
            }
        }
    }
}

impl Seen {
    /// VRID and interval of an instance.
    fn find(&self, name: &str) -> Option<(usize, Duration)> {
        let instance = self.instances.iter().find(|known| *known.name == *name)?;
        Some((
            usize::from(instance.vrid.value()).min(VRIDS - 1),
            instance.advert_interval,
        ))
    }

    /// Instances without a counterpart are not looked at any more.
    fn reload(&mut self, instances: &[Arc<Instance>]) {
        self.instances = instances.to_vec();
        for (vrid, router) in self.routers.iter_mut().enumerate() {
            let kept = instances
                .iter()
                .any(|i| usize::from(i.vrid.value()) == vrid);
            if !kept {
                *router = SeenRouter::default();
            }
        }
    }
}
