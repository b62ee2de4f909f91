//! In which order the actions of one event are carried out.
//!
//! When hundreds of routers become MASTER together, each one's advert would wait for the addresses
//! and the gratuitous ARPs of those before it, while their peers' timers run. The adverts go first,
//! in few system calls. For each router alone the order stays as the engine gave it: what peers and
//! hooks can observe of a router does not change.

use std::collections::{HashSet, VecDeque};

use evervip_vrrp::{Action, RouterId};

/// Moves adverts before the actions of other routers.
///
/// An advert stays behind every earlier action of its own router, and behind a change of sockets.
pub(super) fn adverts_first(actions: VecDeque<Action>) -> VecDeque<Action> {
    let mut ordered = VecDeque::with_capacity(actions.len());
    let mut rest = VecDeque::new();
    let mut held: HashSet<RouterId> = HashSet::new();
    for action in actions {
        match &action {
            Action::SendAdvert { router, .. } if !held.contains(router) => {
                ordered.push_back(action);
            }
            Action::UpdateSockets => {
                ordered.append(&mut rest);
                held.clear();
                ordered.push_back(action);
            }
            _ => {
                held.extend(router_of(&action));
                rest.push_back(action);
            }
        }
    }
    ordered.append(&mut rest);
    ordered
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

    #[track_caller]
    fn check(given: impl Into<VecDeque<Action>>, expected: impl Into<VecDeque<Action>>) {
        assert_eq!(adverts_first(given.into()), expected.into());
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
            [add(1), Action::UpdateSockets, advert(2, 9)],
            [add(1), Action::UpdateSockets, advert(2, 9)],
        );
    }
}
