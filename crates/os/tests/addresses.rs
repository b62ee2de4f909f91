//! Addresses are added and removed as specified, seen with the eyes of `ip`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::{Duration, Instant};

use evervip_model::{AddressLifetime, VirtualAddress};
use evervip_os::netlink::{Addition, InterfaceAddress, NetlinkError, Removal, Requests};
use support::{Namespace, one_node};

fn vip(text: &str) -> VirtualAddress {
    let (address, prefix) = text.split_once('/').unwrap();
    VirtualAddress::new(address.parse().unwrap(), prefix.parse().unwrap())
}

fn requests(node: &Namespace) -> Requests {
    node.run(Requests::open).unwrap()
}

/// Adds one address to `a0` and returns the line that `ip` shows for it.
fn shown(address: &VirtualAddress) -> Option<String> {
    let node = one_node()?;
    let mut requests = requests(&node);
    let results = requests.add_addresses(&[(node.index("a0"), address)]);
    assert!(matches!(results[..], [Ok(Addition::Added)]), "{results:?}");
    let shown = node.ip("-o addr show dev a0");
    let line = shown
        .lines()
        .find(|line| line.contains(&format!("{}", address.address)))
        .unwrap_or_else(|| panic!("{} is not in {shown}", address.address));
    let words: Vec<_> = line
        .replace('\\', " ")
        .split_whitespace()
        .map(String::from)
        .collect();
    Some(words[2..].join(" "))
}

#[track_caller]
fn check(address: &VirtualAddress, expected: &str) {
    if let Some(shown) = shown(address) {
        assert_eq!(shown, expected);
    }
}

#[test]
fn an_ipv4_address_has_no_broadcast_address_and_global_scope() {
    check(
        &vip("10.0.0.5/24"),
        "inet 10.0.0.5/24 scope global a0 valid_lft forever preferred_lft forever",
    );
}

#[test]
fn ipv4_options_arrive() {
    let mut address = vip("10.0.0.5/32");
    address.scope = 253;
    address.broadcast = Some("10.0.0.255".parse().unwrap());
    address.label = Some("a0:vip".into());
    address.noprefixroute = true;
    check(
        &address,
        "inet 10.0.0.5/32 brd 10.0.0.255 scope link noprefixroute a0:vip \
         valid_lft forever preferred_lft forever",
    );
}

#[test]
fn a_peer_arrives() {
    let mut address = vip("10.0.0.5/32");
    address.peer = Some("10.9.9.9".parse().unwrap());
    check(
        &address,
        "inet 10.0.0.5 peer 10.9.9.9/32 scope global a0 \
         valid_lft forever preferred_lft forever",
    );
}

#[test]
fn a_single_ipv6_address_is_deprecated_and_without_detection() {
    check(
        &vip("2001:db8::5/128"),
        "inet6 2001:db8::5/128 scope global nodad deprecated \
         valid_lft forever preferred_lft 0sec",
    );
}

#[test]
fn an_ipv6_address_with_a_network_is_preferred_for_ever() {
    check(
        &vip("2001:db8::5/64"),
        "inet6 2001:db8::5/64 scope global nodad valid_lft forever preferred_lft forever",
    );
}

#[test]
fn ipv6_options_arrive() {
    let mut address = vip("2001:db8::5/128");
    address.dad = true;
    address.home = true;
    address.noprefixroute = true;
    address.preferred_lifetime = AddressLifetime::Seconds(u32::MAX);
    let Some(line) = shown(&address) else { return };
    assert!(!line.contains("nodad"), "{line}");
    for word in ["home", "noprefixroute", "preferred_lft forever"] {
        assert!(line.contains(word), "{word} in {line}");
    }
}

#[test]
fn an_address_that_is_there_or_gone_already_is_success() {
    let Some(node) = one_node() else { return };
    let mut requests = requests(&node);
    let index = node.index("a0");
    for text in ["10.0.0.5/24", "2001:db8::5/64"] {
        node.ip(&format!("addr add {text} dev a0"));
        let address = vip(text);
        let one = [(index, &address)];
        let results = requests.add_addresses(&one);
        assert!(
            matches!(results[..], [Ok(Addition::AlreadyThere)]),
            "{results:?}"
        );
        let results = requests.remove_addresses(&one);
        assert!(matches!(results[..], [Ok(Removal::Removed)]), "{results:?}");
        let results = requests.remove_addresses(&one);
        assert!(
            matches!(results[..], [Ok(Removal::NotThere)]),
            "{results:?}"
        );
    }
    let gone = requests.remove_addresses(&[(9999, &vip("10.0.0.5/24"))]);
    assert!(matches!(gone[..], [Ok(Removal::NotThere)]), "{gone:?}");
}

#[test]
fn one_refusal_does_not_keep_the_others() {
    let Some(node) = one_node() else { return };
    let mut requests = requests(&node);
    let index = node.index("a0");
    let good = [vip("10.0.0.5/24"), vip("10.0.0.6/24")];
    let mut unusable = vip("10.0.0.7/24");
    unusable.label = Some("much too long a label".into());
    let results = requests.add_addresses(&[
        (index, &good[0]),
        (9999, &good[0]),
        (index, &unusable),
        (index, &good[1]),
    ]);
    assert!(matches!(results[0], Ok(Addition::Added)));
    let refusal = results[1].as_ref().unwrap_err();
    assert_eq!(refusal.errno(), Some(libc::ENODEV));
    let text = refusal.to_string();
    assert!(
        text.starts_with("No such device(19), type=RTM_NEWADDR(20), seq="),
        "{text}"
    );
    assert!(matches!(results[2], Err(NetlinkError::Encoding(_))));
    assert!(matches!(results[3], Ok(Addition::Added)));
}

