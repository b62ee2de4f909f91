//! Packets cross a cable between two namespaces, and the kernel drops what is not for us.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd as _;

use evervip_model::Vrid;
use evervip_os::bpf::{VridFilter, VridSet};
use evervip_os::packet_socket::{OutgoingFrame, PacketSocket};
use evervip_os::vrrp_socket::{Outgoing, ReceiveBatch, SocketKind, SocketSpec, VrrpSocket};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use support::{Namespace, two_nodes, wait_for, wait_until};

const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
const ONE: Ipv4Addr = Ipv4Addr::new(10, 1, 1, 1);
const TWO: Ipv4Addr = Ipv4Addr::new(10, 1, 1, 2);
const MULTICAST: SocketKind = SocketKind::Multicast {
    group: IpAddr::V4(GROUP),
};

fn only(vrids: &[u8]) -> VridFilter {
    let set: VridSet = vrids.iter().map(|v| Vrid::new(*v).unwrap()).collect();
    VridFilter::Only(set)
}

fn open(node: &Namespace, kind: SocketKind, filter: &VridFilter) -> VrrpSocket {
    let spec = SocketSpec {
        ifindex: node.index("ens192"),
        ifname: "ens192".into(),
        kind,
        protocol: 112,
    };
    node.run(|| VrrpSocket::open(spec, filter)).unwrap()
}

/// An IPv4 packet as the daemon would send it, with `extra` bytes behind the eight of the header.
fn packet(source: Ipv4Addr, destination: Ipv4Addr, vrid: u8, extra: usize) -> Vec<u8> {
    let mut bytes = vec![0x45, 0xc0, 0, 0, 0x12, 0x34, 0, 0, 255, 112, 0, 0];
    bytes.extend(source.octets());
    bytes.extend(destination.octets());
    bytes.extend([0x21, vrid, 100, 0, 0, 1, 0, 0]);
    bytes.resize(bytes.len() + extra, 0xee);
    bytes
}

#[track_caller]
fn send(socket: &VrrpSocket, destination: impl Into<IpAddr> + Copy, packets: &[Vec<u8>]) {
    let outgoing: Vec<_> = packets
        .iter()
        .map(|packet| Outgoing {
            destination: destination.into(),
            packet,
        })
        .collect();
    let sent = socket.send(&outgoing, |at, error| panic!("packet {at}: {error}"));
    assert_eq!(sent, packets.len());
}

/// Waits until `count` packets have come, and returns them.
#[track_caller]
fn receive(socket: &VrrpSocket, count: usize) -> Vec<(Vec<u8>, bool)> {
    let mut batch = ReceiveBatch::new();
    let mut found = Vec::new();
    wait_until("the packets are there", || {
        while socket.receive(&mut batch).unwrap() > 0 {
            found.extend(batch.packets().map(|p| (p.bytes.to_vec(), p.truncated)));
        }
        found.len() >= count
    });
    assert_eq!(found.len(), count);
    found
}

fn readable(socket: &VrrpSocket) -> bool {
    let mut fds = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, PollTimeout::ZERO).unwrap() == 1
}

/// The kernel's counter of packets that were handed to upper layers.
fn delivered(node: &Namespace) -> u64 {
    node.run(|| {
        let text = std::fs::read_to_string("/proc/thread-self/net/snmp").unwrap();
        let mut lines = text.lines().filter(|line| line.starts_with("Ip:"));
        let column = lines
            .next()
            .unwrap()
            .split(' ')
            .position(|w| w == "InDelivers");
        let values = lines.next().unwrap();
        values
            .split(' ')
            .nth(column.unwrap())
            .unwrap()
            .parse()
            .unwrap()
    })
}

#[test]
fn a_multicast_packet_arrives_as_it_was_sent() {
    let Some([one, two]) = two_nodes() else {
        return;
    };
    let sender = open(&one, MULTICAST, &only(&[51]));
    let receiver = open(&two, MULTICAST, &only(&[51]));
    assert!(!readable(&receiver));
    let sent = packet(ONE, GROUP, 51, 12);
    send(&sender, GROUP, std::slice::from_ref(&sent));
    let [(got, truncated)] = &receive(&receiver, 1)[..] else {
        panic!("one packet")
    };
    assert!(!truncated);
    // The kernel fills in the length and the header checksum, and nothing else.
    assert_eq!(got[..2], sent[..2]);
    assert_eq!(got[2..4], [0, 40]);
    assert_eq!(got[4..10], sent[4..10]);
    assert_ne!(got[10..12], [0, 0]);
    assert_eq!(got[12..], sent[12..]);
    assert!(!readable(&sender), "no packet comes back to its sender");
}

