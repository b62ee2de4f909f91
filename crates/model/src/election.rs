//! The arithmetic of elections: intervals and what trackers add to a priority.

use std::time::Duration;

use crate::{Version, Weight};

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

/// Contribution of a weighted tracker (table of spec vrrp-runtime 6).
#[must_use]
pub fn contribution(good: bool, weight: Weight, reverse: bool) -> i32 {
    let signed = if reverse { -weight } else { weight };
    if good == (weight > 0) { signed } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn higher_priority_waits_strictly_less() {
        for version in [Version::V2, Version::V3] {
            for interval in [10, 990, 40_950].map(Duration::from_millis) {
                let waits: Vec<_> = (1..=255)
                    .map(|priority| master_down_interval(version, priority, interval, 3))
                    .collect();
                assert!(waits.windows(2).all(|pair| pair[1] < pair[0]));
            }
        }
    }

    #[test]
    fn table_of_contributions() {
        assert_eq!(contribution(true, 20, false), 20);
        assert_eq!(contribution(false, 20, false), 0);
        assert_eq!(contribution(true, -20, false), 0);
        assert_eq!(contribution(false, -20, false), -20);
        assert_eq!(contribution(true, 20, true), -20);
        assert_eq!(contribution(false, 20, true), 0);
        assert_eq!(contribution(true, -20, true), 0);
        assert_eq!(contribution(false, -20, true), 20);
        assert_eq!(
            [true, false].map(|good| contribution(good, 1, false)),
            [1, 0]
        );
        assert_eq!(
            [true, false].map(|good| contribution(good, -1, false)),
            [0, -1]
        );
    }
}
