//! In which order actions are carried out.
//!
//! When hundreds of routers become MASTER together, each one's advert would wait for the addresses
//! and the gratuitous ARPs of those before it, while their peers' timers run. The adverts go first,
//! in few system calls. For each router alone the order stays as the engine gave it: what peers and
//! hooks can observe of a router does not change.

use std::collections::{HashMap, VecDeque};

use evervip_vrrp::{Action, RouterId};

/// Actions of one event from which their order matters.
const CROWD: usize = 32;

/// Actions that wait when hundreds of routers change their state.
const UPHEAVAL: usize = 1000;

/// What is still to be done.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// Adverts that wait for nothing.
    urgent: VecDeque<Action>,
    rest: VecDeque<Action>,
    /// How many actions of each router are among the rest.
    held: HashMap<RouterId, usize>,
    /// Changes of sockets among the rest, which nothing passes.
    barriers: usize,
    /// The most that there was to do at once since somebody asked.
    peak: usize,
}

impl Agenda {
    /// Adds the actions of one event. An advert goes before the actions of other routers; it stays
    /// behind every earlier action of its own router, and behind a change of sockets.
    pub(super) fn extend(&mut self, actions: Vec<Action>) {
        let is_crowd = actions.len() >= CROWD || !self.is_empty();
        for action in actions {
            self.add(action, is_crowd);
        }
        self.peak = self.peak.max(self.rest.len());
    }

    /// Whether there was so much to do that it has left many holes in the memory.
    pub(super) fn take_upheaval(&mut self) -> bool {
        std::mem::take(&mut self.peak) >= UPHEAVAL
    }

    fn add(&mut self, action: Action, is_crowd: bool) {
        match &action {
            Action::SendAdvert { router, .. } if is_crowd && !self.holds(*router) => {
                self.urgent.push_back(action);
                return;
            }
            // Whatever is urgent was so before it.
            Action::UpdateSockets if self.rest.is_empty() => {
                self.urgent.push_back(action);
                return;
            }
            Action::UpdateSockets => self.barriers += 1,
            other => {
                if let Some(router) = router_of(other) {
                    *self.held.entry(router).or_default() += 1;
                }
            }
        }
        self.rest.push_back(action);
    }

    /// Whether an advert of this router has to wait for what is to be done before it.
    fn holds(&self, router: RouterId) -> bool {
        self.barriers > 0 || self.held.contains_key(&router)
    }

    /// Takes what is to be done next.
    pub(super) fn next(&mut self) -> Option<Action> {
        if let Some(action) = self.urgent.pop_front() {
            return Some(action);
        }
        let action = self.rest.pop_front()?;
        if matches!(action, Action::UpdateSockets) {
            self.pass_barrier();
        } else if let Some(router) = router_of(&action) {
            self.release(router);
        }
        if self.is_empty() {
            // Room for what a thousand changes of state bring is not kept.
            *self = Self {
                peak: self.peak,
                ..Self::default()
            };
        }
        Some(action)
    }

    /// What stands behind a change of sockets is put in order anew.
    fn pass_barrier(&mut self) {
        let behind = std::mem::take(&mut self.rest);
        self.held.clear();
        self.barriers = 0;
        for action in behind {
            self.add(action, true);
        }
    }

