//! What an earlier process may have left: that which this engine would remove if it started and
//! stopped at once. No rule of its own, so that whoever cleans up does as the daemon does.

use std::collections::HashSet;
use std::hash::Hash;
use std::net::IpAddr;

use evervip_model::{Config, Rule};

use crate::{
    Action, AtStop, Engine, Event, LinkState, PlacedAddress, PlacedRoute, Timestamp,
    VirtualInterfaceKey,
};

/// Everything that a configuration may have put into the kernel's tables, in the order in which it is
/// to be removed. Nothing says that it is there, nor who has put it there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remains {
    /// Rules.
    pub rules: Vec<Rule>,
    /// Routes.
    pub routes: Vec<PlacedRoute>,
    /// Addresses.
    pub addresses: Vec<PlacedAddress>,
}

/// What a daemon of this configuration may have left on a machine with these interfaces, of which
/// `made` are its own virtual ones.
#[must_use]
pub fn remains(
    config: Config,
    links: Vec<LinkState>,
    addresses: &[(u32, IpAddr)],
    made: impl IntoIterator<Item = (VirtualInterfaceKey, u32)>,
) -> Remains {
    let mut engine = Engine::new(config, links, addresses);
    engine.set_at_stop(AtStop::ReleaseAll);
    let mut remains = Remains::default();
    let made = made
        .into_iter()
        .map(|(key, index)| Event::VirtualInterfaceMade {
            key,
            index,
            fresh: false,
        });
    for event in made.chain([Event::Started, Event::StopRequested]) {
        engine.handle(Timestamp::default(), event);
        while let Some(action) = engine.poll_action() {
            remains.note(action);
        }
    }
    Remains {
        rules: without_repeats(remains.rules),
        routes: without_repeats(remains.routes),
        addresses: without_repeats(remains.addresses),
    }
}

impl Remains {
    fn note(&mut self, action: Action) {
        match action {
            Action::RemoveAddresses(change) => {
                self.addresses.extend(change.addresses.iter().cloned());
            }
            Action::RemoveStaticAddresses(addresses) => self.addresses.extend(addresses),
            Action::RemoveRoutes(change) => self.routes.extend(change.routes),
            Action::RemoveRules(change) => self.rules.extend(change.rules),
            _ => {}
        }
    }
}

/// What is removed at the start and at the stop is there once.
fn without_repeats<T: Clone + Eq + Hash>(list: Vec<T>) -> Vec<T> {
    let mut seen = HashSet::new();
    let is_new = |item: &T| seen.insert(item.clone());
    list.into_iter().filter(is_new).collect()
}
