//! A text that grows line by line.

use std::fmt::{self, Write as _};
use std::time::Duration;

/// The text.
#[derive(Debug, Default)]
pub(crate) struct Text(String);

impl Text {
    /// Adds a line.
    pub(crate) fn line(&mut self, line: fmt::Arguments<'_>) {
        // Writing into memory does not fail.
        let _ = self.0.write_fmt(line);
        self.0.push('\n');
    }

    /// Adds a line that is the same every time.
    pub(crate) fn fixed(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// Adds the heading of a section.
    pub(crate) fn section(&mut self, title: &str) {
        self.line(format_args!("------< {title} >------"));
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// A word for whether something is on.
pub(crate) const fn on_off(on: bool) -> &'static str {
    if on { "enabled" } else { "disabled" }
}

/// A word for an answer.
pub(crate) const fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// Seconds with six digits that count, as C's `%g` writes them: 1e-06, 0.001, 12.3457.
pub(crate) fn general(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    // Rounds, and tells the exponent of what comes of it.
    let scientific = format!("{seconds:.5e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let shortened = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..6).contains(&exponent) {
        let decimals = usize::try_from(5 - exponent).unwrap_or(0);
        return shortened(&format!("{seconds:.decimals$}"));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let digits = shortened(digits);
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_c_writes_them() {
        for (micros, expected) in [
            (0, "0"),
            (1, "1e-06"),
            (15, "1.5e-05"),
            (100, "0.0001"),
            (1_000, "0.001"),
            (250_000, "0.25"),
            (1_000_000, "1"),
            (12_345_678, "12.3457"),
            (999_999_600_000, "1e+06"),
            (4_294_967_000_000, "4.29497e+06"),
        ] {
            assert_eq!(general(Duration::from_micros(micros)), expected);
        }
    }
}
