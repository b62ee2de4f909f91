//! Packets from host to host, and packets out of nowhere.

use std::net::IpAddr;

use evervip_vrrp::{Event, ROUTED, RouterId, SocketKey, SocketKind};
use evervip_wire::{AH_PROTOCOL, Advert, Datagram, PROTOCOL, PacketBuffer};

use crate::Lan;
use crate::queue::Item;

impl Lan {
    /// Sends an advert as the daemon's transmit path does.
    pub(crate) fn send(&mut self, host: usize, router: RouterId, priority: u8, sequence: u64) {
        let Some(engine) = &self.hosts[host].engine else {
            return;
        };
        let Some(spec) = engine.advert_spec(router) else {
            return;
        };
        let interface = match spec.socket.interface {
            // The routing table has it leave where its source is.
            ROUTED => self.hosts[host].port_with(spec.source),
            index => Some(index),
        };
        let Some(interface) = interface.filter(|index| self.hosts[host].is_up(*index)) else {
            return;
        };
        for destination in spec.destinations {
            let advert = Advert {
                vrid: spec.vrid,
                priority,
                addresses: &spec.addresses,
                body: spec.body,
            };
            let mut packet = PacketBuffer::new(&advert, spec.source, destination, spec.ttl);
            packet.prove(&spec.proof, sequence);
            self.carry(host, interface, destination, packet.as_bytes());
        }
    }

    fn carry(&mut self, from: usize, interface: u32, destination: IpAddr, bytes: &[u8]) {
        let Some(segment) = self.hosts[from].port(interface).map(|port| port.segment) else {
            return;
        };
        for to in (0..self.hosts.len()).filter(|to| *to != from) {
            for interface in self.hosts[to].receivers(segment, destination) {
                if self.side_of(to, interface) == self.side(from, segment) {
                    self.carry_to(to, interface, bytes);
                }
            }
        }
    }

    fn carry_to(&mut self, to: usize, interface: u32, bytes: &[u8]) {
        if self.rng.permille(self.weather.loss) {
            return;
        }
        let copies = 1 + usize::from(self.rng.permille(self.weather.duplicates));
        for _ in 0..copies {
            let longest = self.weather.delay + self.weather.jitter;
            let delay = self.rng.between(self.weather.delay, longest);
            let item = Item::Frame {
                to,
                interface,
                from: self.side_of(to, interface),
                bytes: bytes.to_vec(),
            };
            self.push(self.now + delay, item);
        }
    }

    /// A frame out of nowhere that must not be accepted, nor move anything.
    pub(crate) fn forge(&mut self, host: usize, interface: u32, bytes: &[u8]) {
        let facts = |lan: &Self| {
            let status = lan.hosts[host].status();
            let states: Vec<_> = status.iter().map(|s| (s.state, s.priority)).collect();
            (states, lan.hosts[host].deadline(), lan.queued)
        };
        // Who is asleep sees to what it missed when it is told anything at all.
        if self.hosts[host].paused_until.is_some() {
            return;
        }
        let before = facts(self);
        self.deliver(host, interface, bytes);
        if facts(self) != before {
            self.violations.push(format!(
                "a hostile frame moved host {host} at {:?}",
                self.now
            ));
        }
    }

    /// A packet of another host arrives.
    pub(crate) fn receive(&mut self, to: usize, interface: u32, bytes: &[u8]) {
        let heard = Datagram::parse(bytes).ok();
        if let Some(datagram) = heard.filter(|_| self.hosts[to].is_up(interface)) {
            self.keep_heard(to, &datagram);
            self.deliver(to, interface, bytes);
        }
    }

    /// Like the kernel, takes a packet only where a socket waits for it.
    fn deliver(&mut self, to: usize, interface: u32, bytes: &[u8]) {
        if !self.hosts[to].is_up(interface) {
            return;
        }
        let Ok(datagram) = Datagram::parse(bytes) else {
            return;
        };
        let destination = datagram.destination;
        let kind = if destination.is_multicast() {
            SocketKind::Multicast(destination)
        } else {
            SocketKind::Unicast(destination)
        };
        let socket = SocketKey {
            interface,
            kind,
            protocol: datagram.authentication.map_or(PROTOCOL, |_| AH_PROTOCOL),
        };
        self.handle(to, Event::PacketReceived { socket, bytes });
        let routed = SocketKey {
            interface: ROUTED,
            ..socket
        };
        if self.hosts[to].has_routed_socket(&routed) {
            let socket = routed;
            self.handle(to, Event::PacketReceived { socket, bytes });
        }
    }
}
