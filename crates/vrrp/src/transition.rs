//! Entering and leaving states (spec vrrp-runtime 2). The order of the actions is part of the
//! contract: hooks and peers observe it.

use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Delivery, InitialState, State, VirtualAddress};

use crate::router::Router;
use crate::sockets::ROUTED;
use crate::timers::TimerKey;
use crate::{
    Action, Announcement, AnnouncementPart, Engine, LogLine, Notification, NotificationKind,
    PlacedAddress, RouterId, Subject, Timestamp,
};

/// How a master says that it resigns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resignation {
    /// One advert of priority 0 and a line.
    Once,
    /// Two adverts and one line: the original's answer to an own fault.
    Twice,
    /// One advert and no line: the mates of a faulty router.
    Silently,
}

impl Engine {
    /// First decisions (spec vrrp-runtime 1 and 2.1).
    pub(crate) fn start(&mut self, now: Timestamp) {
        self.begin_startup_delay(now);
        let ids = self.routers.ids();
        for id in &ids {
            self.resolve(*id);
        }
        self.add_fixtures();
        self.start_routers(now, &ids);
        for slot in 0..self.checks.len() {
            self.begin_check(now, slot);
        }
    }

    /// Gives each router its first state. The order of lines and notifications is the original's:
    /// reasons, faults, left-overs, groups, the rest.
    pub(crate) fn start_routers(&mut self, now: Timestamp, ids: &[RouterId]) {
        for id in ids {
            self.assess_first(*id);
        }
        let first: Vec<(RouterId, State)> =
            ids.iter().map(|id| (*id, self.first_state(*id))).collect();
        let of_state = |state: State| first.iter().filter(move |f| f.1 == state).map(|f| f.0);
        self.log_first_facts(ids);
        for id in of_state(State::Fault) {
            self.start_in_fault(id);
        }
        self.notify_new_groups(&first, State::Fault);
        for id in ids {
            self.remove_left_over_routing(*id);
            self.remove_left_over(*id);
        }
        self.refresh_lookup();
        self.notify_new_groups(&first, State::Backup);
        for id in of_state(State::Backup) {
            let owners = self.are_owners(id);
            match self.routers[id].group {
                None if owners => self.await_ownership(now, id),
                Some(_) if owners => self.await_group_ownership(now, id, true),
                _ => self.enter_backup(now, id, true, None),
            }
        }
    }

    fn assess_first(&mut self, id: RouterId) {
        let assessment = self.assess(&self.routers[id]);
        let router = &mut self.routers[id];
        router.waiting = assessment.waiting;
        router.effective_priority = assessment.priority;
        router.faults.clone_from(&assessment.faults);
        let name = router.name();
        for reason in assessment.faults {
            let name = Arc::clone(&name);
            self.log(LogLine::FaultReason { name, reason });
        }
        self.log_first_latch(id);
    }

    /// Priorities that differ from the configured ones, and groups that are in FAULT because of whom.
    fn log_first_facts(&mut self, ids: &[RouterId]) {
        for id in ids {
            let router = &self.routers[*id];
            let (from, to) = (router.base_priority, router.effective_priority);
            if from != to {
                let name = router.name();
                self.log(LogLine::PriorityChanged { name, from, to });
            }
            self.log_group_fault(*id, ids);
        }
    }

    /// FAULT, INIT (scripts have to report first) or BACKUP; the same for all of a group.
    fn first_state(&self, id: RouterId) -> State {
        let mates = self.mates(id);
        let any = |what: fn(&Router) -> bool| {
            what(&self.routers[id]) || mates.iter().any(|mate| what(&self.routers[*mate]))
        };
        if any(|router| !router.faults.is_empty()) {
            State::Fault
        } else if any(|router| router.waiting) {
            State::Init
        } else {
            State::Backup
        }
    }

    fn start_in_fault(&mut self, id: RouterId) {
        let now = self.wall_clock.event_time();
        let router = &mut self.routers[id];
        router.set_state(now, State::Fault);
        router.want = State::Fault;
        let name = router.name();
        self.log(LogLine::Entering {
            name,
            state: State::Fault,
            init: true,
        });
        self.notify(id, NotificationKind::Entered(State::Fault));
    }

