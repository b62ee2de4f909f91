//! The VRRP sockets: opened when a router needs one, shared by all routers with the same needs.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use evervip_model::Vrid;
use evervip_os::bpf::{VridFilter, VridSet};
use evervip_os::vrrp_socket::{self, ReceiveBatch, SocketError, VrrpSocket};
use evervip_vrrp::{Engine, SocketKey, SocketKind, SocketSpec};

use super::poller::{Poller, Source};

/// How soon a socket that could not be opened is tried again.
const RETRY: Duration = Duration::from_secs(1);

struct Open {
    socket: VrrpSocket,
    filter: VridFilter,
    token: u32,
}

/// All open sockets.
#[derive(Default)]
pub(super) struct Sockets {
    open: HashMap<SocketKey, Open>,
    by_token: HashMap<u32, SocketKey>,
    next_token: u32,
    /// Room for received packets; lent out while they are handled.
    batch: Option<ReceiveBatch>,
    retry_at: Option<Instant>,
    /// What has failed already and was logged.
    failing: HashSet<SocketKey>,
    refused: bool,
}

impl Sockets {
    pub(super) fn get(&self, key: SocketKey) -> Option<&VrrpSocket> {
        self.open.get(&key).map(|open| &open.socket)
    }

    /// Whether a socket was refused for lack of privilege.
    pub(super) const fn permission_missing(&self) -> bool {
        self.refused
    }

    /// What the engine needs and could not be opened.
    pub(super) fn missing(&self) -> BTreeSet<SocketKey> {
        let closed = |key: &&SocketKey| !self.open.contains_key(*key);
        self.failing.iter().filter(closed).copied().collect()
    }

    /// When sockets that could not be opened are to be tried again.
    pub(super) const fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Opens what the engine needs now, closes what it does not, and sets the kernel filters.
    pub(super) fn update(&mut self, engine: &Engine, poller: &mut Poller) {
        self.retry_at = None;
        let wanted = engine.sockets();
        self.failing
            .retain(|key| wanted.iter().any(|spec| spec.key == *key));
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
            let filter = if engine.wants_unknown_vrids() {
                VridFilter::Everything
            } else {
                only(&spec)
            };
            match self.open.get_mut(&spec.key) {
                Some(open) if open.filter == filter => {}
                Some(open) => match open.socket.set_filter(&filter) {
                    Ok(()) => open.filter = filter,
                    Err(error) => self.failed(&spec, &error),
                },
                None => self.open_one(&spec, filter, poller),
            }
        }
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
        };
        match VrrpSocket::open(os_spec, &filter) {
            Ok(socket) => {
                let token = self.next_token;
                self.next_token = self.next_token.wrapping_add(1);
                if let Err(error) = poller.add(&socket, Source::Packets(token)) {
                    self.retry(spec, &format!("cannot wait for packets: {error:#}"));
                    return;
                }
                if self.failing.remove(&spec.key) {
                    tracing::info!("VRRP socket on {} works now", spec.interface_name);
                }
                describe(spec);
                self.by_token.insert(token, spec.key);
                self.open.insert(
                    spec.key,
                    Open {
                        socket,
                        filter,
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
    pub(super) fn receive(&mut self, token: u32) -> Option<(SocketKey, ReceiveBatch)> {
        let key = *self.by_token.get(&token)?;
        let open = self.open.get(&key)?;
        let mut batch = self.batch.take().unwrap_or_default();
        match open.socket.receive(&mut batch) {
            Ok(1..) => Some((key, batch)),
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
            "VRRP sockpool: [ifindex({index:3}), family({}), proto(112), interface({}) multicast, address({group})]",
            family(group),
            spec.interface_name
        ),
        SocketKind::Unicast(local) => tracing::debug!(
            "VRRP sockpool: [ifindex({index:3}), family({}), proto(112), interface({}) unicast, address({local})]",
            family(local),
            spec.interface_name
        ),
    }
}
