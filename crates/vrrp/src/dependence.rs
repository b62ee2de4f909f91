//! Interfaces that a router cannot do without, beside its own.
//!
//! The original keeps one entry for each interface of an instance. An address, route or rule on an
//! interface that `track_interface` names with a weight takes the weight away: a priority means
//! nothing while the instance cannot be MASTER. Only `weight 0 reverse` stays in force, alone.

use std::collections::HashSet;

use evervip_model::TrackedInterface;

use crate::router::Router;
use crate::routes::tracked_interfaces;

/// What is known of a router's interfaces without looking at any of them.
pub(crate) struct Dependence<'a> {
    needed: HashSet<&'a str>,
    inverted: HashSet<&'a str>,
}

impl<'a> Dependence<'a> {
    pub(crate) fn of(router: &'a Router) -> Self {
        let tracks = &router.spec.track_interfaces;
        let inverted = tracks.iter().filter(|track| is_inverted(track));
        Self {
            // Nearly nobody tracks interfaces; there is nothing to compare then.
            needed: match tracks.as_slice() {
                [] => HashSet::new(),
                _ => needed_interfaces(router).collect(),
            },
            inverted: inverted.map(|track| track.interface.as_str()).collect(),
        }
    }

    /// Whether that an interface is needed makes it a fault that it is down.
    pub(crate) fn counts(&self, interface: &str) -> bool {
        !self.inverted.contains(interface)
    }

    /// Whether the line in `track_interface` says anything beyond that.
    pub(crate) fn leaves(&self, track: &TrackedInterface) -> bool {
        is_inverted(track) || !self.needed.contains(track.interface.as_str())
    }
}

/// Up is the fault.
fn is_inverted(track: &TrackedInterface) -> bool {
    track.weight == 0 && track.reverse
}

/// Those of addresses, of tracked routes and rules, and of static entries whose failure is one of
/// the router's.
pub(crate) fn needed_interfaces(router: &Router) -> impl Iterator<Item = &str> {
    let spec = &router.spec;
    let addresses = spec.addresses.iter().chain(&spec.excluded_addresses);
    let of_addresses = addresses
        .filter(|address| !address.no_track)
        .filter_map(|address| address.dev.as_deref());
    of_addresses
        .chain(tracked_interfaces(&spec.routes, &spec.rules))
        .chain(router.guarded.iter().map(String::as_str))
}
