//! Tracked BFD sessions: what their states amount to (spec vrrp-runtime 6 and 7.5).
//!
//! The sessions themselves run elsewhere and report what has become of them; one that was never
//! heard of is down.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use evervip_model::{BfdInstance, TrackedBfd, contribution};

use crate::log::{BfdLine, FaultReason};
use crate::{Engine, LogLine, Timestamp};

/// The `bfd_instance` blocks, and which of the sessions are up.
#[derive(Debug, Default)]
pub(crate) struct BfdSessions {
    specs: Vec<BfdInstance>,
    slots: HashMap<Arc<str>, usize>,
    up: HashSet<Arc<str>>,
}

impl BfdSessions {
    /// Takes the blocks of a configuration. What was reported of a session holds as long as there is
    /// one of that name.
    pub(crate) fn configure(&mut self, specs: Vec<BfdInstance>) {
        let names = specs.iter().map(|spec| Arc::clone(&spec.name));
        self.slots = names.zip(0..).collect();
        self.up.retain(|name| self.slots.contains_key(name));
        self.specs = specs;
    }

    /// Every block, and whether its session is up.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&BfdInstance, bool)> {
        let one = |spec| (spec, self.is_up(spec));
        self.specs.iter().map(one)
    }

    fn is_up(&self, spec: &BfdInstance) -> bool {
        self.up.contains(&spec.name)
    }

    /// Takes note of a report; gives the session if that is news.
    fn note(&mut self, name: &str, up: bool) -> Option<usize> {
        let slot = self.slots.get(name).copied()?;
        let spec = &self.specs[slot];
        let changed = if up {
            self.up.insert(Arc::clone(&spec.name))
        } else {
            self.up.remove(name)
        };
        changed.then_some(slot)
    }

    /// What a track adds to faults and priority.
    pub(crate) fn assess(
        &self,
        track: &TrackedBfd,
        faults: &mut Vec<FaultReason>,
        total: &mut i32,
    ) {
        let Some(spec) = self.specs.get(track.bfd.0) else {
            return;
        };
        let up = self.is_up(spec);
        if track.weight != 0 {
            *total = total.saturating_add(contribution(up, track.weight, track.reverse));
        } else if up == track.reverse {
            let session = Arc::clone(&spec.name);
            faults.push(FaultReason::Bfd { session, up });
        }
    }
}

impl Engine {
    /// Sessions were reported before the start: nobody acts on it.
    pub(crate) fn note_bfd(&mut self, name: &str, up: bool) {
        self.bfd.note(name, up);
    }

    /// A session is now up or down.
    pub(crate) fn bfd_reported(&mut self, now: Timestamp, name: &str, up: bool) {
        let Some(slot) = self.bfd.note(name, up) else {
            return;
        };
        let session = Arc::clone(&self.bfd.specs[slot].name);
        for id in self.routers.ids() {
            let router = &self.routers[id];
            if router.spec.track_bfd.iter().any(|t| t.bfd.0 == slot) {
                self.log(LogLine::Bfd(BfdLine {
                    name: router.name(),
                    session: Arc::clone(&session),
                    up,
                }));
                self.reassess(now, id);
            }
        }
    }
}
