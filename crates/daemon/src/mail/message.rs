//! What a mail says (spec vrrp-runtime 10). Pure: no clock, no host name.

use std::fmt::Write as _;

use chrono::{DateTime, TimeZone};
use evervip_model::State;
use evervip_vrrp::{Alert, AlertNews, Subject};

use super::address::{in_header, printable};

/// What all mails of a daemon have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letterhead {
    /// `router_id`.
    pub(super) router_id: String,
    /// Sender, as configured.
    pub(super) from: String,
    /// Recipients, as configured.
    pub(super) recipients: Vec<String>,
}

/// Longest line of a mail, without its end (RFC 5322, 2.1.1).
const LONGEST_LINE: usize = 998;

/// The whole mail as it goes over the wire, up to the line with the dot.
///
/// No line begins with a dot: header lines begin with their names, and the texts are ours.
pub(super) fn render<Tz>(head: &Letterhead, alert: &Alert, at: &DateTime<Tz>) -> String
where
    Tz: TimeZone,
    Tz::Offset: std::fmt::Display,
{
    format!(
        "Date: {}\r\nFrom: {}\r\nSubject: [{}] {}\r\nX-Mailer: Keepalived\r\nTo: {}\r\n\r\n=> {} <=\r\n\r\n",
        at.format("%a, %d %b %Y %H:%M:%S %z"),
        in_header(&head.from),
        printable(&head.router_id),
        printable(&subject(alert)),
        recipients(&head.recipients),
        body(alert),
    )
}

/// On one line, as the original has them; continued on the next where it would grow too long.
fn recipients(all: &[String]) -> String {
    let mut text = String::new();
    let mut column = "To: ".len();
    for (place, recipient) in all.iter().enumerate() {
        let recipient = in_header(recipient);
        if place > 0 {
            let too_long = column + recipient.len() + ", ,".len() > LONGEST_LINE;
            text.push_str(if too_long { ",\r\n " } else { ", " });
            column = if too_long { 1 } else { column + 2 };
        }
        column += recipient.len();
        text.push_str(&recipient);
    }
    text
}

fn subject(alert: &Alert) -> String {
    let mut text = match &alert.subject {
        Subject::Instance(instance) => format!("VRRP Instance {} - ", instance.name),
        Subject::Group(group) => format!("VRRP Group {} - ", group.name),
    };
    // Writing to a string does not fail.
    let _ = match alert.news {
        AlertNews::Entered(State::Stop) => write!(text, "Stopping"),
        AlertNews::Entered(state) => write!(text, "Entering {} state", state.keepalived_name()),
        AlertNews::Deleted => write!(text, "Deleted"),
    };
    text
}

fn body(alert: &Alert) -> String {
    let of_group = matches!(alert.subject, Subject::Group(_));
    let text = match (alert.news, of_group) {
        (AlertNews::Entered(State::Stop), true) => "All VRRP group instances are now stopping",
        (AlertNews::Entered(state), true) => {
            let state = state.keepalived_name();
            return format!("All VRRP group instances are now in {state} state");
        }
        (AlertNews::Entered(State::Master), false) => "VRRP Instance is now owning VRRP VIPs",
        (AlertNews::Entered(State::Stop), false) => "VRRP Instance stopping",
        (AlertNews::Entered(_), false) => "VRRP Instance is no longer owning VRRP VIPs",
        (AlertNews::Deleted, _) => "VRRP Deleted at reload",
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::FixedOffset;
    use evervip_model::{Instance, SyncGroup, Vrid};

    use super::*;

    fn of_instance(news: AlertNews) -> Alert {
        let instance = Instance::new("VI_1".into(), Vrid::new(1).unwrap());
        Alert {
            subject: Subject::Instance(Arc::new(instance)),
            news,
        }
    }

    fn of_group(state: State) -> Alert {
        let mut group = SyncGroup::new("G".into(), Vec::new());
        group.smtp_alert = true;
        Alert {
            subject: Subject::Group(Arc::new(group)),
            news: AlertNews::Entered(state),
        }
    }

    fn head(recipients: &[&str]) -> Letterhead {
        Letterhead {
            router_id: "LVS_1".to_owned(),
            from: "ka@x.example".to_owned(),
            recipients: recipients.iter().map(|r| (*r).to_owned()).collect(),
        }
    }

    fn rendered(head: &Letterhead, alert: &Alert) -> String {
        let zone = FixedOffset::east_opt(19_800).unwrap();
        let at = zone.with_ymd_and_hms(2026, 11, 21, 7, 31, 28).unwrap();
        render(head, alert, &at)
    }

    #[test]
    fn a_mail_is_as_the_original_writes_it() {
        let alert = of_instance(AlertNews::Entered(State::Master));
        let head = head(&["a@x.example", "Second One <b@x.example>"]);
        assert_eq!(
            rendered(&head, &alert),
            "Date: Sat, 21 Nov 2026 07:31:28 +0530\r\n\
             From: ka@x.example\r\n\
             Subject: [LVS_1] VRRP Instance VI_1 - Entering MASTER state\r\n\
             X-Mailer: Keepalived\r\n\
             To: a@x.example, Second One <b@x.example>\r\n\
             \r\n\
             => VRRP Instance is now owning VRRP VIPs <=\r\n\
             \r\n"
        );
    }

    #[test]
    fn every_news_has_its_texts() {
        let texts = |alert: &Alert| (subject(alert), body(alert));
        let entered = |state| of_instance(AlertNews::Entered(state));
        let none = "VRRP Instance is no longer owning VRRP VIPs";
        for (alert, end, text) in [
            (entered(State::Backup), "Entering BACKUP state", none),
            (entered(State::Fault), "Entering FAULT state", none),
            (entered(State::Stop), "Stopping", "VRRP Instance stopping"),
            (
                of_instance(AlertNews::Deleted),
                "Deleted",
                "VRRP Deleted at reload",
            ),
        ] {
            let subject = format!("VRRP Instance VI_1 - {end}");
            assert_eq!(texts(&alert), (subject, text.to_owned()));
        }
        for state in [State::Master, State::Backup, State::Fault] {
            let name = state.keepalived_name();
            let subject = format!("VRRP Group G - Entering {name} state");
            let text = format!("All VRRP group instances are now in {name} state");
            assert_eq!(texts(&of_group(state)), (subject, text));
        }
        assert_eq!(
            texts(&of_group(State::Stop)),
            (
                "VRRP Group G - Stopping".to_owned(),
                "All VRRP group instances are now stopping".to_owned()
            )
        );
    }

    #[test]
    fn no_line_is_too_long_and_none_can_be_smuggled_in() {
        let many: Vec<String> = (0..200).map(|n| format!("user{n}@mail.example")).collect();
        let mut head = Letterhead {
            recipients: many,
            ..head(&[])
        };
        head.router_id = "R\r\n.\r\nMAIL FROM:<x>".to_owned();
        let text = rendered(&head, &of_group(State::Fault));
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert!(lines.iter().all(|line| line.len() <= LONGEST_LINE));
        assert!(!lines.iter().any(|line| line.starts_with('.')));
        assert_eq!(text.matches("@mail.example").count(), 200);
        assert!(text.contains("Subject: [R  .  MAIL FROM:<x>] VRRP Group G"));
    }
}
