//! The journal of systemd, in its own protocol: the line and the fields by which it can be found.
//!
//! Only where lines for the system log end in the journal anyhow: they arrive in the same place with
//! the same text, name and priority (`journalctl -t Keepalived_vrrp`), and `EVERVIP_INSTANCE=VI_1`
//! finds those of an instance. What sends them is our own because it must not wait: the crates for it
//! block when the journal does.

use std::path::Path;

use super::facility::Facility;
use super::line::Line;

/// Where the journal listens.
pub(super) const SOCKET: &str = "/run/systemd/journal/socket";
/// Where its other sockets are.
const HOME: &str = "/run/systemd/journal";

/// What a line says besides its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields {
    /// The instance that it is about.
    pub(super) instance: Option<String>,
    /// The state that this goes into.
    pub(super) state: Option<String>,
    /// Why.
    pub(super) reason: Option<String>,
}

impl Fields {
    /// The place of the field of this name.
    pub(super) fn named(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "instance" => Some(&mut self.instance),
            "state" => Some(&mut self.state),
            "reason" => Some(&mut self.reason),
            _ => None,
        }
    }

    /// `None` when there are none: most lines need no room for them.
    pub(super) fn boxed(self) -> Option<Box<Self>> {
        (self != Self::default()).then(|| Box::new(self))
    }
}

/// Whether what is sent to `syslog`, the socket of syslog daemons, arrives in the journal. Where there
/// is no such socket the service manager says whether it would (`JOURNAL_STREAM`).
pub(super) fn receives(syslog: &Path) -> bool {
    match std::fs::canonicalize(syslog) {
        Ok(path) => path.starts_with(HOME),
        Err(_) => std::env::var_os("JOURNAL_STREAM").is_some(),
    }
}

/// A message of the journal's protocol.
pub(super) fn message(line: &Line, ident: &str, facility: Facility) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128 + line.text.len());
    let mut put = |name: &str, value: &str| field(&mut bytes, name, value);
    put("MESSAGE", &line.text);
    put("PRIORITY", &line.severity().to_string());
    put("SYSLOG_FACILITY", &facility.code().to_string());
    put("SYSLOG_IDENTIFIER", ident);
    put("SYSLOG_PID", &std::process::id().to_string());
    if let Some(fields) = &line.fields {
        for (name, value) in [
            ("EVERVIP_INSTANCE", &fields.instance),
            ("EVERVIP_STATE", &fields.state),
            ("EVERVIP_REASON", &fields.reason),
        ] {
            if let Some(value) = value {
                put(name, value);
            }
        }
    }
    bytes
}

/// One field. A value of several lines follows its length.
fn field(bytes: &mut Vec<u8>, name: &str, value: &str) {
    bytes.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        bytes.push(b'\n');
        let length = u64::try_from(value.len()).unwrap_or(u64::MAX);
        bytes.extend_from_slice(&length.to_le_bytes());
    } else {
        bytes.push(b'=');
    }
    bytes.extend_from_slice(value.as_bytes());
    bytes.push(b'\n');
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use tracing::Level;

    use super::*;

    fn line(text: &str, fields: Fields) -> Line {
        Line {
            at: SystemTime::UNIX_EPOCH,
            level: Level::WARN,
            text: text.to_owned(),
            fields: fields.boxed(),
        }
    }

    #[test]
    fn a_line_is_what_it_is_in_syslog_and_has_fields() {
        let fields = Fields {
            instance: Some("VI_1".to_owned()),
            state: Some("FAULT".to_owned()),
            reason: None,
        };
        let bytes = message(
            &line("text = x", fields),
            "Keepalived_vrrp",
            Facility::default(),
        );
        let pid = std::process::id();
        let expected = format!(
            "MESSAGE=text = x\nPRIORITY=4\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=Keepalived_vrrp\n\
             SYSLOG_PID={pid}\nEVERVIP_INSTANCE=VI_1\nEVERVIP_STATE=FAULT\n"
        );
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn no_value_can_pass_for_another_field() {
        let bytes = message(
            &line("a\nPRIORITY=0", Fields::default()),
            "x",
            Facility::default(),
        );
        assert!(bytes.starts_with(b"MESSAGE\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\nPRIORITY=4\n"));
    }

    #[test]
    fn the_journal_gets_what_syslog_would_hand_to_it() {
        let directory = tempfile::tempdir().unwrap();
        let syslog = directory.path().join("log");
        let journal = std::env::var_os("JOURNAL_STREAM").is_some();
        assert_eq!(receives(&syslog), journal);
        std::fs::write(&syslog, "").unwrap();
        assert!(!receives(&syslog), "somebody else has it");
    }
}
