//! Sending adverts. A packet is encoded once and then sent again and again with the next
//! identification, until something in it changes.

use std::collections::{BTreeMap, HashMap};

use evervip_os::shared_socket::OutgoingThrough;
use evervip_os::vrrp_socket::Outgoing;
use evervip_vrrp::{AdvertSpec, Engine, RouterId, SocketKey};
use evervip_wire::{Advert, PacketBuffer, Proof};

use super::sockets::{Channel, Sockets};

/// What an advert says this time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sending {
    pub(super) priority: u8,
    /// Changes with everything else that is in the packet.
    pub(super) revision: u64,
    /// What the proof of the sender is made with.
    pub(super) sequence: u64,
}

/// The packets of one router.
struct Encoded {
    revision: u64,
    priority: u8,
    socket: SocketKey,
    proof: Proof,
    /// One for each destination.
    copies: Box<[PacketBuffer]>,
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
    /// Boxed: the tree keeps its nodes half empty.
    senders: BTreeMap<RouterId, Box<Sender>>,
    /// With the channel that each leaves through.
    queue: Vec<(u32, RouterId)>,
    /// Channels on which the last sending failed, so that only the first failure is logged.
    failing: HashMap<u32, u64>,
}

impl Transmitter {
    /// Adds an advert to those that leave together.
    pub(super) fn queue(
        &mut self,
        engine: &Engine,
        sockets: &Sockets,
        router: RouterId,
        advert: Sending,
    ) {
        if self
            .senders
            .get(&router)
            .is_some_and(|sender| sender.queued)
        {
            self.flush(sockets);
        }
        let sender = self.senders.entry(router).or_default();
        let current = sender.encoded.as_ref().is_some_and(|packet| {
            packet.revision == advert.revision && packet.priority == advert.priority
        });
        if !current {
            sender.encoded = engine
                .advert_spec(router)
                .map(|spec| encode(&spec, &advert));
        }
        let Some(encoded) = &mut sender.encoded else {
            return;
        };
        let Some(channel) = sockets.token(encoded.socket) else {
            return;
        };
        sender.identification = sender.identification.checked_add(1).unwrap_or(1);
        for packet in &mut encoded.copies {
            packet.set_identification(sender.identification);
            packet.prove(&encoded.proof, advert.sequence);
        }
        sender.queued = true;
        self.queue.push((channel, router));
    }

    /// Forgets routers and sockets that are no more.
    pub(super) fn forget_gone(&mut self, engine: &Engine, sockets: &Sockets) {
        self.senders
            .retain(|router, _| engine.router_name(*router).is_some());
        self.failing
            .retain(|token, _| sockets.channel(*token).is_some());
    }

    /// Sends everything collected, with one call per channel.
    pub(super) fn flush(&mut self, sockets: &Sockets) {
        if self.queue.is_empty() {
            return;
        }
        let mut queue = std::mem::take(&mut self.queue);
        queue.sort_by_key(|(channel, _)| *channel);
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

    fn send(&mut self, sockets: &Sockets, group: &[(u32, RouterId)]) {
        let Some((token, channel)) = group
            .first()
            .and_then(|(token, _)| Some((*token, sockets.channel(*token)?)))
        else {
            return;
        };
        let packets = group
            .iter()
            .filter_map(|(_, router)| self.senders.get(router)?.encoded.as_ref())
            .flat_map(|encoded| encoded.copies.iter().map(|copy| (encoded.socket, copy)))
            .map(|(socket, packet)| OutgoingThrough {
                ifindex: socket.interface,
                packet: Outgoing {
                    destination: packet.destination(),
                    packet: packet.as_bytes(),
                },
            });
        let mut failures = 0;
        let mut reason = None;
        let on_error = |_, error| {
            failures += 1;
            reason.get_or_insert(error);
        };
        let name = match channel {
            Channel::Own(socket) => {
                let packets: Vec<Outgoing<'_>> = packets.map(|p| p.packet).collect();
                socket.send(&packets, on_error);
                socket.spec().ifname.as_str()
            }
            Channel::Shared(socket) => {
                let packets: Vec<OutgoingThrough<'_>> = packets.collect();
                socket.send(&packets, on_error);
                "virtual interfaces"
            }
        };
        match reason {
            None => {
                if let Some(lost) = self.failing.remove(&token) {
                    tracing::info!("sending adverts on {name} works again, {lost} were lost");
                }
            }
            Some(error) => {
                let known = self.failing.entry(token).or_insert(0);
                if *known == 0 {
                    tracing::warn!("cannot send adverts on {name}: {error}");
                }
                *known += failures;
            }
        }
    }
}

fn encode(spec: &AdvertSpec, sending: &Sending) -> Encoded {
    let advert = Advert {
        vrid: spec.vrid,
        priority: sending.priority,
        addresses: &spec.addresses,
        body: spec.body,
    };
    let copies = spec
        .destinations
        .iter()
        .map(|peer| PacketBuffer::new(&advert, spec.source, *peer, spec.ttl));
    Encoded {
        revision: sending.revision,
        priority: sending.priority,
        socket: spec.socket,
        proof: spec.proof.clone(),
        copies: copies.collect(),
    }
}
