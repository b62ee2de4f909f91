//! IPv6 packets cross a cable between two namespaces, with the header that they had.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::{IpAddr, Ipv6Addr};

use evervip_model::Vrid;
use evervip_os::bpf::{VridFilter, VridSet};
use evervip_os::vrrp_socket::{Outgoing, ReceiveBatch, SocketKind, SocketSpec, VrrpSocket};
use support::{Namespace, two_nodes, wait_until};

const GROUP: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);
const ONE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 1);
const TWO: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00, 2);

/// Opens a socket for VRID 51.
fn open(node: &Namespace, kind: SocketKind) -> VrrpSocket {
    let spec = SocketSpec {
        ifindex: node.index("ens192"),
        ifname: "ens192".into(),
        kind,
        protocol: 112,
    };
    let vrids: VridSet = [Vrid::new(51).unwrap()].into_iter().collect();
    node.run(|| VrrpSocket::open(spec, &VridFilter::Only(vrids)))
        .unwrap()
}

/// Waits until both own addresses of the link are usable.
fn wait_for_addresses(nodes: &[Namespace; 2]) {
    for node in nodes {
        wait_until("duplicate address detection is done", || {
            let text = node.ip("-6 -o addr show dev ens192");
            text.contains("fe80::ff:fe00:") && !text.contains("tentative")
        });
    }
}

/// An IPv6 packet of the VRRP header and `extra` bytes.
fn packet(source: Ipv6Addr, destination: Ipv6Addr, vrid: u8, hops: u8, extra: usize) -> Vec<u8> {
    let length = u8::try_from(8 + extra).unwrap();
    let mut bytes = vec![0x6c, 0, 0, 0, 0, length, 112, hops];
    bytes.extend(source.octets());
    bytes.extend(destination.octets());
    bytes.extend([0x31, vrid, 100, 0, 0, 100, 0, 0]);
    bytes.resize(bytes.len() + extra, 0xee);
    bytes
}

#[track_caller]
fn send(socket: &VrrpSocket, destination: Ipv6Addr, packet: &[u8]) {
    let outgoing = [Outgoing {
        destination: IpAddr::V6(destination),
        packet,
    }];
    let sent = socket.send(&outgoing, |_, error| panic!("{error}"));
    assert_eq!(sent, 1);
}

#[track_caller]
fn receive(socket: &VrrpSocket) -> Vec<u8> {
    let mut batch = ReceiveBatch::new();
    let mut found = Vec::new();
    wait_until("the packet is there", || {
        while socket.receive(&mut batch).unwrap() > 0 {
            found.extend(batch.packets().map(|p| p.bytes.to_vec()));
        }
        !found.is_empty()
    });
    assert_eq!(found.len(), 1);
    found.remove(0)
}

/// The packet as it comes out: the traffic class is not told.
fn seen(mut packet: Vec<u8>) -> Vec<u8> {
    packet[0] = 0x60;
    packet
}

#[test]
fn multicast_and_unicast_arrive_with_addresses_and_hop_limit() {
    let Some(nodes) = two_nodes() else {
        return;
    };
    wait_for_addresses(&nodes);
    let [one, two] = &nodes;
    let group = SocketKind::Multicast {
        group: GROUP.into(),
    };
    let unicast = |local: Ipv6Addr| SocketKind::Unicast {
        local: local.into(),
    };
    let (from_group, to_group) = (open(one, group), open(two, group));
    let (from_one, to_two) = (open(one, unicast(ONE)), open(two, unicast(TWO)));

    // Another VRID is not let through.
    send(&from_group, GROUP, &packet(ONE, GROUP, 50, 255, 16));
    let sent = packet(ONE, GROUP, 51, 255, 16);
    send(&from_group, GROUP, &sent);
    assert_eq!(receive(&to_group), seen(sent));

    let sent = packet(ONE, TWO, 51, 64, 32);
    send(&from_one, TWO, &sent);
    assert_eq!(receive(&to_two), seen(sent));
}
