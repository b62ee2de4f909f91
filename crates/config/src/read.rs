//! Readers of numbers, switches and addresses (spec vrrp-keywords 2).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::load::Mode;

/// What a reader makes of a word: a value, something to say, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading<T> {
    pub(crate) value: Option<T>,
    /// The complaint about the word itself; the keyword may add a line of its own.
    pub(crate) complaint: Option<String>,
}

impl<T> Reading<T> {
    const fn bad(complaint: String) -> Self {
        Self {
            value: None,
            complaint: Some(complaint),
        }
    }
}

/// How a number is to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number {
    min: i64,
    max: i64,
    /// Digits behind the point; the range counts in units of the last one.
    places: Option<u32>,
    lenient: bool,
    /// The original reads it as a signed number, whatever its range.
    signed: bool,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.bound(self.min), self.bound(self.max))
    }
}

impl Number {
    /// A whole number within a range, both ends included.
    pub(crate) const fn whole(min: i64, max: i64) -> Self {
        Self {
            min,
            max,
            places: None,
            lenient: false,
            signed: min < 0,
        }
    }

    /// A decimal number in millionths.
    pub(crate) const fn micros(min: i64, max: i64) -> Self {
        Self {
            min,
            max,
            places: Some(6),
            lenient: false,
            signed: false,
        }
    }

    /// A decimal number in thousandths.
    pub(crate) const fn millis(min: i64, max: i64) -> Self {
        Self {
            min,
            max,
            places: Some(3),
            lenient: false,
            signed: min < 0,
        }
    }

    /// A whole number that may be written with decimals, which are rounded away.
    pub(crate) const fn rounded(min: i64, max: i64) -> Self {
        Self {
            min,
            max,
            places: Some(0),
            lenient: false,
            signed: min < 0,
        }
    }

    /// Outside a configuration test, trailing rubbish is tolerated.
    pub(crate) const fn lenient(mut self) -> Self {
        self.lenient = true;
        self
    }

    /// Negative numbers are out of range, not of the wrong sort.
    pub(crate) const fn signed(mut self) -> Self {
        self.signed = true;
        self
    }

    /// Reads a word.
    pub(crate) fn read(self, word: &str, mode: Mode) -> Reading<i64> {
        let tolerant = self.lenient && mode == Mode::Start;
        let prefix = if tolerant { "WARNING - " } else { "" };
        let trimmed = word.trim_start();
        let unsigned = trimmed.strip_prefix('+').unwrap_or(trimmed);
        let (negative, digits) = match unsigned.strip_prefix('-') {
            Some(rest) if unsigned.len() == trimmed.len() => (true, rest),
            _ => (false, unsigned),
        };
        if negative && !self.signed {
            return Reading::bad(format!("{prefix}negative number '{word}'"));
        }
        let scanned = self.scan(digits);
        let value = if negative {
            scanned.value.checked_neg()
        } else {
            Some(scanned.value)
        };
        let in_range = value.filter(|v| (self.min..=self.max).contains(v) && !scanned.overflow);
        if scanned.rubbish {
            return Reading {
                // A decimal number with rubbish behind it is used even in a test.
                value: in_range.filter(|_| tolerant || (self.lenient && self.places.is_some())),
                complaint: Some(format!("{prefix}invalid number '{word}'")),
            };
        }
        if in_range.is_none() {
            let too_large = match (value, self.signed) {
                (Some(value), true) => i32::try_from(value).is_err(),
                (Some(value), false) => u32::try_from(value).is_err(),
                (None, _) => true,
            };
            return Reading::bad(self.out_of_range(word, prefix, scanned.overflow || too_large));
        }
        Reading {
            value: in_range,
            complaint: scanned
                .rounded
                .then(|| format!("{prefix}number '{word}' has too many decimal places")),
        }
    }

