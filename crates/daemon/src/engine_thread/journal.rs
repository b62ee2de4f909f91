//! Log lines about what the engine wanted done, kept back until it has been done: formatting them
//! and waking the log thread must not stand between a deadline and its packet.

use std::collections::BTreeMap;
use std::sync::Arc;

use evervip_os::netlink::Link;
use evervip_vrrp::{Announcement, AnnouncementPart, LogLine};

#[derive(Debug)]
enum Entry {
    Line(LogLine),
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
}

impl Journal {
    pub(super) const fn new(detail: bool) -> Self {
        Self {
            detail,
            entries: Vec::new(),
        }
    }

    pub(super) fn line(&mut self, line: LogLine) {
        if self.detail || !line.is_detail() {
            self.entries.push(Entry::Line(line));
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
                Entry::Line(line) if line.is_detail() => tracing::debug!("{line}"),
                Entry::Line(line) if line.is_warning() => tracing::warn!("{line}"),
                Entry::Line(line) => tracing::info!("{line}"),
                Entry::Announced { by, announcement } => describe(&by, &announcement, links),
            }
        }
        // Room for the lines of a thousand changes of state is not kept.
        self.entries.shrink_to(ENTRIES_KEPT);
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
