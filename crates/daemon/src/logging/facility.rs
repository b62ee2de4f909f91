//! `-S`: which part of the system a line of the system log comes from.

use std::str::FromStr;

/// A facility of syslog (RFC 5424 6.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facility(u8);

/// The word is not one that the original takes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownFacility;

const USER: Facility = Facility(1);
const DAEMON: Facility = Facility(3);
const LOCAL0: u8 = 16;

impl Facility {
    pub(super) const fn code(self) -> u8 {
        self.0
    }
}

impl Default for Facility {
    fn default() -> Self {
        DAEMON
    }
}

impl FromStr for Facility {
    type Err = UnknownFacility;

    /// `user`, `daemon`, `local0` to `local7`, or the digit of the latter (spec cli-and-process 1).
    fn from_str(word: &str) -> Result<Self, UnknownFacility> {
        match word {
            "user" => Ok(USER),
            "daemon" => Ok(DAEMON),
            _ => {
                let digits = word.strip_prefix("local").unwrap_or(word);
                let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
                let number = digits.parse::<u8>().ok().filter(|n| plain && *n <= 7);
                number.map(|n| Self(LOCAL0 + n)).ok_or(UnknownFacility)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_original() {
        let code = |word: &str| word.parse::<Facility>().map(Facility::code);
        assert_eq!(code("daemon"), Ok(3));
        assert_eq!(code("user"), Ok(1));
        assert_eq!(code("local7"), Ok(23));
        assert_eq!(code("3"), Ok(19));
        assert_eq!(code("07"), Ok(23));
        for bad in ["8", "kern", "LOCAL1", "", "-1", "+1"] {
            assert_eq!(code(bad), Err(UnknownFacility), "{bad}");
        }
    }
}
