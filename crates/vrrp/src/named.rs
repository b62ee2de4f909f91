//! What a configuration names: virtual addresses, and interfaces that somebody depends on.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use evervip_model::{Config, Instance, VirtualAddress};

use crate::fixtures::Fixtures;
use crate::router::named_interface;
use crate::routes::{self, tracked_interfaces};

/// The addresses of all instances.
pub(crate) fn virtual_addresses(config: &Config) -> HashSet<IpAddr> {
    let all = config.instances.iter().flat_map(addresses);
    all.map(|placed| placed.address).collect()
}

/// Addresses that instances of different names have.
pub(crate) fn shared_addresses<'a>(
    instances: impl Iterator<Item = &'a Instance>,
) -> HashSet<IpAddr> {
    let mut owners: HashMap<IpAddr, &str> = HashMap::new();
    let mut shared = HashSet::new();
    for instance in instances {
        for placed in addresses(instance) {
            let other = owners.insert(placed.address, &instance.name);
            if other.is_some_and(|other| other != &*instance.name) {
                shared.insert(placed.address);
            }
        }
    }
    shared
}

fn addresses(instance: &Instance) -> impl Iterator<Item = &VirtualAddress> {
    let addresses = instance.addresses.iter();
    addresses.chain(&instance.excluded_addresses)
}

/// Every interface that an instance or a static entry depends on.
pub(crate) fn interface_names(config: &Config) -> HashSet<String> {
    let mut names: HashSet<String> = Fixtures::interface_names(config).into_iter().collect();
    for instance in &config.instances {
        names.extend(named_interface(instance).map(str::to_owned));
        names.extend(
            instance
                .track_interfaces
                .iter()
                .map(|t| t.interface.clone()),
        );
        let addresses = instance.addresses.iter();
        names.extend(
            addresses
                .chain(&instance.excluded_addresses)
                .filter_map(|address| address.dev.as_deref().map(str::to_owned)),
        );
        let of_routes = routes::interface_names(&instance.routes);
        let of_rules = tracked_interfaces(&[], &instance.rules);
        names.extend(of_routes.chain(of_rules).map(str::to_owned));
    }
    names
}

/// The configured source address: the one of `mcast_src_ip` and the like, or an ipvlan's own.
pub(crate) fn own_source(spec: &Instance) -> Option<IpAddr> {
    let of_ipvlan = || spec.ipvlan.as_ref()?.address.map(|(address, _)| address);
    spec.source.or_else(of_ipvlan)
}
