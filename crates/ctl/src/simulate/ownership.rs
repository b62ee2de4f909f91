//! Who had something when, and how long nobody or several did.

use std::collections::BTreeSet;
use std::time::Duration;

use evervip_vrrp::Timestamp;

/// Who has had an address, a route or a rule.
#[derive(Default)]
pub(super) struct Ownership {
    owners: BTreeSet<usize>,
    since: Timestamp,
    /// Whether anybody has had it yet: before that nobody misses it.
    known: bool,
    pub(super) without: Duration,
    pub(super) longest_gap: Duration,
    pub(super) double: Duration,
    pub(super) longest_double: Duration,
    /// Since when several have had it.
    double_since: Option<Timestamp>,
    /// Who has had it from when, until the next.
    pub(super) spans: Vec<(Timestamp, BTreeSet<usize>)>,
}

impl Ownership {
    pub(super) fn gain(&mut self, at: Timestamp, node: usize) {
        self.change(at, |owners| owners.insert(node));
    }

    pub(super) fn lose(&mut self, at: Timestamp, node: usize) {
        self.change(at, |owners| owners.remove(&node));
    }

    /// Who has it now.
    pub(super) const fn owners(&self) -> &BTreeSet<usize> {
        &self.owners
    }

    /// From when to when nobody had it, up to this time.
    pub(super) fn gaps(&self, end: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let next = self.spans.iter().skip(1).map(|(since, _)| *since);
        let ends = next.chain([end]);
        let spans = self.spans.iter().zip(ends);
        let without = spans.filter(|((_, owners), _)| owners.is_empty());
        without.map(|((since, _), end)| (*since, end)).collect()
    }

    fn change(&mut self, at: Timestamp, change: impl FnOnce(&mut BTreeSet<usize>) -> bool) {
        self.until(at);
        if change(&mut self.owners) {
            self.known = true;
            let several = self.owners.len() > 1;
            self.double_since = several.then(|| self.double_since.unwrap_or(at));
            // What changes at one time is one change.
            self.spans.retain(|(since, _)| *since != at);
            self.spans.push((at, self.owners.clone()));
        }
    }

    /// Counts the time that has passed.
    pub(super) fn until(&mut self, at: Timestamp) {
        let passed = at.saturating_since(self.since);
        self.since = at;
        match self.owners.len() {
            0 if self.known => {
                self.without += passed;
                let gap = self
                    .spans
                    .last()
                    .map(|(since, _)| at.saturating_since(*since));
                self.longest_gap = self.longest_gap.max(gap.unwrap_or_default());
            }
            0 | 1 => {}
            _ => {
                self.double += passed;
                let since = self.double_since.unwrap_or(at);
                let double = at.saturating_since(since);
                self.longest_double = self.longest_double.max(double);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Timestamp {
        Timestamp::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn time_without_owner_and_with_two_is_counted() {
        let mut ownership = Ownership::default();
        ownership.lose(at(1), 0);
        ownership.gain(at(3), 0);
        ownership.lose(at(10), 0);
        ownership.gain(at(12), 1);
        ownership.gain(at(15), 0);
        ownership.lose(at(16), 1);
        ownership.lose(at(20), 0);
        ownership.until(at(25));
        assert_eq!(ownership.without, Duration::from_secs(7));
        assert_eq!(ownership.longest_gap, Duration::from_secs(5));
        assert_eq!(ownership.double, Duration::from_secs(1));
        assert_eq!(ownership.longest_double, Duration::from_secs(1));
        let gaps = [(at(10), at(12)), (at(20), at(25))];
        assert_eq!(ownership.gaps(at(25)), gaps);
    }

    #[test]
    fn several_owners_in_a_row_are_one_time() {
        let mut ownership = Ownership::default();
        for node in 0..3_u8 {
            ownership.gain(at(1 + u64::from(node)), usize::from(node));
        }
        ownership.lose(at(7), 0);
        ownership.lose(at(9), 1);
        ownership.gain(at(20), 1);
        ownership.until(at(22));
        assert_eq!(ownership.double, Duration::from_secs(9));
        assert_eq!(ownership.longest_double, Duration::from_secs(7));
    }

    #[test]
    fn what_changes_at_one_time_is_one_change() {
        let mut ownership = Ownership::default();
        ownership.gain(at(3), 0);
        ownership.lose(at(5), 0);
        ownership.gain(at(5), 1);
        let spans = [(at(3), BTreeSet::from([0])), (at(5), BTreeSet::from([1]))];
        assert_eq!(ownership.spans, spans);
        assert_eq!(ownership.gaps(at(9)), []);
    }
}
