//! Settings of the connections that use a route.

use std::time::Duration;

use evervip_model::{Metric, Route};

use super::Dropped;
use super::route::U32;
use super::words::Words;
use crate::diagnostic::Code;
use crate::lex::Token;
use crate::lower::Lower;
use crate::read::Number;

impl Lower<'_> {
    /// Reads the word when it is one of these.
    pub(super) fn route_metric(
        &mut self,
        route: &mut Route,
        name: &str,
        words: &mut Words<'_>,
    ) -> Result<bool, Dropped> {
        let all = &mut route.metrics;
        match name {
            "mtu" => all.mtu = Some(self.lockable(words, "MTU")?),
            "advmss" => all.advmss = Some(self.lockable(words, "advmss")?),
            "reordering" => all.reordering = Some(self.lockable(words, "reordering value")?),
            "cwnd" => all.cwnd = Some(self.lockable(words, "cwnd value")?),
            "ssthresh" => all.ssthresh = Some(self.lockable(words, "ssthresh value")?),
            "rtt" => all.rtt = Some(self.lockable_time(words, "rtt", 8)?),
            "rttvar" => all.rttvar = Some(self.lockable_time(words, "rttvar", 4)?),
            "rto_min" => all.rto_min = Some(self.lockable_time(words, "rto_min", 1)?),
            "window" => all.window = Some(self.plain(words, "window value", U32)?),
            "initcwnd" => all.initcwnd = Some(self.plain(words, "initcwnd value", U32)?),
            "initrwnd" => all.initrwnd = Some(self.plain(words, "initrwnd value", U32)?),
            "hoplimit" => {
                let number = self.plain(words, "hoplimit", 255)?;
                all.hoplimit = u8::try_from(number).ok();
            }
            "quickack" => all.quickack = Some(self.plain(words, "quickack value", 1)? == 1),
            "fastopen_no_cookie" => {
                let number = self.plain(words, "fastopen_no_cookie value", 1)?;
                all.fastopen_no_cookie = Some(number == 1);
            }
            "features" => {
                let word = self.next_word(words)?;
                all.ecn |= word.text == "ecn";
                if word.text != "ecn" {
                    let text = format!("feature {} not supported", word.text);
                    self.complain(Code::InvalidValue, word.span, text).help =
                        Some("the one feature is 'ecn'".to_owned());
                }
            }
            "congctl" => {
                let (word, lock) = self.lock(words)?;
                let value = word.text.clone();
                all.congctl = Some(Metric { value, lock });
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `[lock] VALUE`.
    fn lock<'t>(&mut self, words: &mut Words<'t>) -> Result<(&'t Token, bool), Dropped> {
        let lock = words.skip("lock");
        Ok((self.next_word(words)?, lock))
    }

    fn lockable(&mut self, words: &mut Words<'_>, what: &str) -> Result<Metric<u32>, Dropped> {
        let (word, lock) = self.lock(words)?;
        let text = format!("Invalid {what} {} specified for route", word.text);
        let number = self.entry_number(word, Number::whole(0, U32), text)?;
        let value = u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Metric { value, lock })
    }

    fn plain(&mut self, words: &mut Words<'_>, what: &str, most: i64) -> Result<u32, Dropped> {
        let word = self.next_word(words)?;
        let text = format!("Invalid {what} {} specified for route", word.text);
        let number = self.entry_number(word, Number::whole(0, most), text)?;
        Ok(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// A time with unit, or in the kernel's fractions of a millisecond.
    fn lockable_time(
        &mut self,
        words: &mut Words<'_>,
        what: &str,
        fractions: u64,
    ) -> Result<Metric<Duration>, Dropped> {
        let (word, lock) = self.lock(words)?;
        let text = match what {
            "rto_min" => format!("Invalid rto_min value {} specified for route", word.text),
            _ => format!("Invalid {what} {} for route", word.text),
        };
        if word.text.contains(['e', 'E']) && !word.text.contains("sec") {
            return Err(self.drop_entry(word, text));
        }
        let (digits, unit) = split_unit(&word.text);
        let token = Token::new(digits.as_bytes(), word.span);
        let most = 120_000 * i64::try_from(fractions).unwrap_or(1);
        let value = match unit {
            Unit::Seconds => {
                let number = self.entry_number(&token, Number::millis(0, most), text)?;
                Duration::from_millis(u64::try_from(number).unwrap_or(0))
            }
            Unit::Milliseconds => {
                let number = self.entry_number(&token, Number::rounded(0, U32), text)?;
                Duration::from_millis(u64::try_from(number).unwrap_or(0))
            }
            Unit::Kernel => {
                let number = self.entry_number(&token, Number::rounded(0, U32), text)?;
                Duration::from_micros(u64::try_from(number).unwrap_or(0) * 1000 / fractions)
            }
        };
        let clamped = value.clamp(LEAST, MOST);
        if clamped != value {
            let text = if value < LEAST {
                format!("rtt value {} below minimum 200ms, resetting", word.text)
            } else {
                format!("rtt value {} exceeds maximum 120s, resetting", word.text)
            };
            self.log(Code::OutOfRange, word.span, text);
        }
        Ok(Metric {
            value: clamped,
            lock,
        })
    }
}

enum Unit {
    Seconds,
    Milliseconds,
    Kernel,
}

/// The digits and the unit; a word that has no known one keeps its letters.
fn split_unit(word: &str) -> (&str, Unit) {
    let end = word
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(word.len());
    match &word[end..] {
        "s" | "sec" | "secs" => (&word[..end], Unit::Seconds),
        "ms" | "msec" | "msecs" => (&word[..end], Unit::Milliseconds),
        _ => (word, Unit::Kernel),
    }
}

const LEAST: Duration = Duration::from_millis(200);
const MOST: Duration = Duration::from_secs(120);
