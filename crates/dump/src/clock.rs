//! The engine's time as a time of day.

use std::fmt;

use evervip_vrrp::Timestamp;

/// A second of the local calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalTime {
    /// Weekday, month, day and time, as in `Sat Nov 21 12:15:36`.
    pub date: String,
    /// The year.
    pub year: i32,
}

/// How the engine's time goes with the calendar.
#[derive(Clone, Copy)]
pub struct Clock {
    /// A moment of the engine's time.
    pub at: Timestamp,
    /// The time of day then, in microseconds since the epoch.
    pub unix_micros: u64,
    /// Tells the local time of a second since the epoch.
    pub local: fn(i64) -> LocalTime,
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock")
            .field("at", &self.at)
            .field("unix_micros", &self.unix_micros)
            .finish_non_exhaustive()
    }
}

impl Clock {
    /// A moment in microseconds since the epoch; that which never was is 0.
    pub(crate) fn unix_micros(&self, moment: Option<Timestamp>) -> u64 {
        let Some(moment) = moment else { return 0 };
        let (moment, at) = (moment.as_nanos() / 1000, self.at.as_nanos() / 1000);
        if moment >= at {
            self.unix_micros.saturating_add(moment - at)
        } else {
            self.unix_micros.saturating_sub(at - moment)
        }
    }

    /// As in `1795263336.540070`.
    pub(crate) fn decimal(&self, moment: Option<Timestamp>) -> String {
        let micros = self.unix_micros(moment);
        format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }

    /// As in `1795263336.540070 (Sat Nov 21 12:15:36.540070 2026)`.
    pub(crate) fn full(&self, moment: Option<Timestamp>) -> String {
        let micros = self.unix_micros(moment);
        let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
        let LocalTime { date, year } = (self.local)(i64::try_from(seconds).unwrap_or(i64::MAX));
        format!("{seconds}.{rest:06} ({date}.{rest:06} {year})")
    }

    /// As in `1795263336.540070 (Sat Nov 21 12:15:36 2026.540070)`.
    pub(crate) fn bfd(&self, moment: Timestamp) -> String {
        let micros = self.unix_micros(Some(moment));
        let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
        let LocalTime { date, year } = (self.local)(i64::try_from(seconds).unwrap_or(i64::MAX));
        format!("{seconds}.{rest:06} ({date} {year}.{rest:06})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_before_and_after_the_known_one() {
        let clock = Clock {
            at: Timestamp::from_nanos(5_000_000_000),
            unix_micros: 1_000_000_000_000_007,
            local: |second| LocalTime {
                date: format!("day {second}"),
                year: 2001,
            },
        };
        let at = |nanos| Some(Timestamp::from_nanos(nanos));
        assert_eq!(clock.decimal(at(5_000_000_000)), "1000000000.000007");
        assert_eq!(clock.decimal(at(6_500_000_000)), "1000000001.500007");
        assert_eq!(
            clock.full(at(4_000_000_000)),
            "999999999.000007 (day 999999999.000007 2001)"
        );
        assert_eq!(clock.full(None), "0.000000 (day 0.000000 2001)");
    }
}
