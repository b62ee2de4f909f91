//! Watching processes (spec vrrp-runtime 7.4).
//!
//! The kernel's process connector tells of every start and end. Until it has said that it will, and
//! where it never does (containers, other network namespaces), /proc is read every second, and the
//! processes that count are watched for their end.

use std::collections::HashMap;
use std::io;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use evervip_model::{NetlinkBuffer, ProcessPattern};
use evervip_os::process_events::{ProcessEvent, ProcessEvents};
use evervip_os::process_table::ProcessEnd;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::census::{Census, Machine};
use super::{Noticeboard, Orders};

/// How often /proc is read where there are no events.
const RESCAN: Duration = Duration::from_secs(1);
/// Between two turns: events that come meanwhile are worked off together.
const PAUSE: Duration = Duration::from_millis(2);
/// Processes whose end is watched; of further ones it is noticed when /proc is read.
const ENDS_WATCHED: usize = 512;

/// How many processes each pattern means, here and now.
pub(crate) fn count_processes(patterns: Vec<ProcessPattern>) -> Vec<(ProcessPattern, u32)> {
    let mut census = Census::of(patterns);
    census.scan(&Machine);
    census.counts()
}

/// Watches processes and posts their numbers.
#[derive(Debug)]
pub(crate) struct ProcessWatcher {
    census: Census,
    /// The connector, unless it cannot be had.
    events: Option<ProcessEvents>,
    /// Whether it has said that it will report.
    confirmed: bool,
    /// Watched where there are no events.
    ends: HashMap<i32, ProcessEnd>,
    scan_at: Instant,
    told: HashMap<ProcessPattern, u32>,
    board: Noticeboard,
}

impl ProcessWatcher {
    /// Starts a thread that watches what it is ordered to.
    ///
    /// # Errors
    /// When the thread cannot be made.
    pub(crate) fn start(
        board: Noticeboard,
        orders: Orders<Vec<ProcessPattern>>,
        buffer: NetlinkBuffer,
    ) -> io::Result<()> {
        let mut watcher = Self::new(board, buffer);
        std::thread::Builder::new()
            .name("track-processes".to_owned())
            .spawn(move || {
                loop {
                    watcher.wait(&orders);
                    if let Some(patterns) = orders.take() {
                        watcher.configure(patterns);
                    }
                    watcher.turn(Instant::now());
                    std::thread::sleep(PAUSE);
                }
            })?;
        Ok(())
    }

    fn new(board: Noticeboard, buffer: NetlinkBuffer) -> Self {
        let (bytes, force) = match usize::try_from(buffer.bytes) {
            Ok(bytes) if bytes > 0 => (bytes, buffer.force),
            _ => (ProcessEvents::RECEIVE_BUFFER, true),
        };
        let events = ProcessEvents::open(bytes, force)
            .inspect_err(|error| no_events(error.raw_os_error().unwrap_or_default()))
            .ok();
        Self {
            census: Census::default(),
            events,
            confirmed: false,
            ends: HashMap::new(),
            scan_at: Instant::now(),
            told: HashMap::new(),
            board,
        }
    }

