//! What was changed of the kernel's settings on interfaces that are not ours, kept in a file: a
//! process that is killed cannot put anything back, but the next one can (decision "sysctls changed
//! for virtual MACs").
//!
//! One change a line: interface, setting of `net.ipv4.conf`, value before, value after. The one
//! setting of the whole network namespace, [`LOCAL_REPORTS`], stands there as one of interface `all`.

use std::io;
use std::path::PathBuf;

use evervip_os::sysctl::{self, Tree};

/// Whether IGMP reports for groups of the link are sent, in the whole network namespace.
pub(super) const LOCAL_REPORTS: &str = "igmp_link_local_mcast_reports";

/// A change of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// Interface, `all` or `default`.
    pub(super) interface: String,
    pub(super) setting: String,
    pub(super) before: u32,
    pub(super) after: u32,
}

impl Change {
    /// Whether the setting still has the value that we gave it.
    pub(super) fn stands(&self) -> bool {
        self.read().is_ok_and(|now| now == self.after)
    }

    fn read(&self) -> io::Result<u32> {
        if self.setting == LOCAL_REPORTS {
            return sysctl::link_local_reports().map(u32::from);
        }
        sysctl::read(Tree::Ipv4, &self.interface, &self.setting)
    }

    fn write(&self, value: u32) -> io::Result<()> {
        if self.setting == LOCAL_REPORTS {
            return sysctl::set_link_local_reports(value != 0);
        }
        sysctl::write(Tree::Ipv4, &self.interface, &self.setting, value)
    }

    fn to_line(&self) -> String {
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

/// The file.
pub(super) struct Ledger {
    path: PathBuf,
    changes: Vec<Change>,
}

impl Ledger {
    /// Opens the ledger. What a process before this one has left in it is put back at once.
    pub(super) fn open(path: PathBuf) -> Self {
        let ledger = Self {
            path,
            changes: Vec::new(),
        };
        let Ok(text) = std::fs::read_to_string(&ledger.path) else {
            return ledger;
        };
        let left: Vec<Change> = text.lines().filter_map(Change::from_line).collect();
        for change in left.iter().rev().filter(|change| change.stands()) {
            let Change {
                interface, setting, ..
            } = change;
            match change.write(change.before) {
                Ok(()) => tracing::info!(
                    "{setting} of {interface} was left at {} and is {} again",
                    change.after,
                    change.before
                ),
                Err(error) => tracing::warn!("Unable to restore {setting} of {interface}: {error}"),
            }
        }
        ledger.write();
        ledger
    }

    /// Remembers changes that are about to be made.
    pub(super) fn add(&mut self, changes: impl IntoIterator<Item = Change>) {
        self.changes.extend(changes);
        self.write();
    }

    /// Takes out what is to be put back now, the last change first.
    /// The file is brought up to date by [`Self::write`].
    pub(super) fn take(&mut self, wanted: impl Fn(&Change) -> bool) -> Vec<Change> {
        let (mut taken, kept): (Vec<_>, Vec<_>) = self.changes.drain(..).partition(wanted);
        self.changes = kept;
        taken.reverse();
        taken
    }

    /// Writes the file, or removes it when there is nothing in it. Without it everything works, as
    /// long as the process lives.
    pub(super) fn write(&self) {
        let result = if self.changes.is_empty() {
            match std::fs::remove_file(&self.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                result => result,
            }
        } else {
            let text: String = self.changes.iter().map(Change::to_line).collect();
            // As a whole or not at all: a full disk or a sudden end must not cost what it held.
            crate::dump::replace(&self.path, text.as_bytes())
        };
        if let Err(error) = result {
            tracing::debug!("Unable to write {}: {error}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_written_and_others_left_out() {
        let change = Change {
            interface: "eth0.10".to_owned(),
            setting: "arp_ignore".to_owned(),
            before: 0,
            after: 1,
        };
        let line = change.to_line();
        assert_eq!(Change::from_line(line.trim_end()), Some(change));
        for line in [
            "",
            "eth0 arp_ignore 0",
            "eth0 arp_ignore 0 1 2",
            "eth0 arp_ignore x 1",
            "../../vm swappiness 0 1",
            ".. arp_ignore 0 1",
        ] {
            assert_eq!(Change::from_line(line), None, "{line}");
        }
    }

    #[test]
    fn an_empty_ledger_leaves_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("settings");
        let mut ledger = Ledger::open(path.clone());
        let change = |interface: &str| Change {
            interface: interface.to_owned(),
            setting: "arp_filter".to_owned(),
            before: 0,
            after: 1,
        };
        ledger.add([change("a")]);
        ledger.add([change("b")]);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
        assert_eq!(ledger.take(|c| c.interface == "a"), [change("a")]);
        ledger.write();
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
        assert_eq!(ledger.take(|_| true), [change("b")]);
        ledger.write();
        assert!(!path.exists());
    }
}
