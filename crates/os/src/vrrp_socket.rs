//! Sockets for VRRP over IPv4 (spec vrrp-runtime 16).
//!
//! One [`VrrpSocket`] serves all instances of an interface that use the same group or the same
//! local unicast address. It is a pair: a socket that only receives, with a kernel filter, and one
//! that only sends, whose receive side is shut by a filter, so that the kernel queues nothing there.
//!
//! Deliberately absent: any understanding of VRRP. Packets go in and out as whole IPv4 packets.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, SockAddr, SockFilter, Socket, Type};

use crate::batch::{self, Extent, RECEIVE_MAX};
use crate::bpf::{self, Instruction, VridFilter};
use crate::socket_option;

/// IP protocol number of VRRP (RFC 9568 5.1.1.4).
pub const VRRP_PROTOCOL: u8 = 112;

/// How adverts reach the other routers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SocketKind {
    /// To and from a multicast group, usually 224.0.0.18.
    Multicast {
        /// The group.
        group: Ipv4Addr,
    },
    /// From one address of this machine to each peer.
    Unicast {
        /// The address of this machine.
        local: Ipv4Addr,
    },
}

/// What identifies a socket: users that agree in all of it share one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SocketSpec {
    /// Index of the interface.
    pub ifindex: u32,
    /// Its name, at most 15 bytes.
    pub ifname: String,
    /// Multicast or unicast.
    pub kind: SocketKind,
}

/// A packet to send.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The group or the peer: where the kernel routes it to; the header says so too.
    pub destination: Ipv4Addr,
    /// The whole IPv4 packet. The kernel fills in total length and header checksum.
    pub packet: &'a [u8],
}

/// Why a socket could not be opened or changed.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// A step of the set-up was refused: no privilege, no such interface, no descriptor left.
    #[error("{operation} on {interface}")]
    Setup {
        /// What was attempted.
        operation: &'static str,
        /// The interface's name.
        interface: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The local unicast address cannot be used.
    #[error("cannot bind to {local} on {interface}")]
    Bind {
        /// The address.
        local: Ipv4Addr,
        /// The interface's name.
        interface: String,
        /// The kernel's answer.
        source: io::Error,
    },
}

/// The pair of sockets; as a descriptor it is its receiving half.
#[derive(Debug)]
pub struct VrrpSocket {
    spec: SocketSpec,
    receive: Socket,
    send: Socket,
}

impl VrrpSocket {
    /// Opens both sockets. Until [`Self::set_filter`] is called, `filter` holds.
    ///
    /// # Errors
    /// [`SocketError`]; nothing stays open then. A local address that this machine does not have is
    /// no error (`IP_FREEBIND`).
    pub fn open(spec: SocketSpec, filter: &VridFilter) -> Result<Self, SocketError> {
        let receive = open_receiver(&spec, filter)?;
        let send = open_sender(&spec)?;
        Ok(Self {
            spec,
            receive,
            send,
        })
    }

    /// What the socket was opened for.
    #[must_use]
    pub const fn spec(&self) -> &SocketSpec {
        &self.spec
    }

    /// Replaces the kernel filter. Packets that wait already were let through by the old one.
    ///
    /// # Errors
    /// [`SocketError::Setup`] when the kernel has no memory for it; the old filter holds then.
    pub fn set_filter(&self, filter: &VridFilter) -> Result<(), SocketError> {
        attach(&self.receive, &bpf::vrrp_ipv4(VRRP_PROTOCOL, filter))
            .map_err(setup("attaching the packet filter", &self.spec))
    }

    /// Replaces the content of `batch` by packets that already wait, and returns their number; 0
    /// when none does. When the batch is full there may be more. Never blocks, never allocates.
    ///
    /// # Errors
    /// Errors of the socket, such as `ENETDOWN`; it stays usable.
    pub fn receive(&self, batch: &mut ReceiveBatch) -> io::Result<usize> {
        batch.count = 0;
        batch.count = batch::receive(
            self.receive.as_fd(),
            &mut batch.buffer,
            SLOT_SIZE,
            &mut batch.extents,
        )?;
        Ok(batch.count)
    }

    /// Sends packets in order with as few system calls as possible and returns how many the kernel
    /// took. A packet that it refuses is reported to `on_error` with its position; the rest is sent
    /// all the same. Never blocks: a full send buffer is the error `WouldBlock`.
    pub fn send(&self, packets: &[Outgoing<'_>], on_error: impl FnMut(usize, io::Error)) -> usize {
        let flags = match self.spec.kind {
            // To the link and nowhere else, whatever the routing table says.
            SocketKind::Multicast { .. } => libc::MSG_DONTROUTE,
            SocketKind::Unicast { .. } => 0,
        };
        batch::send(self.send.as_fd(), flags, packets, parts, on_error)
    }
}

impl AsFd for VrrpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.receive.as_fd()
    }
}

impl AsRawFd for VrrpSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.receive.as_raw_fd()
    }
}

/// Room for the packets of one [`VrrpSocket::receive`]; made once, used for all sockets.
#[derive(Debug)]
pub struct ReceiveBatch {
    buffer: Box<[u8]>,
    extents: [Extent; RECEIVE_MAX],
    count: usize,
}

impl ReceiveBatch {
    /// Packets that fit.
    pub const CAPACITY: usize = RECEIVE_MAX;

    /// An empty batch. Its memory (64 KiB) is touched only as far as packets come.
    #[must_use]
    pub fn new() -> Self {
        Self {
            buffer: vec![0; SLOT_SIZE * RECEIVE_MAX].into_boxed_slice(),
            extents: [Extent::default(); RECEIVE_MAX],
            count: 0,
        }
    }

