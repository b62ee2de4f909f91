//! What another process has left in the kernel's tables, and who it was.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use evervip_model::{Family, Network};
use evervip_os::netlink::{KEEPALIVED, Requests};
use evervip_os::nftables::{self, TableSettings, Tables};
use support::one_node;

fn network(address: [u8; 4], prefix: u8) -> Network {
    let address = address.into();
    Network { address, prefix }
}

#[test]
fn routes_and_rules_are_listed_with_their_protocols() {
    let Some(node) = one_node() else { return };
    node.ip("addr add 10.1.1.1/24 dev a0");
    node.ip("route add 10.2.0.0/16 via 10.1.1.9 dev a0 table 1000 proto 18 metric 7");
    node.ip("route add 10.3.0.0/16 dev a0 proto static");
    node.ip("-6 route add 2001:db8:2::/48 dev a0 proto 18");
    node.ip("rule add from 10.1.1.7 lookup 100 priority 77 protocol 18");
    node.ip("rule add to 10.9.0.0/16 lookup 100 priority 78");
    let mut requests = node.run(Requests::open).unwrap();
    let routes = requests.routes().unwrap();
    let find = |destination| {
        routes
            .iter()
            .find(|r| r.route.destination == Some(destination))
    };
    let ours = find(network([10, 2, 0, 0], 16)).unwrap();
    assert_eq!(ours.protocol, KEEPALIVED);
    assert_eq!((ours.route.table, ours.route.metric), (1000, Some(7)));
    assert_eq!(ours.route.gateway, Some([10, 1, 1, 9].into()));
    assert_eq!(ours.route.interface, Some(node.index("a0")));
    // RTPROT_STATIC.
    assert_eq!(find(network([10, 3, 0, 0], 16)).unwrap().protocol, 4);
    let ipv6 = routes.iter().filter(|r| r.route.family == Family::Inet6);
    assert_eq!(ipv6.filter(|r| r.protocol == KEEPALIVED).count(), 1);
    let rules = requests.rules().unwrap();
    let of = |preference| rules.iter().find(|r| r.rule.preference == preference);
    let (ours, foreign) = (of(77).unwrap(), of(78).unwrap());
    assert_eq!(ours.protocol, KEEPALIVED);
    assert_eq!(ours.rule.from, Some(network([10, 1, 1, 7], 32)));
    assert_ne!(foreign.protocol, KEEPALIVED);
    assert_eq!(foreign.rule.to, Some(network([10, 9, 0, 0], 16)));
}

#[test]
fn addresses_tell_who_has_put_them_on() {
    let Some(node) = one_node() else { return };
    node.ip("addr add 10.1.1.1/24 dev a0");
    // Kernels before 5.18, and their tools, know nothing of this.
    if node.try_ip("addr add 10.1.1.2/24 dev a0 proto 18").is_err() {
        return;
    }
    let addresses = node.run(|| Requests::open().unwrap().addresses()).unwrap();
    let protocol = |address: [u8; 4]| {
        let found = addresses
            .iter()
            .find(|found| found.address == std::net::IpAddr::from(address));
        found.unwrap().protocol
    };
    assert_eq!(protocol([10, 1, 1, 2]), Some(KEEPALIVED));
    assert_eq!(protocol([10, 1, 1, 1]), None);
    // The kernel marks its own.
    assert_eq!(protocol([127, 0, 0, 1]), Some(1));
}

#[test]
#[allow(clippy::print_stdout, reason = "the harness shows it with the test")]
fn tables_of_the_packet_filter_are_found_and_deleted() {
    let Some(node) = one_node() else { return };
    let find = || node.run(|| nftables::families_of_table("left")).unwrap();
    assert_eq!(find(), []);
    let settings = TableSettings {
        name: "left".to_owned(),
        priority: -1,
        counters: false,
        interface_indices: true,
    };
    let index = node.index("a0");
    let made = node.run(|| {
        let mut tables = Tables::open(settings)?;
        tables.move_reports(nftables::Family::Ipv6, index, index)
    });
    if let Err(error) = made {
        println!("SKIPPED: {error}");
        return;
    }
    assert_eq!(find(), [nftables::Family::Ipv6]);
    node.run(|| nftables::delete_table(nftables::Family::Ipv6, "left"))
        .unwrap();
    assert_eq!(find(), []);
    let again = node.run(|| nftables::delete_table(nftables::Family::Ipv6, "left"));
    assert_eq!(again.unwrap_err().errno(), Some(libc::ENOENT));
}
