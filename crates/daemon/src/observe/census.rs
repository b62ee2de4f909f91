//! Which processes are meant by which pattern: a count that is kept up by events.
//!
//! What an event costs matters, because a machine may start thousands of processes a second: a
//! process is looked at only when it runs another program or gets another name, and not at all when
//! it has ended by then.

use std::collections::{BTreeSet, HashMap};

use evervip_model::ProcessPattern;
use evervip_os::process_events::ProcessEvent;
use evervip_os::process_table;

/// Where processes are looked up.
pub(super) trait Table {
    /// All of them.
    fn ids(&self) -> Vec<i32>;
    /// The name of one that lives.
    fn name(&self, pid: i32) -> Option<Vec<u8>>;
    /// Its words, each with a NUL byte behind it.
    fn command_line(&self, pid: i32) -> Vec<u8>;
}

/// The machine's own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Machine;

impl Table for Machine {
    fn ids(&self) -> Vec<i32> {
        // Without /proc there is nothing to be found.
        process_table::process_ids().unwrap_or_default()
    }

    fn name(&self, pid: i32) -> Option<Vec<u8>> {
        process_table::process_name(pid)
    }

    fn command_line(&self, pid: i32) -> Vec<u8> {
        process_table::command_line(pid)
    }
}

/// The processes that patterns mean.
#[derive(Debug, Default)]
pub(super) struct Census {
    patterns: Vec<ProcessPattern>,
    /// By process the indices of its patterns, at least one.
    members: HashMap<i32, Vec<usize>>,
    /// To be looked at.
    unknown: BTreeSet<i32>,
}

impl Census {
    /// A count of nobody.
    pub(super) fn of(patterns: Vec<ProcessPattern>) -> Self {
        Self {
            patterns,
            ..Self::default()
        }
    }

    /// Counts anew, whatever was known.
    pub(super) fn scan(&mut self, table: &impl Table) {
        self.members.clear();
        self.unknown.clear();
        if !self.patterns.is_empty() {
            self.unknown.extend(table.ids());
        }
        self.look(table);
    }

    /// Takes an event. What it leaves open is settled by [`Self::look`].
    pub(super) fn take(&mut self, event: ProcessEvent) {
        match event {
            ProcessEvent::Forked { parent, child } => {
                if let Some(patterns) = self.members.get(&parent).cloned() {
                    self.members.insert(child, patterns);
                }
                if self.unknown.contains(&parent) {
                    self.unknown.insert(child);
                }
            }
            ProcessEvent::Executed { pid } | ProcessEvent::Renamed { pid } => {
                self.unknown.insert(pid);
            }
            ProcessEvent::Exited { pid } => {
                self.unknown.remove(&pid);
                self.members.remove(&pid);
            }
            ProcessEvent::Answered { .. } | ProcessEvent::Overrun => {}
        }
    }

    /// Looks at the processes that nothing certain is known of.
    pub(super) fn look(&mut self, table: &impl Table) {
        let by_name = |pattern: &ProcessPattern| matches!(pattern, ProcessPattern::Name(_));
        let names = self.patterns.iter().any(by_name);
        let lines = !self.patterns.iter().all(by_name);
        for pid in std::mem::take(&mut self.unknown) {
            let name = names.then(|| table.name(pid)).flatten();
            let line = if lines {
                table.command_line(pid)
            } else {
                Vec::new()
            };
            let meant = |pattern: &ProcessPattern| {
                name.as_deref().is_some_and(|name| pattern.is_name(name))
                    || pattern.is_command_line(&line)
            };
            let patterns = self.patterns.iter().enumerate();
            let mine: Vec<usize> = patterns
                .filter(|(_, pattern)| meant(pattern))
                .map(|(index, _)| index)
                .collect();
            if mine.is_empty() {
                self.members.remove(&pid);
            } else {
                self.members.insert(pid, mine);
            }
        }
    }

    /// The processes that are meant by any pattern.
    pub(super) fn members(&self) -> impl Iterator<Item = i32> {
        self.members.keys().copied()
    }

