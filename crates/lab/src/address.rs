//! Who has which address: a snapshot, and a record of changes.

use std::{
    io::IoSliceMut,
    net::IpAddr,
    os::fd::{AsRawFd, OwnedFd},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, SystemTime},
};

use nix::{
    ifaddrs::getifaddrs,
    net::if_::InterfaceFlags,
    sys::{
        socket::{
            AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType,
            SockaddrStorage, bind, recvmsg, setsockopt, socket, sockopt::ReceiveTimeout,
        },
        time::{TimeVal, TimeValLike},
    },
};

use crate::{Error, Result, poll_for, space::Space};

/// An address on an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Interface name; for a labelled address the label.
    pub interface: String,
    /// The address.
    pub ip: IpAddr,
    /// Prefix length in bits.
    pub prefix: u32,
}

/// An address came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressEvent {
    /// When the kernel's message was read.
    pub at: SystemTime,
    /// True: added; false: removed.
    pub added: bool,
    /// The address.
    pub ip: IpAddr,
    /// Prefix length in bits.
    pub prefix: u8,
}

/// Addresses of the namespace of the calling thread.
pub(crate) fn list() -> Result<Vec<Address>> {
    let entries = getifaddrs()?;
    let address = |storage: &SockaddrStorage| -> Option<IpAddr> {
        let v4 = storage.as_sockaddr_in().map(|a| IpAddr::V4(a.ip()));
        v4.or_else(|| storage.as_sockaddr_in6().map(|a| IpAddr::V6(a.ip())))
    };
    let list = entries.filter_map(|entry| {
        let ip = address(&entry.address?)?;
        let prefix = match address(&entry.netmask?)? {
            IpAddr::V4(mask) => mask.to_bits().leading_ones(),
            IpAddr::V6(mask) => mask.to_bits().leading_ones(),
        };
        Some(Address {
            interface: entry.interface_name,
            ip,
            prefix,
        })
    });
    Ok(list.collect())
}

/// Whether an interface of the calling thread's namespace is up with carrier; `None`: unknown.
pub(crate) fn is_running(interface: &str) -> Option<bool> {
    let mut entries = getifaddrs().ok()?;
    let entry = entries.find(|entry| entry.interface_name == interface)?;
    Some(
        entry
            .flags
            .contains(InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING),
    )
}

/// The kernel's reports of address changes in one node, which wait until they are taken. What was
/// changed before a call is in its answer, however late that call comes.
#[derive(Debug)]
pub struct AddressReports {
    socket: OwnedFd,
    buffer: Vec<u8>,
}

impl AddressReports {
    pub(crate) fn open(space: &Space) -> Result<Self> {
        Ok(Self {
            socket: space.run(netlink_socket)??,
            buffer: vec![0; 65536],
        })
    }

    /// The changes since the last call.
    pub fn take(&mut self) -> Vec<AddressEvent> {
        let received = std::iter::from_fn(|| self.receive(MsgFlags::MSG_DONTWAIT));
        received.flatten().collect()
    }

    /// One message; `None` when none came.
    fn receive(&mut self, flags: MsgFlags) -> Option<Vec<AddressEvent>> {
        let mut slices = [IoSliceMut::new(&mut self.buffer)];
        let received = recvmsg::<NetlinkAddr>(self.socket.as_raw_fd(), &mut slices, None, flags);
        let length = received.ok()?.bytes;
        let at = SystemTime::now();
        Some(decode(self.buffer.get(..length)?, at))
    }
}

/// A record of address changes in one node.
#[derive(Debug)]
pub struct AddressWatch {
    events: Arc<Mutex<Vec<AddressEvent>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl AddressWatch {
    pub(crate) fn start(space: &Space) -> Result<Self> {
        let mut reports = AddressReports::open(space)?;
        let events = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (list, end) = (Arc::clone(&events), Arc::clone(&stop));
        let thread = thread::Builder::new()
            .name("lab addresses".into())
            .spawn(move || {
                while !end.load(Ordering::Relaxed) {
                    if let Some(more) = reports.receive(MsgFlags::empty()) {
                        let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
                        list.extend(more);
                    }
                }
            })?;
        Ok(Self {
            events,
            stop,
            thread: Some(thread),
        })
    }

    /// What has happened so far.
    pub fn events(&self) -> Vec<AddressEvent> {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits for the first event that satisfies `wanted`.
    ///
    /// # Errors
    /// After `timeout`, with the events seen.
    pub fn wait_for(
        &self,
        timeout: Duration,
        wanted: impl Fn(&AddressEvent) -> bool,
    ) -> Result<AddressEvent> {
        poll_for(timeout, "address event", || {
            self.events().into_iter().find(&wanted)
        })
        .map_err(|e| Error::new(format!("{e}; seen: {:?}", self.events())))
    }
}

impl Drop for AddressWatch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Groups of address changes (`RTMGRP_IPV4_IFADDR`, `RTMGRP_IPV6_IFADDR`).
const GROUPS: u32 = 0x10 | 0x100;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;

fn netlink_socket() -> Result<OwnedFd> {
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkRoute,
    )?;
    setsockopt(&socket, ReceiveTimeout, &TimeVal::milliseconds(50))?;
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, GROUPS))?;
    Ok(socket)
}

/// Address messages of one datagram; anything else in it is passed over.
fn decode(mut bytes: &[u8], at: SystemTime) -> Vec<AddressEvent> {
    let mut events = Vec::new();
    while let Some(length) = u32_at(bytes, 0).and_then(|length| usize::try_from(length).ok()) {
        let Some(message) = bytes.get(..length).filter(|message| message.len() >= 24) else {
            break;
        };
        let kind = u16_at(message, 4).unwrap_or(0);
        if kind == RTM_NEWADDR || kind == RTM_DELADDR {
            let ip = local_address(message.get(24..).unwrap_or_default());
            let prefix = message.get(17).copied().unwrap_or(0);
            events.extend(ip.map(|ip| AddressEvent {
                at,
                added: kind == RTM_NEWADDR,
                ip,
                prefix,
            }));
        }
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    events
}

fn local_address(mut attributes: &[u8]) -> Option<IpAddr> {
    let mut found = None;
    while let (Some(length), Some(kind)) = (u16_at(attributes, 0), u16_at(attributes, 2)) {
        let length = usize::from(length);
        let value = attributes.get(4..length).and_then(ip);
        match (kind, value) {
            (IFA_LOCAL, Some(value)) => return Some(value),
            (IFA_ADDRESS, Some(value)) => found = Some(value),
            _ => {}
        }
        attributes = attributes
            .get(length.max(4).next_multiple_of(4)..)
            .unwrap_or_default();
    }
    found
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