    fn wait(&self, orders: &Orders<Vec<ProcessPattern>>) {
        let patience = if self.confirmed {
            PollTimeout::NONE
        } else {
            let wait = self.scan_at.saturating_duration_since(Instant::now());
            PollTimeout::try_from(wait + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        };
        let mut descriptors = vec![PollFd::new(orders.as_fd(), PollFlags::POLLIN)];
        let events = self.events.iter().map(|events| events.as_fd());
        let all = events.chain(self.ends.values().map(|end| end.as_fd()));
        descriptors.extend(all.map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN)));
        // After an error, an interruption included, the turn finds nothing to do.
        let _ = poll(&mut descriptors, patience);
    }

    fn configure(&mut self, patterns: Vec<ProcessPattern>) {
        self.told.retain(|pattern, _| patterns.contains(pattern));
        self.census = Census::of(patterns);
        self.scan();
    }

    /// Takes what has happened, and what is due.
    fn turn(&mut self, now: Instant) {
        let mut events = Vec::new();
        if let Some(connector) = &mut self.events {
            // What is left makes the socket ready again.
            if let Err(error) = connector.read(&mut events) {
                self.events = None;
                self.confirmed = false;
                no_events(error.raw_os_error().unwrap_or_default());
            }
        }
        let mut rescan = !self.confirmed && self.scan_at <= now;
        for event in events {
            match event {
                ProcessEvent::Answered { error: 0 } => {
                    tracing::debug!("proc_events has confirmed it is configured");
                    self.confirmed = true;
                    self.ends.clear();
                    rescan = true;
                }
                ProcessEvent::Answered { error } => {
                    self.events = None;
                    no_events(error);
                }
                ProcessEvent::Overrun => rescan = true,
                event => self.census.take(event),
            }
        }
        if rescan {
            self.scan();
        } else {
            self.take_ends();
            self.census.look(&Machine);
            self.tell();
        }
    }

    /// Ends of processes that are watched one by one.
    fn take_ends(&mut self) {
        let pids: Vec<i32> = self.ends.keys().copied().collect();
        for pid in pids {
            let Some(end) = self.ends.get(&pid) else {
                continue;
            };
            let mut descriptor = [PollFd::new(end.as_fd(), PollFlags::POLLIN)];
            if poll(&mut descriptor, PollTimeout::ZERO).is_ok_and(|ready| ready > 0) {
                self.ends.remove(&pid);
                self.census.take(ProcessEvent::Exited { pid });
            }
        }
    }

    fn scan(&mut self) {
        self.census.scan(&Machine);
        if !self.confirmed {
            self.scan_at = Instant::now() + RESCAN;
            self.watch_ends();
        }
        self.tell();
    }

    fn watch_ends(&mut self) {
        let mut ends = HashMap::new();
        for pid in self.census.members().take(ENDS_WATCHED) {
            let known = self.ends.remove(&pid);
            if let Some(end) = known.or_else(|| ProcessEnd::of(pid).ok()) {
                ends.insert(pid, end);
            }
        }
        self.ends = ends;
    }

    fn tell(&mut self) {
        for (pattern, count) in self.census.counts() {
            if self.told.get(&pattern) != Some(&count) {
                self.told.insert(pattern.clone(), count);
                self.board.post(|news| {
                    news.processes.insert(pattern, count);
                });
            }
        }
    }
}

/// Says why there are no events, in the original's words, and what is done instead.
fn no_events(error: i32) {
    tracing::error!(
        "Failed to set/clear process event listen - errno {error} - {}",
        Errno::from_raw(error).desc()
    );
    tracing::info!("Tracked processes are looked for in /proc every second instead");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::inbox;
    use std::process::{Child, Command, Stdio};

    const PATIENCE: Duration = Duration::from_secs(20);

    /// A process that sleeps, but not longer than the test.
    struct Sleeper(Child);

    impl Sleeper {
        fn start(seconds: &str) -> Self {
            let mut command = Command::new("sleep");
            command.arg(seconds).stdin(Stdio::null());
            command.stdout(Stdio::null()).stderr(Stdio::null());
            Self(command.spawn().unwrap())
        }
    }

    impl Drop for Sleeper {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// Lets the watcher work until it has told of this number.
    fn wait_for(
        watcher: &mut ProcessWatcher,
        orders: &Orders<Vec<ProcessPattern>>,
        pattern: &ProcessPattern,
        count: u32,
    ) {
        let end = Instant::now() + PATIENCE;
        while watcher.told.get(pattern) != Some(&count) {
            assert!(
                Instant::now() < end,
                "{:?} instead of {count}",
                watcher.told
            );
            watcher.wait(orders);
            watcher.turn(Instant::now());
        }
        assert_eq!(watcher.board.take().processes.get(pattern), Some(&count));
    }

    fn comes_and_goes(connector: bool, seconds: &str) {
        let (outlet, _inbox) = inbox().unwrap();
        let mut watcher = ProcessWatcher::new(Noticeboard::new(outlet), NetlinkBuffer::default());
        if !connector {
            watcher.events = None;
        }
        let (_giver, orders) = super::super::orders().unwrap();
        let pattern = ProcessPattern::CommandLine {
            words: vec!["sleep".into(), seconds.into()],
            parameters: evervip_model::ParameterMatch::Exact,
        };
        watcher.configure(vec![pattern.clone()]);
        wait_for(&mut watcher, &orders, &pattern, 0);
        let first = Sleeper::start(seconds);
        wait_for(&mut watcher, &orders, &pattern, 1);
        let second = Sleeper::start(seconds);
        wait_for(&mut watcher, &orders, &pattern, 2);
        drop(first);
        wait_for(&mut watcher, &orders, &pattern, 1);
        drop(second);
        wait_for(&mut watcher, &orders, &pattern, 0);
    }

    #[test]
    fn processes_are_counted_with_whatever_the_kernel_offers() {
        comes_and_goes(true, "1001");
    }

    #[test]
    fn processes_are_counted_without_events() {
        comes_and_goes(false, "1002");
    }
}