    /// Whether a router and all of its group have priority 255.
    fn are_owners(&self, id: RouterId) -> bool {
        let owner = |id: &RouterId| self.routers[*id].is_owner();
        owner(&id) && self.mates(id).iter().all(owner)
    }

    /// An address owner becomes MASTER at once, without a word about BACKUP.
    fn await_ownership(&mut self, now: Timestamp, id: RouterId) {
        let router = &mut self.routers[id];
        router.set_state(now, State::Backup);
        router.want = State::Master;
        let from = self.waits_from(now);
        self.timers
            .set(TimerKey::Router(id), from + Duration::from_micros(1));
    }

    /// Owners in a group are BACKUP for one interval; the first timer takes all of them.
    fn await_group_ownership(&mut self, now: Timestamp, id: RouterId, init: bool) {
        let interval = self.routers[id].interval;
        self.enter_backup(now, id, init, Some(interval));
        self.routers[id].want = State::Master;
    }

    /// The last awaited script has reported. A reload may just have brought a router together with
    /// faulty ones: that group is seen to at its end.
    pub(crate) fn leave_init(&mut self, now: Timestamp, id: RouterId) {
        let mates = self.mates(id);
        if self.is_held(id, &mates) {
            return;
        }
        let owners = self.are_owners(id);
        if owners && self.routers[id].group.is_none() {
            if self.is_startup_delayed(now) {
                self.await_ownership(now, id);
                return;
            }
            self.enter_master(now, id);
            self.wake_neighbours(id);
            return;
        }
        let enter = |engine: &mut Self, id| {
            if owners {
                engine.await_group_ownership(now, id, false);
            } else {
                engine.enter_backup(now, id, false, None);
            }
        };
        enter(self, id);
        self.sync(id, State::Backup, &mates, enter);
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
        let sequence = router.next_sequence(&self.wall_clock);
        self.push(Action::SendAdvert {
            router: id,
            priority,
            revision,
            sequence,
        });
    }

    /// Sends an advert out of turn; the next regular one follows a whole interval later.
    pub(crate) fn send_advert_now(&mut self, now: Timestamp, id: RouterId) {
        self.send_advert(id);
        let interval = self.routers[id].interval;
        self.timers.set(TimerKey::Router(id), now + interval);
    }

    /// Announces that a master resigns. An interface that is down takes no packets; the original
    /// logs the line all the same.
    pub(crate) fn resign(&mut self, id: RouterId, resignation: Resignation) {
        let (copies, logged) = match resignation {
            Resignation::Once => (1, true),
            Resignation::Twice => (2, true),
            Resignation::Silently => (1, false),
        };
        let router = &self.routers[id];
        let up = router.transmit_interface().is_some_and(|index| {
            let interface = self.interfaces.get(index);
            index == ROUTED || interface.is_some_and(|interface| interface.up)
        });
        if up && router.source.is_some() {
            for _ in 0..copies {
                self.send_advert_of(id, 0);
            }
            self.routers[id].statistics.pri_zero_sent += 1;
        }
        if logged {
            let name = self.routers[id].name();
            self.log(LogLine::SentZero { name });
        }
    }

    /// One router becomes MASTER (sync groups are seen to by the caller).
    pub(crate) fn enter_master(&mut self, now: Timestamp, id: RouterId) {
        let router = &mut self.routers[id];
        router.set_state(now, State::Master);
        router.want = State::Master;
        router.master = None;
        router.preempt_at = None;
        router.complained.clear();
        router.header_sequence.became_master();
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
        self.add_routing(id);
        self.announce_all(now, id, garp.repeat);
        self.await_confirmation(now, id);
        if !garp.delay.is_zero() {
            self.timers.set(TimerKey::Burst(id), now + garp.delay);
        }
        if !garp.refresh.is_zero() {
            self.timers.set(TimerKey::Refresh(id), now + garp.refresh);
        }
        self.start_extra_announcements(now, id);
        self.notify(id, NotificationKind::Entered(State::Master));
    }

