//! How long a backup waits, to the microsecond, for instances in no group: what it has heard, and
//! when, says when it takes over.

use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Instance, State, master_down_interval, skew_time};
use evervip_simulation::{Heard, Loaded};
use evervip_vrrp::Timestamp;

use super::{SLACK, Seen, VRIDS, Watch};

/// What a backup waits for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Patience {
    /// When the waiting began, and whether only for the skew time; none if that is not known.
    wait: Option<(Timestamp, bool)>,
    /// The end is not before: a change of priority moves it, but never into the past.
    earliest: Timestamp,
    /// The interval in force, if it is known.
    interval: Option<Duration>,
    priority: u8,
    /// The end of the running preempt delay.
    preempts: Option<Timestamp>,
    /// A better master was heard in this moment, of which this interval was learned.
    yielded: Option<(Timestamp, Option<Duration>)>,
    /// An address owner has had a reason to wait before its first state.
    excused: bool,
}

/// A check has given its first result by then.
const CHECKS: Duration = Duration::from_millis(50);

impl Patience {
    /// How long it waits is not known any more.
    pub(super) fn forget(&mut self) {
        self.wait = None;
        self.interval = None;
    }

    /// Its clock stood still for so long.
    pub(super) fn put_off(&mut self, time: Duration) {
        self.preempts = self.preempts.map(|at| at + time);
    }

    pub(super) fn excuse(&mut self) {
        self.excused = true;
    }

    pub(super) fn priority_changed(&mut self, at: Timestamp, priority: u8) {
        self.priority = priority;
        self.earliest = at;
    }

    /// The effective priority, as it was entered with or last told.
    pub(super) fn priority(&self) -> u8 {
        self.priority
    }

    fn end(&self, instance: &Instance) -> Option<Timestamp> {
        let ((start, short), interval) = (self.wait?, self.interval?);
        let (version, adverts) = (instance.version, instance.down_timer_adverts);
        let time = if short {
            skew_time(version, self.priority, interval)
        } else {
            master_down_interval(version, self.priority, interval, adverts)
        };
        Some((start + time).max(self.earliest))
    }
}

impl Watch {
    /// A backup hears an advert.
    pub(super) fn wait_again(&mut self, at: Timestamp, host: usize, vrid: usize, heard: &Heard) {
        let start = self.waits_from(at, host);
        let seen = &mut self.hosts[host];
        let Some(instance) = seen
            .instances
            .iter()
            .find(|i| usize::from(i.vrid.value()) == vrid)
        else {
            return;
        };
        let patience = &mut seen.routers[vrid].patience;
        let Some(own) = heard.own else { return };
        patience.priority = own;
        if heard.priority == 0 {
            // Who has just woken does not know when that was said, and listens first.
            let woke = seen.woke == at;
            patience.wait = patience.interval.filter(|_| !woke).map(|_| (start, true));
            patience.earliest = at;
            return;
        }
        if heard.priority >= own || instance.nopreempt {
            patience.preempts = None;
        } else if instance.preempt_delay.is_zero() {
            return;
        } else {
            let until = *patience.preempts.get_or_insert(at + instance.preempt_delay);
            if at >= until {
                return;
            }
        }
        patience.wait = Some((start, false));
        patience.earliest = at;
        patience.interval = Some(heard.interval.unwrap_or(instance.advert_interval));
    }

    /// An instance enters a state.
    pub(super) fn wait_from(
        &mut self,
        at: Timestamp,
        host: usize,
        vrid: usize,
        state: State,
        priority: u8,
    ) {
        if state == State::Master {
            self.check_patience_of(at, host, vrid, true);
        }
        let start = self.waits_from(at, host);
        let plain = self.limits.plain;
        let seen = &mut self.hosts[host];
        let own = seen.instance(vrid).map(|instance| instance.advert_interval);
        let router = &mut seen.routers[vrid];
        let was_master = router.state == Some(State::Master);
        let patience = &mut router.patience;
        let yielded = patience.yielded.filter(|(when, _)| *when == at);
        *patience = Patience {
            interval: own,
            priority,
            ..Patience::default()
        };
        if state != State::Backup || !plain {
            return;
        }
        if was_master && yielded.is_none() {
            // It gives way to whoever took its address away, for a shorter time, or was asleep.
            patience.interval = None;
            return;
        }
        if let Some((_, Some(interval))) = yielded {
            patience.interval = Some(interval);
        }
        patience.wait = Some((start, false));
        patience.earliest = at;
    }

