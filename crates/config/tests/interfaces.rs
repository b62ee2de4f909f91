//! What the kind of an interface means for an instance (spec vrrp-keywords 18-D13 and 18-33).

mod support;

use std::path::Path;

use evervip_config::{Class, Loaded, Mode, load};
use evervip_model::UnsupportedReason;
use support::{FakeHost, MemoryFiles};

/// A machine with a tunnel, an interface without multicast, and a macvlan on `eth1`.
fn read(text: &str) -> Loaded {
    let host = FakeHost {
        interfaces: ["lo", "eth1", "tun0", "unicast0", "macvlan0"]
            .map(str::to_owned)
            .to_vec(),
        ..FakeHost::default()
    };
    let files = MemoryFiles::default().with("k", text);
    load(Path::new("k"), &files, &host, Mode::Test)
}

fn instance(name: &str, interface: &str, lines: &str) -> String {
    format!(
        "vrrp_instance {name} {{\ninterface {interface}\nvirtual_router_id 1\n{lines}\nvirtual_ipaddress {{\n10.0.0.100/24\n}}\n}}\n"
    )
}

#[track_caller]
fn check(text: &str, expect: &[&str], held: Option<UnsupportedReason>) {
    let loaded = read(text);
    let complaints = loaded.diagnostics.iter().filter(|d| d.class > Class::Log);
    let said: Vec<_> = complaints
        .map(|d| d.original_line(&loaded.sources))
        .collect();
    assert_eq!(said, expect, "{text}");
    let instance = loaded.config.as_ref().and_then(|c| c.instances.first());
    assert_eq!(instance.and_then(|i| i.unsupported), held, "{text}");
}

#[test]
fn multicast_needs_an_interface_that_can() {
    let text =
        "(I) interface unicast0 does not support multicast, specify unicast peers - disabling";
    check(
        &instance("I", "unicast0", ""),
        &[text],
        Some(UnsupportedReason::NoMulticast),
    );
    check(
        &instance("I", "unicast0", "unicast_peer {\n10.0.0.2\n}"),
        &[],
        None,
    );
}

#[test]
fn virtual_macs_and_ipvlans_need_ethernet() {
    for keyword in ["use_vmac", "use_ipvlan 10.0.0.7"] {
        check(
            &instance("I", "tun0", keyword),
            &["(I): vmacs are only supported on Ethernet type interfaces"],
            Some(UnsupportedReason::NotEthernet),
        );
    }
    check(&instance("I", "tun0", ""), &[], None);
}

#[test]
fn a_macvlan_is_on_the_network_of_the_interface_below() {
    for (first, second) in [("eth1", "macvlan0"), ("macvlan0", "eth1")] {
        let both = instance("I", first, "") + &instance("J", second, "");
        check(
            &both,
            &["I and J both use VRID 1 with IPv4 on interface eth1"],
            None,
        );
    }
}

#[test]
fn an_existing_macvlan_may_lend_its_name() {
    check(&instance("I", "eth1", "use_vmac macvlan0"), &[], None);
}
