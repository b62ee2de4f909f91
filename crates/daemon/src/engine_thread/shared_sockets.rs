//! The sockets that all virtual interfaces of a link share.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd as _;

use evervip_dump::SocketFacts;
use evervip_os::bpf::VridFilter;
use evervip_os::shared_socket::SharedSocket;
use evervip_os::vrrp_socket::VRRP_PROTOCOL;
use evervip_vrrp::{ReceiveBuffer, SocketKey, SocketKind, SocketSpec};

use super::kernel::Kernel;
use super::poller::{Poller, Source};

/// A link, by the index of its real interface, and a group.
type Link = (u32, IpAddr);

/// A socket that is open.
pub(super) struct Shared {
    pub(super) socket: SharedSocket,
    pub(super) group: IpAddr,
    link: Link,
    /// By interface index; those whose group could not be joined are left out.
    members: BTreeMap<u32, VridFilter>,
    receive_buffer: Option<u32>,
}

/// All of them, by the token of their descriptor.
#[derive(Default)]
pub(super) struct SharedSockets {
    open: HashMap<u32, Shared>,
    by_key: HashMap<SocketKey, u32>,
}

impl SharedSockets {
    pub(super) fn get(&self, token: u32) -> Option<&Shared> {
        self.open.get(&token)
    }

    /// What is known of the socket of each key.
    pub(super) fn facts(&self) -> impl Iterator<Item = SocketFacts> {
        self.by_key.iter().filter_map(|(key, token)| {
            let shared = self.open.get(token)?;
            Some(SocketFacts {
                key: *key,
                receive: shared.socket.as_raw_fd(),
                send: shared.socket.sender().as_raw_fd(),
                room: shared.receive_buffer.unwrap_or(0),
            })
        })
    }

    pub(super) fn token(&self, key: SocketKey) -> Option<u32> {
        self.by_key.get(&key).copied()
    }

    /// Opens what is wanted, closes what is not, and joins and leaves on the interfaces of the rest.
    /// Gives what has failed.
    pub(super) fn update(
        &mut self,
        wanted: &[(SocketSpec, VridFilter)],
        next_token: &mut u32,
        poller: &mut Poller,
    ) -> Vec<(SocketSpec, io::Error)> {
        let mut links: BTreeMap<Link, Vec<&(SocketSpec, VridFilter)>> = BTreeMap::new();
        for entry in wanted {
            if let Some(link) = link_of(&entry.0) {
                links.entry(link).or_default().push(entry);
            }
        }
        self.open.retain(|_, shared| {
            let keep = links.contains_key(&shared.link);
            if !keep {
                poller.remove(&shared.socket);
            }
            keep
        });
        self.by_key.clear();
        let mut failed = Vec::new();
        for (link, entries) in links {
            match self.update_link(link, &entries, next_token, poller) {
                Ok(refused) => failed.extend(refused),
                Err(error) => {
                    let reason = || io::Error::new(error.kind(), error.to_string());
                    failed.extend(entries.iter().map(|(spec, _)| (spec.clone(), reason())));
                }
            }
        }
        failed
    }

    /// Gives each socket the room that all its routers want.
    pub(super) fn size(&mut self, wanted: &[(SocketSpec, VridFilter)], kernel: &Kernel) {
        let mut rooms: BTreeMap<Link, ReceiveBuffer> = BTreeMap::new();
        for (spec, _) in wanted {
            if let Some(link) = link_of(spec) {
                let room = rooms.entry(link).or_default();
                *room = room.and(spec.receive_buffer);
            }
        }
        for shared in self.open.values_mut() {
            let room = rooms.get(&shared.link).copied().unwrap_or_default();
            let size = room.size(kernel.mtu(shared.link.0));
            if std::mem::replace(&mut shared.receive_buffer, size) == size {
                continue;
            }
            if let Err(error) = shared.socket.set_receive_buffer(size) {
                tracing::warn!("vrrp set receive socket buffer size error: {error}");
            }
        }
    }

    fn update_link(
        &mut self,
        link: Link,
        entries: &[&(SocketSpec, VridFilter)],
        next_token: &mut u32,
        poller: &mut Poller,
    ) -> io::Result<Vec<(SocketSpec, io::Error)>> {
        let known = self.open.iter().find(|(_, shared)| shared.link == link);
        let token = match known {
            Some((token, _)) => *token,
            None => self.open_one(link, next_token, poller)?,
        };
        let Some(shared) = self.open.get_mut(&token) else {
            return Ok(Vec::new());
        };
        let mut members: BTreeMap<u32, VridFilter> = entries
            .iter()
            .map(|(spec, filter)| (spec.key.interface, *filter))
            .collect();
        let mut refused = Vec::new();
        if members != shared.members {
            for (ifindex, error) in shared.socket.set_interfaces(&members)? {
                members.remove(&ifindex);
                let mut entries = entries.iter();
                if let Some((spec, _)) = entries.find(|(spec, _)| spec.key.interface == ifindex) {
                    refused.push((spec.clone(), error));
                }
            }
            shared.members = members;
        }
        for (spec, _) in entries {
            if shared.members.contains_key(&spec.key.interface) {
                self.by_key.insert(spec.key, token);
            }
        }
        Ok(refused)
    }

    fn open_one(
        &mut self,
        link: Link,
        next_token: &mut u32,
        poller: &mut Poller,
    ) -> io::Result<u32> {
        let socket = SharedSocket::open(link.1)?;
        let token = *next_token;
        *next_token = next_token.wrapping_add(1);
        poller
            .add(&socket, Source::Packets(token))
            .map_err(io::Error::other)?;
        let shared = Shared {
            socket,
            group: link.1,
            link,
            members: BTreeMap::new(),
            receive_buffer: None,
        };
        self.open.insert(token, shared);
        Ok(token)
    }
}

/// The link whose virtual interfaces share a socket; `None` for a socket of its own.
pub(super) fn link_of(spec: &SocketSpec) -> Option<Link> {
    match spec.key.kind {
        // Those with an authentication header are few, and have sockets of their own.
        SocketKind::Multicast(group) if spec.key.protocol == VRRP_PROTOCOL => {
            spec.base.map(|base| (base, group))
        }
        SocketKind::Multicast(_) | SocketKind::Unicast(_) => None,
    }
}
