//! What a file of `reload_time_file` says: when to reload (spec cli-and-process 4).

use std::fmt;

use chrono::{DateTime, Datelike as _, Days, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};

/// A time to reload at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ReloadTime {
    pub(super) at: DateTime<Local>,
    /// The file names no day: every day, if that is wanted.
    pub(super) daily: bool,
}

/// Why a text is not heeded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    Format(String),
    Invalid(String),
    Past(String),
}

impl fmt::Display for Unusable {
    /// As the original words it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(text) => write!(f, "Reload time {text} format is incorrect - ignoring"),
            Self::Invalid(text) => write!(f, "Reload date/time {text} invalid - ignoring"),
            Self::Past(text) => write!(f, "Reload time {text} is in the past - ignoring"),
        }
    }
}

/// Reads the first line: `HH:MM:SS`, `YY-MM-DD HH:MM:SS` or `YYYY-MM-DD HH:MM:SS`, local time or with
/// a `Z` behind it UTC. `None` for an empty file, which somebody is about to write.
pub(super) fn read(text: &str, now: DateTime<Local>) -> Option<Result<ReloadTime, Unusable>> {
    let line = text.lines().next()?.trim_end();
    (!line.is_empty()).then(|| read_line(line, now))
}

fn read_line(line: &str, now: DateTime<Local>) -> Result<ReloadTime, Unusable> {
    let (plain, utc) = match line.strip_suffix('Z') {
        Some(plain) => (plain, true),
        None => (line, false),
    };
    let invalid = || Unusable::Invalid(line.to_owned());
    let (date, time) = match plain.split_once(' ') {
        Some((date, time)) => (Some(date), time),
        None => (None, plain),
    };
    let [hour, minute, second] = numbers(time, ':', &[2]).ok_or_else(|| wrong(line))?;
    let time = NaiveTime::from_hms_opt(hour, minute, second).ok_or_else(invalid)?;
    let moment = |day: NaiveDate| instant(day.and_time(time), utc).ok_or_else(invalid);
    if let Some(date) = date {
        let [year, month, day] = numbers(date, '-', &[2, 4]).ok_or_else(|| wrong(line))?;
        let year = i32::try_from(if year < 100 { 2000 + year } else { year }).unwrap_or(i32::MAX);
        let day = NaiveDate::from_ymd_opt(year, month, day).ok_or_else(invalid)?;
        let at = moment(day)?;
        if at <= now {
            return Err(Unusable::Past(line.to_owned()));
        }
        return Ok(ReloadTime { at, daily: false });
    }
    let today = if utc {
        now.to_utc().date_naive()
    } else {
        now.date_naive()
    };
    let mut at = moment(today)?;
    if at <= now {
        at = moment(today.checked_add_days(Days::new(1)).ok_or_else(invalid)?)?;
    }
    Ok(ReloadTime { at, daily: true })
}

fn wrong(line: &str) -> Unusable {
    Unusable::Format(line.to_owned())
}

/// Three numbers of two digits; the first one of so many as `first` allows.
fn numbers(text: &str, separator: char, first: &[usize]) -> Option<[u32; 3]> {
    let mut parts = text.split(separator);
    let mut next = |lengths: &[usize]| {
        let part = parts.next()?;
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        (digits && lengths.contains(&part.len())).then(|| part.parse().ok())?
    };
    let numbers = [next(first)?, next(&[2])?, next(&[2])?];
    parts.next().is_none().then_some(numbers)
}

/// A time that a change of the clocks repeats is the first of the two; one that it leaves out is none.
fn instant(time: NaiveDateTime, utc: bool) -> Option<DateTime<Local>> {
    // Beyond these the arithmetic of the C library and of chrono part.
    if !(1970..=9999).contains(&time.year()) {
        return None;
    }
    if utc {
        Some(time.and_utc().with_timezone(&Local))
    } else {
        Local.from_local_datetime(&time).earliest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Local> {
        Local.with_ymd_and_hms(2026, 11, 21, 15, 0, 0).unwrap()
    }

    fn told(text: &str) -> String {
        match read(text, now()) {
            None => "nothing".to_owned(),
            Some(Ok(time)) => format!("{} daily {}", time.at.format("%F %T"), time.daily),
            Some(Err(error)) => error.to_string(),
        }
    }

    #[test]
    fn every_form() {
        for (text, expected) in [
            ("16:02:03\n", "2026-11-21 16:02:03 daily true"),
            ("14:02:03", "2026-11-22 14:02:03 daily true"),
            ("26-11-21 15:00:01\n", "2026-11-21 15:00:01 daily false"),
            ("2027-02-28 00:00:00", "2027-02-28 00:00:00 daily false"),
            ("", "nothing"),
            ("\n16:00:00", "nothing"),
        ] {
            assert_eq!(told(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_heeded_is_named() {
        for (text, expected) in [
            (
                "garbage",
                "Reload time garbage format is incorrect - ignoring",
            ),
            (
                "6:00:00",
                "Reload time 6:00:00 format is incorrect - ignoring",
            ),
            ("16:00", "Reload time 16:00 format is incorrect - ignoring"),
            (
                "16:00:00:00",
                "Reload time 16:00:00:00 format is incorrect - ignoring",
            ),
            (
                "+6:00:00",
                "Reload time +6:00:00 format is incorrect - ignoring",
            ),
            (
                "126-01-01 00:00:00",
                "Reload time 126-01-01 00:00:00 format is incorrect - ignoring",
            ),
            ("25:00:00", "Reload date/time 25:00:00 invalid - ignoring"),
            (
                "27-02-30 10:00:00",
                "Reload date/time 27-02-30 10:00:00 invalid - ignoring",
            ),
            (
                "2020-01-01 10:00:00",
                "Reload time 2020-01-01 10:00:00 is in the past - ignoring",
            ),
        ] {
            assert_eq!(told(text), expected, "{text:?}");
        }
    }

    #[test]
    fn utc() {
        let in_an_hour = (now() + chrono::TimeDelta::hours(1)).to_utc();
        let text = in_an_hour.format("%TZ\n").to_string();
        let time = read(&text, now()).unwrap().unwrap();
        assert_eq!(time.at.to_utc(), in_an_hour);
    }
}