    /// What every way out of MASTER has in common, after the state line was logged.
    pub(crate) fn release(&mut self, id: RouterId) {
        self.routers[id].statistics.release_master += 1;
        for key in TimerKey::of_announcements(id) {
            self.timers.clear(key);
        }
        self.forget_announcements(id);
        self.remove_routing(id);
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
        let was = router.set_state(now, State::Backup);
        router.want = first_want(router, init && was == State::Init);
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
                self.resign(id, Resignation::Once);
            }
            self.release(id);
        }
        if was == State::Fault || (was == State::Init && !init) {
            self.wake_neighbours(id);
        }
        let wait = timer.unwrap_or_else(|| self.routers[id].master_down());
        let from = self.waits_from(now);
        self.timers.set(TimerKey::Router(id), from + wait);
        if timer.is_none() {
            self.keep_vigil(from, id);
        }
        self.notify(id, NotificationKind::Entered(State::Backup));
    }

    /// After a fault, or after it had to wait for scripts, a unicast router tells where its own
    /// address is, so that peers need not find out while they send the adverts that it waits for.
    fn wake_neighbours(&mut self, id: RouterId) {
        let router = &self.routers[id];
        let unicast = matches!(router.spec.delivery, Delivery::Unicast { .. });
        let own = router.source.and_then(|source| {
            let interface = match router.spec.interface {
                Some(_) => router.base,
                None => self.interfaces.holder_of(source),
            };
            Some((interface?, source))
        });
        if let (true, Some((interface, source))) = (unicast, own) {
            let own = PlacedAddress {
                interface,
                address: VirtualAddress::new(source, if source.is_ipv4() { 32 } else { 128 }),
            };
            let name = router.name();
            self.log(LogLine::WakingNeighbours {
                name,
                address: source,
            });
            self.push(Action::Announce(Announcement {
                router: id,
                addresses: Arc::new([own]),
                rounds: 1,
                part: AnnouncementPart::Single,
            }));
        }
    }

    /// One router becomes FAULT.
    ///
    /// Who still waited for scripts fails without a line, and as a mate of the faulty one
    /// ([`Resignation::Silently`]) without a notification. Of mates only a master gets a line: so
    /// does the original.
    pub(crate) fn enter_fault(&mut self, id: RouterId, resignation: Resignation) {
        let now = self.wall_clock.event_time();
        let router = &mut self.routers[id];
        let was = router.set_state(now, State::Fault);
        router.want = State::Fault;
        router.preempt_at = None;
        router.master = None;
        router.interval = router.spec.advert_interval;
        let name = router.name();
        self.timers.clear(TimerKey::Router(id));
        let is_mate = resignation == Resignation::Silently;
        if was == State::Master || (was != State::Init && !is_mate) {
            self.log(LogLine::Entering {
                name,
                state: State::Fault,
                init: false,
            });
        }
        if was == State::Master {
            self.resign(id, resignation);
            self.release(id);
        }
        self.latch_after(id, was);
        if was != State::Init || !is_mate {
            self.notify(id, NotificationKind::Entered(State::Fault));
        }
    }

    /// A router without a counterpart in a new configuration hands over. Nobody is told when it goes on
    /// as another one.
    pub(crate) fn retire(&mut self, id: RouterId, goes_on: bool) {
        let was = std::mem::replace(&mut self.routers[id].state, State::Fault);
        if was == State::Master {
            self.resign(id, Resignation::Once);
            self.release(id);
        }
        if goes_on {
            return;
        }
        if self.routers[id].spec.notify_deleted {
            self.notify(id, NotificationKind::Deleted);
        } else if was != State::Fault {
            self.notify(id, NotificationKind::Removed);
        }
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

    pub(crate) fn notify(&mut self, id: RouterId, kind: NotificationKind) {
        let router = &self.routers[id];
        let notification = Notification {
            subject: Subject::Instance(Arc::clone(&router.spec)),
            kind,
            priority: router.effective_priority,
        };
        self.push(Action::Notify(notification));
        self.trap_of_router(id, kind);
        self.alert_of_router(id, kind);
    }
}

/// What an instance that becomes BACKUP wants. As the original has it, one that begins with the initial
/// state MASTER wants that until it hears a master or the configuration is read again; in a sync group
/// this would be a vote.
fn first_want(router: &Router, begins: bool) -> State {
    let is_master = router.spec.initial_state == InitialState::Master;
    if begins && is_master && router.group.is_none() {
        State::Master
    } else {
        State::Backup
    }
}
