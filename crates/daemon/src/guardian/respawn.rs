//! When a child that died is started again (spec cli-and-process 5): at once the first time, then
//! after 1, 2, 4 ... 60 seconds; a child that lived for a minute starts the sequence anew.

use std::time::{Duration, Instant};

const LONGEST: Duration = Duration::from_secs(60);
/// A child that lived as long as this is not taken for one that cannot run.
const HEALTHY: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(super) struct Respawn {
    at: Option<Instant>,
    last_delay: Option<Duration>,
}

impl Respawn {
    /// Sets the time of the next start after a child that `lived` for some time; gives the delay
    /// when it is worth mentioning.
    pub(super) fn schedule(&mut self, now: Instant, lived: Duration) -> Option<Duration> {
        if lived >= HEALTHY {
            self.last_delay = None;
            self.at = Some(now);
            return None;
        }
        let delay = match self.last_delay {
            None => Duration::ZERO,
            Some(Duration::ZERO) => Duration::from_secs(1),
            Some(last) => (last * 2).min(LONGEST),
        };
        self.last_delay = Some(delay);
        self.at = Some(now + delay);
        Some(delay)
    }

    pub(super) fn at_once(&mut self) {
        self.at = Some(Instant::now());
    }

    pub(super) fn at(&self) -> Option<Instant> {
        self.at
    }

    pub(super) fn due(&self, now: Instant) -> bool {
        self.at.is_some_and(|at| at <= now)
    }

    pub(super) fn cancel(&mut self) {
        self.at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_minute_and_start_anew_after_a_healthy_life() {
        let now = Instant::now();
        let mut respawn = Respawn::default();
        let delays: Vec<u64> = (0..9)
            .filter_map(|_| respawn.schedule(now, Duration::from_secs(1)))
            .map(|d| d.as_secs())
            .collect();
        assert_eq!(delays, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(respawn.schedule(now, Duration::from_secs(61)), None);
        assert!(respawn.due(now));
        assert_eq!(
            respawn.schedule(now, Duration::from_secs(1)),
            Some(Duration::ZERO)
        );
    }
}
