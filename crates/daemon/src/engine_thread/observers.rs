//! The watchers of tracked objects: started when a configuration first needs them, and given their
//! orders.

use std::path::{Path, PathBuf};

use evervip_model::Config;

use crate::inbox::Outlet;
use crate::observe::{FileWatcher, News, Noticeboard, OrderGiver, orders, read_file};

/// The way to the watchers, and back.
pub(super) struct Observers {
    board: Noticeboard,
    files: Option<OrderGiver<Vec<PathBuf>>>,
    /// What was ordered last.
    watched: Wanted,
}

/// What a configuration has watched.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    files: Vec<PathBuf>,
}

impl Wanted {
    pub(super) fn by(config: &Config) -> Self {
        Self {
            files: config.files.iter().map(|file| file.path.clone()).collect(),
        }
    }

    /// The texts of the files, read here and now: before the start only.
    pub(super) fn read_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let files = self.files.iter();
        files.map(|path| (path.clone(), read_file(path))).collect()
    }
}

impl Observers {
    pub(super) fn new(outlet: Outlet) -> Self {
        Self {
            board: Noticeboard::new(outlet),
            files: None,
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

    /// What has been seen since the last call.
    pub(super) fn news(&self) -> News {
        self.board.take()
    }
}
