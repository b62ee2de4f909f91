//! Sockets for VRRP over IPv4 and IPv6 (spec vrrp-runtime 16).
//!
//! One [`VrrpSocket`] serves all instances of an interface that use the same group or the same
//! local unicast address. It is a pair: a socket that only receives, with a kernel filter, and one
//! that only sends, whose receive side is shut by a filter, so that the kernel queues nothing there.
//!
//! Deliberately absent: any understanding of VRRP. Packets go in and out as whole IP packets. A raw
//! IPv6 socket does not hand out the IPv6 header: one with the same addresses and hop limit is made.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
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
    /// To and from a multicast group, usually 224.0.0.18 or `ff02::12`.
    Multicast {
        /// The group.
        group: IpAddr,
    },
    /// From one address of this machine to each peer.
    Unicast {
        /// The address of this machine.
        local: IpAddr,
    },
}

impl SocketKind {
    /// The group or the local address.
    const fn address(self) -> IpAddr {
        match self {
            Self::Multicast { group } => group,
            Self::Unicast { local } => local,
        }
    }
}

/// What identifies a socket: users that agree in all of it share one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SocketSpec {
    /// Index of the interface; 0 leaves the choice to the routing table.
    pub ifindex: u32,
    /// Its name, at most 15 bytes; empty when the routing table chooses.
    pub ifname: String,
    /// Multicast or unicast.
    pub kind: SocketKind,
    /// IP protocol: that of VRRP, or over IPv4 that of the authentication header before it.
    pub protocol: u8,
}

/// A packet to send.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The group or the peer: where the kernel routes it to; the header says so too.
    pub destination: IpAddr,
    /// The whole IP packet. The kernel fills in total length and header checksum of IPv4.
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
        local: IpAddr,
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
        attach(&self.receive, &program(&self.spec, filter))
            .map_err(setup("attaching the packet filter", &self.spec))
    }

    /// Sets the room for packets that wait, in bytes, as far as the administrator allows; `None` is
    /// what the system gives.
    ///
    /// # Errors
    /// Those of setsockopt(2).
    pub fn set_receive_buffer(&self, bytes: Option<u32>) -> io::Result<()> {
        set_receive_buffer(&self.receive, bytes)
    }

    /// Replaces the content of `batch` by packets that already wait, and returns their number; 0
    /// when none does. When the batch is full there may be more. Never blocks, never allocates.
    ///
    /// # Errors
    /// Errors of the socket, such as `ENETDOWN`; it stays usable.
    pub fn receive(&self, batch: &mut ReceiveBatch) -> io::Result<usize> {
        batch.count = 0;
        let (socket, buffer) = (self.receive.as_fd(), &mut batch.buffer);
        batch.count = if self.spec.kind.address().is_ipv4() {
            batch::receive(socket, buffer, SLOT_SIZE, &mut batch.extents)?
        } else {
            let protocol = self.spec.protocol;
            batch::receive_ipv6(socket, buffer, SLOT_SIZE, protocol, &mut batch.extents)?
        };
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
        let socket = self.send.as_fd();
        if self.spec.kind.address().is_ipv4() {
            batch::send(socket, flags, packets, parts_ipv4, on_error)
        } else {
            let parts = |outgoing| parts_ipv6(outgoing, self.spec.ifindex);
            batch::send(socket, flags, packets, parts, on_error)
        }
    }
}

impl VrrpSocket {
    /// Its sending half.
    #[must_use]
    pub fn sender(&self) -> BorrowedFd<'_> {
        self.send.as_fd()
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
    pub(crate) buffer: Box<[u8]>,
    pub(crate) extents: [Extent; RECEIVE_MAX],
    pub(crate) count: usize,
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
                ifindex: extent.ifindex,
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
    /// The whole IP packet, header first, all in network byte order.
    pub bytes: &'a [u8],
    /// The packet was longer than the 2,048 bytes that are kept of each. The longest advert, with 255
    /// addresses, authentication and all IP options, has less than 1,200.
    pub truncated: bool,
    /// Index of the interface that it came in on; only of a
    /// [`SharedSocket`](crate::shared_socket::SharedSocket), else 0.
    pub ifindex: u32,
}

