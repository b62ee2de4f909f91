//! `garp_extra_if`: a switch forgets where a hardware address is when nothing comes from it for a
//! while. Adverts keep only the interface in mind that a router runs on; from the other ones that
//! hold its addresses a single announcement is sent now and then (spec vrrp-runtime 11).

use std::collections::BTreeSet;
use std::sync::Arc;

use evervip_model::{ExtraAnnouncements, Instance};

use crate::timers::TimerKey;
use crate::{Engine, PlacedAddress, RouterId, Timestamp};

impl Engine {
    /// A router has become MASTER.
    pub(crate) fn start_extra_announcements(&mut self, now: Timestamp, id: RouterId) {
        if let Some(extra) = wanted(&self.routers[id].spec) {
            self.timers.set(TimerKey::Extra(id), now + extra.interval);
        }
    }

    /// A reload has changed what a MASTER is to do.
    pub(crate) fn change_extra_announcements(
        &mut self,
        now: Timestamp,
        id: RouterId,
        old: &Instance,
    ) {
        if wanted(&self.routers[id].spec) != wanted(old) {
            self.timers.clear(TimerKey::Extra(id));
            self.start_extra_announcements(now, id);
        }
    }

    /// The time has come: one announcement on each of the other interfaces, of its first address.
    pub(crate) fn extra_announcements(&mut self, now: Timestamp, id: RouterId, due: Timestamp) {
        let router = &self.routers[id];
        let Some(extra) = wanted(&router.spec) else {
            return;
        };
        let mut seen: BTreeSet<u32> = router.interface.into_iter().collect();
        let addresses: Arc<[PlacedAddress]> = router
            .installed
            .iter()
            .filter(|placed| extra.all || self.virtual_interfaces.contains(placed.interface))
            .filter(|placed| seen.insert(placed.interface))
            .cloned()
            .collect();
        self.announce(now, id, &addresses, 1);
        let next = due + extra.interval;
        // Those that were missed are not made up for.
        let next = if next > now {
            next
        } else {
            now + extra.interval
        };
        self.timers.set(TimerKey::Extra(id), next);
    }
}

fn wanted(spec: &Instance) -> Option<ExtraAnnouncements> {
    spec.garp.extra.filter(|extra| !extra.interval.is_zero())
}
