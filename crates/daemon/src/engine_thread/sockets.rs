//! The VRRP sockets: opened when a router needs one, shared by all routers with the same needs.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use evervip_dump::SocketFacts;
use evervip_model::Vrid;
use evervip_os::bpf::{VridFilter, VridSet};
use evervip_os::shared_socket::SharedSocket;
use evervip_os::vrrp_socket::{self, ReceiveBatch, Received, SocketError, VrrpSocket};
use evervip_vrrp::{Engine, SocketKey, SocketKind, SocketSpec};

use super::kernel::Kernel;
use super::poller::{Poller, Source};
use super::shared_sockets::{SharedSockets, link_of};

/// How soon a socket that could not be opened is tried again.
const RETRY: Duration = Duration::from_secs(1);

struct Open {
    socket: VrrpSocket,
    filter: VridFilter,
    receive_buffer: Option<u32>,
    token: u32,
}

/// All open sockets.
#[derive(Default)]
pub(super) struct Sockets {
    open: HashMap<SocketKey, Open>,
    shared: SharedSockets,
    by_token: HashMap<u32, SocketKey>,
    next_token: u32,
    /// Room for received packets; lent out while they are handled.
    batch: Option<ReceiveBatch>,
    retry_at: Option<Instant>,
    /// What has failed already and was logged.
    failing: HashSet<SocketKey>,
    refused: bool,
}

