//! Tracked processes: what their numbers amount to (spec vrrp-runtime 6 and 7.4).
//!
//! The driver counts the processes that a pattern means; quorum, delays and weights are decided
//! here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{ProcessPattern, TrackProcess, TrackedProcess};

use crate::log::TrackLine;
use crate::timers::{TimerKey, Timers};
use crate::{Engine, LogLine, Timestamp};

/// Whether this number of processes is a good one.
fn is_quorum(spec: &TrackProcess, count: u32) -> bool {
    count >= spec.quorum && spec.quorum_max.is_none_or(|most| count <= most)
}

/// How long a change has to last until it counts: what began is measured by the one delay, what
/// ended by the other, whether it makes the number good or bad.
const fn delay(spec: &TrackProcess, before: u32, count: u32) -> Duration {
    if count > before {
        spec.fork_delay
    } else {
        spec.terminate_delay
    }
}

/// The `vrrp_track_process` blocks and the numbers of their processes.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    watched: Vec<Watched>,
    /// What is not listed does not run.
    counts: BTreeMap<ProcessPattern, u32>,
}

#[derive(Debug)]
struct Watched {
    spec: TrackProcess,
    pattern: ProcessPattern,
    /// Whether there is a quorum as far as it counts by now.
    quorum: bool,
}

impl Processes {
    /// Takes the blocks of a configuration. One that is the same as before goes on, with the delay
    /// that runs.
    pub(crate) fn configure(&mut self, specs: Vec<TrackProcess>, timers: &mut Timers) {
        let mut old: Vec<Option<(Watched, Option<Timestamp>)>> = Vec::new();
        for (slot, watched) in std::mem::take(&mut self.watched).into_iter().enumerate() {
            let key = TimerKey::Process(slot);
            old.push(Some((watched, timers.deadline(key))));
            timers.clear(key);
        }
        let patterns: BTreeSet<ProcessPattern> = specs.iter().map(ProcessPattern::of).collect();
        self.counts.retain(|pattern, _| patterns.contains(pattern));
        for (slot, spec) in specs.into_iter().enumerate() {
            let same = |known: &&mut Option<_>| matches!(known, Some((Watched { spec: s, .. }, _)) if *s == spec);
            if let Some((watched, deadline)) = old.iter_mut().find(same).and_then(Option::take) {
                self.watched.push(watched);
                if let Some(at) = deadline {
                    timers.set(TimerKey::Process(slot), at);
                }
                continue;
            }
            let pattern = ProcessPattern::of(&spec);
            let quorum = is_quorum(&spec, self.count(&pattern));
            self.watched.push(Watched {
                spec,
                pattern,
                quorum,
            });
        }
    }

    /// Every block with the number of its processes, and whether that is a quorum as far as it
    /// counts by now.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&TrackProcess, u32, bool)> {
        let one = |watched: &'_ Watched| self.count(&watched.pattern);
        self.watched
            .iter()
            .map(move |watched| (&watched.spec, one(watched), watched.quorum))
    }

    fn count(&self, pattern: &ProcessPattern) -> u32 {
        self.counts.get(pattern).copied().unwrap_or(0)
    }

    /// Sets a number; gives the one before.
    fn set(&mut self, pattern: &ProcessPattern, count: u32) -> u32 {
        match self.counts.get_mut(pattern) {
            Some(known) => std::mem::replace(known, count),
            None => {
                self.counts.insert(pattern.clone(), count);
                0
            }
        }
    }

    pub(crate) fn has_quorum(&self, track: &TrackedProcess) -> bool {
        self.watched
            .get(track.process.0)
            .is_some_and(|watched| watched.quorum)
    }

    pub(crate) fn name(&self, track: &TrackedProcess) -> Arc<str> {
        self.watched
            .get(track.process.0)
            .map_or_else(|| Arc::from(""), |watched| Arc::clone(&watched.spec.name))
    }
}

impl Engine {
    /// Processes were counted before the start: no delay applies.
    pub(crate) fn note_processes(&mut self, pattern: &ProcessPattern, count: u32) {
        self.processes.set(pattern, count);
        for watched in &mut self.processes.watched {
            if watched.pattern == *pattern {
                watched.quorum = is_quorum(&watched.spec, count);
            }
        }
    }

    /// There are now so many processes of a pattern.
    pub(crate) fn processes_counted(
        &mut self,
        now: Timestamp,
        pattern: &ProcessPattern,
        count: u32,
    ) {
        let before = self.processes.set(pattern, count);
        if before == count {
            return;
        }
        let mut due = Vec::new();
        for (slot, watched) in self.processes.watched.iter().enumerate() {
            if watched.pattern != *pattern {
                continue;
            }
            let key = TimerKey::Process(slot);
            if is_quorum(&watched.spec, count) == watched.quorum {
                self.timers.clear(key);
            } else if self.timers.deadline(key).is_none() {
                let delay = delay(&watched.spec, before, count);
                if delay.is_zero() {
                    due.push(slot);
                } else {
                    self.timers.set(key, now + delay);
                }
            }
        }
        for slot in due {
            self.process_due(now, slot);
        }
    }

    /// A change has lasted long enough.
    pub(crate) fn process_due(&mut self, now: Timestamp, slot: usize) {
        let Some(watched) = self.processes.watched.get(slot) else {
            return;
        };
        let quorum = is_quorum(&watched.spec, self.processes.count(&watched.pattern));
        let process = Arc::clone(&watched.spec.name);
        if quorum == watched.quorum {
            return;
        }
        self.processes.watched[slot].quorum = quorum;
        self.log(LogLine::Track(if quorum {
            TrackLine::QuorumGained { process }
        } else {
            TrackLine::QuorumLost { process }
        }));
        for id in self.routers.ids() {
            let tracks = &self.routers[id].spec.track_processes;
            if tracks.iter().any(|track| track.process.0 == slot) {
                self.reassess(now, id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(quorum: u32, quorum_max: Option<u32>) -> TrackProcess {
        TrackProcess {
            quorum,
            quorum_max,
            terminate_delay: Duration::from_secs(2),
            fork_delay: Duration::from_secs(1),
            ..TrackProcess::new("p".into(), "daemon".into())
        }
    }

    #[test]
    fn a_quorum_has_a_least_and_a_greatest_number() {
        let good = |spec: &TrackProcess| -> Vec<u32> {
            (0..5).filter(|count| is_quorum(spec, *count)).collect()
        };
        assert_eq!(good(&spec(1, None)), [1, 2, 3, 4]);
        assert_eq!(good(&spec(2, Some(3))), [2, 3]);
        assert_eq!(good(&spec(0, Some(0))), [0], "must not run");
    }

    #[test]
    fn the_delay_is_that_of_what_happened() {
        let spec = spec(1, Some(1));
        assert_eq!(delay(&spec, 0, 1), spec.fork_delay);
        assert_eq!(delay(&spec, 1, 2), spec.fork_delay);
        assert_eq!(delay(&spec, 2, 1), spec.terminate_delay);
        assert_eq!(delay(&spec, 1, 0), spec.terminate_delay);
    }
}
