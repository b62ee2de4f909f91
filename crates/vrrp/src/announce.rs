//! Gratuitous ARP and unsolicited neighbour advertisements: when and how many (spec vrrp-runtime 11).

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use evervip_model::State;

use crate::spacing::Budget;
use crate::timers::TimerKey;
use crate::{
    Action, Announcement, AnnouncementPart, Engine, LogLine, PlacedAddress, RouterId, Timestamp,
};

/// Upper bound of a burst. The configuration allows 2^32 - 1 rounds; so many would keep the engine's
/// thread busy for hours, and no neighbour needs more than a few.
const MAX_ROUNDS: u32 = 1000;

/// One kind of frame, and what it shares a gap with: these are spaced in time when the configuration
/// says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lane {
    pub(crate) budget: Budget,
    pub(crate) ipv6: bool,
}

/// Frames that wait for their turn.
#[derive(Debug, Default)]
pub(crate) struct LaneQueue {
    pub(crate) waiting: VecDeque<(RouterId, PlacedAddress)>,
    pub(crate) free_at: Timestamp,
}

impl LaneQueue {
    /// Takes the first frame whose router may announce.
    fn take_first(
        &mut self,
        may_announce: impl Fn(RouterId) -> bool,
    ) -> Option<(RouterId, PlacedAddress)> {
        let mut waiting = self.waiting.iter();
        let place = waiting.position(|(router, _)| may_announce(*router))?;
        self.waiting.remove(place)
    }
}

impl Engine {
    /// A burst for every address of a router.
    pub(crate) fn announce_all(&mut self, now: Timestamp, id: RouterId, rounds: u32) {
        let addresses = Arc::clone(&self.routers[id].placed);
        self.announce(now, id, &addresses, rounds);
    }

    pub(crate) fn announce(
        &mut self,
        now: Timestamp,
        id: RouterId,
        addresses: &Arc<[PlacedAddress]>,
        rounds: u32,
    ) {
        let rounds = rounds.min(MAX_ROUNDS);
        if addresses.is_empty() || rounds == 0 {
            return;
        }
        if self.spacing.is_off() {
            self.push_burst(id, Arc::clone(addresses), rounds);
            return;
        }
        for ipv6 in [false, true] {
            let (spaced, free): (Vec<PlacedAddress>, Vec<PlacedAddress>) = addresses
                .iter()
                .filter(|placed| placed.address.address.is_ipv6() == ipv6)
                .cloned()
                .partition(|placed| {
                    let lane = self.lane_of(placed.interface, ipv6);
                    !self.spacing.gap(lane).is_zero()
                });
            if !free.is_empty() {
                self.push_burst(id, free.into(), rounds);
            }
            if !spaced.is_empty() {
                self.queue(now, id, &spaced, rounds, ipv6);
            }
        }
    }

    fn push_burst(&mut self, router: RouterId, addresses: Arc<[PlacedAddress]>, rounds: u32) {
        let part = AnnouncementPart::Burst;
        self.push(Action::Announce(Announcement {
            router,
            addresses,
            rounds,
            part,
        }));
    }

    /// One round for every address of a master, for whoever asked for it.
    pub(crate) fn announce_once(&mut self, now: Timestamp, id: RouterId) {
        let router = self.routers.get(id);
        if router.is_some_and(|router| router.state == State::Master) {
            self.announce_all(now, id, 1);
        }
    }

    /// Queues a burst in place of what still waits for the same addresses of the router.
    fn queue(
        &mut self,
        now: Timestamp,
        id: RouterId,
        addresses: &[PlacedAddress],
        rounds: u32,
        ipv6: bool,
    ) {
        let mut lanes: Vec<Lane> = addresses
            .iter()
            .map(|placed| self.lane_of(placed.interface, ipv6))
            .collect();
        lanes.sort_unstable();
        lanes.dedup();
        let fresh: HashSet<&PlacedAddress> = addresses.iter().collect();
        for lane in &lanes {
            self.lanes
                .entry(*lane)
                .or_default()
                .waiting
                .retain(|(other, placed)| *other != id || !fresh.contains(placed));
        }
        let name = self.routers[id].name();
        for placed in addresses {
            let interface = self.interfaces.name_of(placed.interface);
            let address = placed.address.address;
            self.log(LogLine::QueueingAnnouncement {
                name: Arc::clone(&name),
                interface,
                address,
            });
        }
        for _ in 0..rounds {
            for placed in addresses {
                let lane = self.lane_of(placed.interface, ipv6);
                self.lanes
                    .entry(lane)
                    .or_default()
                    .waiting
                    .push_back((id, placed.clone()));
            }
        }
        for lane in lanes {
            self.drain_lane(now, lane);
        }
    }

    /// Sends what may be sent now and sets the time of the next frame.
    pub(crate) fn drain_lane(&mut self, now: Timestamp, lane: Lane) {
        let spacing = self.spacing.gap(lane);
        let Some(queue) = self.lanes.get_mut(&lane) else {
            return;
        };
        if now >= queue.free_at {
            let routers = &self.routers;
            let Some((router, placed)) = queue.take_first(|id| !routers[id].is_listening(now))
            else {
                self.await_listeners(lane);
                return;
            };
            queue.free_at = now + spacing;
            let part = AnnouncementPart::Single;
            self.push(Action::Announce(Announcement {
                router,
                addresses: Arc::new([placed]),
                rounds: 1,
                part,
            }));
        }
        let Some(queue) = self.lanes.get(&lane) else {
            return;
        };
        if !queue.waiting.is_empty() {
            self.timers.set(TimerKey::Spacing(lane), queue.free_at);
        }
    }

    /// Everything in a lane is of masters that have slept and listen for a rival first.
    fn await_listeners(&mut self, lane: Lane) {
        let waiting = self.lanes.get(&lane).map(|queue| &queue.waiting);
        let routers = waiting.into_iter().flatten().map(|(id, _)| *id);
        let ends = routers.filter_map(|id| self.routers[id].listens_until);
        if let Some(end) = ends.min() {
            self.timers.set(TimerKey::Spacing(lane), end);
        }
    }

    /// A router that is no longer MASTER announces nothing any more.
    pub(crate) fn forget_announcements(&mut self, id: RouterId) {
        for queue in self.lanes.values_mut() {
            queue.waiting.retain(|(other, _)| *other != id);
        }
    }

    /// The second burst. Like the other timers of this kind it ends when its router leaves MASTER.
    pub(crate) fn delayed_burst(&mut self, now: Timestamp, id: RouterId) {
        let rounds = self.routers[id].spec.garp.repeat;
        self.announce_all(now, id, rounds);
    }

    pub(crate) fn delayed_lower_priority_burst(&mut self, now: Timestamp, id: RouterId) {
        let rounds = self.routers[id].spec.garp.lower_prio_repeat;
        self.announce_all(now, id, rounds);
    }

    pub(crate) fn refresh_burst(&mut self, now: Timestamp, id: RouterId, due: Timestamp) {
        let garp = self.routers[id].spec.garp;
        if garp.refresh.is_zero() {
            return;
        }
        self.announce_all(now, id, garp.refresh_repeat);
        let next = due + garp.refresh;
        // Those that were missed are not made up for.
        let next = if next > now { next } else { now + garp.refresh };
        self.timers.set(TimerKey::Refresh(id), next);
    }
}