    fn release(&mut self, router: RouterId) {
        if let Some(count) = self.held.get_mut(&router) {
            *count -= 1;
            if *count == 0 {
                self.held.remove(&router);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.rest.is_empty()
    }
}

/// The router whose adverts must not overtake an action.
fn router_of(action: &Action) -> Option<RouterId> {
    match action {
        Action::SendAdvert { router, .. } => Some(*router),
        Action::AddAddresses(change)
        | Action::RemoveAddresses(change)
        | Action::CloseAddresses(change)
        | Action::OpenAddresses(change) => Some(change.router),
        Action::AddRoutes(change) | Action::RemoveRoutes(change) => change.router,
        Action::AddRules(change) | Action::RemoveRules(change) => change.router,
        Action::Announce(announcement) => Some(announcement.router),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use evervip_vrrp::{AddressChange, Announcement, AnnouncementPart, LogLine};

    use super::*;

    fn advert(router: u32, priority: u8) -> Action {
        Action::SendAdvert {
            router: RouterId(router),
            priority,
            revision: 1,
            sequence: 1,
        }
    }

    fn add(router: u32) -> Action {
        Action::AddAddresses(AddressChange {
            router: RouterId(router),
            addresses: Arc::new([]),
        })
    }

    fn announce(router: u32) -> Action {
        Action::Announce(Announcement {
            router: RouterId(router),
            addresses: Arc::new([]),
            rounds: 1,
            part: AnnouncementPart::Burst,
        })
    }

    fn line() -> Action {
        let name = "V".into();
        Action::Log(LogLine::AdvertTimeout { name })
    }

    fn rest_of(agenda: &mut Agenda) -> Vec<Action> {
        std::iter::from_fn(|| agenda.next()).collect()
    }

    /// Of a crowd: routers that are not asked about make it large enough.
    #[track_caller]
    fn check(given: impl Into<Vec<Action>>, expected: impl Into<Vec<Action>>) {
        let crowd: Vec<Action> = (100..).take(CROWD).map(announce).collect();
        let mut agenda = Agenda::default();
        agenda.extend([given.into(), crowd.clone()].concat());
        assert_eq!(rest_of(&mut agenda), [expected.into(), crowd].concat());
    }

    #[test]
    fn adverts_of_a_crowd_do_not_wait_for_addresses() {
        check(
            [
                advert(1, 9),
                line(),
                add(1),
                announce(1),
                advert(2, 9),
                line(),
                add(2),
                announce(2),
            ],
            [
                advert(1, 9),
                advert(2, 9),
                line(),
                add(1),
                announce(1),
                line(),
                add(2),
                announce(2),
            ],
        );
    }

    #[test]
    fn the_order_of_each_router_stays() {
        check(
            [add(1), advert(1, 9), advert(2, 9), advert(1, 0)],
            [advert(2, 9), add(1), advert(1, 9), advert(1, 0)],
        );
    }

    #[test]
    fn nothing_passes_a_change_of_sockets() {
        check(
            [add(1), Action::UpdateSockets, add(3), advert(2, 9)],
            [add(1), Action::UpdateSockets, advert(2, 9), add(3)],
        );
        check(
            [Action::UpdateSockets, add(1), advert(2, 9)],
            [Action::UpdateSockets, advert(2, 9), add(1)],
        );
    }

    #[test]
    fn few_actions_keep_their_order() {
        let given = [add(1), advert(1, 9), announce(1), add(2), advert(2, 9)];
        let mut agenda = Agenda::default();
        agenda.extend(given.to_vec());
        assert_eq!(rest_of(&mut agenda), given);
    }

    #[test]
    fn what_falls_due_meanwhile_goes_before_what_waits() {
        let mut agenda = Agenda::default();
        agenda.extend(vec![add(1), announce(1), advert(1, 9), add(2)]);
        assert_eq!(agenda.next(), Some(add(1)));
        agenda.extend(vec![advert(3, 9), add(3), advert(1, 9), advert(2, 9)]);
        let expected = [
            advert(3, 9),
            announce(1),
            advert(1, 9),
            add(2),
            add(3),
            advert(1, 9),
            advert(2, 9),
        ];
        assert_eq!(rest_of(&mut agenda), expected);
    }

    #[test]
    fn an_upheaval_is_noticed_once() {
        let mut agenda = Agenda::default();
        agenda.extend((0..1000).map(add).collect());
        assert_eq!(rest_of(&mut agenda).len(), 1000);
        assert!(agenda.take_upheaval());
        agenda.extend((0..999).map(add).collect());
        assert!(!agenda.take_upheaval());
    }

    #[test]
    fn nothing_stays_behind() {
        let mut agenda = Agenda::default();
        agenda.extend(vec![add(1), Action::UpdateSockets, advert(1, 9)]);
        assert_eq!(rest_of(&mut agenda).len(), 3);
        assert!(agenda.is_empty() && agenda.held.is_empty() && agenda.barriers == 0);
    }
}
