//! A look at the clock when an advert is missing, so that a backup knows that it slept.
//!
//! A virtual machine that is saved, moved or paused loses the packets that come meanwhile. When it
//! goes on, its clock may show that a master-down time is nearly over or just over, as if the master
//! had been silent, and nothing else tells that it did not run: between two adverts there is nothing
//! to do, and so nothing to be late for. Therefore the driver is asked to call once more, a little
//! after the next advert of a healthy master ([`Engine::vigil`]). While masters are heard that moment
//! moves on or costs one waking an interval; whoever comes to it late has slept through adverts, and
//! backups then wait until a healthy master must have been heard.

use evervip_model::State;

use crate::router::Router;
use crate::timers::TimerKey;
use crate::{Engine, RouterId, Timestamp};

/// By this part of its interval an advert may be late before it is missed.
const PATIENCE: u32 = 4;
/// Who comes later than by this part of an interval may not have heard the next advert either.
const LATE: u32 = 2;

impl Engine {
    /// When [`Event::Awake`](crate::Event::Awake) is wanted, whatever else there is to do; `None` while
    /// no router is BACKUP, or all that are miss their masters already.
    #[must_use]
    pub fn vigil(&self) -> Option<Timestamp> {
        self.vigil
    }

    /// A backup begins to wait for the next advert.
    pub(crate) fn keep_vigil(&mut self, now: Timestamp, id: RouterId) {
        let missed = now + self.routers[id].interval / PATIENCE * (PATIENCE + 1);
        // The vigil of several is not moved for each of their adverts, but looked for when it comes.
        let alone = self.routers.iter().nth(1).is_none();
        if alone || self.vigil.is_none_or(|at| missed < at) {
            self.vigil = Some(missed);
        }
    }

    /// The driver is awake.
    pub(crate) fn awake(&mut self, now: Timestamp) {
        let Some(at) = self.vigil.filter(|at| *at <= now) else {
            return;
        };
        let late = now.saturating_since(at);
        for id in self.routers.ids() {
            let router = &self.routers[id];
            if router.state == State::Backup && late > router.interval / LATE {
                self.hear_master_first(now, id);
            }
        }
        let misses = |(id, router)| self.misses_at(id, router);
        let vigils = self.routers.iter().filter_map(misses);
        self.vigil = vigils.filter(|at| *at > now).min();
    }

    /// When a backup notices that an advert is missing, seen from the end of its waiting.
    fn misses_at(&self, id: RouterId, router: &Router) -> Option<Timestamp> {
        if router.state != State::Backup {
            return None;
        }
        let end = self.timers.deadline(TimerKey::Router(id))?;
        let patience = router.interval / PATIENCE * (PATIENCE + 1);
        let rest = router.master_down().checked_sub(patience)?;
        Some(end - rest)
    }

    /// A backup that slept does not take over before a healthy master must have been heard.
    fn hear_master_first(&mut self, now: Timestamp, id: RouterId) {
        let key = TimerKey::Router(id);
        let until = now + self.routers[id].listening_time();
        let router = &mut self.routers[id];
        if let Some(end) = self.timers.deadline(key).filter(|end| *end < until) {
            if router.listens_until != Some(end) {
                router.listens_until = Some(until);
                self.timers.set(key, until);
            }
        }
    }
}
