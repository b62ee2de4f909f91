//! What a daemon that was killed may have left.

use evervip_model::{Fixture, Route, VirtualMac};
use evervip_testkit::sample::{self, ETH0, lan};
use evervip_vrrp::{Remains, remains, virtual_interfaces};

fn of(config: evervip_model::Config, made: &[u32]) -> Remains {
    let wanted = virtual_interfaces(&config);
    let keys = wanted.into_iter().map(|wanted| wanted.key);
    let made = keys.zip(made.iter().copied());
    remains(config, sample::links(), &sample::addresses(1), made)
}

fn addresses(remains: &Remains) -> Vec<(u32, String)> {
    let placed = remains.addresses.iter();
    placed
        .map(|placed| (placed.interface, placed.address.address.to_string()))
        .collect()
}

#[test]
fn addresses_of_every_instance_once() {
    let config = sample::config([sample::instance("A", 1, 100), sample::instance("B", 2, 255)]);
    let at = |last: u8| (ETH0, lan(last).to_string());
    assert_eq!(addresses(&of(config, &[])), [at(101), at(102)]);
}

#[test]
fn what_was_on_an_interface_of_our_own_that_has_gone_went_with_it() {
    let config = || {
        let mut instance = sample::instance("A", 1, 100);
        instance.virtual_mac = Some(Box::new(VirtualMac::default()));
        sample::config([instance])
    };
    assert_eq!(addresses(&of(config(), &[])), []);
    let found = addresses(&of(config(), &[77]));
    assert_eq!(found, [(77, lan(101).to_string())]);
}

#[test]
fn static_entries_and_routes() {
    let route = |interface: &str| Route {
        interface: Some(interface.to_owned()),
        ..Route::new(evervip_model::Family::Inet)
    };
    let mut instance = sample::instance("A", 1, 100);
    instance.routes = vec![route("eth0"), route("gone0")].into();
    let mut config = sample::config([instance]);
    config.fixtures.routes = vec![Fixture {
        entry: route("eth1"),
        track_group: None,
    }];
    let remains = of(config, &[]);
    let through: Vec<_> = remains
        .routes
        .iter()
        .map(|placed| placed.interface)
        .collect();
    assert_eq!(through, [Some(ETH0), Some(sample::ETH1)]);
}
