//! What was changed of the kernel's settings on interfaces that are not ours, kept in a file: a
//! process that is killed cannot put anything back, but the next one can (decision "sysctls changed
//! for virtual MACs").
//!
//! One change a line, as [`evervip_os::settings_change`] has them.

use std::io;
use std::path::PathBuf;

use evervip_os::settings_change::SettingsChange as Change;

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
        if !ledger.path.exists() {
            return ledger;
        }
        let left = Change::noted_in(&ledger.path);
        for change in left.iter().rev().filter(|change| change.stands()) {
            let Change {
                interface, setting, ..
            } = change;
            match change.undo() {
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