    fn out_of_range(self, word: &str, prefix: &str, overflow: bool) -> String {
        let signed = self.signed;
        // The original has no such prefix for signed numbers.
        let prefix = if signed { "" } else { prefix };
        if overflow && self.places.is_none() {
            let kind = if signed {
                "integer"
            } else {
                "unsigned integer"
            };
            return format!("{prefix}number '{word}' outside {kind} range");
        }
        let (min, max) = (self.bound(self.min), self.bound(self.max));
        format!("{prefix}number '{word}' outside range [{min}, {max}]")
    }

    fn bound(self, value: i64) -> String {
        match self.places {
            None | Some(0) => value.to_string(),
            // The largest of 64 bits without sign is meant.
            Some(6) if value == i64::MAX => "18446744073709.551614".to_owned(),
            Some(places) => decimal(value, places),
        }
    }

    fn scan(self, digits: &str) -> Scanned {
        let mut scanned = Scanned::default();
        let (whole, fraction) = match (self.places, digits.split_once('.')) {
            (Some(_), Some((w, f))) => (w, Some(f)),
            _ => (digits, None),
        };
        scanned.take(whole);
        let Some(places) = self.places else {
            return scanned;
        };
        if scanned.rubbish {
            return scanned;
        }
        let fraction = fraction.unwrap_or("");
        let places = places as usize;
        let is_number = fraction.bytes().all(|b| b.is_ascii_digit());
        let kept = if is_number && fraction.len() > places {
            scanned.rounded = true;
            &fraction[..places]
        } else {
            fraction
        };
        scanned.take(kept);
        if scanned.rubbish {
            return scanned;
        }
        for _ in kept.len()..places {
            scanned.take("0");
        }
        if scanned.rounded && fraction.as_bytes()[places] >= b'5' {
            scanned.value = scanned.value.saturating_add(1);
        }
        scanned
    }
}

#[derive(Default)]
struct Scanned {
    value: i64,
    overflow: bool,
    rubbish: bool,
    rounded: bool,
}

impl Scanned {
    /// Appends digits; stops at the first other character.
    fn take(&mut self, digits: &str) {
        for b in digits.bytes() {
            if !b.is_ascii_digit() {
                self.rubbish = true;
                return;
            }
            let next = self
                .value
                .checked_mul(10)
                .and_then(|v| v.checked_add(i64::from(b - b'0')));
            match next {
                Some(v) => self.value = v,
                None => self.overflow = true,
            }
        }
        // Beyond 32 bits the original has a message of its own.
        self.overflow |= self.value > i64::from(u32::MAX) * 1_000_000 + 999_999;
    }
}

/// A number of 10^-`places` with all its decimals.
pub(crate) fn decimal(value: i64, places: u32) -> String {
    let unit = 10_i64.pow(places.min(9));
    let sign = if value < 0 { "-" } else { "" };
    let value = value.unsigned_abs();
    let unit = unit.unsigned_abs();
    format!(
        "{sign}{}.{:0width$}",
        value / unit,
        value % unit,
        width = places as usize
    )
}

/// `on`/`true`/`yes`, `off`/`false`/`no`.
pub(crate) fn switch(word: &str) -> Option<bool> {
    match word {
        "on" | "true" | "yes" => Some(true),
        "off" | "false" | "no" => Some(false),
        _ => None,
    }
}

/// A numeric address; no host names.
pub(crate) fn address(word: &str) -> Option<IpAddr> {
    if word.contains(':') {
        word.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    } else {
        word.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
    }
}

