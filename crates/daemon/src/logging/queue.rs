//! The bounded queue in front of the log thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use tracing::Level;

use super::destination::Destination;
use super::line::Line;

/// Lines that may wait: enough for hundreds of instances that change state together.
const CAPACITY: usize = 2048;
/// How long the end of the process is delayed for lines that wait.
const LAST_LINES: Duration = Duration::from_millis(60);

/// Sends lines to the thread that writes them.
#[derive(Debug)]
pub(super) struct Queue {
    lines: SyncSender<Line>,
    dropped: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Queue {
    pub(super) fn start(destination: Destination) -> Self {
        let (lines, receiver) = sync_channel(CAPACITY);
        let dropped = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&dropped);
        let thread = std::thread::Builder::new()
            .name("log".to_owned())
            .stack_size(128 * 1024)
            .spawn(move || write_all(&receiver, destination, &counter))
            .ok();
        Self {
            lines,
            dropped,
            thread,
        }
    }

    /// Never waits; a line without room is counted.
    pub(super) fn put(&self, line: Line) {
        if let Err(TrySendError::Full(_)) = self.lines.try_send(line) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Lets the thread write what waits, but not for long.
    pub(super) fn finish(self) {
        drop(self.lines);
        let Some(thread) = self.thread else { return };
        let start = Instant::now();
        while !thread.is_finished() && start.elapsed() < LAST_LINES {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn write_all(lines: &Receiver<Line>, mut destination: Destination, dropped: &AtomicU64) {
    let mut told = 0;
    loop {
        match lines.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => destination.write_patiently(&line),
            Err(RecvTimeoutError::Timeout)
                if told == dropped.load(Ordering::Relaxed) + destination.dropped =>
            {
                // Nothing to say: sleep until there is something, without waking every second.
                match lines.recv() {
                    Ok(line) => destination.write_patiently(&line),
                    Err(_) => return,
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                let lost = dropped.load(Ordering::Relaxed) + destination.dropped;
                let text = format!(
                    "{} log lines dropped because their reader is too slow",
                    lost - told
                );
                told = lost;
                destination.write_patiently(&Line {
                    at: SystemTime::now(),
                    level: Level::WARN,
                    text,
                });
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
