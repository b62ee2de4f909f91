//! Tracked files and processes of a host, which its daemon is told of as the real one is: of all
//! before it starts and before it reloads, then of every change.

use std::collections::BTreeMap;
use std::path::PathBuf;

use evervip_model::{Config, ProcessPattern};
use evervip_vrrp::Event;

use crate::Lan;
use crate::lan::Item;

/// What the watchers of a host tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fact {
    File(PathBuf, String),
    Processes(ProcessPattern, u32),
}

/// What is known of a host; of the rest, files are missing and as many processes run as are wanted.
#[derive(Debug, Default)]
pub(crate) struct Tracked {
    files: BTreeMap<PathBuf, String>,
    processes: BTreeMap<ProcessPattern, u32>,
}

impl Fact {
    fn event(&self) -> Event<'_> {
        match self {
            Self::File(path, text) => Event::FileRead {
                path,
                text: text.as_bytes(),
            },
            Self::Processes(pattern, count) => Event::ProcessesCounted {
                pattern,
                count: *count,
            },
        }
    }
}

impl Tracked {
    /// Everything that a daemon with this configuration is told at first. Files that it is to
    /// initialise have their numbers from then on.
    pub(crate) fn facts(&mut self, config: &Config) -> Vec<Fact> {
        let mut facts = Vec::new();
        for file in &config.files {
            if let Some(initial) = file.initial {
                let known = self.files.entry(file.path.clone());
                let text = initial.value.to_string();
                if initial.overwrite {
                    known.insert_entry(text);
                } else {
                    known.or_insert(text);
                }
            }
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
        facts
    }

    fn learn(&mut self, fact: &Fact) {
        match fact {
            Fact::File(path, text) => {
                self.files.insert(path.clone(), text.clone());
            }
            Fact::Processes(pattern, count) => {
                self.processes.insert(pattern.clone(), *count);
            }
        }
    }
}

impl Lan {
    /// Tells a daemon that is about to start, or to reload, of all that its configuration tracks.
    pub(crate) fn tell_tracked(&mut self, host: usize, config: &Config) {
        for fact in self.hosts[host].tracked.facts(config) {
            self.handle(host, fact.event());
        }
    }

    /// Something tracked is otherwise from now on.
    pub(crate) fn change_tracked(&mut self, host: usize, fact: Fact) {
        self.hosts[host].tracked.learn(&fact);
        let life = self.hosts[host].life;
        self.push_notice(Item::Fact(host, life, fact));
    }

    /// The watchers noticed it.
    pub(crate) fn tracked_changed(&mut self, host: usize, fact: &Fact) {
        self.handle(host, fact.event());
    }
}
