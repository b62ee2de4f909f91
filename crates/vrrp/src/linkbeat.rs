//! Interfaces whose state is asked for (spec vrrp-runtime 7.2): the answers take the place of what
//! the kernel reports.

use std::collections::{BTreeMap, BTreeSet};

use evervip_model::Config;

use crate::log::TrackLine;
use crate::{Engine, LinkState, LogLine, Timestamp};

/// Which interfaces are asked, and the answers so far.
#[derive(Debug, Default)]
pub(crate) struct Linkbeats {
    asked: BTreeSet<String>,
    answers: BTreeMap<String, bool>,
    /// Asked by the configuration before, and not any more.
    released: BTreeSet<String>,
}

impl Linkbeats {
    /// Takes the interfaces of a configuration; answers of those that stay are kept.
    pub(crate) fn configure(&mut self, config: &Config) {
        let links = config.polled_links().into_iter();
        let before = std::mem::take(&mut self.asked);
        self.asked = links.map(|link| link.interface).collect();
        self.released = before.difference(&self.asked).cloned().collect();
        self.answers.retain(|name, _| self.asked.contains(name));
    }

    pub(crate) fn note(&mut self, interface: &str, up: bool) {
        self.answers.insert(interface.to_owned(), up);
    }

    /// What the kernel reports, with the answer in place of its state where there is one.
    pub(crate) fn correct(&self, mut link: LinkState) -> LinkState {
        if self.asked.contains(&link.name) {
            link.up = self.answers.get(&link.name).copied().unwrap_or(link.up);
        }
        link
    }
}

impl Engine {
    /// A state was asked for.
    pub(crate) fn link_polled(&mut self, now: Timestamp, interface: &str, up: bool) {
        self.linkbeats.note(interface, up);
        if let Some(link) = self.known_link(interface) {
            self.link_changed(now, link);
        }
    }

    /// Before the start: nothing depends on it yet.
    pub(crate) fn note_polled_link(&mut self, interface: &str, up: bool) {
        self.linkbeats.note(interface, up);
        if let Some(link) = self.known_link(interface) {
            let link = self.linkbeats.correct(link);
            self.interfaces.apply(link);
        }
    }

    /// After a reload: of interfaces that are not asked any more the kernel's last report counts.
    pub(crate) fn heed_reports_again(&mut self, now: Timestamp) {
        for name in std::mem::take(&mut self.linkbeats.released) {
            if let Some(link) = self.known_link(&name) {
                let up = link.flags & USABLE == USABLE;
                self.link_changed(now, LinkState { up, ..link });
            }
        }
    }

    /// An interface as it is known.
    fn known_link(&self, name: &str) -> Option<LinkState> {
        let index = self.interfaces.index_of(name)?;
        let known = self.interfaces.get(index)?;
        Some(LinkState {
            index,
            name: known.name.clone(),
            up: known.up,
            flags: known.flags,
        })
    }

    /// Who says that a link is up or down.
    pub(crate) fn link_line(&self, interface: String, up: bool) -> LogLine {
        match (self.linkbeats.asked.contains(&interface), up) {
            (true, true) => LogLine::Track(TrackLine::LinkbeatUp { interface }),
            (true, false) => LogLine::Track(TrackLine::LinkbeatDown { interface }),
            (false, true) => LogLine::LinkUp { interface },
            (false, false) => LogLine::LinkDown { interface },
        }
    }
}

/// `IFF_UP` and `IFF_RUNNING`.
const USABLE: u32 = 0x41;