#[test]
fn unicast_packets_reach_the_socket_of_their_address_only() {
    let Some([one, two]) = two_nodes() else {
        return;
    };
    two.ip("addr add 10.1.1.3/24 dev ens192");
    let sender = open(
        &one,
        SocketKind::Unicast { local: ONE.into() },
        &only(&[51]),
    );
    let receiver = open(
        &two,
        SocketKind::Unicast { local: TWO.into() },
        &only(&[51]),
    );
    let other = Ipv4Addr::new(10, 1, 1, 3);
    let beside = open(
        &two,
        SocketKind::Unicast {
            local: other.into(),
        },
        &only(&[51]),
    );
    let group = open(&two, MULTICAST, &only(&[51]));
    send(&sender, TWO, &[packet(ONE, TWO, 51, 0)]);
    let got = receive(&receiver, 1);
    assert_eq!(got[0].0[12..20], [10, 1, 1, 1, 10, 1, 1, 2]);
    assert!(!readable(&beside) && !readable(&group));
    // And the other way, to be sure that the sender also receives.
    send(&receiver, ONE, &[packet(TWO, ONE, 51, 0)]);
    receive(&sender, 1);
}

#[test]
fn the_local_address_need_not_be_there_yet() {
    let Some([one, _two]) = two_nodes() else {
        return;
    };
    let local = Ipv4Addr::new(10, 77, 0, 1);
    open(
        &one,
        SocketKind::Unicast {
            local: local.into(),
        },
        &only(&[51]),
    );
}

#[test]
fn the_kernel_drops_foreign_vrids() {
    let Some([one, two]) = two_nodes() else {
        return;
    };
    let sender = open(&one, MULTICAST, &only(&[]));
    let receiver = open(&two, MULTICAST, &only(&[7, 51, 200]));
    let all: Vec<_> = (0..=255).map(|vrid| packet(ONE, GROUP, vrid, 0)).collect();
    let before = delivered(&two);
    send(&sender, GROUP, &all);
    wait_until("all packets have arrived", || {
        delivered(&two) >= before + 256
    });
    let vrids = |found: Vec<(Vec<u8>, bool)>| found.iter().map(|f| f.0[21]).collect::<Vec<_>>();
    assert_eq!(vrids(receive(&receiver, 3)), [7, 51, 200]);

    receiver.set_filter(&only(&[1])).unwrap();
    send(&sender, GROUP, &all);
    assert_eq!(vrids(receive(&receiver, 1)), [1]);

    receiver.set_filter(&VridFilter::Everything).unwrap();
    send(&sender, GROUP, &all);
    assert_eq!(
        vrids(receive(&receiver, 256)),
        (0..=255).collect::<Vec<_>>()
    );

    receiver.set_filter(&only(&[])).unwrap();
    let before = delivered(&two);
    send(&sender, GROUP, &all);
    wait_until("all packets have arrived", || {
        delivered(&two) >= before + 256
    });
    assert!(!readable(&receiver));
}

#[test]
fn a_burst_arrives_whole_and_in_order() {
    let Some([one, two]) = two_nodes() else {
        return;
    };
    let sender = open(&one, MULTICAST, &only(&[51]));
    let receiver = open(&two, MULTICAST, &only(&[51]));
    let burst: Vec<_> = (0..250_u8)
        .map(|n| {
            let mut bytes = packet(ONE, GROUP, 51, 4);
            bytes[22] = n;
            bytes
        })
        .collect();
    send(&sender, GROUP, &burst);
    let order: Vec<_> = receive(&receiver, 250).iter().map(|p| p.0[22]).collect();
    assert_eq!(order, (0..250).collect::<Vec<u8>>());
}

#[test]
fn an_overlong_packet_is_marked() {
    let Some([one, two]) = two_nodes() else {
        return;
    };
    for node in [&one, &two] {
        node.ip("link set ens192 mtu 9000");
    }
    let sender = open(&one, MULTICAST, &only(&[51]));
    let receiver = open(&two, MULTICAST, &only(&[51]));
    let packets = [2020, 2021].map(|extra| packet(ONE, GROUP, 51, extra));
    send(&sender, GROUP, &packets);
    let got = receive(&receiver, 2);
    assert_eq!((got[0].0.len(), got[0].1), (2048, false));
    assert_eq!((got[1].0.len(), got[1].1), (2048, true));
}

