//! A table of absolute deadlines.
//!
//! A timer is a row in this table, never a task; a row that is cleared or set anew cannot fire any
//! more, so that stale timers do not exist.

use std::collections::{BTreeMap, BTreeSet};

use crate::{RouterId, Timestamp};

/// What a deadline is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimerKey {
    /// The advert timer of a master, the master-down timer of a backup.
    Router(RouterId),
    /// The second burst of gratuitous ARP.
    Burst(RouterId),
    /// The second burst after a lower-priority advert.
    LowerPriorityBurst(RouterId),
    /// Periodic gratuitous ARP.
    Refresh(RouterId),
    /// Single gratuitous ARPs on other interfaces.
    Extra(RouterId),
    /// The next frame of an interface whose gratuitous ARP is spaced.
    Spacing(crate::announce::Lane),
    /// The next start of a check script, by its slot.
    Check(usize),
    /// Static entries that others removed again and again are added once more.
    Fixtures,
    /// The end of the delay of a tracked process, by its slot.
    Process(usize),
    /// The end of the delay of an interface's state, by its index.
    Link(u32),
    /// One more gratuitous ARP after a live master was preempted on a virtual MAC.
    Confirmation(RouterId),
}

impl TimerKey {
    /// The timers of announcements, which only a master has.
    pub(crate) const fn of_announcements(id: RouterId) -> [Self; 5] {
        [
            Self::Burst(id),
            Self::LowerPriorityBurst(id),
            Self::Refresh(id),
            Self::Extra(id),
            Self::Confirmation(id),
        ]
    }
}

#[derive(Debug, Default)]
pub(crate) struct Timers {
    deadlines: BTreeMap<TimerKey, Timestamp>,
    queue: BTreeSet<(Timestamp, TimerKey)>,
}

impl Timers {
    pub(crate) fn set(&mut self, key: TimerKey, at: Timestamp) {
        if let Some(old) = self.deadlines.insert(key, at) {
            self.queue.remove(&(old, key));
        }
        self.queue.insert((at, key));
    }

    pub(crate) fn clear(&mut self, key: TimerKey) {
        if let Some(old) = self.deadlines.remove(&key) {
            self.queue.remove(&(old, key));
        }
    }

    pub(crate) fn clear_all(&mut self) {
        self.deadlines.clear();
        self.queue.clear();
    }

    pub(crate) fn deadline(&self, key: TimerKey) -> Option<Timestamp> {
        self.deadlines.get(&key).copied()
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// The deadlines before `end`, earliest first.
    pub(crate) fn before(
        &self,
        end: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, TimerKey)> + '_ {
        self.queue
            .iter()
            .copied()
            .take_while(move |(at, _)| *at < end)
    }

    /// Takes the earliest deadline that has been reached.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<(Timestamp, TimerKey)> {
        let &(at, key) = self.queue.first()?;
        if at > now {
            return None;
        }
        self.queue.pop_first();
        self.deadlines.remove(&key);
        Some((at, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Timestamp {
        Timestamp::from_nanos(nanos)
    }

    #[test]
    fn fires_in_order_of_time_then_of_routers() {
        let mut timers = Timers::default();
        timers.set(TimerKey::Router(RouterId(2)), at(5));
        timers.set(TimerKey::Router(RouterId(1)), at(5));
        timers.set(TimerKey::Check(0), at(3));
        assert_eq!(timers.next(), Some(at(3)));
        let fired: Vec<_> = std::iter::from_fn(|| timers.pop_due(at(5)))
            .map(|(_, key)| key)
            .collect();
        assert_eq!(
            fired,
            [
                TimerKey::Check(0),
                TimerKey::Router(RouterId(1)),
                TimerKey::Router(RouterId(2))
            ]
        );
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn setting_anew_and_clearing_leave_nothing_stale() {
        let mut timers = Timers::default();
        let key = TimerKey::Router(RouterId(0));
        timers.set(key, at(1));
        timers.set(key, at(9));
        assert_eq!(timers.pop_due(at(8)), None);
        assert_eq!(timers.deadline(key), Some(at(9)));
        timers.clear(key);
        assert_eq!(timers.pop_due(at(100)), None);
    }
}
