//! Which sockets the routers need, and which router a packet is for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use evervip_model::{Authentication, Delivery, Instance};
use evervip_wire::{AH_PROTOCOL, PROTOCOL};

use crate::{Engine, ReceiveBuffer, RouterId};

/// What a socket is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SocketKind {
    /// Member of this group.
    Multicast(IpAddr),
    /// This local address.
    Unicast(IpAddr),
}

/// Identity of a pair of sockets, one to receive and one to send, shared by all routers that have
/// the same needs (spec vrrp-runtime 16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketKey {
    /// Interface index, or [`ROUTED`].
    pub interface: u32,
    /// Group or local address.
    pub kind: SocketKind,
    /// Protocol number in the IP header: that of VRRP, or of the authentication header before it.
    pub protocol: u8,
}

/// Stands for the interface of a unicast instance that names none: the routing table chooses one for
/// each packet. The kernel gives no interface this index.
pub const ROUTED: u32 = 0;

impl SocketKey {
    pub(crate) fn of(spec: &Instance, interface: u32, source: IpAddr) -> Option<Self> {
        let kind = match spec.delivery {
            Delivery::Multicast { group } => SocketKind::Multicast(group),
            Delivery::Unicast { .. } => SocketKind::Unicast(source),
            Delivery::NoPeer => return None,
        };
        let protocol = match spec.authentication {
            Authentication::Header(_) => AH_PROTOCOL,
            Authentication::None | Authentication::Pass(_) => PROTOCOL,
        };
        Some(Self {
            interface,
            kind,
            protocol,
        })
    }
}

/// A socket and the VRIDs that anybody listens for on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketSpec {
    /// Its identity.
    pub key: SocketKey,
    /// Name of the interface now; empty for [`ROUTED`].
    pub interface_name: String,
    /// Virtual router identifiers in use.
    pub vrids: BTreeSet<u8>,
    /// For a virtual interface of ours the one that it is on: the sockets of all on the same one may
    /// be one pair.
    pub base: Option<u32>,
    /// Room for packets that wait.
    pub receive_buffer: ReceiveBuffer,
}

/// What the routers of a socket need of it.
#[derive(Debug, Default)]
struct Needs {
    vrids: BTreeSet<u8>,
    base: Option<u32>,
    receive_buffer: ReceiveBuffer,
}

/// The routers by socket and VRID. More than one has the same only when unicast instances share a
/// VRID and a local address; their peers tell them apart.
///
/// A sorted list: of a thousand routers it takes a quarter of what a hash table does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Lookup(Box<[(SocketKey, u8, RouterId)]>);

impl Lookup {
    /// Those with the same socket and VRID stay in the order given.
    fn new(mut entries: Vec<(SocketKey, u8, RouterId)>) -> Self {
        entries.sort_by_key(|(socket, vrid, _)| (*socket, *vrid));
        Self(entries.into())
    }

    /// Those that an advert may be for.
    pub(crate) fn of(&self, socket: SocketKey, vrid: u8) -> &[(SocketKey, u8, RouterId)] {
        let key = |entry: &(SocketKey, u8, RouterId)| (entry.0, entry.1);
        let from = self.0.partition_point(|entry| key(entry) < (socket, vrid));
        let rest = &self.0[from..];
        let count = rest
            .iter()
            .take_while(|entry| key(entry) == (socket, vrid))
            .count();
        &rest[..count]
    }
}

impl Engine {
    /// The sockets needed now, in a fixed order.
    #[must_use]
    pub fn sockets(&self) -> Vec<SocketSpec> {
        let mut wanted: BTreeMap<SocketKey, Needs> = BTreeMap::new();
        for (key, vrid, id) in &self.lookup.0 {
            let needs = wanted.entry(*key).or_default();
            needs.vrids.insert(*vrid);
            let Some(router) = self.routers.get(*id) else {
                continue;
            };
            let room = ReceiveBuffer::of(&router.spec, &self.globals.buffers);
            needs.receive_buffer = needs.receive_buffer.and(room);
            if self.virtual_interfaces.contains(key.interface) {
                needs.base = needs.base.or(router.base);
            }
        }
        wanted
            .into_iter()
            .map(|(key, needs)| SocketSpec {
                key,
                interface_name: match key.interface {
                    ROUTED => String::new(),
                    interface => self.interfaces.name_of(interface),
                },
                vrids: needs.vrids,
                base: needs.base,
                receive_buffer: needs.receive_buffer,
            })
            .collect()
    }

    /// Rebuilds the lookup table; tells the driver when the sockets changed.
    pub(crate) fn refresh_lookup(&mut self) {
        let lookup = Lookup::new(
            self.routers
                .iter()
                .filter_map(|(id, router)| {
                    Some((router.socket_key()?, router.spec.vrid.value(), id))
                })
                .collect(),
        );
        if lookup != self.lookup {
            self.lookup = lookup;
            self.push(crate::Action::UpdateSockets);
        }
    }
}