#[test]
fn of_equal_addresses_only_the_one_with_our_prefix_is_removed() {
    let Some(node) = one_node() else { return };
    let mut requests = requests(&node);
    let index = node.index("a0");
    node.ip("addr add 10.0.0.5/24 dev a0");
    let ours = vip("10.0.0.5/32");
    let added = requests.add_addresses(&[(index, &ours)]);
    assert!(matches!(added[..], [Ok(Addition::Added)]), "{added:?}");
    let removed = requests.remove_addresses(&[(index, &ours)]);
    assert!(matches!(removed[..], [Ok(Removal::Removed)]), "{removed:?}");
    let shown = node.ip("-o -4 addr show dev a0");
    assert!(shown.contains("10.0.0.5/24"), "{shown}");
    assert!(!shown.contains("10.0.0.5/32"), "{shown}");
}

#[test]
fn an_address_with_a_peer_can_be_removed() {
    let Some(node) = one_node() else { return };
    let mut requests = requests(&node);
    for (own, peer) in [
        ("10.0.0.5/32", "10.9.9.9"),
        ("2001:db8::5/128", "2001:db8::9"),
    ] {
        let mut address = vip(own);
        address.peer = Some(peer.parse().unwrap());
        let one = [(node.index("a0"), &address)];
        let added = requests.add_addresses(&one);
        assert!(matches!(added[..], [Ok(Addition::Added)]), "{added:?}");
        let removed = requests.remove_addresses(&one);
        assert!(matches!(removed[..], [Ok(Removal::Removed)]), "{removed:?}");
    }
}

#[test]
fn hundreds_of_addresses_come_and_go_at_once() {
    let Some(node) = one_node() else { return };
    let mut requests = requests(&node);
    let index = node.index("a0");
    let many: Vec<_> = (0..600_u32)
        .map(|n| vip(&format!("10.0.{}.{}/32", n / 200, n % 200 + 1)))
        .chain((1..=300).map(|n| vip(&format!("2001:db8::{n:x}/128"))))
        .collect();
    let batch: Vec<_> = many.iter().map(|address| (index, address)).collect();
    let start = Instant::now();
    let added = requests.add_addresses(&batch);
    let adding = start.elapsed();
    assert!(
        added
            .iter()
            .all(|result| matches!(result, Ok(Addition::Added)))
    );
    let ours = |address: &InterfaceAddress| {
        address.index == index && many.iter().any(|vip| vip.address == address.address)
    };
    let there = requests.addresses().unwrap();
    assert_eq!(there.iter().filter(|address| ours(address)).count(), 900);
    let start = Instant::now();
    let removed = requests.remove_addresses(&batch);
    let removing = start.elapsed();
    assert!(
        removed
            .iter()
            .all(|result| matches!(result, Ok(Removal::Removed)))
    );
    let there = requests.addresses().unwrap();
    assert_eq!(there.iter().filter(|address| ours(address)).count(), 0);
    println!("900 addresses: {adding:?} to add, {removing:?} to remove");
    assert!(adding + removing < Duration::from_secs(2));
}

#[test]
fn addresses_are_read_as_they_are() {
    let Some(node) = one_node() else { return };
    node.ip("addr add 10.0.0.1/24 brd + dev a0 label a0:x");
    node.ip("addr add 10.0.0.2/24 dev a0");
    node.ip("addr add 10.5.0.1/24 scope link dev a0");
    node.ip("addr add 10.8.0.1 peer 10.8.0.2/30 dev a0");
    node.ip("addr add 2001:db8::5/64 nodad preferred_lft 0 dev a0");
    let mut requests = requests(&node);
    let index = node.index("a0");
    let mut found = requests.addresses().unwrap();
    found.retain(|address| address.index == index);
    let one = |text: &str| {
        let wanted = text.parse::<std::net::IpAddr>().unwrap();
        let one = found.iter().find(|address| address.address == wanted);
        one.unwrap_or_else(|| panic!("{text} is not in {found:?}"))
    };
    let first = one("10.0.0.1");
    assert_eq!((first.prefix, first.scope, first.peer), (24, 0, None));
    assert_eq!(first.broadcast, Some("10.0.0.255".parse().unwrap()));
    assert_eq!(first.label.as_deref(), Some("a0:x"));
    assert!(first.flags.permanent() && !first.flags.secondary());
    let second = one("10.0.0.2");
    assert!(second.flags.secondary() && second.broadcast.is_none());
    assert_eq!(one("10.5.0.1").scope, 253);
    let joined = one("10.8.0.1");
    assert_eq!(joined.peer, Some("10.8.0.2".parse().unwrap()));
    assert_eq!(joined.prefix, 30);
    let six = one("2001:db8::5");
    assert!(six.flags.deprecated() && six.flags.without_dad() && !six.flags.tentative());
    assert_eq!(
        (six.prefix, six.peer, six.label.as_deref()),
        (64, None, None)
    );
}
