//! Changes of links and addresses, as they happen.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use evervip_model::{RouteReport, RuleReport};

use super::address::InterfaceAddress;
use super::error::NetlinkError;
use super::link::Link;
use super::message::{Message, messages};
use super::report_filter;
use super::route_report::{own_route, own_rule};
use super::socket::{Datagram, RouteSocket};

/// What the kernel reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KernelEvent {
    /// A link is new, or anything about it changed: state, name, address, MTU. Several equal reports
    /// may come in a row.
    LinkChanged(Link),
    /// A link is gone: deleted, or moved to another namespace.
    LinkRemoved {
        /// What was its index.
        index: u32,
        /// What was its name.
        name: String,
    },
    /// An address is new, or its flags changed.
    AddressAdded {
        /// The address.
        address: InterfaceAddress,
        /// Netlink port of who did it, mostly a process id; compare with [`super::Requests::port`]
        /// to know one's own changes. 0 is the kernel itself.
        by: u32,
    },
    /// An address is gone.
    AddressRemoved {
        /// The address.
        address: InterfaceAddress,
        /// As above.
        by: u32,
    },
    /// A route of our protocol is gone. Only after [`Monitor::watch_routing`].
    RouteRemoved {
        /// The route.
        route: RouteReport,
        /// As above.
        by: u32,
    },
    /// A rule of our protocol is gone. Only after [`Monitor::watch_routing`].
    RuleRemoved {
        /// The rule.
        rule: RuleReport,
        /// As above.
        by: u32,
    },
    /// Reports were lost. Everything known may be out of date: ask [`super::Requests`] for all links
    /// and addresses, and act on the differences.
    Overrun,
}

/// Listens to changes of links, IPv4 and IPv6 addresses.
///
/// Readable when there is something to read.
#[derive(Debug)]
pub struct Monitor {
    socket: RouteSocket,
}

impl Monitor {
    /// Starts to listen. Open it first and then ask [`super::Requests`] for what there is: so no
    /// change falls between the two.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn open() -> Result<Self, NetlinkError> {
        Self::with_receive_buffer(RECEIVE_BUFFER)
    }

    /// As [`Self::open`], with room for reports of about `bytes` in the kernel.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn with_receive_buffer(bytes: usize) -> Result<Self, NetlinkError> {
        let groups = [
            libc::RTNLGRP_LINK,
            libc::RTNLGRP_IPV4_IFADDR,
            libc::RTNLGRP_IPV6_IFADDR,
        ];
        let socket = RouteSocket::open(&groups, bytes)?;
        Ok(Self { socket })
    }

    /// Sets the room in the kernel, in bytes; 0 is the default, which goes beyond the system's. Beyond
    /// the administrator's limit only if forced, and with privilege.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn set_receive_buffer(&self, bytes: u32, force: bool) -> Result<(), NetlinkError> {
        match usize::try_from(bytes) {
            Ok(0) | Err(_) => self.socket.set_receive_buffer(RECEIVE_BUFFER, true),
            Ok(bytes) => self.socket.set_receive_buffer(bytes, force),
        }
    }

    /// Listens to the removal of routes and rules, too. The kernel keeps the routes of others to
    /// itself, which costs it a little each time: nobody should ask for this who has no routes of his
    /// own.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn watch_routing(&self) -> Result<(), NetlinkError> {
        self.socket.filter(&report_filter::program())?;
        self.socket.join(&[
            libc::RTNLGRP_IPV4_ROUTE,
            libc::RTNLGRP_IPV6_ROUTE,
            libc::RTNLGRP_IPV4_RULE,
            libc::RTNLGRP_IPV6_RULE,
        ])
    }

    /// Appends to `events` what waits, in order; never blocks. `true` means that more may wait: one
    /// call takes a bounded number of reports, so that a storm cannot starve the caller.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`] when the socket itself fails; lost reports are an event instead.
    pub fn read(&mut self, events: &mut Vec<KernelEvent>) -> Result<bool, NetlinkError> {
        for _ in 0..DATAGRAMS_PER_READ {
            match self.socket.read()? {
                Datagram::Whole(datagram) => events.extend(messages(datagram).filter_map(decode)),
                Datagram::Lost => events.push(KernelEvent::Overrun),
                Datagram::Nothing => return Ok(false),
            }
        }
        Ok(true)
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for Monitor {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

fn decode(message: Message<'_>) -> Option<KernelEvent> {
    let by = message.port;
    match message.kind {
        libc::RTM_NEWLINK => Link::decode(message.payload).map(KernelEvent::LinkChanged),
        libc::RTM_DELLINK => {
            let Link { index, name, .. } = Link::decode(message.payload)?;
            Some(KernelEvent::LinkRemoved { index, name })
        }
        libc::RTM_NEWADDR => {
            let address = InterfaceAddress::decode(message.payload)?;
            Some(KernelEvent::AddressAdded { address, by })
        }
        libc::RTM_DELADDR => {
            let address = InterfaceAddress::decode(message.payload)?;
            Some(KernelEvent::AddressRemoved { address, by })
        }
        libc::RTM_DELROUTE => {
            let route = own_route(message.payload)?;
            Some(KernelEvent::RouteRemoved { route, by })
        }
        libc::RTM_DELRULE => {
            let rule = own_rule(message.payload)?;
            Some(KernelEvent::RuleRemoved { rule, by })
        }
        _ => None,
    }
}

/// Reports that one read takes; the kernel sends each in a datagram of its own.
const DATAGRAMS_PER_READ: usize = 256;
/// Room in the kernel for about a thousand reports.
const RECEIVE_BUFFER: usize = 2 * 1024 * 1024;
