//! Log lines about what the engine wanted done, kept back until it has been done: formatting them
//! and waking the log thread must not stand between a deadline and its packet.

use std::collections::BTreeMap;
use std::sync::Arc;

use evervip_model::State;
use evervip_os::netlink::Link;
use evervip_vrrp::{Announcement, AnnouncementPart, LogLine};

#[derive(Debug)]
enum Entry {
    Line {
        line: LogLine,
        /// Its own, or that of the change which it tells of.
        reason: Option<&'static str>,
    },
    Announced {
        by: Arc<str>,
        announcement: Announcement,
    },
}

/// Lines for which room is kept.
const ENTRIES_KEPT: usize = 256;

/// Lines in the order of the actions.
#[derive(Debug)]
pub(super) struct Journal {
    detail: bool,
    entries: Vec<Entry>,
    /// Why instances change their states, of the entries and of lines that are not written.
    reasons: BTreeMap<Arc<str>, &'static str>,
}

impl Journal {
    pub(super) const fn new(detail: bool) -> Self {
        Self {
            detail,
            entries: Vec::new(),
            reasons: BTreeMap::new(),
        }
    }

    pub(super) fn line(&mut self, line: LogLine) {
        let instance = line.instance();
        let mut reason = line.reason();
        if let (Some(instance), Some(reason)) = (instance, reason) {
            self.reasons.insert(Arc::clone(instance), reason);
        } else if let (Some(instance), Some(_)) = (instance, line.state()) {
            reason = self.reasons.remove(instance);
        }
        if self.detail || !line.is_detail() {
            self.entries.push(Entry::Line { line, reason });
        }
    }

    /// Notes what was announced; detail only.
    pub(super) fn announced(&mut self, by: Arc<str>, announcement: Announcement) {
        if self.detail {
            self.entries.push(Entry::Announced { by, announcement });
        }
    }

    /// Writes everything to the log.
    pub(super) fn write(&mut self, links: &BTreeMap<u32, Link>) {
        for entry in self.entries.drain(..) {
            match entry {
                Entry::Line { line, reason } => log(&line, reason),
                Entry::Announced { by, announcement } => describe(&by, &announcement, links),
            }
        }
        // Room for the lines of a thousand changes of state is not kept.
        self.entries.shrink_to(ENTRIES_KEPT);
        self.reasons.clear();
    }
}

fn log(line: &LogLine, reason: Option<&str>) {
    let instance = line.instance().map(AsRef::as_ref);
    let state = line.state().map(State::keepalived_name);
    if line.is_detail() {
        tracing::debug!(instance, state, reason, "{line}");
    } else if line.is_warning() {
        tracing::warn!(instance, state, reason, "{line}");
    } else {
        tracing::info!(instance, state, reason, "{line}");
    }
}

/// One line for each address when a burst begins, and one for each frame.
fn describe(name: &str, announcement: &Announcement, links: &BTreeMap<u32, Link>) {
    for round in 0..announcement.rounds {
        for placed in announcement.addresses.iter() {
            let interface = links
                .get(&placed.interface)
                .map_or("unknown", |link| link.name.as_str());
            let address = placed.address.address;
            let (many, one) = if address.is_ipv4() {
                ("gratuitous ARPs", "gratuitous ARP")
            } else {
                (
                    "Unsolicited Neighbour Adverts",
                    "unsolicited Neighbour Advert",
                )
            };
            if round == 0 && announcement.part == AnnouncementPart::Burst {
                tracing::debug!("({name}) Sending/queueing {many} on {interface} for {address}");
            }
            tracing::debug!("Sending {one} on {interface} for {address}");
        }
    }
}
