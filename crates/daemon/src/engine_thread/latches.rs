//! Which instances an operator has to look at, kept in a file for the next process
//! (`@evervip fault_latch`): who was held in FAULT does not come back because the daemon was started
//! anew. The file is beside the pid files, in memory as a rule, and does not outlive the machine's own
//! restart.
//!
//! One name a line; without latched instances there is no file.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use evervip_vrrp::Engine;

/// The file.
pub(super) struct LatchFile {
    path: PathBuf,
    written: Vec<Arc<str>>,
}

/// So much of a file is believed to be ours: names of thousands of instances.
const LONGEST: u64 = 1 << 20;

impl LatchFile {
    /// Tells an engine that has not started what a process before this one has left.
    pub(super) fn resume(path: PathBuf, engine: &mut Engine) -> Self {
        let mut file = Self::new(path);
        engine.restore_latches(&file.left());
        file.begin(engine.latched());
        file
    }

    const fn new(path: PathBuf) -> Self {
        Self {
            path,
            written: Vec::new(),
        }
    }

    /// The names that a process before this one has left.
    fn left(&self) -> Vec<String> {
        let small =
            std::fs::metadata(&self.path).is_ok_and(|file| file.is_file() && file.len() <= LONGEST);
        let text = small.then(|| std::fs::read_to_string(&self.path));
        let text = text.and_then(Result::ok).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Brings the file up to date. Without it everything works, as long as the process lives.
    pub(super) fn keep(&mut self, latched: Vec<Arc<str>>) {
        if latched == self.written {
            return;
        }
        self.written = latched;
        self.write();
    }

    /// Begins with what is latched at the start, whatever the file says.
    fn begin(&mut self, latched: Vec<Arc<str>>) {
        self.written = latched;
        self.write();
    }

    fn write(&self) {
        let result = if self.written.is_empty() {
            match std::fs::remove_file(&self.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                result => result,
            }
        } else {
            let text: String = self
                .written
                .iter()
                .map(|name| format!("{name}\n"))
                .collect();
            crate::dump::replace(&self.path, text.as_bytes())
        };
        if let Err(error) = result {
            tracing::warn!(
                "Unable to write {}: {error} - a restart would not know which instances fault_latch holds",
                self.path.display()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_process_reads_what_this_one_has_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vrrp.latched");
        let mut file = LatchFile::new(path.clone());
        assert!(file.left().is_empty());
        file.begin(Vec::new());
        assert!(!path.exists());
        file.keep(vec!["VI_1".into(), "two words".into()]);
        assert_eq!(LatchFile::new(path.clone()).left(), ["VI_1", "two words"]);
        file.keep(Vec::new());
        assert!(!path.exists());
    }

    #[test]
    fn what_is_left_of_an_instance_that_is_gone_goes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vrrp.latched");
        std::fs::write(&path, "OLD\n").unwrap();
        let mut file = LatchFile::new(path.clone());
        assert_eq!(file.left(), ["OLD"]);
        file.begin(Vec::new());
        assert!(!path.exists());
    }

    #[test]
    fn what_is_no_file_of_ours_is_empty() {
        let directory = tempfile::tempdir().unwrap();
        assert!(
            LatchFile::new(directory.path().to_owned())
                .left()
                .is_empty()
        );
    }
}
