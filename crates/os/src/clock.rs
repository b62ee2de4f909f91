//! The clock that deadlines are measured on.

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
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |time| {
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
}