fn open_receiver(spec: &SocketSpec, filter: &VridFilter) -> Result<Socket, SocketError> {
    let socket = open_common(spec)?;
    // Before anything can arrive.
    attach(&socket, &program(spec, filter)).map_err(setup("attaching the packet filter", spec))?;
    let local = spec.kind.address();
    set_freebind(&socket, local).map_err(setup("setting IP_FREEBIND", spec))?;
    let address = SockAddr::from(socket_address(local, spec.ifindex));
    socket.bind(&address).map_err(|source| SocketError::Bind {
        local,
        interface: spec.ifname.clone(),
        source,
    })?;
    if local.is_ipv6() {
        tell_of_packets(&socket).map_err(setup("setting IPV6_RECVPKTINFO", spec))?;
    }
    if let SocketKind::Multicast { group } = spec.kind {
        join(&socket, group, spec.ifindex).map_err(setup("joining the multicast group", spec))?;
    }
    Ok(socket)
}

fn open_sender(spec: &SocketSpec) -> Result<Socket, SocketError> {
    let socket = open_common(spec)?;
    attach(&socket, &bpf::drop_all()).map_err(setup("attaching the drop filter", spec))?;
    socket
        .set_recv_buffer_size(0)
        .map_err(setup("setting SO_RCVBUF", spec))?;
    // A burst of hundreds of adverts must fit. Without the privilege the default has to do.
    let _ = setsockopt(&socket, sockopt::SndBufForce, &SEND_BUFFER);
    match spec.kind.address() {
        IpAddr::V4(_) => set_up_ipv4(&socket, spec),
        IpAddr::V6(_) => set_up_ipv6(&socket, spec),
    }?;
    Ok(socket)
}

fn set_up_ipv4(socket: &Socket, spec: &SocketSpec) -> Result<(), SocketError> {
    socket
        .set_header_included_v4(true)
        .map_err(setup("setting IP_HDRINCL", spec))?;
    socket
        .set_tos_v4(INTERNETWORK_CONTROL)
        .map_err(setup("setting IP_TOS", spec))?;
    if let SocketKind::Multicast { .. } = spec.kind {
        set_multicast_interface(socket, spec.ifindex)
            .map_err(setup("setting IP_MULTICAST_IF", spec))?;
        socket
            .set_multicast_loop_v4(false)
            .map_err(setup("setting IP_MULTICAST_LOOP", spec))?;
    }
    Ok(())
}

/// Traffic class and hop limit stand in the header that comes with each packet.
fn set_up_ipv6(socket: &Socket, spec: &SocketSpec) -> Result<(), SocketError> {
    socket
        .set_header_included_v6(true)
        .map_err(setup("setting IPV6_HDRINCL", spec))?;
    if let SocketKind::Multicast { .. } = spec.kind {
        socket
            .set_multicast_if_v6(spec.ifindex)
            .map_err(setup("setting IPV6_MULTICAST_IF", spec))?;
        socket
            .set_multicast_loop_v6(false)
            .map_err(setup("setting IPV6_MULTICAST_LOOP", spec))?;
    }
    Ok(())
}

/// What both halves have in common. `socket2` opens close-on-exec.
fn open_common(spec: &SocketSpec) -> Result<Socket, SocketError> {
    let protocol = Protocol::from(i32::from(spec.protocol));
    let ipv4 = spec.kind.address().is_ipv4();
    let domain = if ipv4 { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, Type::RAW.nonblocking(), Some(protocol))
        .map_err(setup("opening a raw socket", spec))?;
    let multicast_all = if ipv4 {
        socket.set_multicast_all_v4(false)
    } else {
        socket.set_multicast_all_v6(false)
    };
    multicast_all.map_err(setup("setting IP_MULTICAST_ALL", spec))?;
    let device = Some(spec.ifname.as_bytes()).filter(|name| !name.is_empty());
    socket
        .bind_device(device)
        .map_err(setup("setting SO_BINDTODEVICE", spec))?;
    Ok(socket)
}

/// The kernel filter of the receiving half.
fn program(spec: &SocketSpec, filter: &VridFilter) -> Vec<Instruction> {
    if spec.kind.address().is_ipv4() {
        bpf::vrrp_ipv4(spec.protocol, filter)
    } else {
        bpf::vrrp_ipv6(filter)
    }
}

