//! What happened: states with reasons, and who owned what when.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use evervip_config::print;
use evervip_model::State;
use evervip_simulation::{Record, What};
use evervip_vrrp::{Action, LogLine, NotificationKind, Subject, Timestamp};

use super::ownership::Ownership;

/// Follows the records of a run.
#[derive(Default)]
pub(super) struct Timeline {
    pub(super) entries: Vec<Entry>,
    /// The first line of the log that a node wrote at this time: the reason for what follows.
    reason: Option<(Timestamp, usize, String)>,
    pub(super) addresses: BTreeMap<IpAddr, Ownership>,
    /// Routes and rules as the configuration has them.
    pub(super) routing: BTreeMap<String, Ownership>,
}

/// Something worth telling.
pub(super) struct Entry {
    pub(super) at: Timestamp,
    pub(super) what: Happening,
}

/// What it is.
pub(super) enum Happening {
    /// An instance is in another state.
    State {
        node: usize,
        instance: Arc<str>,
        state: State,
        reason: Option<String>,
    },
    /// The scenario did something.
    Done {
        /// On which line.
        line: Option<usize>,
        text: String,
        /// What else there is to say about it.
        details: Vec<String>,
    },
}

impl Timeline {
    pub(super) fn entry(&mut self, at: Timestamp, what: Happening) {
        self.entries.push(Entry { at, what });
    }

    /// A node has nothing any more.
    pub(super) fn lost_all(&mut self, at: Timestamp, node: usize) {
        self.lost_addresses(at, node);
        for ownership in self.routing.values_mut() {
            ownership.lose(at, node);
        }
    }

    /// A node has no address any more.
    pub(super) fn lost_addresses(&mut self, at: Timestamp, node: usize) {
        for ownership in self.addresses.values_mut() {
            ownership.lose(at, node);
        }
    }

    pub(super) fn end(&mut self, at: Timestamp) {
        let addresses = self.addresses.values_mut();
        for ownership in addresses.chain(self.routing.values_mut()) {
            ownership.until(at);
        }
    }

    pub(super) fn record(&mut self, record: &Record) {
        let What::Acted { host, action, .. } = &record.what else {
            return;
        };
        let (at, node) = (record.at, *host);
        match action {
            Action::Log(line) => self.log(at, node, line),
            Action::Notify(notification) => {
                if let (NotificationKind::Entered(state), Subject::Instance(instance)) =
                    (&notification.kind, &notification.subject)
                {
                    let what = Happening::State {
                        node,
                        instance: Arc::clone(&instance.name),
                        state: *state,
                        reason: self.reason_of(at, node),
                    };
                    self.entry(at, what);
                }
            }
            Action::AddAddresses(change) => {
                for placed in change.addresses.iter() {
                    self.address(placed.address.address).gain(at, node);
                }
            }
            Action::RemoveAddresses(change) => {
                for placed in change.addresses.iter() {
                    self.address(placed.address.address).lose(at, node);
                }
            }
            other => self.routing(at, node, other),
        }
    }

    /// Routes and rules of instances; static ones are no matter of states.
    fn routing(&mut self, at: Timestamp, node: usize, action: &Action) {
        match action {
            Action::AddRoutes(change) if change.router.is_some() => {
                for placed in &change.routes {
                    self.entry_of(print::route(&placed.route)).gain(at, node);
                }
            }
            Action::RemoveRoutes(change) if change.router.is_some() => {
                for placed in &change.routes {
                    self.entry_of(print::route(&placed.route)).lose(at, node);
                }
            }
            Action::AddRules(change) if change.router.is_some() => {
                for rule in &change.rules {
                    self.entry_of(print::rule(rule)).gain(at, node);
                }
            }
            Action::RemoveRules(change) if change.router.is_some() => {
                for rule in &change.rules {
                    self.entry_of(print::rule(rule)).lose(at, node);
                }
            }
            _ => {}
        }
    }

    fn address(&mut self, address: IpAddr) -> &mut Ownership {
        self.addresses.entry(address).or_default()
    }

    fn entry_of(&mut self, text: String) -> &mut Ownership {
        self.routing.entry(text).or_default()
    }

    fn log(&mut self, at: Timestamp, node: usize, line: &LogLine) {
        let known = matches!(&self.reason, Some((when, who, _)) if (*when, *who) == (at, node));
        if !known {
            self.reason = Some((at, node, line.to_string()));
        }
    }

    fn reason_of(&self, at: Timestamp, node: usize) -> Option<String> {
        let (when, who, text) = self.reason.as_ref()?;
        let about = (*when, *who) == (at, node) && !text.contains("Entering");
        about.then(|| text.clone())
    }
}
