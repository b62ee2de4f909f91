//! The time of day, which signed adverts carry. The engine has no clock: it is told what the wall
//! clock showed at one point of its own time, anew whenever the clock was set, and counts from there.

use evervip_wire::Sequence;

use crate::Timestamp;

/// How the wall clock goes with the engine's time. Before it is told, both start together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WallClock {
    at: Timestamp,
    /// What the wall clock showed then, in nanoseconds since the epoch.
    unix_nanos: u64,
    /// The event in hand happens now.
    now: Timestamp,
}

impl WallClock {
    /// The wall clock shows this now.
    pub(crate) fn set(&mut self, now: Timestamp, unix_nanos: u64) {
        (self.at, self.unix_nanos) = (now, unix_nanos);
    }

    /// Another event.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// When the event in hand happens.
    pub(crate) const fn event_time(&self) -> Timestamp {
        self.now
    }

    /// The first sequence of the event in hand.
    pub(crate) fn sequence(&self) -> Sequence {
        let (now, at) = (self.now.as_nanos(), self.at.as_nanos());
        let unix = if now >= at {
            self.unix_nanos.saturating_add(now - at)
        } else {
            self.unix_nanos.saturating_sub(at - now)
        };
        Sequence::at(unix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_on_from_where_it_was_set() {
        let seconds = |n: u64| Timestamp::from_nanos(n * 1_000_000_000);
        let mut clock = WallClock::default();
        clock.advance(seconds(3));
        assert_eq!(clock.sequence().seconds(), 3);
        clock.set(seconds(3), 1_000_000_000_000);
        clock.advance(seconds(5));
        assert_eq!(clock.sequence().seconds(), 1002);
        clock.advance(seconds(1));
        assert_eq!(clock.sequence().seconds(), 998);
    }
}
