//! One pair of sockets for all virtual interfaces of a link (spec vrrp-runtime 16; the original has
//! a pair for each).
//!
//! The pair is bound to no interface. What it receives tells the interface that it came in on; what
//! it sends names the interface to leave through. So the packets are the same as with a pair of
//! sockets for each interface, and pass the same packet filter rules.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::batch::{self, Through};
use crate::bpf::{self, VridFilter};
use crate::socket_option;
use crate::vrrp_socket::{
    INTERNETWORK_CONTROL, ON, Outgoing, ReceiveBatch, SEND_BUFFER, SLOT_SIZE, VRRP_PROTOCOL,
    attach, join, parts_ipv4, parts_ipv6, set_receive_buffer, tell_of_packets,
};

/// A packet to send, and where.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingThrough<'a> {
    /// Index of the interface.
    pub ifindex: u32,
    /// Destination and bytes.
    pub packet: Outgoing<'a>,
}

/// Sockets for one multicast group on many interfaces; as a descriptor the receiving one.
#[derive(Debug)]
pub struct SharedSocket {
    group: IpAddr,
    receive: Socket,
    send: Socket,
    memberships: Vec<Membership>,
}

/// A socket that does nothing but hold memberships, of which the kernel allows few for each.
#[derive(Debug)]
struct Membership {
    socket: Socket,
    interfaces: BTreeSet<u32>,
}

impl SharedSocket {
    /// Opens both sockets; nothing is received before [`Self::set_interfaces`].
    ///
    /// # Errors
    /// Without the privilege `CAP_NET_RAW`, or without a descriptor left.
    pub fn open(group: IpAddr) -> io::Result<Self> {
        let (receive, send) = (raw_socket(group)?, raw_socket(group)?);
        attach(&receive, &bpf::drop_all())?;
        attach(&send, &bpf::drop_all())?;
        match group {
            IpAddr::V4(group) => {
                socket_option::set(&receive, libc::IPPROTO_IP, libc::IP_PKTINFO, &ON)?;
                receive.bind(&SockAddr::from(SocketAddrV4::new(group, 0)))?;
                send.set_header_included_v4(true)?;
                send.set_tos_v4(INTERNETWORK_CONTROL)?;
                send.set_multicast_loop_v4(false)?;
            }
            IpAddr::V6(_) => {
                // A link-local group can be bound to with an interface only; the filter looks at it.
                tell_of_packets(&receive)?;
                send.set_header_included_v6(true)?;
                send.set_multicast_loop_v6(false)?;
            }
        }
        send.set_recv_buffer_size(0)?;
        // A burst of hundreds of adverts must fit. Without the privilege the default has to do.
        let _ = setsockopt(&send, sockopt::SndBufForce, &SEND_BUFFER);
        Ok(Self {
            group,
            receive,
            send,
            memberships: Vec::new(),
        })
    }

    /// Sets the room for packets that wait, as for [`crate::vrrp_socket::VrrpSocket`].
    ///
    /// # Errors
    /// Those of setsockopt(2).
    pub fn set_receive_buffer(&self, bytes: Option<u32>) -> io::Result<()> {
        set_receive_buffer(&self.receive, bytes)
    }

    /// Receives on exactly these interfaces, from each what its filter lets through. Gives those
    /// whose group could not be joined, with the reason.
    ///
    /// # Errors
    /// When the kernel has no memory for the filter; the old one holds then.
    pub fn set_interfaces(
        &mut self,
        wanted: &BTreeMap<u32, VridFilter>,
    ) -> io::Result<Vec<(u32, io::Error)>> {
        self.leave_all_but(wanted);
        let mut failed = Vec::new();
        for ifindex in wanted.keys() {
            if !self.is_member(*ifindex) {
                if let Err(error) = self.join(*ifindex) {
                    failed.push((*ifindex, error));
                }
            }
        }
        let group = match self.group {
            IpAddr::V4(_) => None,
            IpAddr::V6(group) => Some(group),
        };
        attach(&self.receive, &bpf::vrrp_on_interfaces(group, wanted))?;
        Ok(failed)
    }

    fn is_member(&self, ifindex: u32) -> bool {
        let mut memberships = self.memberships.iter();
        memberships.any(|membership| membership.interfaces.contains(&ifindex))
    }

