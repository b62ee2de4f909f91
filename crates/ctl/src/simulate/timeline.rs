//! What happened, for people: states with reasons, and who owned which address when.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use evervip_simulation::{Record, What};
use evervip_vrrp::{Action, NotificationKind, Subject, Timestamp};

/// Follows the records of a run.
pub(super) struct Timeline<'a> {
    nodes: &'a [&'a str],
    pub(super) lines: Vec<String>,
    /// The first line of the log that a node wrote at this time: the reason for what follows.
    reason: Option<(Timestamp, usize, String)>,
    pub(super) ownership: BTreeMap<IpAddr, Ownership>,
}

/// Who has had an address.
#[derive(Default)]
pub(super) struct Ownership {
    owners: BTreeSet<usize>,
    since: Timestamp,
    /// Whether anybody has had it yet: before that nobody misses it.
    known: bool,
    pub(super) without: Duration,
    pub(super) longest_gap: Duration,
    pub(super) double: Duration,
    pub(super) spans: Vec<(Timestamp, BTreeSet<usize>)>,
}

impl Ownership {
    fn change(&mut self, at: Timestamp, change: impl FnOnce(&mut BTreeSet<usize>)) {
        self.until(at);
        let before = self.owners.clone();
        change(&mut self.owners);
        self.known |= !self.owners.is_empty();
        if self.owners != before {
            // What changes at one time is one change.
            self.spans.retain(|(since, _)| *since != at);
            self.spans.push((at, self.owners.clone()));
        }
    }

    /// Counts the time that has passed.
    fn until(&mut self, at: Timestamp) {
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
            _ => self.double += passed,
        }
    }
}

impl<'a> Timeline<'a> {
    pub(super) fn new(nodes: &'a [&'a str]) -> Self {
        Self {
            nodes,
            lines: Vec::new(),
            reason: None,
            ownership: BTreeMap::new(),
        }
    }

    pub(super) fn line(&mut self, at: Timestamp, text: &str) {
        self.lines.push(format!("{} {text}", seconds(at)));
    }

    /// A node is dead: it has no address any more.
    pub(super) fn died(&mut self, at: Timestamp, node: usize) {
        for ownership in self.ownership.values_mut() {
            ownership.change(at, |owners| {
                owners.remove(&node);
            });
        }
    }

    pub(super) fn end(&mut self, at: Timestamp) {
        for ownership in self.ownership.values_mut() {
            ownership.until(at);
        }
    }

    pub(super) fn record(&mut self, record: &Record) {
        let What::Acted { host, action, .. } = &record.what else {
            return;
        };
        let (at, host) = (record.at, *host);
        match action {
            Action::Log(line) => {
                let fresh =
                    !matches!(&self.reason, Some((when, who, _)) if (*when, *who) == (at, host));
                if fresh {
                    self.reason = Some((at, host, line.to_string()));
                }
            }
            Action::Notify(notification) => {
                if let (NotificationKind::Entered(state), Subject::Instance(instance)) =
                    (&notification.kind, &notification.subject)
                {
                    let reason = self.reason_of(at, host);
                    let text = format!("{} {} {state}{reason}", self.nodes[host], instance.name);
                    self.line(at, &text);
                }
            }
            Action::AddAddresses(change) => {
                for placed in change.addresses.iter() {
                    let ownership = self.ownership.entry(placed.address.address).or_default();
                    ownership.change(at, |owners| {
                        owners.insert(host);
                    });
                }
            }
            Action::RemoveAddresses(change) => {
                for placed in change.addresses.iter() {
                    let ownership = self.ownership.entry(placed.address.address).or_default();
                    ownership.change(at, |owners| {
                        owners.remove(&host);
                    });
                }
            }
            _ => {}
        }
    }

    fn reason_of(&self, at: Timestamp, host: usize) -> String {
        match &self.reason {
            Some((when, who, text))
                if (*when, *who) == (at, host) && !text.contains("Entering") =>
            {
                format!(": {text}")
            }
            _ => String::new(),
        }
    }
}

/// Seconds since the start, to the millisecond.
pub(super) fn seconds(at: Timestamp) -> String {
    let millis = at.as_nanos() / 1_000_000;
    format!("{:5}.{:03}", millis / 1000, millis % 1000)
}