    /// The packets, in the order of their arrival.
    pub fn packets(&self) -> impl ExactSizeIterator<Item = Received<'_>> {
        self.buffer
            .chunks_exact(SLOT_SIZE)
            .zip(&self.extents)
            .take(self.count)
            .map(|(slot, extent)| Received {
                bytes: &slot[..extent.length],
                truncated: extent.truncated,
            })
    }
}

impl Default for ReceiveBatch {
    fn default() -> Self {
        Self::new()
    }
}

/// A packet that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received<'a> {
    /// The whole IPv4 packet, header first, all in network byte order.
    pub bytes: &'a [u8],
    /// The packet was longer than the 2,048 bytes that are kept of each. The longest advert, with 255
    /// addresses, authentication and all IP options, has less than 1,200.
    pub truncated: bool,
}

fn open_receiver(spec: &SocketSpec, filter: &VridFilter) -> Result<Socket, SocketError> {
    let socket = open_common(spec)?;
    // Before anything can arrive.
    attach(&socket, &bpf::vrrp_ipv4(VRRP_PROTOCOL, filter))
        .map_err(setup("attaching the packet filter", spec))?;
    let local = match spec.kind {
        SocketKind::Multicast { group } => group,
        SocketKind::Unicast { local } => local,
    };
    socket
        .set_freebind_v4(true)
        .map_err(setup("setting IP_FREEBIND", spec))?;
    let address = SockAddr::from(SocketAddrV4::new(local, 0));
    socket.bind(&address).map_err(|source| SocketError::Bind {
        local,
        interface: spec.ifname.clone(),
        source,
    })?;
    if let SocketKind::Multicast { group } = spec.kind {
        socket
            .join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(spec.ifindex))
            .map_err(setup("joining the multicast group", spec))?;
    }
    Ok(socket)
}

fn open_sender(spec: &SocketSpec) -> Result<Socket, SocketError> {
    let socket = open_common(spec)?;
    attach(&socket, &bpf::drop_all()).map_err(setup("attaching the drop filter", spec))?;
    socket
        .set_recv_buffer_size(0)
        .map_err(setup("setting SO_RCVBUF", spec))?;
    socket
        .set_header_included_v4(true)
        .map_err(setup("setting IP_HDRINCL", spec))?;
    socket
        .set_tos_v4(INTERNETWORK_CONTROL)
        .map_err(setup("setting IP_TOS", spec))?;
    // A burst of hundreds of adverts must fit. Without the privilege the default has to do.
    let _ = setsockopt(&socket, sockopt::SndBufForce, &SEND_BUFFER);
    if let SocketKind::Multicast { .. } = spec.kind {
        set_multicast_interface(&socket, spec.ifindex)
            .map_err(setup("setting IP_MULTICAST_IF", spec))?;
        socket
            .set_multicast_loop_v4(false)
            .map_err(setup("setting IP_MULTICAST_LOOP", spec))?;
    }
    Ok(socket)
}

/// What both halves have in common. `socket2` opens close-on-exec.
fn open_common(spec: &SocketSpec) -> Result<Socket, SocketError> {
    let protocol = Protocol::from(i32::from(VRRP_PROTOCOL));
    let socket = Socket::new(Domain::IPV4, Type::RAW.nonblocking(), Some(protocol))
        .map_err(setup("opening a raw socket", spec))?;
    socket
        .set_multicast_all_v4(false)
        .map_err(setup("setting IP_MULTICAST_ALL", spec))?;
    socket
        .bind_device(Some(spec.ifname.as_bytes()))
        .map_err(setup("setting SO_BINDTODEVICE", spec))?;
    Ok(socket)
}

fn set_multicast_interface(socket: &Socket, ifindex: u32) -> io::Result<()> {
    let any = libc::in_addr { s_addr: 0 };
    let request = libc::ip_mreqn {
        imr_multiaddr: any,
        imr_address: any,
        imr_ifindex: i32::try_from(ifindex).map_err(io::Error::other)?,
    };
    socket_option::set(socket, libc::IPPROTO_IP, libc::IP_MULTICAST_IF, &request)
}

pub(crate) fn attach(socket: &Socket, program: &[Instruction]) -> io::Result<()> {
    let program: Vec<SockFilter> = program.iter().map(|i| SockFilter::from(*i)).collect();
    socket.attach_filter(&program)
}

fn setup(operation: &'static str, spec: &SocketSpec) -> impl FnOnce(io::Error) -> SocketError {
    let interface = spec.ifname.clone();
    move |source| SocketError::Setup {
        operation,
        interface,
        source,
    }
}

fn parts<'a>(outgoing: &'a Outgoing<'_>) -> (libc::sockaddr_in, &'a [u8]) {
    let address = libc::sockaddr_in {
        sin_family: FAMILY,
        sin_port: 0,
        sin_addr: libc::in_addr {
            s_addr: u32::from_ne_bytes(outgoing.destination.octets()),
        },
        sin_zero: [0; 8],
    };
    (address, outgoing.packet)
}

/// Bytes kept of a packet.
const SLOT_SIZE: usize = 2048;
/// Bytes of `SO_SNDBUF`: about 600 adverts of the size that the kernel accounts for.
const SEND_BUFFER: usize = 512 * 1024;
/// Type of service of adverts (spec wire 2.1).
const INTERNETWORK_CONTROL: u32 = 0xc0;
#[expect(clippy::cast_possible_truncation, reason = "AF_INET is 2")]
const FAMILY: libc::sa_family_t = libc::AF_INET as libc::sa_family_t;
