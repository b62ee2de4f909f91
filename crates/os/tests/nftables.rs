//! The tables of the packet filter against the real kernel, as `nft` shows them. The expected texts
//! are what keepalived makes in the same place: 2.2.7, and for the reports of MLD and the addresses of
//! the base 2.4.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::Command;

use evervip_os::nftables::{ClosedAddress, Family, Removal, RemovalWatch, TableSettings, Tables};
use support::{Namespace, namespaces};

fn settings() -> TableSettings {
    TableSettings {
        name: "keepalived".to_owned(),
        priority: -1,
        counters: false,
        interface_indices: true,
    }
}

/// A node with `eth0` and `vrrp.51` on top of it, and what `nft` says there; `None` with a reason
/// where one of the two cannot be had.
#[allow(clippy::print_stdout, reason = "the harness shows it with the test")]
fn node() -> Option<Namespace> {
    let [node] = namespaces()?;
    node.ip("link add eth0 type veth peer name eth1");
    node.ip("link add vrrp.51 link eth0 type macvlan mode private");
    match ruleset(&node) {
        Ok(_) => Some(node),
        Err(reason) => {
            println!("SKIPPED: {reason}");
            None
        }
    }
}

fn ruleset(node: &Namespace) -> Result<String, String> {
    let output = node
        .run(|| Command::new("nft").args(["list", "ruleset"]).output())
        .map_err(|error| format!("nft: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn tables(node: &Namespace, settings: TableSettings) -> Tables {
    node.run(|| Tables::open(settings)).unwrap()
}

fn closed(node: &Namespace, text: &str, interface: &str) -> ClosedAddress {
    ClosedAddress {
        address: text.parse().unwrap(),
        ifindex: node.index(interface),
        ifname: interface.to_owned(),
    }
}

#[test]
fn closed_addresses_and_reports_look_as_in_the_original() {
    let Some(node) = node() else { return };
    let mut tables = tables(&node, settings());
    let (vmac, base) = (node.index("vrrp.51"), node.index("eth0"));
    for family in [Family::Ipv4, Family::Ipv6] {
        tables.move_reports(family, vmac, base).unwrap();
    }
    let of_base = "fe80::ff:fe00:1".parse().unwrap();
    tables.shield_base(vmac, "vrrp.51", of_base).unwrap();
    let addresses = [
        closed(&node, "10.0.0.100", "vrrp.51"),
        closed(&node, "2001:db8::51", "vrrp.51"),
        closed(&node, "fe80::5:1", "vrrp.51"),
    ];
    tables.close(&addresses).unwrap();
    let shown = ruleset(&node).unwrap();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write("tests/data/nftables-all.txt", &shown).unwrap();
    }
    assert_eq!(shown, include_str!("data/nftables-all.txt"), "{shown}");
    tables.open_again(&addresses).unwrap();
    let shown = ruleset(&node).unwrap();
    assert!(
        !shown.contains("10.0.0.100") && !shown.contains("5:1"),
        "{shown}"
    );
    for family in [Family::Ipv4, Family::Ipv6] {
        tables.forget_reports(family, vmac).unwrap();
    }
    let shown = ruleset(&node).unwrap();
    assert!(!shown.contains("vrrp.51"), "{shown}");
    tables.delete().unwrap();
    assert_eq!(ruleset(&node).unwrap(), "");
}

#[test]
fn counters_names_and_priority_are_as_configured() {
    let Some(node) = node() else { return };
    let wanted = TableSettings {
        name: "fw".to_owned(),
        priority: -5,
        counters: true,
        interface_indices: false,
    };
    let mut tables = tables(&node, wanted);
    tables.close(&[closed(&node, "fe80::5:1", "eth0")]).unwrap();
    let shown = ruleset(&node).unwrap();
    for part in [
        "table ip6 fw {",
        "set vips_link_local_name {",
        "type ipv6_addr . ifname",
        "elements = { fe80::5:1 . \"eth0\" }",
        "priority filter - 5;",
        "ip6 saddr . oifname @vips_link_local_name counter packets 0 bytes 0 drop",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(!shown.contains("table ip "), "{shown}");
}

#[test]
fn other_settings_leave_everything_closed() {
    let Some(node) = node() else { return };
    let fill = |tables: &mut Tables| {
        let (vmac, base) = (node.index("vrrp.51"), node.index("eth0"));
        for family in [Family::Ipv4, Family::Ipv6] {
            tables.move_reports(family, vmac, base).unwrap();
        }
        let of_base = "fe80::ff:fe00:1".parse().unwrap();
        tables.shield_base(vmac, "vrrp.51", of_base).unwrap();
        let addresses = ["10.0.0.100", "2001:db8::51", "fe80::5:1"];
        let addresses = addresses.map(|address| closed(&node, address, "vrrp.51"));
        tables.close(&addresses).unwrap();
        addresses
    };
    for changed in [
        TableSettings {
            name: "fw".to_owned(),
            ..settings()
        },
        TableSettings {
            priority: -5,
            counters: true,
            ..settings()
        },
        TableSettings {
            interface_indices: false,
            ..settings()
        },
    ] {
        let mut fresh = tables(&node, changed.clone());
        fill(&mut fresh);
        let wanted = ruleset(&node).unwrap();
        fresh.delete().unwrap();
        let mut running = tables(&node, settings());
        let addresses = fill(&mut running);
        running.reconfigure(changed.clone()).unwrap();
        assert_eq!(ruleset(&node).unwrap(), wanted, "{changed:?}");
        running.open_again(&addresses).unwrap();
        assert!(!ruleset(&node).unwrap().contains("5:1"));
        running.delete().unwrap();
        assert_eq!(ruleset(&node).unwrap(), "");
    }
}

#[test]
fn an_address_that_two_hold_closed_opens_with_the_second() {
    let Some(node) = node() else { return };
    let mut tables = tables(&node, settings());
    let one = [closed(&node, "10.0.0.100", "eth0")];
    tables.close(&one).unwrap();
    tables.close(&one).unwrap();
    tables.open_again(&one).unwrap();
    assert!(ruleset(&node).unwrap().contains("10.0.0.100"));
    tables.open_again(&one).unwrap();
    assert!(!ruleset(&node).unwrap().contains("10.0.0.100"));
    // One that nobody holds is no error.
    tables.open_again(&one).unwrap();
}

#[test]
fn tables_that_were_left_behind_are_made_anew() {
    let Some(node) = node() else { return };
    let address = [closed(&node, "10.0.0.100", "eth0")];
    tables(&node, settings()).close(&address).unwrap();
    let other = [closed(&node, "10.0.0.101", "eth0")];
    let mut second = tables(&node, settings());
    second.close(&other).unwrap();
    let shown = ruleset(&node).unwrap();
    assert!(
        shown.contains("10.0.0.101") && !shown.contains("10.0.0.100"),
        "{shown}"
    );
}

#[test]
fn a_thousand_addresses_are_closed_in_one_transaction() {
    let Some(node) = node() else { return };
    let mut tables = tables(&node, settings());
    let addresses: Vec<_> = (0..1500_u32)
        .map(|number| {
            let text = format!("10.1.{}.{}", number >> 8, number & 255);
            closed(&node, &text, "eth0")
        })
        .collect();
    tables.close(&addresses).unwrap();
    assert!(ruleset(&node).unwrap().contains("10.1.5.219"));
    tables.open_again(&addresses).unwrap();
    assert!(!ruleset(&node).unwrap().contains("10.1.5.219"));
}

/// What others remove is reported, what they add or remove elsewhere and what we do is not.
#[test]
fn removals_by_others_are_reported() {
    let Some(node) = node() else { return };
    let mut tables = tables(&node, settings());
    let port = tables.port().unwrap();
    let mut watch = node.run(|| RemovalWatch::open(port)).unwrap();
    let addresses = [
        closed(&node, "10.0.0.100", "eth0"),
        closed(&node, "2001:db8::51", "eth0"),
    ];
    tables.close(&addresses).unwrap();
    tables.open_again(&addresses[..1]).unwrap();
    tables.close(&addresses[..1]).unwrap();
    assert_eq!(watch.read("keepalived").unwrap(), None);
    let nft = |command: &str| {
        let words = command.split(' ');
        let status = node.run(|| Command::new("nft").args(words).status());
        assert!(status.unwrap().success(), "{command}");
    };
    for elsewhere in [
        "add table inet keepalived",
        "add table ip other",
        "add table ip keepalived2",
        "add chain ip keepalived mine",
        "delete table inet keepalived",
        "delete table ip other",
        "flush table ip keepalived2",
    ] {
        nft(elsewhere);
        assert_eq!(watch.read("keepalived").unwrap(), None, "{elsewhere}");
    }
    for ours in [
        "delete element ip keepalived vips { 10.0.0.100 }",
        "flush table ip6 keepalived",
        "delete table ip keepalived",
        "flush ruleset",
    ] {
        nft(ours);
        let removal = watch.read("keepalived").unwrap();
        assert!(matches!(removal, Some(Removal::By { .. })), "{ours}");
        tables.restore().unwrap();
        assert_eq!(watch.read("keepalived").unwrap(), None, "after {ours}");
        assert!(tables.are_there().unwrap());
        assert!(ruleset(&node).unwrap().contains("10.0.0.100"), "{ours}");
    }
    nft("flush ruleset");
    assert!(!tables.are_there().unwrap());
}
