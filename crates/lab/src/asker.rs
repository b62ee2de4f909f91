//! A client that asks for an answer again and again, and takes down who gave it and how long there was
//! none.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};

use crate::{Node, Result};

/// What the client noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The first request that failed after one that did not.
    Lost,
    /// An answer from another node than before, or the first one after `Lost`.
    Answered {
        /// Name of the node.
        by: String,
        /// Time since the last answer before.
        gap: Duration,
    },
}

/// A client that never stops asking. Ends when dropped.
#[derive(Debug)]
pub struct Asker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    notices: Vec<(SystemTime, Notice)>,
    last_answer: Option<(Instant, String)>,
    lost: bool,
    /// When the measurement of `longest_gap` began; `None` if with the first answer.
    measured_from: Option<Instant>,
    longest_gap: Duration,
    answers: u64,
    failures: u64,
}

/// Totals over the whole run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    /// Answers.
    pub answers: u64,
    /// Requests that failed.
    pub failures: u64,
}

impl Asker {
    /// Calls `ask` from inside of `node` every `period`, or as soon as it returns if that takes
    /// longer. It gives the name of who answered, and must not wait for long.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(
        node: Node,
        period: Duration,
        ask: impl Fn() -> io::Result<String> + Send + Sync + 'static,
    ) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let writer = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("client".into())
            .spawn(move || {
                // The sockets must be made inside the node's network.
                let entered = node.enter(|| writer.ask(period, ask));
                if let Err(error) = entered {
                    eprintln!("client: {error}");
                }
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// What happened since the last call.
    pub fn notices(&self) -> Vec<(SystemTime, Notice)> {
        std::mem::take(&mut self.shared.lock().notices)
    }

    /// Who gave the last answer; `None` while requests fail.
    pub fn answered_by(&self) -> Option<String> {
        let seen = self.shared.lock();
        let last = seen.last_answer.as_ref().filter(|_| !seen.lost);
        last.map(|(_, by)| by.clone())
    }

    /// Starts a new measurement of the longest gap. A gap that is open counts from now on.
    pub fn reset_gap(&self) {
        let mut seen = self.shared.lock();
        seen.longest_gap = Duration::ZERO;
        seen.measured_from = Some(Instant::now());
    }

    /// Longest time between two answers since the last reset, one still open included.
    pub fn longest_gap(&self) -> Duration {
        let seen = self.shared.lock();
        seen.longest_gap.max(seen.open_gap(Instant::now()))
    }

    /// Counters since the start.
    pub fn totals(&self) -> Totals {
        let seen = self.shared.lock();
        Totals {
            answers: seen.answers,
            failures: seen.failures,
        }
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, period: Duration, ask: impl Fn() -> io::Result<String>) {
        while !self.stop.load(Ordering::Relaxed) {
            let start = Instant::now();
            match ask() {
                Ok(by) => self.lock().answered(by),
                Err(_) => self.lock().failed(),
            }
            thread::sleep(period.saturating_sub(start.elapsed()));
        }
    }
}

impl Seen {
    /// How long there has been no answer, as far as it counts for the longest gap.
    fn open_gap(&self, now: Instant) -> Duration {
        let since = self
            .last_answer
            .as_ref()
            .map(|(at, _)| self.measured_from.map_or(*at, |measured| measured.max(*at)));
        since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    fn answered(&mut self, by: String) {
        let now = Instant::now();
        self.answers += 1;
        self.longest_gap = self.longest_gap.max(self.open_gap(now));
        let (gap, same) = match &self.last_answer {
            Some((at, before)) => (now - *at, *before == by),
            None => (Duration::ZERO, false),
        };
        if self.lost || !same {
            let notice = Notice::Answered {
                by: by.clone(),
                gap,
            };
            self.notices.push((SystemTime::now(), notice));
        }
        self.lost = false;
        self.last_answer = Some((now, by));
    }

    fn failed(&mut self) {
        self.failures += 1;
        if !self.lost && self.last_answer.is_some() {
            self.notices.push((SystemTime::now(), Notice::Lost));
        }
        self.lost = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn an_open_gap_counts_from_the_reset_on() {
        let start = Instant::now();
        let mut seen = Seen {
            last_answer: Some((start, "a".into())),
            lost: true,
            ..Seen::default()
        };
        assert_eq!(seen.open_gap(after(start, 30)), Duration::from_secs(30));
        seen.measured_from = Some(after(start, 20));
        assert_eq!(seen.open_gap(after(start, 30)), Duration::from_secs(10));
        seen.last_answer = Some((after(start, 25), "a".into()));
        assert_eq!(seen.open_gap(after(start, 30)), Duration::from_secs(5));
    }

    #[test]
    fn before_the_first_answer_there_is_no_gap() {
        let seen = Seen::default();
        assert_eq!(seen.open_gap(Instant::now()), Duration::ZERO);
    }
}