    /// How many each pattern means.
    pub(super) fn counts(&self) -> Vec<(ProcessPattern, u32)> {
        let mut counts: Vec<(ProcessPattern, u32)> =
            self.patterns.iter().map(|p| (p.clone(), 0)).collect();
        for index in self.members.values().flatten() {
            counts[*index].1 += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evervip_model::ParameterMatch;
    use std::cell::Cell;
    use std::collections::BTreeMap;

    /// Processes by number: their command lines, whose first words are their names.
    #[derive(Default)]
    struct Fake {
        processes: BTreeMap<i32, &'static str>,
        looks: Cell<u32>,
    }

    impl Table for Fake {
        fn ids(&self) -> Vec<i32> {
            self.processes.keys().copied().collect()
        }

        fn name(&self, pid: i32) -> Option<Vec<u8>> {
            self.looks.set(self.looks.get() + 1);
            let line = self.processes.get(&pid)?;
            Some(line.split(' ').next().unwrap().into())
        }

        fn command_line(&self, pid: i32) -> Vec<u8> {
            let line = self.processes.get(&pid);
            line.map(|line| format!("{line} ").replace(' ', "\0").into_bytes())
                .unwrap_or_default()
        }
    }

    fn census() -> Census {
        Census::of(vec![
            ProcessPattern::Name(b"web".to_vec()),
            ProcessPattern::CommandLine {
                words: vec!["web".into(), "-x".into()],
                parameters: ParameterMatch::Exact,
            },
        ])
    }

    fn counts(census: &Census) -> [u32; 2] {
        let counts = census.counts();
        [counts[0].1, counts[1].1]
    }

    fn table(processes: &[(i32, &'static str)]) -> Fake {
        Fake {
            processes: processes.iter().copied().collect(),
            ..Fake::default()
        }
    }

    #[test]
    fn a_scan_finds_those_that_run() {
        let mut census = census();
        census.scan(&table(&[
            (1, "init"),
            (7, "web"),
            (8, "web -x"),
            (9, "web -x y"),
        ]));
        assert_eq!(counts(&census), [3, 1]);
        census.scan(&table(&[(8, "web -x")]));
        assert_eq!(counts(&census), [1, 1]);
    }

    #[test]
    fn events_keep_the_count_up() {
        let mut census = census();
        let mut table = table(&[(7, "web")]);
        census.scan(&table);
        census.take(ProcessEvent::Forked {
            parent: 7,
            child: 8,
        });
        census.take(ProcessEvent::Forked {
            parent: 1,
            child: 9,
        });
        census.look(&table);
        assert_eq!(counts(&census), [2, 0], "a child is what its parent is");
        table.processes.extend([(8, "sh"), (9, "web -x")]);
        census.take(ProcessEvent::Executed { pid: 8 });
        census.take(ProcessEvent::Executed { pid: 9 });
        census.look(&table);
        assert_eq!(counts(&census), [2, 1]);
        table.processes.insert(9, "db");
        census.take(ProcessEvent::Renamed { pid: 9 });
        census.look(&table);
        assert_eq!(counts(&census), [1, 0]);
        census.take(ProcessEvent::Exited { pid: 7 });
        census.take(ProcessEvent::Exited { pid: 7 });
        census.take(ProcessEvent::Exited { pid: 1 });
        assert_eq!(counts(&census), [0, 0]);
    }

    #[test]
    fn who_forks_before_it_was_looked_at_is_looked_at_with_its_child() {
        let mut census = census();
        let table = table(&[(7, "web"), (8, "web")]);
        census.take(ProcessEvent::Executed { pid: 7 });
        census.take(ProcessEvent::Forked {
            parent: 7,
            child: 8,
        });
        census.look(&table);
        assert_eq!(counts(&census), [2, 0]);
    }

    #[test]
    fn who_has_ended_is_not_looked_at() {
        let mut census = census();
        let table = table(&[]);
        for pid in 100..5_000 {
            census.take(ProcessEvent::Forked {
                parent: 1,
                child: pid,
            });
            census.take(ProcessEvent::Executed { pid });
            census.take(ProcessEvent::Exited { pid });
        }
        census.look(&table);
        assert_eq!(table.looks.get(), 0);
        assert_eq!(counts(&census), [0, 0]);
    }
}
