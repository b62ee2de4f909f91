//! Adverts that are nearly due leave together with one that is due.
//!
//! Hundreds of masters whose adverts are spread over the interval would wake this process, and each
//! process that listens, hundreds of times an interval. An advert that comes a little early does no
//! harm: who hears it waits its full time again. It keeps its new place from then on, so that
//! routers of the same interval gather in a few bundles after a few intervals and stay there.

use std::time::Duration;

use evervip_model::State;

use crate::timers::TimerKey;
use crate::{Engine, RouterId, Timestamp};

/// How early an advert may leave, as a part of its interval: 16 ms of a second.
const PART: u32 = 64;
/// Adverts that one bundle is filled up to: what a single system call sends, and what the receive
/// buffer of a listener holds many times.
const BUNDLE: usize = 64;
/// Deadlines looked at to fill a bundle.
const SEARCH: usize = 4 * BUNDLE;
/// How early an advert may be at most, whatever its interval.
const EARLIEST: Duration = Duration::from_millis(20);

impl Engine {
    /// Whether this deadline is the next advert of a master.
    pub(crate) fn is_advert(&self, key: TimerKey) -> bool {
        matches!(key, TimerKey::Router(id)
            if self.routers.get(id).is_some_and(|router| router.state == State::Master))
    }

    /// Fills up the bundle of `sent` adverts, the first of which was due at `due`.
    pub(crate) fn bring_forward(&mut self, now: Timestamp, due: Timestamp, sent: usize) {
        let room = BUNDLE.saturating_sub(sent);
        let near: Vec<RouterId> = self
            .timers
            .before(now + EARLIEST)
            .take(SEARCH)
            .filter_map(|(at, key)| match key {
                TimerKey::Router(id) if self.is_advert(key) && self.is_near(now, at, id) => {
                    Some(id)
                }
                _ => None,
            })
            .take(room)
            .collect();
        for id in near {
            self.router_timer(now, id, due);
        }
    }

    fn is_near(&self, now: Timestamp, at: Timestamp, id: RouterId) -> bool {
        at.saturating_since(now) <= self.routers[id].interval / PART
    }
}
