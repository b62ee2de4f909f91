//! Points in time and the intervals of the protocol.

use std::ops::{Add, Sub};
use std::time::Duration;

use evervip_model::Version;

/// A point on a monotonic clock, in nanoseconds since an arbitrary start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// In nanoseconds.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Time since an earlier point; zero when that point is not earlier.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)),
        )
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)),
        )
    }
}

/// Time by which a lower priority waits longer (RFC 3768 5.3.2, RFC 9568 6.1; spec vrrp-runtime 3),
/// in whole microseconds.
///
/// In version 2 it is a fraction of one second whatever the interval is; in version 3 the same
/// fraction of the interval. `priority` is the effective one.
#[must_use]
pub fn skew_time(version: Version, priority: u8, interval: Duration) -> Duration {
    let complement = 256 - u64::from(priority);
    Duration::from_micros(match version {
        Version::V2 => complement * 1_000_000 / 256,
        // One centisecond is 10,000 microseconds, and 10,000 / 256 is 625 / 16.
        Version::V3 => complement * centiseconds(interval) * 625 / 16,
    })
}

/// Silence after which the master counts as gone: `adverts` intervals and the skew.
#[must_use]
pub fn master_down_interval(
    version: Version,
    priority: u8,
    interval: Duration,
    adverts: u8,
) -> Duration {
    interval * u32::from(adverts) + skew_time(version, priority, interval)
}

fn centiseconds(interval: Duration) -> u64 {
    u64::try_from(interval.as_millis() / 10).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_seen_on_the_wire() {
        let second = Duration::from_secs(1);
        assert_eq!(
            master_down_interval(Version::V2, 120, second, 3),
            Duration::from_micros(3_531_250)
        );
        assert_eq!(
            master_down_interval(Version::V3, 120, second, 3),
            Duration::from_micros(3_531_250)
        );
        // Version 2 skews by fractions of one second, whatever the interval.
        assert_eq!(
            master_down_interval(Version::V2, 100, second * 2, 3),
            Duration::from_micros(6_609_375)
        );
        assert_eq!(
            skew_time(Version::V3, 255, Duration::from_millis(10)),
            Duration::from_micros(39)
        );
    }

    proptest! {
        #[test]
        fn higher_priority_waits_strictly_less(low in 1..=254_u8, more in 1..=254_u8, cs in 1..=4095_u64, v3: bool) {
            let high = low.saturating_add(more);
            let version = if v3 { Version::V3 } else { Version::V2 };
            let interval = Duration::from_millis(cs * 10);
            prop_assert!(
                master_down_interval(version, high, interval, 3) < master_down_interval(version, low, interval, 3)
            );
        }

        #[test]
        fn adding_never_wraps(start: u64, nanos: u64) {
            prop_assert!(Timestamp::from_nanos(start) + Duration::from_nanos(nanos) >= Timestamp::from_nanos(start));
        }
    }
}
