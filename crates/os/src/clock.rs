//! The clock that deadlines are measured on, and the time of day.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Nanoseconds of `CLOCK_MONOTONIC`: since an arbitrary point before the machine started, never
/// going back, standing still while the machine is suspended.
///
/// The number is the same in all processes of the machine, whatever their namespaces, except time
/// namespaces.
#[must_use]
pub fn monotonic_nanos() -> u64 {
    // The kernel cannot refuse this clock; a zero would only make deadlines due.
    nanos_of(ClockId::CLOCK_MONOTONIC)
}

/// Nanoseconds since the epoch, by `CLOCK_REALTIME`: may be set, forward and back. 0 before the
/// epoch.
#[must_use]
pub fn wall_nanos() -> u64 {
    nanos_of(ClockId::CLOCK_REALTIME)
}

fn nanos_of(clock: ClockId) -> u64 {
    clock_gettime(clock).map_or(0, |time| {
        let seconds = u64::try_from(time.tv_sec()).unwrap_or(0);
        let nanos = u64::try_from(time.tv_nsec()).unwrap_or(0);
        seconds
            .saturating_mul(NANOS_PER_SECOND)
            .saturating_add(nanos)
    })
}

/// Time since the machine was started, suspension included.
#[must_use]
pub fn boot_time() -> Duration {
    // The kernel cannot refuse this clock; a zero would only mean "just now".
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
}

/// One second.
pub(crate) const NANOS_PER_SECOND: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_advances() {
        let first = monotonic_nanos();
        assert!(first > 0);
        let bound = std::time::Instant::now() + Duration::from_secs(5);
        while monotonic_nanos() == first {
            assert!(std::time::Instant::now() < bound, "the clock stands still");
        }
        assert!(monotonic_nanos() > first);
    }

    #[test]
    fn the_wall_clock_is_that_of_the_standard_library() {
        let theirs = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let ours = wall_nanos() / NANOS_PER_SECOND;
        assert!(ours.abs_diff(theirs) < 60, "{ours} against {theirs}");
    }
}