/// A numeric address; what follows a `-` or `/` is dropped, as the original does.
pub(crate) fn plain_address(word: &str) -> Option<IpAddr> {
    address(word.split(['-', '/']).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn row(number: Number, word: &str, mode: Mode, value: Option<i64>, complaint: &str) {
        let got = number.read(word, mode);
        assert_eq!(got.value, value, "{word}");
        assert_eq!(got.complaint.unwrap_or_default(), complaint, "{word}");
    }

    #[test]
    fn strict_whole_numbers() {
        let n = Number::whole(1, 255);
        for mode in [Mode::Start, Mode::Test] {
            row(n, "010", mode, Some(10), "");
            row(n, "+7", mode, Some(7), "");
            row(n, " 7", mode, Some(7), "");
            row(n, "300", mode, None, "number '300' outside range [1, 255]");
            row(n, "", mode, None, "number '' outside range [1, 255]");
            row(n, "51abc", mode, None, "invalid number '51abc'");
            row(n, "0x10", mode, None, "invalid number '0x10'");
            row(n, "-1", mode, None, "negative number '-1'");
            row(
                n,
                "99999999999999999999",
                mode,
                None,
                "number '99999999999999999999' outside unsigned integer range",
            );
        }
        row(Number::whole(-253, 253), "-5", Mode::Test, Some(-5), "");
        row(
            Number::whole(-253, 253),
            "--5",
            Mode::Test,
            None,
            "invalid number '--5'",
        );
        row(Number::whole(0, 32), "", Mode::Test, Some(0), "");
    }

    #[test]
    fn lenient_numbers_are_strict_in_a_test_only() {
        let n = Number::whole(0, 4294).lenient();
        row(n, "5s", Mode::Test, None, "invalid number '5s'");
        row(
            n,
            "5s",
            Mode::Start,
            Some(5),
            "WARNING - invalid number '5s'",
        );
        row(
            n,
            "foo",
            Mode::Start,
            Some(0),
            "WARNING - invalid number 'foo'",
        );
        row(
            n,
            "5000x",
            Mode::Start,
            None,
            "WARNING - invalid number '5000x'",
        );
        row(
            n,
            "5000",
            Mode::Start,
            None,
            "WARNING - number '5000' outside range [0, 4294]",
        );
        row(n, "-3", Mode::Start, None, "WARNING - negative number '-3'");
        let signed = Number::whole(-253, 253).lenient();
        row(
            signed,
            "300",
            Mode::Start,
            None,
            "number '300' outside range [-253, 253]",
        );
    }

    #[test]
    fn decimals_count_in_millionths() {
        let n = Number::micros(10_000, 255_000_000).lenient();
        row(n, "1", Mode::Test, Some(1_000_000), "");
        row(n, ".5", Mode::Test, Some(500_000), "");
        row(n, "1.", Mode::Test, Some(1_000_000), "");
        row(n, "+2", Mode::Test, Some(2_000_000), "");
        row(
            n,
            "1.1234567",
            Mode::Test,
            Some(1_123_457),
            "number '1.1234567' has too many decimal places",
        );
        row(
            n,
            "0.005",
            Mode::Test,
            None,
            "number '0.005' outside range [0.010000, 255.000000]",
        );
        row(n, "-1", Mode::Test, None, "negative number '-1'");
        row(n, "1,5", Mode::Test, None, "invalid number '1,5'");
        row(n, "1.5.5", Mode::Test, None, "invalid number '1.5.5'");
        // The rubbish stays in front of the zeros that make it millionths.
        row(n, "1s", Mode::Start, None, "WARNING - invalid number '1s'");
        row(
            Number::micros(0, 1_000_000_000).lenient(),
            "5s",
            Mode::Start,
            Some(5),
            "WARNING - invalid number '5s'",
        );
    }

    #[test]
    fn addresses_are_numeric_and_without_leading_zeros() {
        assert_eq!(
            address("10.0.0.1"),
            Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)))
        );
        assert_eq!(address("10.0.0.018"), None);
        assert_eq!(address("localhost"), None);
        assert!(address("fe80::1").is_some());
        assert_eq!(plain_address("10.0.0.9/24"), address("10.0.0.9"));
        assert_eq!(plain_address("10.0.0.10-20"), address("10.0.0.10"));
    }

    #[test]
    fn switches_are_lower_case() {
        assert_eq!(switch("yes"), Some(true));
        assert_eq!(switch("off"), Some(false));
        assert_eq!(switch("On"), None);
        assert_eq!(switch("1"), None);
    }
}
