//! The bounded queue in front of the log thread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use evervip_os::process::release_free_memory;
use tracing::Level;

use super::destination::Destination;
use super::line::Line;

/// Lines that may wait. Hundreds of instances that change state together log thousands of lines
/// within milliseconds, and those that tell of the changes are the ones that people look for.
const CAPACITY: usize = 16_384;
/// Detail lines that may wait: they leave room for the others.
const DETAIL_CAPACITY: usize = 8_192;
/// How long the end of the process is delayed for lines that wait.
const LAST_LINES: Duration = Duration::from_millis(60);
/// How often a reader is told of lines that it has missed when it does not listen.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// So many lines at once tell of a change of many instances, after which much memory is free.
const MANY: usize = 512;

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Line>,
    closed: bool,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// Signalled when lines come to an empty queue, and when it is closed.
    wake: Condvar,
    /// Lines in the queue or in the hands of the thread.
    unwritten: AtomicUsize,
    dropped: AtomicU64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that could panic is done under the lock.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends lines to the thread that writes them.
#[derive(Debug)]
pub(super) struct Queue {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Queue {
    pub(super) fn start(destination: Destination) -> Self {
        let shared = Arc::new(Shared::default());
        let reader = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("log".to_owned())
            .stack_size(128 * 1024)
            .spawn(move || write_all(&reader, destination))
            .ok();
        Self { shared, thread }
    }

    /// Never waits: the thread holds the lock only to take everything at once. A line without room
    /// is counted.
    pub(super) fn put(&self, line: Line) {
        let room = if line.level == Level::DEBUG {
            DETAIL_CAPACITY
        } else {
            CAPACITY
        };
        if self.shared.unwritten.load(Ordering::Relaxed) >= room {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.shared.unwritten.fetch_add(1, Ordering::Relaxed);
        let mut waiting = self.shared.lock();
        waiting.lines.push_back(line);
        let first = waiting.lines.len() == 1;
        drop(waiting);
        if first {
            self.shared.wake.notify_one();
        }
    }

    /// Lets the thread write what waits, but not for long.
    pub(super) fn finish(self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_one();
        let Some(thread) = self.thread else { return };
        let start = Instant::now();
        while !thread.is_finished() && start.elapsed() < LAST_LINES {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn write_all(shared: &Shared, mut destination: Destination) {
    let mut complete = true;
    loop {
        let patience = (!complete).then_some(REPORT_INTERVAL);
        let Some(lines) = take(shared, patience) else {
            return;
        };
        let many = lines.len() >= MANY;
        for line in lines {
            destination.write_patiently(&line);
            shared.unwritten.fetch_sub(1, Ordering::Relaxed);
        }
        if many {
            release_free_memory();
        }
        destination.missed(shared.dropped.swap(0, Ordering::Relaxed));
        complete = destination.report_gaps();
    }
}

/// Everything that waits, after a wait for it of `patience` at most or for ever; `None` at the end.
fn take(shared: &Shared, patience: Option<Duration>) -> Option<VecDeque<Line>> {
    let mut waiting = shared.lock();
    while waiting.lines.is_empty() && !waiting.closed {
        let Some(patience) = patience else {
            waiting = shared
                .wake
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        let woken = shared.wake.wait_timeout(waiting, patience);
        waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        break;
    }
    if waiting.lines.is_empty() && waiting.closed {
        return None;
    }
    Some(std::mem::take(&mut waiting.lines))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    fn line(level: Level) -> Line {
        Line {
            at: SystemTime::now(),
            level,
            text: String::new(),
            fields: None,
        }
    }

    /// A queue that nobody reads.
    fn unread() -> Queue {
        Queue {
            shared: Arc::default(),
            thread: None,
        }
    }

    #[test]
    fn a_thousand_instances_that_change_state_find_room() {
        let queue = unread();
        for _ in 0..1000 {
            for level in [Level::INFO, Level::DEBUG, Level::INFO, Level::DEBUG] {
                queue.put(line(level));
            }
        }
        assert_eq!(queue.shared.dropped.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn detail_leaves_room_and_the_rest_is_bounded_and_counted() {
        let queue = unread();
        for _ in 0..20_000 {
            queue.put(line(Level::DEBUG));
        }
        assert_eq!(queue.shared.lock().lines.len(), DETAIL_CAPACITY);
        for _ in 0..20_000 {
            queue.put(line(Level::INFO));
        }
        assert_eq!(queue.shared.lock().lines.len(), CAPACITY);
        let dropped = u64::try_from(40_000 - CAPACITY).unwrap();
        assert_eq!(queue.shared.dropped.load(Ordering::Relaxed), dropped);
    }
}
