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

    /// Starts a new measurement of the longest gap.
    pub fn reset_gap(&self) {
        self.shared.lock().longest_gap = Duration::ZERO;
    }

    /// Longest time between two answers since the last reset, one still open included.
    pub fn longest_gap(&self) -> Duration {
        let seen = self.shared.lock();
        let open = seen.last_answer.as_ref().map(|(at, _)| at.elapsed());
        seen.longest_gap.max(open.unwrap_or_default())
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
    fn answered(&mut self, by: String) {
        let now = Instant::now();
        self.answers += 1;
        let (gap, same) = match &self.last_answer {
            Some((at, before)) => (now - *at, *before == by),
            None => (Duration::ZERO, false),
        };
        self.longest_gap = self.longest_gap.max(gap);
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
