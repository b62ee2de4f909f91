//! Entering and leaving states (spec vrrp-runtime 2). The order of the actions is part of the
//! contract: hooks and peers observe it.

use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Delivery, State, VirtualAddress};

use crate::timers::TimerKey;
use crate::{
    Action, Announcement, AnnouncementPart, Engine, LogLine, Notification, NotificationKind,
    PlacedAddress, RouterId, Subject, Timestamp,
};

impl Engine {
    /// First decisions (spec vrrp-runtime 1 and 2.1).
    pub(crate) fn start(&mut self, now: Timestamp) {
        let ids = self.routers.ids();
        for id in &ids {
            self.resolve(*id);
        }
        self.start_routers(now, &ids);
        for slot in 0..self.checks.len() {
            self.check_due(now, slot, now);
        }
    }

    /// Removes left-over addresses, opens sockets and gives each router its first state.
    pub(crate) fn start_routers(&mut self, now: Timestamp, ids: &[RouterId]) {
        for id in ids {
            let assessment = self.assess(&self.routers[*id]);
            let router = &mut self.routers[*id];
            router.waiting = assessment.waiting;
            // Before anything can have failed only interfaces have a say.
            router.effective_priority = assessment.priority;
            router.faults.clone_from(&assessment.faults);
            let name = router.name();
            for reason in assessment.faults {
                self.log(LogLine::FaultReason {
                    name: Arc::clone(&name),
                    reason,
                });
            }
        }
        for id in ids {
            self.remove_addresses(*id);
        }
        self.refresh_lookup();
        for id in ids {
            self.enter_first_state(now, *id);
        }
        self.settle_groups();
    }

    fn enter_first_state(&mut self, now: Timestamp, id: RouterId) {
        let mates = self.mates(id);
        let any = |what: fn(&crate::router::Router) -> bool| {
            what(&self.routers[id]) || mates.iter().any(|mate| what(&self.routers[*mate]))
        };
        let faulty = any(|router| !router.faults.is_empty());
        let waiting = any(|router| router.waiting);
        let owners = !any(|router| !router.is_owner());
        if faulty {
            let router = &mut self.routers[id];
            router.state = State::Fault;
            router.want = if router.faults.is_empty() {
                State::Backup
            } else {
                State::Fault
            };
            let name = router.name();
            self.log(LogLine::Entering {
                name,
                state: State::Fault,
                init: true,
            });
            self.notify(id, NotificationKind::Entered(State::Fault));
        } else if waiting {
            // Nothing is logged or notified before the scripts have reported.
        } else if owners {
            self.await_ownership(now, id);
        } else {
            self.enter_backup(now, id, true, None);
        }
    }

    /// An address owner becomes MASTER at once, without a word about BACKUP.
    fn await_ownership(&mut self, now: Timestamp, id: RouterId) {
        let router = &mut self.routers[id];
        router.state = State::Backup;
        router.want = State::Master;
        self.timers
            .set(TimerKey::Router(id), now + Duration::from_micros(1));
    }

    /// The last awaited script has reported.
    pub(crate) fn leave_init(&mut self, now: Timestamp, id: RouterId) {
        let mates = self.mates(id);
        let waiting = |id: &RouterId| self.routers[*id].waiting;
        if waiting(&id) || mates.iter().any(waiting) {
            return;
        }
        let owners =
            self.routers[id].is_owner() && mates.iter().all(|mate| self.routers[*mate].is_owner());
        for id in std::iter::once(id).chain(mates) {
            if self.routers[id].state != State::Init {
                continue;
            }
            if owners {
                self.await_ownership(now, id);
            } else {
                self.enter_backup(now, id, false, None);
            }
        }
        self.settle_groups();
    }

    /// A router's own timer: the advert timer of a master, the master-down timer of a backup.
    pub(crate) fn router_timer(&mut self, now: Timestamp, id: RouterId, due: Timestamp) {
        match self.routers[id].state {
            State::Master => {
                self.send_advert(id);
                let interval = self.routers[id].interval;
                let next = due + interval;
                // Adverts that were missed are not made up for.
                self.timers.set(
                    TimerKey::Router(id),
                    if next > now { next } else { now + interval },
                );
            }
            State::Backup => self.take_over(now, id),
            State::Init | State::Fault | State::Stop => {}
        }
    }

    pub(crate) fn send_advert(&mut self, id: RouterId) {
        let priority = self.routers[id].effective_priority;
        self.send_advert_of(id, priority);
    }

    fn send_advert_of(&mut self, id: RouterId, priority: u8) {
        let router = &mut self.routers[id];
        router.statistics.advert_sent += 1;
        let revision = router.revision;
        self.push(Action::SendAdvert {
            router: id,
            priority,
            revision,
        });
    }

    /// Sends an advert out of turn; the next regular one follows a whole interval later.
    pub(crate) fn send_advert_now(&mut self, now: Timestamp, id: RouterId) {
        self.send_advert(id);
        let interval = self.routers[id].interval;
        self.timers.set(TimerKey::Router(id), now + interval);
    }

    /// Announces that a master resigns: `copies` adverts of priority 0, counted as one resignation.
    pub(crate) fn resign(&mut self, id: RouterId, copies: u8) {
        for _ in 0..copies {
            self.send_advert_of(id, 0);
        }
        let router = &mut self.routers[id];
        router.statistics.pri_zero_sent += 1;
        let name = router.name();
        self.log(LogLine::SentZero { name });
    }

