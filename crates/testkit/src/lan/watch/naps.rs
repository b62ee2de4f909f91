//! Hosts that sleep: they must wake without harm.

use std::time::Duration;

use evervip_model::{Instance, State, skew_time};
use evervip_simulation::{Doing, Sleep};
use evervip_vrrp::Timestamp;

use super::{SEGMENTS, SLACK, VRIDS, Watch};

/// A host is asleep.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nap {
    since: Timestamp,
    sleep: Sleep,
    /// It slept already, or its machine did: what it knows when it wakes depends on which wakes first.
    twice: bool,
}

/// How long nothing must have happened before a nap that is to change nothing.
const CALM: Duration = Duration::from_secs(7);
/// Where packets overtake each other by more than that, one interval of listening may not be enough to
/// hear a master.
const STEADY: Duration = Duration::from_millis(10);

impl Watch {
    /// Something happened, so that what was expected of those that slept is expected no more.
    pub(super) fn forget_naps(&mut self, what: &Doing) {
        let about = match what {
            Doing::Entered { host, .. } => Some(*host),
            _ => None,
        };
        for (host, seen) in self.hosts.iter_mut().enumerate() {
            for router in &mut seen.routers {
                router.must_yield = false;
                if about != Some(host) {
                    router.innocent = false;
                }
            }
        }
    }

    pub(super) fn paused(&mut self, at: Timestamp, host: usize, sleep: Sleep, calm: Duration) {
        let quiet = calm >= CALM && self.limits.arrival.is_some();
        // Who sleeps twice is not judged.
        let twice = self.hosts[host].nap.is_some();
        self.hosts[host].nap = Some(Nap {
            since: at,
            sleep,
            twice,
        });
        for vrid in 0..VRIDS {
            let led = self.masters(self.side(host, vrid), vrid).next().is_some();
            let seen = &self.hosts[host];
            let state = seen.routers[vrid].state;
            let follows = state == Some(State::Backup) && led;
            let can_wait = seen
                .instance(vrid)
                .is_some_and(|instance| self.can_wait(instance, sleep));
            let innocent = quiet && !twice && follows && can_wait;
            if state == Some(State::Master) {
                // Who follows it will have to take over.
                for seen in &mut self.hosts {
                    seen.routers[vrid].innocent = false;
                }
            }
            self.hosts[host].routers[vrid].innocent = innocent;
        }
    }

    /// Whether a healthy master is heard before a sleeper takes over, whenever it wakes.
    fn can_wait(&self, instance: &Instance, sleep: Sleep) -> bool {
        let steady = self.limits.jitter <= STEADY;
        match sleep {
            Sleep::Daemon => true,
            // It has lost one advert at least. Who waits for two has a skew time left, which may be
            // shorter than what the next one is late.
            Sleep::Machine | Sleep::MachineAndClock => steady && instance.down_timer_adverts >= 3,
        }
    }

    pub(super) fn resumed(&mut self, at: Timestamp, host: usize) {
        let Some(nap) = self.hosts[host].nap.take() else {
            return;
        };
        let stood = if nap.sleep == Sleep::MachineAndClock {
            at.saturating_since(nap.since)
        } else {
            Duration::ZERO
        };
        self.hosts[host].started = self.hosts[host].started + stood;
        self.hosts[host].woke = at;
        // It hears now of links that changed meanwhile.
        self.hosts[host].linked = [at; SEGMENTS];
        for vrid in 0..VRIDS {
            let state = self.hosts[host].routers[vrid].state;
            let is_master = state == Some(State::Master) && !nap.twice;
            let expired = is_master && self.is_expired(at, host, vrid, nap.sleep);
            let better = is_master
                && self
                    .limits
                    .arrival
                    .is_some_and(|arrival| self.has_better_master(at, host, vrid, nap, arrival));
            let router = &mut self.hosts[host].routers[vrid];
            router.expired = expired;
            router.must_yield = better || expired;
            router.due = None;
            // Who slept may have something to listen to first.
            router.patience.forget();
            router.patience.put_off(stood);
            router.patience.excuse();
        }
    }

    /// `timer_expired_backup`: so long after the last advert somebody else is MASTER. Its clock has to
    /// say so.
    fn is_expired(&self, at: Timestamp, host: usize, vrid: usize, sleep: Sleep) -> bool {
        let seen = &self.hosts[host];
        let (Some(instance), Some(due)) = (seen.instance(vrid), seen.routers[vrid].due) else {
            return false;
        };
        let interval = instance.advert_interval;
        sleep != Sleep::MachineAndClock
            && instance.timer_expired_backup.is_some_and(|highest| {
                let skew = skew_time(instance.version, highest, interval);
                at > due + interval * 2 + skew + SLACK
            })
    }

    /// At the end of the moment in which it woke, such a master is none any more.
    pub(super) fn check_expired(&mut self, host: usize) {
        for vrid in 0..VRIDS {
            let router = &mut self.hosts[host].routers[vrid];
            let is_master = router.state == Some(State::Master);
            if std::mem::take(&mut router.expired) && is_master {
                self.faults.push(format!(
                    "host {host} has slept for too long, and is still MASTER of VRID {vrid} at {:?}",
                    self.now
                ));
            }
        }
    }

    /// Whether it must hear a master of higher priority before it sends an advert: one waits in the
    /// socket, or comes while it has to listen.
    fn has_better_master(
        &self,
        at: Timestamp,
        host: usize,
        vrid: usize,
        nap: Nap,
        arrival: Duration,
    ) -> bool {
        let seen = &self.hosts[host];
        let Some(instance) = seen.instance(vrid) else {
            return false;
        };
        // It may have changed since the last advert: what an engine knew before it slept counts.
        let own = seen.routers[vrid].patience.priority();
        let adverts = u32::from(instance.down_timer_adverts);
        let interval = instance.advert_interval;
        let listens = at > nap.since + interval * (adverts + 1) && self.limits.believed;
        !instance.higher_prio_send_advert
            && self.masters(self.side(host, vrid), vrid).any(|other| {
                let rival = &self.hosts[other].routers[vrid];
                let heard = match nap.sleep {
                    Sleep::Daemon => {
                        at.saturating_since(rival.entered.max(self.last_incident)) > arrival
                    }
                    Sleep::Machine => rival.due.is_some_and(|due| {
                        listens && due > at && due + self.limits.way < at + interval
                    }),
                    Sleep::MachineAndClock => false,
                };
                other != host
                    && rival.priority > own
                    && self.is_only_rival(host, vrid, other, nap.since)
                    && heard
            })
    }

    /// Whether no third host was MASTER during a nap: its adverts may be heard, and answered, first.
    fn is_only_rival(&self, sleeper: usize, vrid: usize, rival: usize, slept: Timestamp) -> bool {
        let hosts = self.hosts.iter().enumerate();
        let mut others = hosts.filter(|(host, _)| ![sleeper, rival].contains(host));
        others.all(|(_, seen)| {
            let router = &seen.routers[vrid];
            router.state != Some(State::Master) && router.entered < slept
        })
    }
}
