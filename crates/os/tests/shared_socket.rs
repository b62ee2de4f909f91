//! One pair of sockets for many interfaces of a link, against the real kernel.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use evervip_model::Vrid;
use evervip_os::bpf::{VridFilter, VridSet};
use evervip_os::shared_socket::{OutgoingThrough, SharedSocket};
use evervip_os::vrrp_socket::{Outgoing, ReceiveBatch};
use support::{Namespace, two_nodes, wait_for};

/// More than the kernel's 20 memberships of one socket.
const INTERFACES: u8 = 25;

/// Makes the virtual MACs of VRIDs 1 to 25 and gives their indices.
fn interfaces(node: &Namespace) -> Vec<u32> {
    (1..=INTERFACES)
        .map(|vrid| {
            node.ip(&format!(
                "link add v{vrid} link ens192 address 00:00:5e:00:01:{vrid:02x} type macvlan mode private"
            ));
            node.shell(&format!("echo 1 > /proc/sys/net/ipv4/conf/v{vrid}/accept_local"));
            node.ip(&format!("link set v{vrid} up"));
            node.ip(&format!("addr add fe80::{vrid}/64 dev v{vrid} nodad"));
            node.index(&format!("v{vrid}"))
        })
        .collect()
}

fn only(vrid: u8) -> VridFilter {
    VridFilter::Only([Vrid::new(vrid).unwrap()].into_iter().collect::<VridSet>())
}

/// A socket of the node on all interfaces, each with its own VRID.
fn shared(node: &Namespace, group: IpAddr, interfaces: &[u32]) -> SharedSocket {
    let mut socket = node.run(|| SharedSocket::open(group)).unwrap();
    let wanted: BTreeMap<u32, VridFilter> = interfaces
        .iter()
        .zip(1..)
        .map(|(ifindex, vrid)| (*ifindex, only(vrid)))
        .collect();
    let failed = node.run(|| socket.set_interfaces(&wanted)).unwrap();
    assert!(failed.is_empty(), "{failed:?}");
    socket
}

fn packet_ipv4(vrid: u8) -> Vec<u8> {
    let mut packet = vec![0x45, 0xc0, 0, 28, 0, 1, 0, 0, 255, 112, 0, 0];
    packet.extend(Ipv4Addr::new(10, 1, 1, 2).octets());
    packet.extend(Ipv4Addr::new(224, 0, 0, 18).octets());
    packet.extend([0x21, vrid, 100, 0, 0, 1, 0, 0]);
    packet
}

fn packet_ipv6(vrid: u8) -> Vec<u8> {
    let mut packet = vec![0x6c, 0, 0, 0, 0, 8, 112, 255];
    packet.extend("fe80::2".parse::<Ipv6Addr>().unwrap().octets());
    packet.extend("ff02::12".parse::<Ipv6Addr>().unwrap().octets());
    packet.extend([0x31, vrid, 100, 0, 0, 1, 0, 0]);
    packet
}

/// Sends one packet for each VRID through its interface, and one for a VRID of another interface,
/// and compares what arrives where.
fn each_arrives_on_its_interface(group: IpAddr, packet: fn(u8) -> Vec<u8>) {
    let Some([one, two]) = two_nodes() else {
        return;
    };
    let (here, there) = (interfaces(&one), interfaces(&two));
    let receiver = shared(&one, group, &here);
    let sender = shared(&two, group, &there);
    let packets: Vec<Vec<u8>> = (1..=INTERFACES).map(packet).collect();
    let foreign = packet(1);
    let mut outgoing: Vec<OutgoingThrough<'_>> = vec![OutgoingThrough {
        ifindex: there[1],
        packet: Outgoing {
            destination: group,
            packet: &foreign,
        },
    }];
    outgoing.extend(
        there
            .iter()
            .zip(&packets)
            .map(|(ifindex, packet)| OutgoingThrough {
                ifindex: *ifindex,
                packet: Outgoing {
                    destination: group,
                    packet,
                },
            }),
    );
    let sent = sender.send(&outgoing, |at, error| panic!("packet {at}: {error}"));
    assert_eq!(sent, outgoing.len());
    let mut batch = ReceiveBatch::new();
    let mut seen: Vec<(u32, u8)> = Vec::new();
    wait_for("all packets", || {
        receiver.receive(&mut batch).unwrap();
        let header = if group.is_ipv4() { 20 } else { 40 };
        seen.extend(batch.packets().map(|p| (p.ifindex, p.bytes[header + 1])));
        (seen.len() >= usize::from(INTERFACES)).then_some(())
    });
    seen.sort_unstable();
    let mut expected: Vec<(u32, u8)> = here.into_iter().zip(1..).collect();
    expected.sort_unstable();
    assert_eq!(seen, expected);
}

#[test]
fn over_ipv4_each_packet_arrives_on_its_interface() {
    each_arrives_on_its_interface([224, 0, 0, 18].into(), packet_ipv4);
}

#[test]
fn over_ipv6_each_packet_arrives_on_its_interface() {
    each_arrives_on_its_interface("ff02::12".parse().unwrap(), packet_ipv6);
}

#[test]
fn an_interface_that_is_left_is_not_heard() {
    let Some([one, two]) = two_nodes() else {
        return;
    };
    let (here, there) = (interfaces(&one), interfaces(&two));
    let group = [224, 0, 0, 18].into();
    let mut receiver = shared(&one, group, &here);
    let sender = shared(&two, group, &there);
    let kept = BTreeMap::from([(here[1], only(2))]);
    assert!(
        one.run(|| receiver.set_interfaces(&kept))
            .unwrap()
            .is_empty()
    );
    let packets = [packet_ipv4(1), packet_ipv4(2)];
    let outgoing: Vec<OutgoingThrough<'_>> = there
        .iter()
        .zip(&packets)
        .map(|(ifindex, packet)| OutgoingThrough {
            ifindex: *ifindex,
            packet: Outgoing {
                destination: group,
                packet,
            },
        })
        .collect();
    sender.send(&outgoing, |at, error| panic!("packet {at}: {error}"));
    let mut batch = ReceiveBatch::new();
    let first = wait_for("a packet", || {
        receiver.receive(&mut batch).unwrap();
        batch.packets().next().map(|p| (p.ifindex, p.bytes[21]))
    });
    assert_eq!((first, batch.packets().len()), ((here[1], 2), 1));
}