/// What packets leave through.
pub(super) enum Channel<'a> {
    /// A pair of sockets of an interface.
    Own(&'a VrrpSocket),
    /// The pair of all virtual interfaces of a link.
    Shared(&'a SharedSocket),
}

/// Where a batch of packets came in.
#[derive(Clone, Copy)]
pub(super) enum Listener {
    /// On the sockets of this key.
    Own(SocketKey),
    /// On one of many interfaces, members of this group: each packet tells its own.
    Shared(IpAddr),
}

impl Listener {
    /// The key of the sockets that a packet would have come in on if nothing were shared.
    pub(super) const fn key(self, packet: &Received<'_>) -> SocketKey {
        match self {
            Self::Own(key) => key,
            Self::Shared(group) => SocketKey {
                interface: packet.ifindex,
                kind: SocketKind::Multicast(group),
                protocol: vrrp_socket::VRRP_PROTOCOL,
            },
        }
    }
}

impl Sockets {
    /// Which channel the packets of a key leave through.
    pub(super) fn token(&self, key: SocketKey) -> Option<u32> {
        let own = self.open.get(&key).map(|open| open.token);
        own.or_else(|| self.shared.token(key))
    }

    pub(super) fn channel(&self, token: u32) -> Option<Channel<'_>> {
        if let Some(shared) = self.shared.get(token) {
            return Some(Channel::Shared(&shared.socket));
        }
        let open = self.open.get(self.by_token.get(&token)?)?;
        Some(Channel::Own(&open.socket))
    }

    /// Whether a socket was refused for lack of privilege.
    pub(super) const fn permission_missing(&self) -> bool {
        self.refused
    }

    /// What the engine needs and could not be opened.
    pub(super) fn missing(&self) -> BTreeSet<SocketKey> {
        let closed = |key: &&SocketKey| self.token(**key).is_none();
        self.failing.iter().filter(closed).copied().collect()
    }

    /// All that are open, in the order of their descriptors.
    pub(super) fn facts(&self) -> Vec<SocketFacts> {
        let own = self.open.iter().map(|(key, open)| SocketFacts {
            key: *key,
            receive: open.socket.as_raw_fd(),
            send: open.socket.sender().as_raw_fd(),
            room: open.receive_buffer.unwrap_or(0),
        });
        let mut facts: Vec<SocketFacts> = own.chain(self.shared.facts()).collect();
        facts.sort_by_key(|facts| (facts.receive, facts.key));
        facts
    }

    /// When sockets that could not be opened are to be tried again.
    pub(super) const fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Opens what the engine needs now, closes what it does not, and sets the kernel filters.
    ///
    /// Interfaces in a VRF share no socket: one that is bound to none of them hears of a VRF only as
    /// far as the machine's settings allow.
    pub(super) fn update(&mut self, engine: &Engine, kernel: &Kernel, poller: &mut Poller) {
        self.retry_at = None;
        let mut wanted = engine.sockets();
        for spec in &mut wanted {
            let link = kernel.links.get(&spec.key.interface);
            if link.is_some_and(|link| kernel.vrf_of(link).is_some()) {
                spec.base = None;
            }
        }
        self.failing
            .retain(|key| wanted.iter().any(|spec| spec.key == *key));
        let (shared, wanted): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|spec| link_of(spec).is_some());
        self.update_shared(shared, engine, kernel, poller);
        self.open.retain(|key, open| {
            let keep = wanted
                .iter()
                .any(|spec| spec.key == *key && spec.interface_name == open.socket.spec().ifname);
            if !keep {
                poller.remove(&open.socket);
                self.by_token.remove(&open.token);
            }
            keep
        });
        for spec in wanted {
            let filter = filter_of(&spec, engine);
            match self.open.get_mut(&spec.key) {
                Some(open) if open.filter == filter => {}
                Some(open) => match open.socket.set_filter(&filter) {
                    Ok(()) => open.filter = filter,
                    Err(error) => self.failed(&spec, &error),
                },
                None => self.open_one(&spec, filter, poller),
            }
            self.size(&spec, kernel);
        }
    }

    /// Gives a socket of its own the room that its routers want.
    fn size(&mut self, spec: &SocketSpec, kernel: &Kernel) {
        let size = spec.receive_buffer.size(kernel.mtu(spec.key.interface));
        let Some(open) = self.open.get_mut(&spec.key) else {
            return;
        };
        if std::mem::replace(&mut open.receive_buffer, size) == size {
            return;
        }
        if let Err(error) = open.socket.set_receive_buffer(size) {
            tracing::warn!(
                "vrrp set receive socket buffer size error on {}: {error}",
                spec.interface_name
            );
        }
    }

    fn update_shared(
        &mut self,
        wanted: Vec<SocketSpec>,
        engine: &Engine,
        kernel: &Kernel,
        poller: &mut Poller,
    ) {
        let fresh: HashSet<SocketKey> = wanted
            .iter()
            .map(|spec| spec.key)
            .filter(|key| self.token(*key).is_none())
            .collect();
        let wanted: Vec<(SocketSpec, VridFilter)> = wanted
            .into_iter()
            .map(|spec| {
                let filter = filter_of(&spec, engine);
                (spec, filter)
            })
            .collect();
        let failed = self.shared.update(&wanted, &mut self.next_token, poller);
        for (spec, error) in failed {
            self.refused |= error.kind() == io::ErrorKind::PermissionDenied;
            self.retry(&spec, &error.to_string());
        }
        self.shared.size(&wanted, kernel);
        for (spec, _) in &wanted {
            if fresh.contains(&spec.key) && self.token(spec.key).is_some() {
                self.works(spec);
            }
        }
    }

    /// A socket was opened.
    fn works(&mut self, spec: &SocketSpec) {
        if self.failing.remove(&spec.key) {
            tracing::info!("VRRP socket on {} works now", spec.interface_name);
        }
        describe(spec);
    }

    fn open_one(&mut self, spec: &SocketSpec, filter: VridFilter, poller: &mut Poller) {
        let kind = match spec.key.kind {
            SocketKind::Multicast(group) => vrrp_socket::SocketKind::Multicast { group },
            SocketKind::Unicast(local) => vrrp_socket::SocketKind::Unicast { local },
        };
        let os_spec = vrrp_socket::SocketSpec {
            ifindex: spec.key.interface,
            ifname: spec.interface_name.clone(),
            kind,
            protocol: spec.key.protocol,
        };
        match VrrpSocket::open(os_spec, &filter) {
            Ok(socket) => {
                let token = self.next_token;
                self.next_token = self.next_token.wrapping_add(1);
                if let Err(error) = poller.add(&socket, Source::Packets(token)) {
                    self.retry(spec, &format!("cannot wait for packets: {error:#}"));
                    return;
                }
                self.works(spec);
                self.by_token.insert(token, spec.key);
                self.open.insert(
                    spec.key,
                    Open {
                        socket,
                        filter,
                        receive_buffer: None,
                        token,
                    },
                );
            }
            Err(error) => self.failed(spec, &error),
        }
    }

    fn failed(&mut self, spec: &SocketSpec, error: &SocketError) {
        let (SocketError::Setup { source, .. } | SocketError::Bind { source, .. }) = error;
        self.refused |= source.kind() == io::ErrorKind::PermissionDenied;
        self.retry(spec, &format!("{error}: {source}"));
    }

    /// Only the first of many failures is logged.
    fn retry(&mut self, spec: &SocketSpec, reason: &str) {
        self.retry_at = Some(Instant::now() + RETRY);
        if self.failing.insert(spec.key) {
            tracing::error!(
                "VRRP socket on {}: {reason}; trying again every second",
                spec.interface_name
            );
        }
    }

    /// Takes a batch of waiting packets; give the batch back after use.
    pub(super) fn receive(&mut self, token: u32) -> Option<(Listener, ReceiveBatch)> {
        let listener = match self.shared.get(token) {
            Some(shared) => Listener::Shared(shared.group),
            None => Listener::Own(*self.by_token.get(&token)?),
        };
        let mut batch = self.batch.take().unwrap_or_default();
        let received = match self.channel(token)? {
            Channel::Own(socket) => socket.receive(&mut batch),
            Channel::Shared(socket) => socket.receive(&mut batch),
        };
        match received {
            Ok(1..) => Some((listener, batch)),
            // Errors such as "network is down" are reported by netlink as well, with their reason.
            Ok(_) | Err(_) => {
                self.batch = Some(batch);
                None
            }
        }
    }

    pub(super) fn give_back(&mut self, batch: ReceiveBatch) {
        self.batch = Some(batch);
    }
}

fn filter_of(spec: &SocketSpec, engine: &Engine) -> VridFilter {
    if engine.wants_unknown_vrids() {
        VridFilter::Everything
    } else {
        only(spec)
    }
}

fn only(spec: &SocketSpec) -> VridFilter {
    VridFilter::Only(
        spec.vrids
            .iter()
            .filter_map(|vrid| Vrid::new(*vrid).ok())
            .collect::<VridSet>(),
    )
}

const fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "IPv4" } else { "IPv6" }
}

fn describe(spec: &SocketSpec) {
    let index = spec.key.interface;
    match spec.key.kind {
        SocketKind::Multicast(group) => tracing::debug!(
            "VRRP sockpool: [ifindex({index:3}), family({}), proto({}), interface({}) multicast, address({group})]",
            family(group),
            spec.key.protocol,
            spec.interface_name
        ),
        SocketKind::Unicast(local) => tracing::debug!(
            "VRRP sockpool: [ifindex({index:3}), family({}), proto({}), interface({}) unicast, address({local})]",
            family(local),
            spec.key.protocol,
            spec.interface_name
        ),
    }
}
