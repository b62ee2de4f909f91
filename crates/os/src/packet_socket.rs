//! Sending complete link-layer frames: gratuitous ARP and unsolicited neighbour advertisements.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Socket, Type};

use crate::batch;
use crate::bpf;
use crate::vrrp_socket::attach;

/// A frame to send.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingFrame<'a> {
    /// Index of the interface to send it through.
    pub ifindex: u32,
    /// Ethertype, such as 0x0806 for ARP.
    pub protocol: u16,
    /// The frame from the link-layer header on, without the frame check sequence.
    pub frame: &'a [u8],
}

/// One `AF_PACKET` socket that sends through any interface and receives nothing.
#[derive(Debug)]
pub struct PacketSocket {
    socket: Socket,
}

impl PacketSocket {
    /// Opens the socket. It belongs to the network namespace of the calling thread.
    ///
    /// # Errors
    /// Without the privilege `CAP_NET_RAW`, or without a descriptor left.
    pub fn open() -> io::Result<Self> {
        // Protocol 0 receives no packet; the filter is a second bolt, and what the original shows.
        let socket = Socket::new(Domain::PACKET, Type::RAW.nonblocking(), None)?;
        attach(&socket, &bpf::drop_all())?;
        // Without the privilege the default has to do.
        let _ = setsockopt(&socket, sockopt::SndBufForce, &SEND_BUFFER);
        Ok(Self { socket })
    }

    /// Sends frames in order with as few system calls as possible and returns how many the kernel
    /// took. A frame that it refuses (interface gone or down, send buffer full) is reported to
    /// `on_error` with its position; the rest is sent all the same. Never blocks.
    pub fn send(
        &self,
        frames: &[OutgoingFrame<'_>],
        on_error: impl FnMut(usize, io::Error),
    ) -> usize {
        batch::send(self.socket.as_fd(), 0, frames, parts, on_error)
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for PacketSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

fn parts<'a>(outgoing: &'a OutgoingFrame<'_>) -> (libc::sockaddr_ll, &'a [u8]) {
    let address = libc::sockaddr_ll {
        sll_family: FAMILY,
        sll_protocol: outgoing.protocol.to_be(),
        // An index that does not fit is no interface: the kernel answers ENXIO.
        sll_ifindex: i32::try_from(outgoing.ifindex).unwrap_or(-1),
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    (address, outgoing.frame)
}

/// Bytes of `SO_SNDBUF`: a burst for hundreds of addresses.
const SEND_BUFFER: usize = 1024 * 1024;
#[expect(clippy::cast_possible_truncation, reason = "AF_PACKET is 17")]
const FAMILY: libc::sa_family_t = libc::AF_PACKET as libc::sa_family_t;
