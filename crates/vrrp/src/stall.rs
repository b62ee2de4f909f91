//! Wake-ups after the process did not run for a while: SIGSTOP, a paused virtual machine, a
//! starved processor (spec vrrp-runtime 2.3).
//!
//! Whoever slept does not know what happened meanwhile; the packets that wait in its sockets do.
//! So timers that are very late are put off for a moment in which those packets are read. A rival
//! of higher priority then makes a master BACKUP before it has sent anything, and the adverts of a
//! healthy master keep a backup from taking over, also where one batch of packets does not hold
//! the adverts of all routers.

use std::time::Duration;

use evervip_model::State;

use crate::router::Router;
use crate::timers::TimerKey;
use crate::{Engine, LogLine, RouterId, Timestamp, skew_time};

/// How long a late timer is put off at most: many batches of packets are read in this time.
const LISTEN: Duration = Duration::from_millis(20);
/// Deadlines are always missed by a little, on a busy machine by some milliseconds. That is below
/// any limit that matters here, so that nothing is looked at more closely.
const ORDINARY: Duration = Duration::from_millis(10);

/// What a router does about a deadline that was missed by far.
enum Answer {
    /// Another one has certainly taken over.
    GiveUp,
    /// Others may know better.
    Listen,
    /// Nothing has happened in that time.
    GoOn,
}

impl Engine {
    /// Called before any event is handled.
    pub(crate) fn notice_stall(&mut self, now: Timestamp) {
        let next = self.timers.next();
        if next.is_none_or(|at| now.saturating_since(at) <= ORDINARY) {
            return;
        }
        for id in self.routers.ids() {
            let Some(due) = self.timers.deadline(TimerKey::Router(id)) else {
                continue;
            };
            let late = now.saturating_since(due);
            match self.routers[id].after_sleep(late) {
                Answer::GiveUp => self.give_up(now, id, late),
                Answer::Listen => self.listen(now, id, due),
                Answer::GoOn => {}
            }
        }
    }

    /// Puts a deadline off, once: a machine that is always late must get on all the same.
    fn listen(&mut self, now: Timestamp, id: RouterId, due: Timestamp) {
        let router = &mut self.routers[id];
        if router.listens_until != Some(due) {
            let until = now + LISTEN.min(router.interval);
            router.listens_until = Some(until);
            self.timers.set(TimerKey::Router(id), until);
            // Nor may the neighbours be told that the addresses are here.
            for key in [
                TimerKey::Burst(id),
                TimerKey::LowerPriorityBurst(id),
                TimerKey::Refresh(id),
            ] {
                if self.timers.deadline(key).is_some_and(|at| at <= now) {
                    self.timers.set(key, until);
                }
            }
        }
    }

    /// `timer_expired_backup`: a master goes back before it does anything else.
    fn give_up(&mut self, now: Timestamp, id: RouterId, late: Duration) {
        self.log(LogLine::TimerExpired { late });
        self.step_down(now, id);
    }
}

impl Router {
    fn after_sleep(&self, late: Duration) -> Answer {
        match self.state {
            State::Master if self.is_replaced_after(late) => Answer::GiveUp,
            // The last advert went out one interval before this one was due.
            State::Master if late > self.interval * (u32::from(self.down_timer_adverts()) - 1) => {
                Answer::Listen
            }
            // An advert of a healthy master must be waiting.
            State::Backup if late > self.interval => Answer::Listen,
            _ => Answer::GoOn,
        }
    }

    /// Whether the file says that by then somebody else is MASTER. Three intervals after the last
    /// advert are two after this one was due.
    fn is_replaced_after(&self, late: Duration) -> bool {
        let highest = self.spec.timer_expired_backup;
        highest.is_some_and(|priority| {
            late > self.interval * 2 + skew_time(self.spec.version, priority, self.interval)
        })
    }

    fn down_timer_adverts(&self) -> u8 {
        self.spec.down_timer_adverts.max(1)
    }
}