#[test]
fn a_refused_packet_is_reported_and_the_others_leave() {
    let Some([one, two]) = two_nodes() else {
        return;
    };
    let sender = open(
        &one,
        SocketKind::Unicast { local: ONE.into() },
        &only(&[51]),
    );
    let receiver = open(
        &two,
        SocketKind::Unicast { local: TWO.into() },
        &only(&[51]),
    );
    // The kernel cuts no packet of a raw socket into fragments.
    let good = packet(ONE, TWO, 51, 0);
    let overlong = packet(ONE, TWO, 51, 1500);
    let packets = [&good, &overlong, &good, &overlong].map(|packet| Outgoing {
        destination: TWO.into(),
        packet,
    });
    let mut errors = Vec::new();
    let sent = sender.send(&packets, |at, error| {
        errors.push((at, error.raw_os_error()));
    });
    assert_eq!(sent, 2);
    let refusal = Some(libc::EMSGSIZE);
    assert_eq!(errors, [(1, refusal), (3, refusal)]);
    receive(&receiver, 2);
}

#[test]
fn sending_on_a_dead_link_neither_blocks_nor_breaks_the_socket() {
    let Some([one, two]) = two_nodes() else {
        return;
    };
    let sender = open(&one, MULTICAST, &only(&[51]));
    let receiver = open(&two, MULTICAST, &only(&[51]));
    one.ip("link set ens192 down");
    let bytes = packet(ONE, GROUP, 51, 0);
    let one_packet = [Outgoing {
        destination: GROUP.into(),
        packet: &bytes,
    }];
    let mut errors = Vec::new();
    let sent = sender.send(&one_packet, |_, error: io::Error| errors.push(error));
    assert_eq!((sent, errors.len()), (0, 1));
    one.ip("link set ens192 up");
    wait_for("the link carries packets again", || {
        sender.send(&one_packet, |_, _| ());
        readable(&receiver).then_some(())
    });
}

#[test]
fn no_such_interface_is_an_error_that_names_it() {
    let Some([one, _two]) = two_nodes() else {
        return;
    };
    let spec = SocketSpec {
        ifindex: 9999,
        ifname: "nonesuch".into(),
        kind: MULTICAST,
        protocol: 112,
    };
    let error = one.run(|| VrrpSocket::open(spec, &only(&[1]))).unwrap_err();
    assert_eq!(error.to_string(), "setting SO_BINDTODEVICE on nonesuch");
}

#[test]
fn frames_leave_through_the_interface_they_name() {
    let Some([one, two]) = two_nodes() else {
        return;
    };
    let ifindex = one.index("ens192");
    let listener = two.run(|| {
        let arp = i32::from(0x0806_u16.to_be());
        let kind = socket2::Type::RAW.nonblocking();
        socket2::Socket::new(socket2::Domain::PACKET, kind, Some(arp.into())).unwrap()
    });
    let sender = one.run(PacketSocket::open).unwrap();
    let frames: Vec<Vec<u8>> = (0..100_u8)
        .map(|n| {
            let mut frame = vec![0xff; 6];
            frame.extend([2, 0, 0, 0, 0, 1, 8, 6]);
            frame.extend([0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 1, 1, n]);
            frame.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 10, 1, 1, n]);
            frame
        })
        .collect();
    let mut outgoing: Vec<_> = frames
        .iter()
        .map(|frame| OutgoingFrame {
            ifindex,
            protocol: 0x0806,
            frame,
        })
        .collect();
    outgoing[70].ifindex = 9999;
    let mut errors = Vec::new();
    let sent = sender.send(&outgoing, |at, error| {
        errors.push((at, error.raw_os_error()));
    });
    assert_eq!((sent, &errors[..]), (99, &[(70, Some(libc::ENXIO))][..]));
    let mut got = Vec::new();
    wait_until("all frames have arrived", || {
        let mut buffer = [0_u8; 100];
        while let Ok(length) = nix::unistd::read(&listener, &mut buffer) {
            // The machines themselves may ask for one another.
            if buffer[..6] == [0xff; 6] && buffer[22..28] == [2, 0, 0, 0, 0, 1] {
                got.push(buffer[..length].to_vec());
            }
        }
        got.len() >= 99
    });
    let mut expected = frames;
    expected.remove(70);
    assert_eq!(got, expected);
}
