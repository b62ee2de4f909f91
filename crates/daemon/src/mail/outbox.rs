//! Mails that wait, and when each is tried. Pure: the time is given.
//!
//! They leave in the order in which they came. Trouble with the relay holds all of them back;
//! a mail that the relay does not want yet, or that met trouble alone, is put off alone. A mail that has waited for
//! [`LIFETIME`] is given up, and there is room for [`CAPACITY`].

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Mails that there is room for.
pub(super) const CAPACITY: usize = 1024;
/// How long a mail is tried.
pub(super) const LIFETIME: Duration = Duration::from_secs(3600);
/// Wait after a first failure; doubled after each further one.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// Longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A mail with its past.
#[derive(Debug)]
pub(super) struct Waiting<L> {
    pub(super) letter: L,
    /// Its place in the order.
    number: u64,
    since: Instant,
    due: Instant,
    attempts: u32,
}

/// The mails that wait.
#[derive(Debug)]
pub(super) struct Outbox<L> {
    /// In their order.
    waiting: VecDeque<Waiting<L>>,
    /// Number of the next mail.
    next: u64,
    /// Trouble with the relay: nothing is tried before.
    held_until: Option<Instant>,
    /// How often the relay has failed in a row.
    failures: u32,
}

impl<L> Default for Outbox<L> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            next: 0,
            held_until: None,
            failures: 0,
        }
    }
}

impl<L> Outbox<L> {
    /// Takes a mail; `false` when there is no room for it.
    pub(super) fn put(&mut self, letter: L, now: Instant) -> bool {
        if self.waiting.len() >= CAPACITY {
            return false;
        }
        self.waiting.push_back(Waiting {
            letter,
            number: self.next,
            since: now,
            due: now,
            attempts: 0,
        });
        self.next += 1;
        true
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// When the next attempt is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let first = self.waiting.iter().map(|waiting| waiting.due).min()?;
        Some(self.held_until.map_or(first, |until| first.max(until)))
    }

    /// The first mail that is due.
    pub(super) fn take(&mut self, now: Instant) -> Option<Waiting<L>> {
        if self.held_until.is_some_and(|until| until > now) {
            return None;
        }
        let place = self.waiting.iter().position(|waiting| waiting.due <= now)?;
        self.waiting.remove(place)
    }

    /// The relay failed: this mail and all others wait. What else fails meanwhile had begun
    /// before and makes the wait no longer.
    pub(super) fn hold(&mut self, waiting: Waiting<L>, now: Instant) {
        if self.held_until.is_none_or(|until| until <= now) {
            self.held_until = Some(now + pause(self.failures));
            self.failures = self.failures.saturating_add(1);
        }
        self.put_back(waiting);
    }

    /// The relay does not want this mail yet.
    pub(super) fn put_off(&mut self, mut waiting: Waiting<L>, now: Instant) {
        waiting.due = now + pause(waiting.attempts);
        waiting.attempts = waiting.attempts.saturating_add(1);
        self.put_back(waiting);
    }

    /// A mail that was taken waits again, before all that came after it.
    pub(super) fn put_back(&mut self, waiting: Waiting<L>) {
        let place = self
            .waiting
            .partition_point(|other| other.number < waiting.number);
        self.waiting.insert(place, waiting);
    }

    /// The relay works.
    pub(super) const fn relay_works(&mut self) {
        self.held_until = None;
        self.failures = 0;
    }

    /// Everything is due now: there is another relay, or no more time.
    pub(super) fn release(&mut self, now: Instant) {
        self.relay_works();
        for waiting in &mut self.waiting {
            waiting.due = waiting.due.min(now);
        }
    }

    /// Gives up what has waited too long; gives how many that were.
    pub(super) fn expire(&mut self, now: Instant) -> usize {
        let before = self.waiting.len();
        self.waiting
            .retain(|waiting| now.saturating_duration_since(waiting.since) < LIFETIME);
        before - self.waiting.len()
    }

    /// Gives everything up; gives how many that were.
    pub(super) fn clear(&mut self) -> usize {
        let waiting = std::mem::take(&mut self.waiting);
        self.relay_works();
        waiting.len()
    }
}

/// The wait after so many failures before this one.
fn pause(failures: u32) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(failures));
    doubled.min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn filled(letters: u32, now: Instant) -> Outbox<u32> {
        let mut outbox = Outbox::default();
        assert!((0..letters).all(|letter| outbox.put(letter, now)));
        outbox
    }

    fn taken(outbox: &mut Outbox<u32>, now: Instant) -> Vec<u32> {
        std::iter::from_fn(|| outbox.take(now).map(|waiting| waiting.letter)).collect()
    }

    #[test]
    fn mails_leave_in_order() {
        let now = Instant::now();
        let mut outbox = filled(3, now);
        assert_eq!(outbox.next_due(), Some(now));
        assert_eq!(taken(&mut outbox, now), [0, 1, 2]);
        assert_eq!(outbox.next_due(), None);
    }

    #[test]
    fn trouble_with_the_relay_holds_all_back_longer_and_longer() {
        let now = Instant::now();
        let mut outbox = filled(2, now);
        let mut at = now;
        for seconds in [2, 4, 8, 16, 32, 60, 60] {
            let first = outbox.take(at).unwrap();
            assert_eq!(first.letter, 0);
            outbox.hold(first, at);
            assert!(outbox.take(at).is_none());
            let due = at + seconds * SECOND;
            assert_eq!(outbox.next_due(), Some(due));
            at = due;
        }
        let first = outbox.take(at).unwrap();
        outbox.relay_works();
        outbox.hold(first, at);
        assert_eq!(outbox.next_due(), Some(at + 2 * SECOND));
    }

    #[test]
    fn a_mail_that_is_put_off_lets_the_others_pass() {
        let now = Instant::now();
        let mut outbox = filled(3, now);
        let first = outbox.take(now).unwrap();
        outbox.put_off(first, now);
        assert_eq!(taken(&mut outbox, now), [1, 2]);
        assert_eq!(outbox.next_due(), Some(now + 2 * SECOND));
        let again = outbox.take(now + 2 * SECOND).unwrap();
        outbox.put_off(again, now + 2 * SECOND);
        assert_eq!(outbox.next_due(), Some(now + 6 * SECOND));
    }

    #[test]
    fn release_makes_everything_due() {
        let now = Instant::now();
        let mut outbox = filled(2, now);
        let first = outbox.take(now).unwrap();
        outbox.put_off(first, now);
        let second = outbox.take(now).unwrap();
        outbox.hold(second, now);
        outbox.release(now);
        assert_eq!(taken(&mut outbox, now), [0, 1]);
    }

    #[test]
    fn those_that_fail_together_keep_their_order_and_wait_once() {
        let now = Instant::now();
        let mut outbox = filled(4, now);
        let begun: Vec<_> = (0..3).filter_map(|_| outbox.take(now)).collect();
        for waiting in begun {
            outbox.hold(waiting, now);
        }
        let due = now + 2 * SECOND;
        assert_eq!(outbox.next_due(), Some(due));
        assert_eq!(taken(&mut outbox, due), [0, 1, 2, 3]);
    }

    #[test]
    fn there_is_an_end_to_room_and_patience() {
        let now = Instant::now();
        let mut outbox = filled(1024, now);
        assert!(!outbox.put(1, now));
        assert_eq!(outbox.expire(now + LIFETIME - SECOND), 0);
        assert_eq!(outbox.expire(now + LIFETIME), 1024);
        assert!(outbox.put(1, now));
        assert_eq!((outbox.clear(), outbox.len()), (1, 0));
        assert_eq!(outbox.next_due(), None);
    }
}
