//! UDP sockets for BFD control packets (RFC 5881 4 and 5, RFC 5883 5).

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

/// Port of sessions over one hop.
pub const SINGLE_HOP_PORT: u16 = 3784;
/// Port of sessions over several hops.
pub const MULTIHOP_PORT: u16 = 4784;

/// Where the ports begin that control packets may be sent from.
const FIRST_SOURCE_PORT: u16 = 49_152;
/// How often another source port is tried when one is taken.
const ATTEMPTS: u16 = 16;

/// Room for what waits while the process sleeps, in bytes: packets of a hundred sessions that send
/// every 10 ms, for half a second.
const RECEIVE_BUFFER: usize = 4 << 20;

/// Longest datagram that is looked at; control packets are shorter.
const DATAGRAM: usize = 256;

/// Receives everything that comes to one port, IPv4 and IPv6.
#[derive(Debug)]
pub struct BfdListener {
    socket: Socket,
    buffer: [u8; DATAGRAM],
    control: Vec<u8>,
}

/// A datagram and how it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BfdDatagram<'a> {
    /// Whence.
    pub source: SocketAddr,
    /// Where it went.
    pub destination: IpAddr,
    /// TTL or hop limit that it had left.
    pub ttl: Option<u8>,
    /// Its bytes; too long ones are cut.
    pub bytes: &'a [u8],
}

impl BfdListener {
    /// Listens on all addresses. Where there is no IPv6, on those of IPv4.
    ///
    /// # Errors
    /// When another program has the port.
    pub fn open(port: u16) -> io::Result<Self> {
        let socket = match open_ipv6(port) {
            Err(error) if error.raw_os_error() == Some(libc::EAFNOSUPPORT) => open_ipv4(port)?,
            socket => socket?,
        };
        // Without the privilege the default has to do.
        let _ = setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER);
        Ok(Self {
            socket,
            buffer: [0; DATAGRAM],
            control: nix::cmsg_space!(libc::c_int, libc::c_int, libc::in6_pktinfo),
        })
    }

    /// The next datagram; `None` when none waits.
    ///
    /// # Errors
    /// Those of recvmsg(2); none is expected.
    pub fn receive(&mut self) -> io::Result<Option<BfdDatagram<'_>>> {
        let mut slices = [IoSliceMut::new(&mut self.buffer)];
        let received = recvmsg::<SockaddrStorage>(
            self.socket.as_raw_fd(),
            &mut slices,
            Some(&mut self.control),
            MsgFlags::MSG_DONTWAIT,
        );
        let message = match received {
            Ok(message) => message,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut ttl = None;
        let mut destination = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        for told in message.cmsgs()? {
            match told {
                ControlMessageOwned::Ipv4Ttl(left) | ControlMessageOwned::Ipv6HopLimit(left) => {
                    ttl = u8::try_from(left).ok();
                }
                ControlMessageOwned::Ipv4PacketInfo(info) => {
                    destination = Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr)).into();
                }
                ControlMessageOwned::Ipv6PacketInfo(info) => {
                    destination = Ipv6Addr::from(info.ipi6_addr.s6_addr).to_canonical();
                }
                _ => {}
            }
        }
        let source = message.address.and_then(|address| to_std(&address));
        let length = message.bytes;
        Ok(source.map(|source| BfdDatagram {
            source,
            destination,
            ttl,
            bytes: &self.buffer[..length.min(DATAGRAM)],
        }))
    }
}

fn open_ipv6(port: u16) -> io::Result<Socket> {
    let socket = udp(Domain::IPV6)?;
    socket.set_only_v6(false)?;
    setsockopt(&socket, sockopt::Ipv4RecvTtl, &true)?;
    setsockopt(&socket, sockopt::Ipv6RecvHopLimit, &true)?;
    setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
    let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    socket.bind(&SockAddr::from(any))?;
    Ok(socket)
}

fn open_ipv4(port: u16) -> io::Result<Socket> {
    let socket = udp(Domain::IPV4)?;
    setsockopt(&socket, sockopt::Ipv4RecvTtl, &true)?;
    setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    socket.bind(&SockAddr::from(any))?;
    Ok(socket)
}

fn udp(domain: Domain) -> io::Result<Socket> {
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn to_std(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v6) = address.as_sockaddr_in6() {
        return Some((v6.ip().to_canonical(), v6.port()).into());
    }
    let v4 = address.as_sockaddr_in()?;
    Some((v4.ip(), v4.port()).into())
}

impl AsFd for BfdListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for BfdListener {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// Sends the packets of one session.
#[derive(Debug)]
pub struct BfdSender {
    socket: Socket,
    to: SockAddr,
}

impl BfdSender {
    /// Sends from this address, or from the one that the routing table gives, with this TTL. `choice`
    /// decides on the source port.
    ///
    /// # Errors
    /// When the host does not have the address, or no descriptor is left.
    pub fn open(source: Option<IpAddr>, to: SocketAddr, ttl: u8, choice: u16) -> io::Result<Self> {
        let (domain, any) = match to.ip() {
            IpAddr::V4(_) => (Domain::IPV4, IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            IpAddr::V6(_) => (Domain::IPV6, IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
        };
        let socket = udp(domain)?;
        match to.ip() {
            IpAddr::V4(_) => socket.set_ttl_v4(u32::from(ttl))?,
            IpAddr::V6(_) => socket.set_unicast_hops_v6(u32::from(ttl))?,
        }
        let span = u16::MAX - FIRST_SOURCE_PORT + 1;
        let mut result = Err(io::Error::from(io::ErrorKind::AddrInUse));
        for attempt in 0..ATTEMPTS {
            let port = FIRST_SOURCE_PORT + choice.wrapping_add(attempt) % span;
            let from = SocketAddr::from((source.unwrap_or(any), port));
            result = socket.bind(&SockAddr::from(from));
            match &result {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                _ => break,
            }
        }
        result?;
        let to = SockAddr::from(to);
        Ok(Self { socket, to })
    }

    /// Sends a packet.
    ///
    /// # Errors
    /// When there is no way to the neighbour, or no room.
    pub fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.socket.send_to(bytes, &self.to).map(drop)
    }
}

impl AsRawFd for BfdSender {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}
