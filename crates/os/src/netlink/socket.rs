//! A netlink socket: non-blocking, with a large receive buffer.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use neli::consts::socket::{Msg, NlFamily};
use neli::socket::NlSocket;
use neli::utils::Groups;
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{SockFilter, SockRef};

use super::error::{self, NetlinkError};
use crate::socket_option;

/// The socket with the buffer that datagrams are read into.
pub(crate) struct RouteSocket {
    socket: NlSocket,
    buffer: Box<[u8]>,
}

/// What one read gave.
pub(crate) enum Datagram<'a> {
    /// Messages.
    Whole(&'a [u8]),
    /// Nothing waits.
    Nothing,
    /// The kernel could not keep all that was sent, or the datagram did not fit.
    Lost,
}

impl RouteSocket {
    /// Opens a socket that listens to the given groups.
    pub(crate) fn open(groups: &[u32], receive_buffer: usize) -> Result<Self, NetlinkError> {
        Self::of_family(NlFamily::Route, groups, receive_buffer)
    }

    /// Opens a socket to the packet filter.
    pub(crate) fn netfilter() -> Result<Self, NetlinkError> {
        Self::of_family(NlFamily::Netfilter, &[], NETFILTER_BUFFER)
    }

    /// Opens a socket that hears what changes in the packet filter.
    pub(crate) fn netfilter_reports() -> Result<Self, NetlinkError> {
        let groups = [libc::NFNLGRP_NFTABLES as u32];
        Self::of_family(NlFamily::Netfilter, &groups, NETFILTER_BUFFER)
    }

    fn of_family(
        family: NlFamily,
        groups: &[u32],
        receive_buffer: usize,
    ) -> Result<Self, NetlinkError> {
        let socket = NlSocket::connect(family, None, Groups::new_groups(groups))
            .map_err(error::socket("opening a netlink socket"))?;
        socket
            .nonblock()
            .map_err(error::socket("making a netlink socket non-blocking"))?;
        // Both only make answers better: on an old kernel, without them, errors have no text.
        let _ = socket.enable_ext_ack(true);
        let route = Self {
            socket,
            buffer: vec![0; BUFFER_SIZE].into_boxed_slice(),
        };
        let _ = socket_option::set(&route, libc::SOL_NETLINK, libc::NETLINK_CAP_ACK, &1_i32);
        route.set_receive_buffer(receive_buffer, true)?;
        Ok(route)
    }

    /// Sets the room in the kernel, in bytes. Beyond the administrator's limit only if forced, and
    /// with privilege; else as far as the limit goes.
    pub(crate) fn set_receive_buffer(&self, bytes: usize, force: bool) -> Result<(), NetlinkError> {
        if force && setsockopt(self, sockopt::RcvBufForce, &bytes).is_ok() {
            return Ok(());
        }
        self.socket
            .set_recv_buffer_size(bytes)
            .map_err(error::socket("sizing a netlink socket"))
    }

    /// Listens to more groups.
    pub(crate) fn join(&self, groups: &[u32]) -> Result<(), NetlinkError> {
        self.socket
            .add_mcast_membership(Groups::new_groups(groups))
            .map_err(error::socket("joining a netlink group"))
    }

    /// Lets only those messages in that pass a program.
    pub(crate) fn filter(&self, program: &[SockFilter]) -> Result<(), NetlinkError> {
        SockRef::from(self)
            .attach_filter(program)
            .map_err(error::socket("filtering a netlink socket"))
    }

    /// The port number that requests of this socket carry.
    pub(crate) fn port(&self) -> Result<u32, NetlinkError> {
        self.socket
            .pid()
            .map_err(error::socket("naming a netlink socket"))
    }

    /// Sends messages to the kernel, which works them off before this returns.
    pub(crate) fn send(&self, messages: &[u8]) -> Result<(), NetlinkError> {
        loop {
            match self.socket.send(messages, Msg::empty()) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error::socket("sending to the kernel")(error)),
            }
        }
    }

    /// Reads one datagram, if one waits.
    pub(crate) fn read(&mut self) -> Result<Datagram<'_>, NetlinkError> {
        loop {
            // With TRUNC the answer is the true length of the datagram.
            match self.socket.recv(&mut self.buffer, Msg::TRUNC) {
                Ok((length, _)) => {
                    return Ok(self
                        .buffer
                        .get(..length)
                        .map_or(Datagram::Lost, Datagram::Whole));
                }
                Err(error) => match error.raw_os_error() {
                    Some(libc::EINTR) => {}
                    Some(libc::EAGAIN) => return Ok(Datagram::Nothing),
                    Some(libc::ENOBUFS) => return Ok(Datagram::Lost),
                    _ => return Err(error::socket("reading from the kernel")(error)),
                },
            }
        }
    }
}

impl AsFd for RouteSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: `socket` owns the descriptor and closes it only when dropped; the borrow of `self`
        // keeps it from that.
        unsafe { BorrowedFd::borrow_raw(self.socket.as_raw_fd()) }
    }
}

impl std::fmt::Debug for RouteSocket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RouteSocket")
            .field("descriptor", &self.socket.as_raw_fd())
            .finish_non_exhaustive()
    }
}

/// Room for the complaints about a transaction.
const NETFILTER_BUFFER: usize = 256 * 1024;
/// The kernel makes dumps of up to 32 KiB; a single link with many virtual functions may be longer.
const BUFFER_SIZE: usize = 64 * 1024;
