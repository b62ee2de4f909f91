//! How fast the loop turns in a burst of packets.
//!
//! A master with hundreds of instances sends its adverts back to back. Who listens on another
//! processor would be woken for nearly each of them, and a waking costs more than all that is then
//! done. The first packet after a quiet time is handled at once; when the next waking comes right
//! behind it the loop rests for a moment, so that what arrives meanwhile is read in one go. A rest
//! never reaches into a deadline.

use std::time::Duration;

use evervip_os::clock::monotonic_nanos;

/// Two wakings that are closer than this belong to a burst.
const CLOSE: Duration = Duration::from_millis(1);
/// How long to rest: some thirty packets at the speed at which a kernel passes them on.
const REST: Duration = Duration::from_micros(300);
/// A rest may last longer than asked for; nothing that is due so soon must meet one.
const MARGIN: Duration = Duration::from_millis(1);

/// When the loop last went to wait.
#[derive(Debug, Default)]
pub(super) struct Pace {
    last: u64,
}

impl Pace {
    /// To be called before the loop waits again after packets or reports of the kernel; `deadline` is
    /// the next one, in nanoseconds.
    pub(super) fn rest(&self, deadline: Option<u64>) {
        if is_rest_due(self.last, monotonic_nanos(), deadline) {
            std::thread::sleep(REST);
        }
    }

    /// To be called right before each waiting.
    pub(super) fn waits(&mut self) {
        self.last = monotonic_nanos();
    }
}

fn is_rest_due(last: u64, now: u64, deadline: Option<u64>) -> bool {
    let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    now.saturating_sub(last) < nanos(CLOSE)
        && deadline.is_none_or(|deadline| deadline.saturating_sub(now) > nanos(REST + MARGIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: u64 = 1_000_000;

    #[test]
    fn the_first_waking_after_quiet_is_followed_by_no_rest() {
        assert!(!is_rest_due(0, 5 * MILLI, None));
        assert!(!is_rest_due(0, MILLI, None));
    }

    #[test]
    fn a_burst_is_taken_in_pieces() {
        assert!(is_rest_due(5 * MILLI, 5 * MILLI + 20_000, None));
        assert!(is_rest_due(5 * MILLI, 5 * MILLI + 20_000, Some(8 * MILLI)));
    }

    #[test]
    fn a_deadline_that_is_near_is_waited_for() {
        for deadline in [0, 5 * MILLI, 6 * MILLI] {
            assert!(!is_rest_due(5 * MILLI, 5 * MILLI + 20_000, Some(deadline)));
        }
    }
}
