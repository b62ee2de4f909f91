//! Packets from host to host, and packets out of nowhere.

use std::net::IpAddr;

use evervip_vrrp::{Event, RouterId, SocketKey, SocketKind};
use evervip_wire::{AH_PROTOCOL, Advert, Datagram, PROTOCOL, PacketBuffer};

use super::{Item, Lan, address_of};
use crate::craft::{CHECKSUM, Craft, IP_HEADER};
use crate::sample;

impl Lan {
    /// Sends an advert as the daemon's transmit path does.
    pub(super) fn send(&mut self, host: usize, router: RouterId, priority: u8, sequence: u64) {
        let Some(engine) = &self.hosts[host].engine else {
            return;
        };
        let Some(spec) = engine.advert_spec(router) else {
            return;
        };
        let interface = spec.socket.interface;
        if !self.hosts[host].links.get(&interface).is_some_and(|up| *up) {
            return;
        }
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
        for to in 0..self.hosts.len() {
            let addressed = destination.is_multicast() || destination == address_of(to);
            if to == from || !addressed || self.sides[to] != self.sides[from] {
                continue;
            }
            if self.rng.permille(self.weather.loss) {
                continue;
            }
            let copies = 1 + usize::from(self.rng.permille(self.weather.duplicates));
            for _ in 0..copies {
                let longest = self.weather.delay + self.weather.jitter;
                let delay = self.rng.between(self.weather.delay, longest);
                let item = Item::Frame {
                    to,
                    interface,
                    from_side: self.sides[from],
                    bytes: bytes.to_vec(),
                };
                self.push(self.now + delay, item);
            }
        }
    }

    /// A packet arrives. Like the kernel, takes it only where a socket waits for it.
    pub(super) fn deliver(&mut self, to: usize, interface: u32, bytes: &[u8]) {
        if !self.hosts[to].links.get(&interface).is_some_and(|up| *up) {
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
    }

    /// A frame that no configuration accepts; it must not move anything.
    pub(super) fn hostile(&mut self, host: usize) {
        let instances = &self.hosts[host].config.instances;
        let Some(instance) = instances.get(self.rng.below(instances.len())) else {
            return;
        };
        let mut craft = Craft::of(instance)
            .priority(self.rng.pick(&[0, 255, 254]))
            .from(66);
        let unicast = !craft.destination.is_multicast();
        if unicast {
            craft.destination = address_of(host);
        }
        let bytes = match self.rng.below(6) {
            0 => craft.bytes_with(false, |bytes| bytes[CHECKSUM] ^= 0x55),
            1 => craft.bytes_with(false, |bytes| bytes[IP_HEADER] ^= 0x40),
            2 => craft.bytes_with(false, |bytes| bytes.push(0)),
            3 if !unicast => craft.bytes_with(false, |bytes| bytes[8] = 64),
            4 => craft.bytes_with(false, |bytes| bytes.truncate(IP_HEADER + 3)),
            _ => craft.bytes_with(true, |bytes| bytes[IP_HEADER] ^= 0x02),
        };
        let facts = |lan: &Self| {
            let states: Vec<_> = lan.hosts[host]
                .status()
                .iter()
                .map(|s| (s.state, s.priority))
                .collect();
            (states, lan.hosts[host].deadline(), lan.queued)
        };
        let before = facts(self);
        self.deliver(host, sample::ETH0, &bytes);
        if facts(self) != before {
            self.violations.push(format!(
                "a hostile frame moved host {host} at {:?}",
                self.now
            ));
        }
    }
}
