//! Tables of the packet filter that others remove: they are put back like addresses (decision "address
//! removed behind our back"), at most so often.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use evervip_model::{Config, RemovedAddresses};
use evervip_os::nftables::{Removal, RemovalWatch, Tables};

use super::culprit;

/// Sees what others take out of the tables.
#[derive(Debug)]
pub(super) struct Guard {
    watch: Option<RemovalWatch>,
    /// Somebody waits for what `watch` has to tell.
    awaited: bool,
    /// What was removed is put back (`@evervip reinstate_addresses`).
    puts_back: bool,
    /// When that was done of late.
    times: VecDeque<Instant>,
    /// It was said that they stay away.
    gave_up: bool,
}

/// So often within [`WINDOW`] the tables are put back: whoever removes them again and again means it.
const LIMIT: usize = 5;
const WINDOW: Duration = Duration::from_secs(10);

impl Guard {
    pub(super) fn new(config: &Config) -> Self {
        let mut guard = Self {
            watch: None,
            awaited: false,
            puts_back: true,
            times: VecDeque::new(),
            gave_up: false,
        };
        guard.configure(config);
        guard
    }

    pub(super) fn configure(&mut self, config: &Config) {
        let wanted = config.globals.extensions.removed_addresses;
        self.puts_back = wanted == RemovedAddresses::Reinstate;
    }

    /// Begins to watch tables that are about to be made. Without it a removal is noticed at the next
    /// change.
    pub(super) fn open(&mut self, tables: &Tables) {
        match tables.port().and_then(RemovalWatch::open) {
            Ok(watch) => self.watch = Some(watch),
            Err(error) => tracing::warn!(
                "Packet filter: error: {error} - rules that others remove are missed at the next change only"
            ),
        }
    }

    /// What to wait for, once.
    pub(super) fn new_watch(&mut self) -> Option<&RemovalWatch> {
        let watch = self.watch.as_ref()?;
        (!std::mem::replace(&mut self.awaited, true)).then_some(watch)
    }

    /// Who has removed something of the tables.
    pub(super) fn read(&mut self, tables: &mut Tables) -> Option<String> {
        match self.watch.as_mut()?.read(tables.name()) {
            Ok(Some(Removal::By { port })) => Some(culprit::of_port(port)),
            Ok(Some(Removal::Unknown)) if !tables.are_there().unwrap_or(true) => {
                Some("somebody".to_owned())
            }
            Ok(_) => None,
            Err(error) => {
                tracing::error!("Packet filter: error: {error} - no longer watched");
                self.watch = None;
                None
            }
        }
    }

    /// Whether it is to be said that they stay away: once, until they are put back again.
    pub(super) fn gives_up(&mut self) -> bool {
        !std::mem::replace(&mut self.gave_up, true)
    }

    /// Whether they may be put back once more; if so it is counted.
    pub(super) fn allows(&mut self, now: Instant) -> bool {
        let is_old = |at: &Instant| now.saturating_duration_since(*at) > WINDOW;
        while self.times.front().is_some_and(is_old) {
            self.times.pop_front();
        }
        if !self.puts_back || self.times.len() >= LIMIT {
            return false;
        }
        self.times.push_back(now);
        self.gave_up = false;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn put_back_so_often_and_again_later() {
        let mut guard = Guard::new(&Config::default());
        let start = Instant::now();
        let allowed = (0..7).filter(|_| guard.allows(start)).count();
        assert_eq!(allowed, LIMIT);
        assert!(guard.allows(start + WINDOW + Duration::from_millis(1)));
    }

    #[test]
    fn not_where_the_file_says_so() {
        let mut config = Config::default();
        config.globals.extensions.removed_addresses = RemovedAddresses::GiveWay;
        assert!(!Guard::new(&config).allows(Instant::now()));
    }
}
