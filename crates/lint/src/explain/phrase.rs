//! Numbers and lists in words.

use std::time::Duration;

/// A time as people compare it: `609 ms`, `3605 ms`, and from ten seconds on `12.5 s`. Rounded up:
/// who is told less than it takes is disappointed.
#[must_use]
pub fn milliseconds(time: Duration) -> String {
    if time < Duration::from_secs(10) {
        format!("{} ms", time.as_micros().div_ceil(1000))
    } else {
        let tenths = time.as_micros().div_ceil(100_000);
        format!("{}.{} s", tenths / 10, tenths % 10)
    }
}

/// A configured time: `1 s`, `0.25 s`.
pub(super) fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(names: &[&str]) -> String {
    crate::group::list(names)
}

/// A number with its sign.
pub(super) fn signed(number: i32) -> String {
    format!("{number:+}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up() {
        let shown = |micros| milliseconds(Duration::from_micros(micros));
        assert_eq!(shown(609_375), "610 ms");
        assert_eq!(shown(9_999_999), "10000 ms");
        assert_eq!(shown(31_707_031), "31.8 s");
        assert_eq!(seconds(Duration::from_millis(250)), "0.25 s");
        assert_eq!(signed(-20), "-20");
        assert_eq!(signed(2), "+2");
    }
}
