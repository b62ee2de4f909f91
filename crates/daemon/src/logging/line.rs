//! A log line and its forms.

use std::time::SystemTime;

use chrono::{DateTime, Local};
use tracing::Level;

use super::facility::Facility;
use super::journal::Fields;

/// One line, not yet formatted.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) at: SystemTime,
    pub(super) level: Level,
    pub(super) text: String,
    /// What it says besides its text, where that is of use.
    pub(super) fields: Option<Box<Fields>>,
}

impl Line {
    /// As the original writes it to the console: the C library's `%c` and the text.
    pub(super) fn for_console(&self) -> String {
        let at: DateTime<Local> = self.at.into();
        format!("{}: {}\n", at.format("%a %b %e %H:%M:%S %Y"), self.text)
    }

    /// As the original writes it to a file: date, time to the nanosecond, year, text.
    pub(super) fn for_file(&self) -> String {
        let at: DateTime<Local> = self.at.into();
        format!("{}: {}\n", at.format("%a %b %d %H:%M:%S%.9f %Y"), self.text)
    }

    /// As syslog daemons take it from a local program (RFC 3164, without host name).
    pub(super) fn for_syslog(&self, ident: &str, facility: Facility) -> String {
        let at: DateTime<Local> = self.at.into();
        let priority = facility.code() << 3 | self.severity();
        format!(
            "<{priority}>{} {ident}[{}]: {}",
            at.format("%b %e %H:%M:%S"),
            std::process::id(),
            self.text
        )
    }

    /// Nearly everything is "informational", as in the original.
    pub(super) const fn severity(&self) -> u8 {
        match self.level {
            Level::ERROR => 3,
            Level::WARN => 4,
            _ => 6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(level: Level) -> Line {
        Line {
            at: SystemTime::UNIX_EPOCH,
            level,
            text: "(VI_1) Entering MASTER STATE".to_owned(),
            fields: None,
        }
    }

    #[test]
    fn console_lines_have_date_and_text() {
        let text = line(Level::INFO).for_console();
        assert!(
            text.ends_with(" 1970: (VI_1) Entering MASTER STATE\n") || text.contains(" 1969: "),
            "{text}"
        );
        // "Thu Jan  1 00:00:00 1970": the day is padded with a blank.
        assert_eq!(text.find(": (VI_1)"), Some(24), "{text}");
    }

    #[test]
    fn syslog_lines_have_priority_ident_and_pid() {
        let pid = std::process::id();
        let text = line(Level::INFO).for_syslog("Keepalived_vrrp", Facility::default());
        assert!(text.starts_with("<30>"), "{text}");
        assert!(
            text.ends_with(&format!(
                " Keepalived_vrrp[{pid}]: (VI_1) Entering MASTER STATE"
            )),
            "{text}"
        );
        let start = |level, facility: &str| {
            let facility = facility.parse().unwrap();
            let text = line(level).for_syslog("x", facility);
            text.split('>').next().unwrap_or_default().to_owned()
        };
        assert_eq!(start(Level::WARN, "daemon"), "<28");
        assert_eq!(start(Level::ERROR, "daemon"), "<27");
        assert_eq!(start(Level::INFO, "3"), "<158");
    }

    #[test]
    fn file_lines_have_nanoseconds() {
        let text = line(Level::INFO).for_file();
        assert!(text.contains(":00.000000000 19"), "{text}");
        assert!(text.ends_with("0: (VI_1) Entering MASTER STATE\n") || text.contains("1969: "));
    }
}
