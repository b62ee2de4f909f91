//! What the guardian hears of this thread: that it goes round, which the service manager's watchdog
//! wants to know, and how many routers are in which state.

use std::time::{Duration, Instant};

use evervip_vrrp::Census;

use crate::status::{Status, StatusPipe};

/// Least time between two messages about states: hundreds of routers change together.
const STATES_APART: Duration = Duration::from_secs(1);

/// The messages that are due.
#[derive(Debug)]
pub(super) struct Bulletin {
    pipe: StatusPipe,
    next_pulse: Option<Instant>,
    /// When states may be told next.
    states_from: Instant,
    /// Some router may be in another state than was told.
    changed: bool,
    told: Option<Census>,
}

impl Bulletin {
    pub(super) fn new(pipe: StatusPipe) -> Self {
        let now = Instant::now();
        Self {
            next_pulse: pipe.pulse().map(|_| now),
            pipe,
            states_from: now,
            changed: true,
            told: None,
        }
    }

    pub(super) fn tell(&self, status: Status) {
        self.pipe.tell(status);
    }

    /// Some router is in another state.
    pub(super) const fn states_changed(&mut self) {
        self.changed = true;
    }

    /// When something is to be told without any event.
    pub(super) fn due(&self) -> Option<Instant> {
        let states = self.changed.then_some(self.states_from);
        states.into_iter().chain(self.next_pulse).min()
    }

    /// Tells what is due. To be called in every turn of the loop: nothing else shows that it turns.
    pub(super) fn turn(&mut self, now: Instant, census: impl FnOnce() -> Census) {
        if self.next_pulse.is_some_and(|at| at <= now) {
            self.pipe.tell(Status::Alive);
            self.next_pulse = self.pipe.pulse().map(|pulse| now + pulse);
        }
        if self.changed && self.states_from <= now {
            self.changed = false;
            let census = census();
            if self.told.replace(census) != Some(census) {
                self.pipe.tell(Status::States(census));
                self.states_from = now + STATES_APART;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::status_pipe;

    const fn masters(master: u32) -> Census {
        Census {
            master,
            backup: 0,
            fault: 0,
            init: 0,
        }
    }

    #[test]
    fn states_are_told_when_they_have_changed_and_not_too_often() {
        let (reader, pipe) = status_pipe().unwrap();
        let mut bulletin = Bulletin::new(pipe);
        let now = Instant::now();
        bulletin.turn(now, || masters(0));
        assert_eq!(reader.read(), [Status::States(masters(0))]);
        assert_eq!(bulletin.due(), None);
        bulletin.states_changed();
        bulletin.turn(now, || masters(1));
        assert_eq!(reader.read(), []);
        assert_eq!(bulletin.due(), Some(now + STATES_APART));
        bulletin.turn(now + STATES_APART, || masters(2));
        assert_eq!(reader.read(), [Status::States(masters(2))]);
        bulletin.states_changed();
        bulletin.turn(now + 2 * STATES_APART, || masters(2));
        assert_eq!(reader.read(), []);
        assert_eq!(bulletin.due(), None, "there was nothing new");
    }

    #[test]
    fn a_pulse_comes_with_turns_alone() {
        const PULSE: Duration = Duration::from_secs(2);
        let (reader, pipe) = status_pipe().unwrap();
        let mut bulletin = Bulletin::new(pipe.with_pulse(Some(PULSE)));
        let now = Instant::now();
        bulletin.turn(now, || masters(0));
        assert_eq!(reader.read()[0], Status::Alive);
        assert_eq!(bulletin.due(), Some(now + PULSE));
        bulletin.turn(now + PULSE / 2, || masters(0));
        assert_eq!(reader.read(), []);
        // Turns that did not come are not made up for.
        bulletin.turn(now + 10 * PULSE, || masters(0));
        assert_eq!(reader.read(), [Status::Alive]);
        assert_eq!(bulletin.due(), Some(now + 11 * PULSE));
    }
}
