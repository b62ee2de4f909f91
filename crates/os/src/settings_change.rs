//! Changes of kernel settings that are noted down, so that the next process can undo those of one that
//! was killed (decision "sysctls changed for virtual MACs").
//!
//! A note is a line: interface, setting of `net.ipv4.conf`, value before, value after. The one
//! setting of the whole network namespace, [`LOCAL_REPORTS`], stands there as one of interface `all`.

use std::io;
use std::path::Path;

use crate::sysctl::{self, Tree};

/// Whether IGMP reports for groups of the link are sent, in the whole network namespace.
pub const LOCAL_REPORTS: &str = "igmp_link_local_mcast_reports";

/// A change of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsChange {
    /// Interface, `all` or `default`.
    pub interface: String,
    /// Name of the setting.
    pub setting: String,
    /// What it was.
    pub before: u32,
    /// What we made of it.
    pub after: u32,
}

impl SettingsChange {
    /// The changes that a process has noted in a file, in the order in which it made them; none when
    /// there is no such file. Lines that are no notes are left out.
    #[must_use]
    pub fn noted_in(file: &Path) -> Vec<Self> {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.lines().filter_map(Self::from_line).collect()
    }

    /// Whether the setting still has the value that we gave it.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.read().is_ok_and(|now| now == self.after)
    }

    /// Gives the setting its old value.
    ///
    /// # Errors
    /// When the interface is gone, or `/proc/sys` is read-only.
    pub fn undo(&self) -> io::Result<()> {
        if self.setting == LOCAL_REPORTS {
            return sysctl::set_link_local_reports(self.before != 0);
        }
        sysctl::write(Tree::Ipv4, &self.interface, &self.setting, self.before)
    }

    fn read(&self) -> io::Result<u32> {
        if self.setting == LOCAL_REPORTS {
            return sysctl::link_local_reports().map(u32::from);
        }
        sysctl::read(Tree::Ipv4, &self.interface, &self.setting)
    }

    /// The note, with the end of its line.
    #[must_use]
    pub fn to_line(&self) -> String {
        let Self {
            interface,
            setting,
            before,
            after,
        } = self;
        format!("{interface} {setting} {before} {after}\n")
    }

    fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let change = Self {
            interface: words.next()?.to_owned(),
            setting: words.next()?.to_owned(),
            before: words.next()?.parse().ok()?,
            after: words.next()?.parse().ok()?,
        };
        // A file that is not ours must not lead anywhere else.
        let plain = |word: &str| !word.is_empty() && !word.contains('/') && word != "..";
        (plain(&change.interface) && plain(&change.setting) && words.next().is_none())
            .then_some(change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_written_and_others_left_out() {
        let change = SettingsChange {
            interface: "eth0.10".to_owned(),
            setting: "arp_ignore".to_owned(),
            before: 0,
            after: 1,
        };
        let line = change.to_line();
        assert_eq!(SettingsChange::from_line(line.trim_end()), Some(change));
        for line in [
            "",
            "eth0 arp_ignore 0",
            "eth0 arp_ignore 0 1 2",
            "eth0 arp_ignore x 1",
            "../../vm swappiness 0 1",
            ".. arp_ignore 0 1",
        ] {
            assert_eq!(SettingsChange::from_line(line), None, "{line}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_holds_no_notes() {
        let directory = tempfile::tempdir().unwrap();
        let noted = SettingsChange::noted_in(&directory.path().join("settings"));
        assert_eq!(noted, []);
    }
}
