//! Sockets have the room that they are given, and the system's otherwise.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd;

use evervip_os::bpf::VridFilter;
use evervip_os::netlink::Monitor;
use evervip_os::shared_socket::SharedSocket;
use evervip_os::vrrp_socket::{SocketKind, SocketSpec, VrrpSocket};
use nix::sys::socket::{getsockopt, sockopt};
use support::two_nodes;

const GROUP: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));

/// What was asked for: the kernel counts its own overhead in and answers with twice as much.
fn room(socket: &impl AsFd) -> usize {
    getsockopt(socket, sockopt::RcvBuf).unwrap() / 2
}

#[test]
fn a_vrrp_socket_gets_what_it_asks_for_and_the_default_back() {
    let Some([one, _]) = two_nodes() else { return };
    let spec = SocketSpec {
        ifindex: one.index("ens192"),
        ifname: "ens192".into(),
        kind: SocketKind::Multicast { group: GROUP },
        protocol: 112,
    };
    let socket = one
        .run(|| VrrpSocket::open(spec, &VridFilter::Everything))
        .unwrap();
    let usual = room(&socket);
    socket.set_receive_buffer(Some(50_000)).unwrap();
    assert_eq!(room(&socket), 50_000);
    socket.set_receive_buffer(None).unwrap();
    assert_eq!(room(&socket), usual);
    let shared = one.run(|| SharedSocket::open(GROUP)).unwrap();
    shared.set_receive_buffer(Some(60_000)).unwrap();
    assert_eq!(room(&shared), 60_000);
}

#[test]
fn an_unbound_socket_leaves_the_interface_to_the_routing_table() {
    let Some([one, _]) = two_nodes() else { return };
    let spec = SocketSpec {
        ifindex: 0,
        ifname: String::new(),
        kind: SocketKind::Unicast {
            local: Ipv4Addr::new(10, 1, 1, 1).into(),
        },
        protocol: 112,
    };
    let socket = one
        .run(|| VrrpSocket::open(spec, &VridFilter::Everything))
        .unwrap();
    let device = getsockopt(&socket, sockopt::BindToDevice).unwrap();
    assert!(device.is_empty(), "bound to {device:?}");
}

#[test]
fn the_monitor_goes_beyond_the_limit_only_if_forced() {
    let Some([one, _]) = two_nodes() else { return };
    let monitor = one.run(Monitor::open).unwrap();
    let usual = room(&monitor);
    monitor.set_receive_buffer(100_000, false).unwrap();
    assert_eq!(room(&monitor), 100_000);
    monitor.set_receive_buffer(64 * 1024 * 1024, false).unwrap();
    assert!(room(&monitor) < 64 * 1024 * 1024);
    monitor.set_receive_buffer(64 * 1024 * 1024, true).unwrap();
    assert_eq!(room(&monitor), 64 * 1024 * 1024);
    monitor.set_receive_buffer(0, false).unwrap();
    assert_eq!(room(&monitor), usual);
}
