//! Tracked files, processes and BFD sessions of a host, which its daemon is told of as the real one is: of all
//! before it starts and before it reloads, then of every change.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use evervip_model::{Config, ProcessPattern, TrackFile};
use evervip_vrrp::Event;

/// What the watchers of a host tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fact {
    File(PathBuf, String),
    Processes(ProcessPattern, u32),
    /// A BFD session is up, or down.
    Bfd(Arc<str>, bool),
}

/// What is known of a host; of the rest, files are missing, as many processes run as are wanted, and
/// BFD sessions are up.
#[derive(Debug, Default)]
pub(crate) struct Tracked {
    files: BTreeMap<PathBuf, String>,
    processes: BTreeMap<ProcessPattern, u32>,
    /// Sessions that are down.
    down: BTreeSet<Arc<str>>,
}

impl Fact {
    pub(crate) fn event(&self) -> Event<'_> {
        match self {
            Self::File(path, text) => Event::FileRead {
                path,
                text: text.as_bytes(),
            },
            Self::Processes(pattern, count) => Event::ProcessesCounted {
                pattern,
                count: *count,
            },
            Self::Bfd(session, up) => Event::BfdReported { session, up: *up },
        }
    }
}

impl Tracked {
    /// A daemon that starts writes the files that are to be there from the start (`init_file`).
    pub(crate) fn initialise(&mut self, files: &[TrackFile]) {
        for file in files {
            let Some(initial) = file.initial else {
                continue;
            };
            if initial.overwrite || !self.files.contains_key(&file.path) {
                let text = initial.value.to_string();
                self.files.insert(file.path.clone(), text);
            }
        }
    }

    /// Everything that a daemon with this configuration is told at first.
    pub(crate) fn facts(&self, config: &Config) -> Vec<Fact> {
        let mut facts = Vec::new();
        for file in &config.files {
            if let Some(text) = self.files.get(&file.path) {
                facts.push(Fact::File(file.path.clone(), text.clone()));
            }
        }
        for process in &config.processes {
            let pattern = ProcessPattern::of(process);
            let count = self.processes.get(&pattern).copied();
            let count = count.unwrap_or(process.quorum);
            facts.push(Fact::Processes(pattern, count));
        }
        let sessions = config.bfd_instances.iter();
        facts.extend(sessions.map(|session| {
            let up = !self.down.contains(&session.name);
            Fact::Bfd(Arc::clone(&session.name), up)
        }));
        facts
    }

    pub(crate) fn file(&self, path: &Path) -> &str {
        self.files.get(path).map_or("", String::as_str)
    }

    pub(crate) fn processes(&self, pattern: &ProcessPattern) -> Option<u32> {
        self.processes.get(pattern).copied()
    }

    pub(crate) fn learn(&mut self, fact: &Fact) {
        match fact {
            Fact::File(path, text) => {
                self.files.insert(path.clone(), text.clone());
            }
            Fact::Processes(pattern, count) => {
                self.processes.insert(pattern.clone(), *count);
            }
            Fact::Bfd(session, true) => {
                self.down.remove(session);
            }
            Fact::Bfd(session, false) => {
                self.down.insert(Arc::clone(session));
            }
        }
    }
}
