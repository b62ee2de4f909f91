//! The local calendar.

use chrono::{DateTime, Datelike as _, Local};
use evervip_dump::LocalTime;

/// The local time of a second since the epoch.
pub(super) fn local(second: i64) -> LocalTime {
    let time = DateTime::from_timestamp(second, 0).unwrap_or_default();
    let time = time.with_timezone(&Local);
    LocalTime {
        date: time.format("%a %b %e %H:%M:%S").to_string(),
        year: time.year(),
    }
}
