//! BFD sockets against the real kernel: what is told of a packet, and what the packet looks like.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::net::{IpAddr, SocketAddr};

use evervip_os::bfd_socket::{BfdListener, BfdSender, SINGLE_HOP_PORT};
use support::{Namespace, two_nodes, wait_until};

fn exchange(sending: &Namespace, listener: &mut BfdListener, from: &str, to: &str, ttl: u8) {
    let (from, to): (IpAddr, IpAddr) = (from.parse().unwrap(), to.parse().unwrap());
    let to_port = SocketAddr::from((to, SINGLE_HOP_PORT));
    for source in [None, Some(from)] {
        let sender = sending
            .run(|| BfdSender::open(source, to_port, ttl, 77))
            .unwrap();
        wait_until("a packet", || {
            sender.send(b"hello").is_ok() && {
                let datagram = listener.receive().unwrap();
                datagram.is_some_and(|datagram| {
                    assert_eq!(datagram.source.ip(), from);
                    assert!(datagram.source.port() >= 49_152);
                    assert_eq!(datagram.destination, to);
                    assert_eq!(datagram.ttl, Some(ttl));
                    assert_eq!(datagram.bytes, b"hello");
                    true
                })
            }
        });
        while listener.receive().unwrap().is_some() {}
    }
}

#[test]
fn both_families_come_to_one_socket_with_ttl_and_addresses() {
    let Some([a, b]) = two_nodes() else { return };
    for (node, last) in [(&a, 1), (&b, 2)] {
        node.ip(&format!("addr add 10.77.0.{last}/24 dev ens192"));
        node.ip(&format!("addr add fd77::{last}/64 dev ens192 nodad"));
    }
    let mut listener = b.run(|| BfdListener::open(SINGLE_HOP_PORT)).unwrap();
    exchange(&a, &mut listener, "10.77.0.1", "10.77.0.2", 255);
    exchange(&a, &mut listener, "fd77::1", "fd77::2", 64);
    let taken = b.run(|| BfdListener::open(SINGLE_HOP_PORT));
    assert!(taken.is_err(), "the port is taken");
}

#[test]
fn an_address_that_is_not_here_is_refused_and_a_port_that_is_taken_is_not() {
    let Some([a, _b]) = two_nodes() else { return };
    a.ip("addr add 10.77.0.1/24 dev ens192");
    let to: SocketAddr = "10.77.0.2:3784".parse().unwrap();
    let elsewhere = "10.77.0.9".parse().ok();
    assert!(a.run(|| BfdSender::open(elsewhere, to, 255, 0)).is_err());
    let here = "10.77.0.1".parse().ok();
    let both = a.run(|| {
        let first = BfdSender::open(here, to, 255, u16::MAX);
        (first, BfdSender::open(here, to, 255, u16::MAX))
    });
    assert!(both.0.is_ok() && both.1.is_ok());
}
