//! What an accepted advert does (spec vrrp-runtime 4).

use std::net::IpAddr;
use std::time::Duration;

use evervip_model::State;

use crate::router::Master;
use crate::timers::TimerKey;
use crate::{
    AuthenticationLine, Engine, LogLine, MasterReason, NotificationKind, RouterId, Timestamp,
};

/// An advert that passed every check.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accepted {
    pub(crate) from: IpAddr,
    pub(crate) priority: u8,
    /// The sender's interval, where the version lets a backup adopt it.
    pub(crate) interval: Option<Duration>,
}

impl Engine {
    pub(crate) fn advert_accepted(&mut self, now: Timestamp, id: RouterId, advert: Accepted) {
        match self.routers[id].state {
            State::Backup => self.backup_heard(now, id, advert),
            State::Master => self.master_heard(now, id, advert),
            State::Init | State::Fault | State::Stop => {}
        }
    }

    fn backup_heard(&mut self, now: Timestamp, id: RouterId, advert: Accepted) {
        let name = self.routers[id].name();
        if advert.priority == 0 {
            self.routers[id].standing.claim = MasterReason::Resigned;
            self.log(LogLine::BackupReceivedZero { name });
            let skew = self.routers[id].skew();
            let from = self.waits_from(now);
            self.timers.set(TimerKey::Router(id), from + skew);
            return;
        }
        let router = &self.routers[id];
        let lower = advert.priority < router.effective_priority;
        if !lower || router.spec.nopreempt {
            if self.routers[id].preempt_at.take().is_some() {
                self.log(LogLine::StopPreemptDelay { name });
            }
            self.follow(now, id, advert);
        } else if self.preempt_delayed(now, id) {
            self.follow(now, id, advert);
        } else {
            self.routers[id].standing.claim = MasterReason::Preempted;
            self.log(LogLine::Discarding {
                name,
                from: advert.from,
                priority: advert.priority,
            });
        }
    }

    /// Whether a lower master is still left alone because of `preempt_delay`; starts the delay at
    /// the first advert of such a master.
    fn preempt_delayed(&mut self, now: Timestamp, id: RouterId) -> bool {
        let router = &mut self.routers[id];
        let delay = router.spec.preempt_delay;
        if delay.is_zero() {
            return false;
        }
        if let Some(at) = router.preempt_at {
            return now < at;
        }
        router.preempt_at = Some(now + delay);
        let name = router.name();
        self.log(LogLine::StartPreemptDelay { name, delay });
        true
    }

    /// The sender is the master: wait for its next advert.
    fn follow(&mut self, now: Timestamp, id: RouterId, advert: Accepted) {
        self.learn_interval(id, advert.interval);
        let router = &mut self.routers[id];
        if router
            .master
            .is_none_or(|master| master.address != advert.from)
        {
            router.complained.clear();
        }
        router.master = Some(Master {
            address: advert.from,
            priority: advert.priority,
        });
        router.want = State::Backup;
        // What was heard of an earlier one is no reason to take over from this one.
        router.standing.claim = MasterReason::default();
        let wait = router.master_down();
        let from = self.waits_from(now);
        self.timers.set(TimerKey::Router(id), from + wait);
        self.keep_vigil(from, id);
    }

    fn learn_interval(&mut self, id: RouterId, interval: Option<Duration>) {
        let router = &mut self.routers[id];
        if let Some(to) =
            interval.filter(|interval| *interval != router.interval && !interval.is_zero())
        {
            let from = std::mem::replace(&mut router.interval, to);
            let name = router.name();
            self.log(LogLine::IntervalLearned { name, from, to });
        }
    }

    fn master_heard(&mut self, now: Timestamp, id: RouterId, advert: Accepted) {
        let router = &self.routers[id];
        let name = router.name();
        let Some(source) = router.source else { return };
        if advert.priority == 0 {
            self.log(LogLine::MasterReceivedZero { name });
            self.send_advert_now(now, id);
            return;
        }
        if advert.priority == 255 && router.is_owner() && advert.from != source {
            self.log(LogLine::TwoOwners {
                name: router.name(),
            });
            let router = &mut self.routers[id];
            router.base_priority = 254;
            router.effective_priority = 254;
        }
        let ours = self.routers[id].effective_priority;
        let Accepted {
            from,
            priority,
            interval,
        } = advert;
        if priority > ours || (priority == ours && from > source) {
            if self.routers[id].spec.higher_prio_send_advert {
                self.send_advert(id);
            }
            self.log(if priority > ours {
                LogLine::HigherPriority {
                    name,
                    from,
                    priority,
                    ours,
                }
            } else {
                LogLine::HigherAddress {
                    name,
                    from,
                    priority,
                }
            });
            self.learn_interval(id, interval);
            self.routers[id].master = Some(Master {
                address: from,
                priority,
            });
            self.step_down(now, id);
        } else if priority == ours && from == source {
            if self.routers[id]
                .complained
                .first(crate::receive::OWN_ADDRESS)
            {
                self.log(LogLine::OwnAddress { name });
            }
        } else {
            self.lower_master_heard(now, id, from, priority);
        }
    }

    fn lower_master_heard(&mut self, now: Timestamp, id: RouterId, from: IpAddr, priority: u8) {
        let router = &self.routers[id];
        let answered = !router.spec.lower_prio_no_advert;
        let garp = router.spec.garp;
        let line = LogLine::LowerPriority {
            name: router.name(),
            from,
            priority,
            ours: router.effective_priority,
            answered,
        };
        self.log(line);
        if answered && self.routers[id].has_header() {
            // Whatever number the other one uses next, ours is believed.
            let router = &mut self.routers[id];
            router.header_sequence.advance();
            let name = router.name();
            self.log(LogLine::Authentication(AuthenticationLine::NumberSkipped {
                name,
            }));
        }
        let masters: Vec<RouterId> = std::iter::once(id)
            .chain(self.mates(id))
            .filter(|member| self.routers[*member].state == State::Master)
            .collect();
        for member in masters {
            if answered {
                self.send_advert_now(now, member);
            }
            if garp.lower_prio_repeat > 0 {
                self.announce_all(now, member, garp.lower_prio_repeat);
                if !garp.lower_prio_delay.is_zero() {
                    self.timers.set(
                        TimerKey::LowerPriorityBurst(member),
                        now + garp.lower_prio_delay,
                    );
                }
            }
        }
        self.notify(id, NotificationKind::MasterRxLowerPri);
    }
}
