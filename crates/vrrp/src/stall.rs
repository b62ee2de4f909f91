//! Wake-ups after the process did not run for a while: SIGSTOP, a paused virtual machine, a
//! starved processor (spec vrrp-runtime 2.3).
//!
//! Whoever slept does not know what happened meanwhile. The packets that wait in its sockets may
//! tell, but a paused virtual machine loses those that came in its sleep; a healthy master is heard
//! again within one interval. So timers that are very late are put off: a rival of higher priority
//! then makes a master BACKUP before it has sent anything, and the advert of a healthy master keeps
//! a backup from taking over.
//!
//! A master waits for one interval, a backup for its skew time longer: where both slept, the master
//! is heard first. A backup may also have slept through adverts and wake before its timer expires;
//! how it finds that out is in `vigil.rs`. A master that slept hardly longer than its peers wait listens for a moment only,
//! because a whole interval would be what makes them take over.

use std::time::Duration;

use evervip_model::State;

use crate::router::Router;
use crate::timers::TimerKey;
use crate::{Engine, LogLine, RouterId, Timestamp, skew_time};

/// How long a master listens that may still be in time: the packets that wait are read meanwhile. So
/// much later than usual an advert may come, too.
const MOMENT: Duration = Duration::from_millis(20);
/// By how much deadlines are always missed on a busy machine. That is below any limit that matters to
/// a stall, so that nothing is looked at more closely.
pub const ORDINARY_LATENESS: Duration = Duration::from_millis(10);

/// What a router does about a deadline that was missed by far.
enum Answer {
    /// Another one has certainly taken over.
    GiveUp,
    /// Others may know better: for so long nothing is done.
    Listen(Duration),
    /// Nothing has happened in that time.
    GoOn,
}

impl Engine {
    /// Called before any event is handled.
    pub(crate) fn notice_stall(&mut self, now: Timestamp) {
        let next = self.timers.next();
        if next.is_none_or(|at| now.saturating_since(at) <= ORDINARY_LATENESS) {
            return;
        }
        for id in self.routers.ids() {
            let Some(due) = self.timers.deadline(TimerKey::Router(id)) else {
                continue;
            };
            let late = now.saturating_since(due);
            match self.routers[id].after_sleep(late) {
                Answer::GiveUp => self.give_up(now, id, late),
                Answer::Listen(time) => self.listen(now, id, due, time),
                Answer::GoOn => {}
            }
        }
    }

    /// Puts a deadline off, once: a machine that is always late must get on all the same.
    fn listen(&mut self, now: Timestamp, id: RouterId, due: Timestamp, time: Duration) {
        let router = &mut self.routers[id];
        if router.listens_until != Some(due) {
            let until = now + time;
            router.listens_until = Some(until);
            self.timers.set(TimerKey::Router(id), until);
            // Nor may the neighbours be told that the addresses are here. What waits in lanes stays
            // there: see `drain_lane`.
            for key in TimerKey::of_announcements(id) {
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
    /// Whether a deadline was put off that it has to wait for.
    pub(crate) fn is_listening(&self, now: Timestamp) -> bool {
        self.listens_until.is_some_and(|until| now < until)
    }

    fn after_sleep(&self, late: Duration) -> Answer {
        let adverts = u32::from(self.spec.down_timer_adverts.max(1));
        match self.state {
            State::Master if self.is_replaced_after(late) => Answer::GiveUp,
            // The last advert went out one interval before this one was due; nobody waits for longer
            // than one interval more than that many.
            State::Master if late > self.interval * adverts => Answer::Listen(self.interval),
            State::Master if late > self.interval * (adverts - 1) => {
                Answer::Listen(MOMENT.min(self.interval))
            }
            // An advert of a healthy master must be waiting, or come.
            State::Backup if late > self.interval => Answer::Listen(self.listening_time()),
            _ => Answer::GoOn,
        }
    }

    /// How long a backup listens: in that time a healthy master is heard.
    pub(crate) fn listening_time(&self) -> Duration {
        self.interval + self.skew().max(MOMENT)
    }

    /// Whether the file says that by then somebody else is MASTER. Three intervals after the last
    /// advert are two after this one was due.
    fn is_replaced_after(&self, late: Duration) -> bool {
        let highest = self.spec.timer_expired_backup;
        highest.is_some_and(|priority| {
            late > self.interval * 2 + skew_time(self.spec.version, priority, self.interval)
        })
    }
}
