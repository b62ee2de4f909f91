//! One more gratuitous ARP after a live master was preempted on a virtual MAC.
//!
//! The old master still has the address when ours is announced, and its kernel answers that with the
//! very MAC that moves: the switch believes the answer, and the clients' packets go to the old place
//! until our next packet from there, an advert or, with `vmac_xmit_base`, only the second burst. As soon
//! as the old master has given the address up its kernel keeps quiet, so that one more announcement
//! settles the matter. keepalived sends none.

use std::sync::Arc;
use std::time::Duration;

use crate::timers::TimerKey;
use crate::{Engine, MasterReason, PlacedAddress, RouterId, Timestamp};

/// How long after it the old master has given the address up. It does so at our first advert.
const PAUSE: Duration = Duration::from_millis(100);

impl Engine {
    /// A router has become MASTER and has announced its addresses.
    pub(crate) fn await_confirmation(&mut self, now: Timestamp, id: RouterId) {
        let router = &self.routers[id];
        let garp = router.spec.garp;
        // Who wants no second burst (`vrrp_min_garp`) wants no later packets; a second burst that is
        // as early does the same.
        let wanted = garp.repeat > 0 && garp.delay > PAUSE;
        let preempted = router.master_reason() == MasterReason::Preempted;
        if wanted && preempted && !self.contested(id).is_empty() {
            self.timers.set(TimerKey::Confirmation(id), now + PAUSE);
        }
    }

    /// The time has come.
    pub(crate) fn confirm(&mut self, now: Timestamp, id: RouterId) {
        let addresses = self.contested(id);
        self.announce(now, id, &addresses, 1);
    }

    /// The addresses that a kernel may have answered for. Nobody answers neighbour advertisements, and
    /// where frames are spaced the last ones of the burst are yet to come.
    fn contested(&self, id: RouterId) -> Arc<[PlacedAddress]> {
        let placed = self.routers[id].placed.iter();
        placed
            .filter(|placed| placed.address.address.is_ipv4())
            .filter(|placed| self.virtual_interfaces.contains(placed.interface))
            .filter(|placed| {
                let lane = self.lane_of(placed.interface, false);
                self.spacing.gap(lane).is_zero()
            })
            .cloned()
            .collect()
    }
}
