//! Interfaces of our own on top of a real one, against the real kernel.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use evervip_os::netlink::{Ipv4Setting, Requests, VirtualLink, VirtualLinkKind};
use support::{Namespace, namespaces};

const MAC: [u8; 6] = [0, 0, 0x5e, 0, 1, 0x33];

fn vmac(base: u32) -> VirtualLink<'static> {
    VirtualLink {
        name: "vrrp.51",
        base,
        kind: VirtualLinkKind::MacVlan(MAC),
        group: 7,
        master: None,
    }
}

fn requests(node: &Namespace) -> (Requests, u32) {
    node.ip("link add a0 type veth peer name a1");
    node.ip("link set a0 up");
    node.ip("link set a1 up");
    let mut requests = node.run(Requests::open).unwrap();
    let base = requests.link_named("a0").unwrap().unwrap().index;
    (requests, base)
}

#[test]
fn a_macvlan_is_made_as_wanted_and_goes_again() {
    let Some([node]) = namespaces() else { return };
    let (mut requests, base) = requests(&node);
    let made = requests.create_link(&vmac(base)).unwrap();
    assert_eq!(made.name, "vrrp.51");
    assert_eq!(made.base, Some(base));
    assert_eq!(made.kind.as_deref(), Some("macvlan"));
    assert!(made.private_macvlan && !made.up);
    assert_eq!(made.group, 7);
    assert_eq!(made.hardware_address.as_bytes(), MAC);
    requests.set_link_up(made.index, true).unwrap();
    assert!(requests.link_named("vrrp.51").unwrap().unwrap().up);
    let shown = node.ip("-d link show vrrp.51");
    assert!(shown.contains("addrgenmode none"), "{shown}");
    let taken = requests.create_link(&vmac(base)).unwrap_err();
    assert_eq!(taken.errno(), Some(libc_eexist()));
    requests.delete_link(made.index).unwrap();
    assert_eq!(requests.link_named("vrrp.51").unwrap(), None);
    requests.delete_link(made.index).unwrap();
}

#[test]
fn settings_are_changed_all_at_once() {
    let Some([node]) = namespaces() else { return };
    let (mut requests, base) = requests(&node);
    let wanted = [
        (Ipv4Setting::ArpIgnore, 1),
        (Ipv4Setting::ArpFilter, 1),
        (Ipv4Setting::AcceptLocal, 1),
        (Ipv4Setting::RpFilter, 2),
        (Ipv4Setting::PromoteSecondaries, 1),
    ];
    requests.set_ipv4_settings(base, &wanted).unwrap();
    for (setting, value) in wanted {
        let path = format!("/proc/sys/net/ipv4/conf/a0/{}", setting.name());
        let text = node.run(|| std::fs::read_to_string(&path)).unwrap();
        assert_eq!(text.trim(), value.to_string(), "{path}");
    }
}

const fn libc_eexist() -> i32 {
    nix::errno::Errno::EEXIST as i32
}
