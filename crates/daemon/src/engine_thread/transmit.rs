//! Sending adverts. A packet is encoded once and then sent again and again with the next
//! identification, until something in it changes.

use std::collections::HashMap;
use std::net::IpAddr;

use evervip_os::vrrp_socket::Outgoing;
use evervip_vrrp::{AdvertSpec, Engine, RouterId, SocketKey};
use evervip_wire::{Advert, PacketBuffer};

use super::sockets::Sockets;

/// The packets of one router: a copy for each destination.
struct Encoded {
    revision: u64,
    priority: u8,
    socket: SocketKey,
    copies: Vec<(IpAddr, PacketBuffer)>,
}

#[derive(Default)]
struct Sender {
    /// Identification of the last advert; counts from 1 and skips 0 (spec wire 2.1).
    identification: u16,
    encoded: Option<Encoded>,
    /// Its packets wait to be sent, and must not be changed.
    queued: bool,
}

/// Encodes, collects and sends adverts.
#[derive(Default)]
pub(super) struct Transmitter {
    senders: HashMap<RouterId, Sender>,
    queue: Vec<(SocketKey, RouterId)>,
    /// Sockets on which the last sending failed, so that only the first failure is logged.
    failing: HashMap<SocketKey, u64>,
}

impl Transmitter {
    /// Adds an advert to those that leave together.
    pub(super) fn queue(
        &mut self,
        engine: &Engine,
        sockets: &Sockets,
        router: RouterId,
        priority: u8,
        revision: u64,
    ) {
        if self
            .senders
            .get(&router)
            .is_some_and(|sender| sender.queued)
        {
            self.flush(sockets);
        }
        let sender = self.senders.entry(router).or_default();
        let current = sender
            .encoded
            .as_ref()
            .is_some_and(|packet| packet.revision == revision && packet.priority == priority);
        if !current {
            sender.encoded = engine
                .advert_spec(router)
                .map(|spec| encode(&spec, revision, priority));
        }
        let Some(encoded) = &mut sender.encoded else {
            return;
        };
        sender.identification = sender.identification.checked_add(1).unwrap_or(1);
        for (_, packet) in &mut encoded.copies {
            packet.set_identification(sender.identification);
        }
        sender.queued = true;
        self.queue.push((encoded.socket, router));
    }

    /// Forgets routers and sockets that are no more.
    pub(super) fn forget_gone(&mut self, engine: &Engine, sockets: &Sockets) {
        self.senders
            .retain(|router, _| engine.router_name(*router).is_some());
        self.failing.retain(|key, _| sockets.get(*key).is_some());
    }

    /// Sends everything collected, with one call per socket.
    pub(super) fn flush(&mut self, sockets: &Sockets) {
        if self.queue.is_empty() {
            return;
        }
        let mut queue = std::mem::take(&mut self.queue);
        queue.sort_by_key(|(socket, _)| *socket);
        for group in queue.chunk_by(|a, b| a.0 == b.0) {
            self.send(sockets, group);
        }
        for (_, router) in &queue {
            if let Some(sender) = self.senders.get_mut(router) {
                sender.queued = false;
            }
        }
        queue.clear();
        self.queue = queue;
    }

    fn send(&mut self, sockets: &Sockets, group: &[(SocketKey, RouterId)]) {
        let Some((key, socket)) = group
            .first()
            .and_then(|(key, _)| Some((*key, sockets.get(*key)?)))
        else {
            return;
        };
        let packets: Vec<Outgoing<'_>> = group
            .iter()
            .filter_map(|(_, router)| self.senders.get(router)?.encoded.as_ref())
            .flat_map(|encoded| &encoded.copies)
            .map(|(destination, packet)| Outgoing {
                destination: *destination,
                packet: packet.as_bytes(),
            })
            .collect();
        let mut failures = 0;
        let mut reason = None;
        socket.send(&packets, |_, error| {
            failures += 1;
            reason.get_or_insert(error);
        });
        match reason {
            None => {
                if let Some(lost) = self.failing.remove(&key) {
                    tracing::info!(
                        "sending adverts on {} works again, {lost} were lost",
                        socket.spec().ifname
                    );
                }
            }
            Some(error) => {
                let known = self.failing.entry(key).or_insert(0);
                if *known == 0 {
                    tracing::warn!("cannot send adverts on {}: {error}", socket.spec().ifname);
                }
                *known += failures;
            }
        }
    }
}

fn encode(spec: &AdvertSpec, revision: u64, priority: u8) -> Encoded {
    let advert = Advert {
        vrid: spec.vrid,
        priority,
        addresses: &spec.addresses,
        body: spec.body,
    };
    let copy = |peer: &IpAddr| {
        (
            *peer,
            PacketBuffer::new(&advert, spec.source, *peer, spec.ttl),
        )
    };
    Encoded {
        revision,
        priority,
        socket: spec.socket,
        copies: spec.destinations.iter().map(copy).collect(),
    }
}
