//! Output of a process, line by line, that can be waited on.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime},
};

use crate::{Error, Result};

/// A line of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was read (within a millisecond of its writing, unless the machine is busy).
    pub at: SystemTime,
    /// The text without line end, invalid UTF-8 replaced.
    pub text: String,
}

/// What a process has written so far to standard output and standard error, in order.
/// Clones show the same log.
#[derive(Debug, Clone)]
pub struct Log(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    name: String,
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    lines: Vec<LogLine>,
    closed: bool,
}

impl Log {
    /// Starts a thread that reads `pipe` to its end, so that the writer never blocks on us.
    pub(crate) fn follow(name: String, pipe: File) -> Result<Self> {
        let log = Self(Arc::new(Shared {
            name,
            lines: Mutex::default(),
            changed: Condvar::new(),
        }));
        let writer = log.clone();
        thread::Builder::new()
            .name("lab log".into())
            .spawn(move || writer.read_all(pipe))?;
        Ok(log)
    }

    fn read_all(&self, pipe: File) {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .is_ok_and(|count| count > 0)
        {
            let text = String::from_utf8_lossy(&line)
                .trim_end_matches('\n')
                .to_owned();
            line.clear();
            self.lock().lines.push(LogLine {
                at: SystemTime::now(),
                text,
            });
            self.0.changed.notify_all();
        }
        self.lock().closed = true;
        self.0.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<LogLine> {
        self.lock().lines.clone()
    }

    /// Number of lines so far: a mark for the `_after` methods.
    pub fn mark(&self) -> usize {
        self.lock().lines.len()
    }

    /// All text so far.
    pub fn text(&self) -> String {
        self.text_after(0)
    }

    /// All text after a mark.
    pub fn text_after(&self, mark: usize) -> String {
        self.lock()
            .lines
            .iter()
            .skip(mark)
            .map(|line| format!("{}\n", line.text))
            .collect()
    }

    /// Number of lines that contain `part`.
    pub fn count(&self, part: &str) -> usize {
        self.count_after(0, part)
    }

    /// Number of lines after a mark that contain `part`.
    pub fn count_after(&self, mark: usize, part: &str) -> usize {
        self.lock()
            .lines
            .iter()
            .skip(mark)
            .filter(|line| line.text.contains(part))
            .count()
    }

    /// Waits for a line that contains `part`, old ones included.
    ///
    /// # Errors
    /// After `timeout` or when the process has closed its output; with the log so far.
    pub fn wait_for(&self, part: &str, timeout: Duration) -> Result<LogLine> {
        self.wait_after(0, part, timeout)
    }

    /// Waits for a line after a mark that contains `part`.
    ///
    /// # Errors
    /// After `timeout` or when the process has closed its output; with the log so far.
    pub fn wait_after(&self, mark: usize, part: &str, timeout: Duration) -> Result<LogLine> {
        self.wait_match(mark, part, timeout, |text| text.contains(part))
    }

    /// Waits for a line after a mark that satisfies `wanted`; `what` names it in the error.
    ///
    /// # Errors
    /// After `timeout` or when the process has closed its output; with the log so far.
    pub fn wait_match(
        &self,
        mark: usize,
        what: &str,
        timeout: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<LogLine> {
        let deadline = Instant::now() + timeout;
        let mut guard = self.lock();
        let mut looked_at = mark;
        loop {
            if let Some(line) = guard
                .lines
                .iter()
                .skip(looked_at)
                .find(|line| wanted(&line.text))
            {
                return Ok(line.clone());
            }
            looked_at = looked_at.max(guard.lines.len());
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || guard.closed {
                let why = if guard.closed {
                    "output ended"
                } else {
                    "timeout"
                };
                drop(guard);
                let log = self.text_after(mark);
                return Err(Error::new(format!(
                    "{}: {why} without `{what}` in {timeout:?}; log:\n{log}",
                    self.0.name
                )));
            }
            guard = self
                .0
                .changed
                .wait_timeout(guard, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}
