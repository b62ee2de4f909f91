//! The watchers of tracked objects: started when a configuration first needs them, and given their
//! orders.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use evervip_model::{Config, Linkbeat, NetlinkBuffer, ProcessPattern};
use evervip_os::clock::monotonic_nanos;
use evervip_vrrp::{Engine, Event, Timestamp};

use crate::inbox::Outlet;
use crate::observe::{
    FileWatcher, News, Noticeboard, OrderGiver, ProcessWatcher, ask_links, count_processes, orders,
    read_file, start_polling,
};

/// The way to the watchers, and back.
pub(super) struct Observers {
    board: Noticeboard,
    files: Option<OrderGiver<Vec<PathBuf>>>,
    processes: Option<OrderGiver<Vec<ProcessPattern>>>,
    links: Option<OrderGiver<Vec<Linkbeat>>>,
    /// What was ordered last.
    watched: Wanted,
}

/// What a configuration has watched.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    files: Vec<PathBuf>,
    processes: Vec<ProcessPattern>,
    /// Of the socket for process events; taken when the first processes are watched.
    process_buffer: NetlinkBuffer,
    links: Vec<Linkbeat>,
}

impl Wanted {
    pub(super) fn by(config: &Config) -> Self {
        let patterns: BTreeSet<_> = config.processes.iter().map(ProcessPattern::of).collect();
        Self {
            files: config.files.iter().map(|file| file.path.clone()).collect(),
            processes: patterns.into_iter().collect(),
            process_buffer: config.globals.buffers.process_monitor,
            links: config.polled_links(),
        }
    }

    /// Looks at all of it here and now, and tells the engine: before the start only.
    pub(super) fn tell(&self, engine: &mut Engine) {
        let mut tell = |event: Event<'_>| {
            engine.handle(Timestamp::from_nanos(monotonic_nanos()), event);
        };
        for path in &self.files {
            let text = &read_file(path);
            tell(Event::FileRead { path, text });
        }
        for (interface, up) in &ask_links(&self.links) {
            tell(Event::LinkPolled { interface, up: *up });
        }
        for (pattern, count) in &count_processes(self.processes.clone()) {
            let count = *count;
            tell(Event::ProcessesCounted { pattern, count });
        }
    }
}

impl Observers {
    pub(super) fn new(outlet: Outlet) -> Self {
        Self {
            board: Noticeboard::new(outlet),
            files: None,
            processes: None,
            links: None,
            watched: Wanted::default(),
        }
    }

    /// Whether this file is watched.
    pub(super) fn watches_file(&self, path: &Path) -> bool {
        self.files.is_some() && self.watched.files.iter().any(|file| file == path)
    }

    /// Watches this from now on, and nothing else.
    pub(super) fn watch(&mut self, wanted: Wanted) {
        if self.files.is_none() && !wanted.files.is_empty() {
            self.files = self.start_files();
        }
        if let Some(files) = &self.files {
            files.give(wanted.files.clone());
        }
        if self.processes.is_none() && !wanted.processes.is_empty() {
            self.processes = self.start_processes(wanted.process_buffer);
        }
        if let Some(processes) = &self.processes {
            processes.give(wanted.processes.clone());
        }
        if self.links.is_none() && !wanted.links.is_empty() {
            self.links = self.start_links();
        }
        if let Some(links) = &self.links {
            links.give(wanted.links.clone());
        }
        self.watched = wanted;
    }

    fn start_files(&self) -> Option<OrderGiver<Vec<PathBuf>>> {
        let started = orders().and_then(|(giver, orders)| {
            FileWatcher::start(self.board.clone(), orders)?;
            Ok(giver)
        });
        started
            .inspect_err(|error| {
                tracing::error!("Unable to monitor vrrp track files: {error}");
            })
            .ok()
    }

    fn start_processes(&self, buffer: NetlinkBuffer) -> Option<OrderGiver<Vec<ProcessPattern>>> {
        let started = orders().and_then(|(giver, orders)| {
            ProcessWatcher::start(self.board.clone(), orders, buffer)?;
            Ok(giver)
        });
        started
            .inspect_err(|error| tracing::error!("Unable to monitor processes: {error}"))
            .ok()
    }

    fn start_links(&self) -> Option<OrderGiver<Vec<Linkbeat>>> {
        let started = orders().and_then(|(giver, orders)| {
            start_polling(self.board.clone(), orders)?;
            Ok(giver)
        });
        started
            .inspect_err(|error| tracing::error!("Unable to poll interfaces: {error}"))
            .ok()
    }

    /// Whether these processes are watched.
    pub(super) fn watches_processes(&self, pattern: &ProcessPattern) -> bool {
        self.processes.is_some() && self.watched.processes.contains(pattern)
    }

    /// What has been seen since the last call.
    pub(super) fn news(&self) -> News {
        self.board.take()
    }
}