fn set_freebind(socket: &Socket, local: IpAddr) -> io::Result<()> {
    if local.is_ipv4() {
        socket.set_freebind_v4(true)
    } else {
        socket.set_freebind_v6(true)
    }
}

pub(crate) fn join(socket: &Socket, group: IpAddr, ifindex: u32) -> io::Result<()> {
    match group {
        IpAddr::V4(group) => {
            socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(ifindex))
        }
        IpAddr::V6(group) => socket.join_multicast_v6(&group, ifindex),
    }
}

/// Asks for destination and hop limit of each packet, which its header would have told.
pub(crate) fn tell_of_packets(socket: &Socket) -> io::Result<()> {
    socket_option::set(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, &ON)?;
    socket_option::set(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVHOPLIMIT, &ON)
}

fn socket_address(address: IpAddr, ifindex: u32) -> SocketAddr {
    match address {
        IpAddr::V4(address) => SocketAddrV4::new(address, 0).into(),
        IpAddr::V6(address) => SocketAddrV6::new(address, 0, 0, scope_of(address, ifindex)).into(),
    }
}

/// Addresses that mean something on one link only are given with their interface.
fn scope_of(address: Ipv6Addr, ifindex: u32) -> u32 {
    if address.is_unicast_link_local() || address.is_multicast() {
        ifindex
    } else {
        0
    }
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

/// See [`VrrpSocket::set_receive_buffer`].
pub(crate) fn set_receive_buffer(socket: &Socket, bytes: Option<u32>) -> io::Result<()> {
    let bytes = match bytes {
        Some(bytes) => usize::try_from(bytes).unwrap_or(usize::MAX),
        None => default_receive_buffer()?,
    };
    socket.set_recv_buffer_size(bytes)
}

/// Of a new socket. The kernel answers with twice of what may be asked for.
fn default_receive_buffer() -> io::Result<usize> {
    let fresh = Socket::new(Domain::UNIX, Type::DGRAM, None)?;
    Ok(fresh.recv_buffer_size()? / 2)
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

pub(crate) fn parts_ipv4<'a>(outgoing: &'a Outgoing<'_>) -> (libc::sockaddr_in, &'a [u8]) {
    let destination = match outgoing.destination {
        IpAddr::V4(destination) => destination,
        // Not asked for; the kernel refuses to send to it.
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    };
    let address = libc::sockaddr_in {
        sin_family: FAMILY,
        sin_port: 0,
        sin_addr: libc::in_addr {
            s_addr: u32::from_ne_bytes(destination.octets()),
        },
        sin_zero: [0; 8],
    };
    (address, outgoing.packet)
}

pub(crate) fn parts_ipv6<'a>(
    outgoing: &'a Outgoing<'_>,
    ifindex: u32,
) -> (libc::sockaddr_in6, &'a [u8]) {
    let destination = match outgoing.destination {
        IpAddr::V4(destination) => destination.to_ipv6_mapped(),
        IpAddr::V6(destination) => destination,
    };
    let address = libc::sockaddr_in6 {
        sin6_family: FAMILY_IPV6,
        sin6_port: 0,
        sin6_flowinfo: 0,
        sin6_addr: libc::in6_addr {
            s6_addr: destination.octets(),
        },
        sin6_scope_id: scope_of(destination, ifindex),
    };
    (address, outgoing.packet)
}

/// Bytes kept of a packet.
pub(crate) const SLOT_SIZE: usize = 2048;
/// Bytes of `SO_SNDBUF`: about 600 adverts of the size that the kernel accounts for.
pub(crate) const SEND_BUFFER: usize = 512 * 1024;
/// Type of service of adverts (spec wire 2.1).
pub(crate) const INTERNETWORK_CONTROL: u32 = 0xc0;
#[expect(clippy::cast_possible_truncation, reason = "AF_INET is 2")]
const FAMILY: libc::sa_family_t = libc::AF_INET as libc::sa_family_t;
#[expect(clippy::cast_possible_truncation, reason = "AF_INET6 is 10")]
const FAMILY_IPV6: libc::sa_family_t = libc::AF_INET6 as libc::sa_family_t;
pub(crate) const ON: libc::c_int = 1;