    /// One router becomes MASTER (sync groups are seen to by the caller).
    pub(crate) fn enter_master(&mut self, now: Timestamp, id: RouterId) {
        let router = &mut self.routers[id];
        router.state = State::Master;
        router.want = State::Master;
        router.master = None;
        router.preempt_at = None;
        router.complained.clear();
        router.statistics.become_master += 1;
        let (name, garp, own) = (router.name(), router.spec.garp, router.spec.advert_interval);
        let learned = std::mem::replace(&mut router.interval, own);
        if learned != own {
            self.log(LogLine::IntervalRestored {
                name: Arc::clone(&name),
                from: learned,
                to: own,
            });
        }
        self.send_advert_now(now, id);
        self.log(LogLine::Entering {
            name,
            state: State::Master,
            init: false,
        });
        self.add_addresses(id);
        self.announce_all(now, id, garp.repeat);
        if !garp.delay.is_zero() {
            self.timers.set(TimerKey::Burst(id), now + garp.delay);
        }
        if !garp.refresh.is_zero() {
            self.timers.set(TimerKey::Refresh(id), now + garp.refresh);
        }
        self.notify(id, NotificationKind::Entered(State::Master));
    }

    /// What every way out of MASTER has in common, after the state line was logged.
    fn release(&mut self, id: RouterId) {
        self.routers[id].statistics.release_master += 1;
        for key in [
            TimerKey::Burst(id),
            TimerKey::LowerPriorityBurst(id),
            TimerKey::Refresh(id),
        ] {
            self.timers.clear(key);
        }
        self.forget_announcements(id);
        self.remove_addresses(id);
    }

    /// One router becomes BACKUP; `timer` is the master-down interval unless given.
    pub(crate) fn enter_backup(
        &mut self,
        now: Timestamp,
        id: RouterId,
        init: bool,
        timer: Option<Duration>,
    ) {
        let router = &mut self.routers[id];
        let was = std::mem::replace(&mut router.state, State::Backup);
        router.want = State::Backup;
        router.preempt_at = None;
        router.complained.clear();
        let name = router.name();
        self.log(LogLine::Entering {
            name,
            state: State::Backup,
            init,
        });
        if was == State::Master {
            if timer.is_some() {
                self.resign(id, 1);
            }
            self.release(id);
        }
        if was == State::Fault {
            self.wake_neighbours(id);
        }
        let router = &self.routers[id];
        self.timers.set(
            TimerKey::Router(id),
            now + timer.unwrap_or_else(|| router.master_down()),
        );
        self.notify(id, NotificationKind::Entered(State::Backup));
    }

    /// After a fault a unicast router tells where its own address is, so that peers need not find
    /// out while they send the adverts that it waits for.
    fn wake_neighbours(&mut self, id: RouterId) {
        let router = &self.routers[id];
        let unicast = matches!(router.spec.delivery, Delivery::Unicast { .. });
        if let (true, Some(interface), Some(source)) = (unicast, router.interface, router.source) {
            let own = PlacedAddress {
                interface,
                address: VirtualAddress::new(source.into(), 32),
            };
            self.push(Action::Announce(Announcement {
                router: id,
                addresses: Arc::new([own]),
                rounds: 1,
                part: AnnouncementPart::Single,
            }));
        }
    }

    /// One router becomes FAULT; a master resigns `copies` times if it still can.
    pub(crate) fn enter_fault(&mut self, id: RouterId, copies: u8) {
        let router = &mut self.routers[id];
        let was = std::mem::replace(&mut router.state, State::Fault);
        router.preempt_at = None;
        router.master = None;
        router.interval = router.spec.advert_interval;
        let name = router.name();
        self.timers.clear(TimerKey::Router(id));
        self.log(LogLine::Entering {
            name,
            state: State::Fault,
            init: false,
        });
        if was == State::Master {
            let router = &self.routers[id];
            let reachable = router
                .interface
                .and_then(|index| self.interfaces.get(index))
                .is_some_and(|i| i.up);
            if reachable && router.source.is_some() {
                self.resign(id, copies);
            }
            self.release(id);
        }
        self.notify(id, NotificationKind::Entered(State::Fault));
    }

    /// The original's answer to the removal of an address: step down and, unless somebody else takes
    /// over within the skew time, come back (spec vrrp-runtime 2.2).
    pub(crate) fn give_way_to_intruder(&mut self, now: Timestamp, id: RouterId) {
        let mates = self.mates(id);
        let skew = self.routers[id].skew();
        self.enter_backup(now, id, false, Some(skew));
        for mate in mates {
            if self.routers[mate].state == State::Master {
                let skew = self.routers[mate].skew();
                self.enter_backup(now, mate, false, Some(skew));
            }
        }
        self.settle_groups();
    }

    /// The end: masters hand over, then everybody is told (spec vrrp-runtime 18).
    pub(crate) fn stop(&mut self) {
        self.timers.clear_all();
        let ids = self.routers.ids();
        for id in &ids {
            if self.routers[*id].state == State::Master {
                self.resign(*id, 1);
                self.release(*id);
            }
            self.routers[*id].state = State::Stop;
        }
        for id in &ids {
            self.notify(*id, NotificationKind::Entered(State::Stop));
        }
        for index in 0..self.groups.len() {
            self.set_group_state(index, State::Stop);
        }
    }

    pub(crate) fn notify(&mut self, id: RouterId, kind: NotificationKind) {
        let router = &self.routers[id];
        let notification = Notification {
            subject: Subject::Instance(Arc::clone(&router.spec)),
            kind,
            priority: router.effective_priority,
        };
        self.push(Action::Notify(notification));
    }
}