    /// A master hears a better one.
    pub(super) fn yields(&mut self, at: Timestamp, host: usize, vrid: usize, heard: &Heard) {
        let patience = &mut self.hosts[host].routers[vrid].patience;
        patience.yielded = Some((at, heard.interval));
    }

    fn waits_from(&self, at: Timestamp, host: usize) -> Timestamp {
        at.max(self.hosts[host].started + self.limits.startup)
    }

    pub(super) fn check_patience(&mut self, host: usize) {
        for vrid in 0..VRIDS {
            self.check_patience_of(self.now, host, vrid, false);
            if self.limits.plain {
                self.check_owner(self.now, host, vrid);
            }
        }
    }

    /// An address owner does not wait, unless for its scripts, or for another one that it has heard.
    fn check_owner(&mut self, at: Timestamp, host: usize, vrid: usize) {
        let seen = &mut self.hosts[host];
        let start = seen.started + self.limits.startup;
        let is_owner = seen.instance(vrid).is_some_and(|i| i.priority.is_owner());
        let (asleep, grouped) = (seen.nap.is_some(), seen.is_grouped(vrid));
        let router = &mut seen.routers[vrid];
        let idle = seen.running && router.state.is_none() && !router.patience.excused;
        if idle && is_owner && !asleep && !grouped && at > start + CHECKS {
            router.patience.excuse();
            self.faults.push(format!(
                "host {host} owns VRID {vrid}, and is not MASTER at {at:?}"
            ));
        }
    }

    /// Whether it is not too early to take over, or else not too late.
    fn check_patience_of(&mut self, at: Timestamp, host: usize, vrid: usize, takes_over: bool) {
        let seen = &self.hosts[host];
        let router = &seen.routers[vrid];
        let Some(instance) = seen.instance(vrid) else {
            return;
        };
        if router.state != Some(State::Backup) || seen.nap.is_some() || seen.is_grouped(vrid) {
            return;
        }
        let Some(end) = router.patience.end(instance) else {
            return;
        };
        if takes_over && at + SLACK < end {
            self.faults.push(format!(
                "host {host} took over VRID {vrid} at {at:?}, before its time came at {end:?}"
            ));
        } else if at > end + SLACK {
            self.hosts[host].routers[vrid].patience.forget();
            self.faults.push(format!(
                "host {host} had to take over VRID {vrid} at {end:?}, and was BACKUP until {at:?}"
            ));
        }
    }
}

impl Seen {
    fn is_grouped(&self, vrid: usize) -> bool {
        let mut members = self.groups.iter().flatten();
        members.any(|member| self.vrid_of(*member) == Some(vrid))
    }

    /// A reload changes what an instance waits for, and how; but for a priority, which it tells. Who
    /// leaves a group may have waited for the others.
    pub(super) fn forget_changed(&mut self, loaded: &Loaded) {
        let instances = &loaded.instances;
        let new = Self {
            instances: instances.clone(),
            groups: loaded.groups.clone(),
            ..Self::default()
        };
        for vrid in 0..VRIDS {
            let same_vrid = |i: &&Arc<Instance>| usize::from(i.vrid.value()) == vrid;
            let regrouped = self.is_grouped(vrid) != new.is_grouped(vrid);
            let (old, after) = (
                self.instances.iter().find(same_vrid),
                instances.iter().find(same_vrid),
            );
            let timing = |instance: &Arc<Instance>| {
                (
                    instance.advert_interval,
                    instance.nopreempt,
                    instance.preempt_delay,
                )
            };
            if old.is_none() {
                self.routers[vrid].patience.excuse();
            }
            if regrouped {
                self.routers[vrid].patience.forget();
            }
            if old.map(timing) != after.map(timing) {
                self.routers[vrid].patience.forget();
                self.routers[vrid].patience.preempts = None;
            }
        }
    }
}