    /// On one of the sockets that has room, or on another.
    fn join(&mut self, ifindex: u32) -> io::Result<()> {
        for membership in &mut self.memberships {
            match join(&membership.socket, self.group, ifindex) {
                Ok(()) => {
                    membership.interfaces.insert(ifindex);
                    return Ok(());
                }
                // The kernel's limit of memberships, in numbers or in memory.
                Err(error)
                    if matches!(error.raw_os_error(), Some(libc::ENOBUFS | libc::ENOMEM)) => {}
                Err(error) => return Err(error),
            }
        }
        let socket = Socket::new(domain(self.group), Type::DGRAM, None)?;
        join(&socket, self.group, ifindex)?;
        self.memberships.push(Membership {
            socket,
            interfaces: BTreeSet::from([ifindex]),
        });
        Ok(())
    }

    fn leave_all_but(&mut self, wanted: &BTreeMap<u32, VridFilter>) {
        for membership in &mut self.memberships {
            let socket = &membership.socket;
            membership.interfaces.retain(|ifindex| {
                let keep = wanted.contains_key(ifindex);
                if !keep {
                    // An interface that is gone has taken its membership along.
                    let _ = leave(socket, self.group, *ifindex);
                }
                keep
            });
        }
        self.memberships
            .retain(|membership| !membership.interfaces.is_empty());
    }

    /// As [`VrrpSocket::receive`](crate::vrrp_socket::VrrpSocket::receive); the packets tell their
    /// interface.
    ///
    /// # Errors
    /// Errors of the socket; it stays usable.
    pub fn receive(&self, batch: &mut ReceiveBatch) -> io::Result<usize> {
        batch.count = 0;
        let (socket, buffer) = (self.receive.as_fd(), &mut batch.buffer);
        batch.count = if self.group.is_ipv4() {
            batch::receive(socket, buffer, SLOT_SIZE, &mut batch.extents)?
        } else {
            let protocol = VRRP_PROTOCOL;
            batch::receive_ipv6(socket, buffer, SLOT_SIZE, protocol, &mut batch.extents)?
        };
        Ok(batch.count)
    }

    /// As [`VrrpSocket::send`](crate::vrrp_socket::VrrpSocket::send).
    pub fn send(
        &self,
        packets: &[OutgoingThrough<'_>],
        on_error: impl FnMut(usize, io::Error),
    ) -> usize {
        let (socket, flags) = (self.send.as_fd(), libc::MSG_DONTROUTE);
        if self.group.is_ipv4() {
            batch::send(socket, flags, packets, parts_through, on_error)
        } else {
            batch::send(
                socket,
                flags,
                packets,
                |outgoing| parts_ipv6(&outgoing.packet, outgoing.ifindex),
                on_error,
            )
        }
    }
}

impl SharedSocket {
    /// Its sending half.
    #[must_use]
    pub fn sender(&self) -> BorrowedFd<'_> {
        self.send.as_fd()
    }
}

impl AsFd for SharedSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.receive.as_fd()
    }
}

impl AsRawFd for SharedSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.receive.as_raw_fd()
    }
}

fn parts_through<'a>(outgoing: &'a OutgoingThrough<'_>) -> (Through, &'a [u8]) {
    let (address, bytes) = parts_ipv4(&outgoing.packet);
    let ifindex = outgoing.ifindex;
    (Through { address, ifindex }, bytes)
}

fn raw_socket(group: IpAddr) -> io::Result<Socket> {
    let protocol = Protocol::from(i32::from(VRRP_PROTOCOL));
    Socket::new(domain(group), Type::RAW.nonblocking(), Some(protocol))
}

const fn domain(group: IpAddr) -> Domain {
    match group {
        IpAddr::V4(_) => Domain::IPV4,
        IpAddr::V6(_) => Domain::IPV6,
    }
}

fn leave(socket: &Socket, group: IpAddr, ifindex: u32) -> io::Result<()> {
    match group {
        IpAddr::V4(group) => {
            socket.leave_multicast_v4_n(&group, &socket2::InterfaceIndexOrAddress::Index(ifindex))
        }
        IpAddr::V6(group) => socket.leave_multicast_v6(&group, ifindex),
    }
}
