//! Many packets per system call: sendmmsg(2) and recvmmsg(2) without allocation.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Packets that one call of [`receive`] takes at most.
pub(crate) const RECEIVE_MAX: usize = 32;

/// What is known of a received packet beside its bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extent {
    /// Bytes stored.
    pub(crate) length: usize,
    /// The packet was longer.
    pub(crate) truncated: bool,
    /// Index of the interface that it came in on, if the socket was asked to tell; else 0.
    pub(crate) ifindex: u32,
}

/// Room in front of each packet of [`receive_ipv6`]: its IPv6 header is made there, which the kernel
/// does not hand out.
pub(crate) const IPV6_HEADER: usize = 40;

/// Room for what the kernel tells of a packet: destination with interface, and hop limit of IPv6.
const CONTROL: usize = 96;

/// Aligned as control messages must be.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL]);

/// Socket addresses that may be handed to the kernel: plain C structures that start with their
/// address family.
pub(crate) trait Destination: Copy {
    /// Bytes of the address itself.
    const LENGTH: usize = size_of::<Self>();

    /// Index of the interface to send through, when the address does not tell; 0 is none.
    fn interface(&self) -> u32 {
        0
    }
}
impl Destination for libc::sockaddr_in {}
impl Destination for libc::sockaddr_in6 {}
impl Destination for libc::sockaddr_ll {}

/// An IPv4 destination with the interface to send through.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Through {
    pub(crate) address: libc::sockaddr_in,
    pub(crate) ifindex: u32,
}

impl Destination for Through {
    const LENGTH: usize = size_of::<libc::sockaddr_in>();

    fn interface(&self) -> u32 {
        self.ifindex
    }
}

/// Reads packets that already wait, one into each slot of `slot_size` bytes of `buffer`; at most
/// [`RECEIVE_MAX`]. Never blocks; nothing waiting is `Ok(0)`.
pub(crate) fn receive(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    slot_size: usize,
    extents: &mut [Extent; RECEIVE_MAX],
) -> io::Result<usize> {
    receive_each(socket, buffer, slot_size, 0, |position, slot, packet| {
        extents[position] = Extent {
            length: packet.length.min(slot.len()),
            truncated: packet.truncated,
            ifindex: packet.told.ifindex,
        };
    })
}

/// Like [`receive`] on a raw IPv6 socket with `IPV6_RECVPKTINFO` and `IPV6_RECVHOPLIMIT`. The header
/// that the packet had is put together in front of it, flow label and traffic class left 0.
pub(crate) fn receive_ipv6(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    slot_size: usize,
    protocol: u8,
    extents: &mut [Extent; RECEIVE_MAX],
) -> io::Result<usize> {
    let ahead = IPV6_HEADER;
    receive_each(
        socket,
        buffer,
        slot_size,
        ahead,
        |position, slot, packet| {
            let length = packet.length.min(slot.len() - ahead);
            let (hops, destination) = (packet.told.hops, packet.told.destination);
            let made = ipv6_header(length, protocol, hops, packet.source, destination);
            slot[..ahead].copy_from_slice(&made);
            extents[position] = Extent {
                length: ahead + length,
                truncated: packet.truncated,
                ifindex: packet.told.ifindex,
            };
        },
    )
}

/// What the kernel says of a packet.
struct Received {
    /// Bytes that were written, or that it had if it was cut off.
    length: usize,
    truncated: bool,
    /// Of an IPv6 packet.
    source: libc::in6_addr,
    told: Told,
}

/// Reads a packet into each slot, leaving the first `ahead` bytes of the slot alone, and hands slot
/// and packet to `each`, together with their position.
fn receive_each(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    slot_size: usize,
    ahead: usize,
    mut each: impl FnMut(usize, &mut [u8], &Received),
) -> io::Result<usize> {
    let mut vectors = [EMPTY_VECTOR; RECEIVE_MAX];
    let mut headers = [const { empty_header() }; RECEIVE_MAX];
    let mut sources = [EMPTY_ADDRESS; RECEIVE_MAX];
    let mut controls = [Control([0; CONTROL]); RECEIVE_MAX];
    let mut slots = 0;
    for ((((slot, vector), header), source), control) in buffer
        .chunks_exact_mut(slot_size)
        .zip(&mut vectors)
        .zip(&mut headers)
        .zip(&mut sources)
        .zip(&mut controls)
    {
        let payload = &mut slot[ahead..];
        vector.iov_base = payload.as_mut_ptr().cast();
        vector.iov_len = payload.len();
        header.msg_hdr.msg_iov = vector;
        header.msg_hdr.msg_iovlen = 1;
        header.msg_hdr.msg_name = std::ptr::from_mut(source).cast();
        header.msg_hdr.msg_namelen = ADDRESS_LEN;
        header.msg_hdr.msg_control = control.0.as_mut_ptr().cast();
        header.msg_hdr.msg_controllen = CONTROL as _;
        slots += 1;
    }
    let count = retry(|| {
        // SAFETY: the first `slots` headers are complete: each points to one vector, which describes
        // a part of `buffer` that no other vector describes, to a socket address and to a control
        // buffer of the lengths given; all of them outlive the call and are borrowed exclusively.
        unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                slots,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        }
    });
    let count = match count {
        Ok(count) => count,
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
        Err(error) => return Err(error),
    };
    let slots = buffer.chunks_exact_mut(slot_size);
    let received = headers.iter().zip(&sources).take(count);
    for (position, (slot, (header, source))) in slots.zip(received).enumerate() {
        let packet = Received {
            length: usize::try_from(header.msg_len).unwrap_or(slot_size),
            truncated: header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0,
            source: source.sin6_addr,
            told: told(&header.msg_hdr),
        };
        each(position, slot, &packet);
    }
    Ok(count)
}

/// What control messages tell of a packet; unspecified and 0 when the kernel has said nothing, so
/// that the packet fits no router.
struct Told {
    destination: libc::in6_addr,
    hops: u8,
    ifindex: u32,
}

fn told(header: &libc::msghdr) -> Told {
    let mut found = Told {
        destination: NO_ADDRESS,
        hops: 0,
        ifindex: 0,
    };
    // SAFETY: the kernel has filled control buffer and length of this header; the macro checks that a
    // first message lies within.
    let mut message = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !message.is_null() {
        // SAFETY: `message` comes from the macros, hence points to a complete control message header
        // within the buffer, which is aligned for it.
        let (level, kind, length) = unsafe {
            (
                (*message).cmsg_level,
                (*message).cmsg_type,
                (*message).cmsg_len,
            )
        };
        // SAFETY: as above; the data follows the header within the same message.
        let data = unsafe { libc::CMSG_DATA(message) };
        if level == libc::IPPROTO_IPV6
            && holds::<libc::in6_pktinfo>(length as _, kind, libc::IPV6_PKTINFO)
        {
            // SAFETY: the message is long enough for this structure; it need not be aligned.
            let info = unsafe { data.cast::<libc::in6_pktinfo>().read_unaligned() };
            found.destination = info.ipi6_addr;
            found.ifindex = info.ipi6_ifindex;
        } else if level == libc::IPPROTO_IP
            && holds::<libc::in_pktinfo>(length as _, kind, libc::IP_PKTINFO)
        {
            // SAFETY: the message is long enough for this structure; it need not be aligned.
            let info = unsafe { data.cast::<libc::in_pktinfo>().read_unaligned() };
            found.ifindex = u32::try_from(info.ipi_ifindex).unwrap_or(0);
        } else if level == libc::IPPROTO_IPV6
            && holds::<libc::c_int>(length as _, kind, libc::IPV6_HOPLIMIT)
        {
            // SAFETY: the message is long enough for an integer; it need not be aligned.
            let value = unsafe { data.cast::<libc::c_int>().read_unaligned() };
            found.hops = u8::try_from(value).unwrap_or(0);
        }
        // SAFETY: `message` is a message of this header; the macro gives the next one within the
        // buffer, or null.
        message = unsafe { libc::CMSG_NXTHDR(header, message) };
    }
    found
}

/// Whether a control message of this length and kind is the wanted one with a whole `T` in it.
fn holds<T>(length: usize, kind: libc::c_int, wanted: libc::c_int) -> bool {
    let size = libc::c_uint::try_from(size_of::<T>()).unwrap_or(0);
    // SAFETY: plain arithmetic on a number.
    kind == wanted && length >= unsafe { libc::CMSG_LEN(size) } as usize
}

fn ipv6_header(
    length: usize,
    protocol: u8,
    hops: u8,
    source: libc::in6_addr,
    destination: libc::in6_addr,
) -> [u8; IPV6_HEADER] {
    let mut header = [0; IPV6_HEADER];
    header[0] = 0x60;
    header[4..6].copy_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    header[6] = protocol;
    header[7] = hops;
    header[8..24].copy_from_slice(&source.s6_addr);
    header[24..40].copy_from_slice(&destination.s6_addr);
    header
}

/// Sends all items in order, at most [`SEND_MAX`] per system call, and returns how many went out.
///
/// `parts` gives destination and bytes of an item. An item that the kernel refuses is reported to
/// `on_error` with its number, and the next ones are tried. Never blocks: a full send buffer is such
/// a refusal (`WouldBlock`).
pub(crate) fn send<'a, T, D: Destination>(
    socket: BorrowedFd<'_>,
    flags: libc::c_int,
    items: &'a [T],
    parts: impl Fn(&'a T) -> (D, &'a [u8]),
    mut on_error: impl FnMut(usize, io::Error),
) -> usize {
    let mut next = 0;
    let mut sent = 0;
    while next < items.len() {
        let chunk = &items[next..items.len().min(next + SEND_MAX)];
        match send_chunk(socket, flags, chunk, &parts) {
            // The kernel reports the error of the first packet only; the others are met again as
            // first of their chunk.
            Err(error) => {
                on_error(next, error);
                next += 1;
            }
            // Not to be expected, but it must not make an endless loop.
            Ok(0) => {
                on_error(next, io::ErrorKind::WriteZero.into());
                next += 1;
            }
            Ok(count) => {
                sent += count;
                next += count;
            }
        }
    }
    sent
}

/// `chunk` has one to [`SEND_MAX`] items.
fn send_chunk<'a, T, D: Destination>(
    socket: BorrowedFd<'_>,
    flags: libc::c_int,
    chunk: &'a [T],
    parts: impl Fn(&'a T) -> (D, &'a [u8]),
) -> io::Result<usize> {
    let mut destinations = [const { MaybeUninit::<D>::uninit() }; SEND_MAX];
    let mut vectors = [EMPTY_VECTOR; SEND_MAX];
    let mut headers = [const { empty_header() }; SEND_MAX];
    let mut controls = [Interface([0; INTERFACE]); SEND_MAX];
    let mut count = 0;
    for ((((item, destination), vector), header), control) in chunk
        .iter()
        .zip(&mut destinations)
        .zip(&mut vectors)
        .zip(&mut headers)
        .zip(&mut controls)
    {
        let (address, bytes) = parts(item);
        if address.interface() != 0 {
            *control = Interface::new(address.interface());
            header.msg_hdr.msg_control = control.0.as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = INTERFACE as _;
        }
        header.msg_hdr.msg_name = std::ptr::from_mut(destination.write(address)).cast();
        header.msg_hdr.msg_namelen =
            libc::socklen_t::try_from(D::LENGTH).map_err(io::Error::other)?;
        vector.iov_base = bytes.as_ptr().cast_mut().cast();
        vector.iov_len = bytes.len();
        header.msg_hdr.msg_iov = vector;
        header.msg_hdr.msg_iovlen = 1;
        count += 1;
    }
    retry(|| {
        // SAFETY: the first `count` headers are complete: name, vector and, where there is one, the
        // control message point to initialised elements of arrays that outlive the call, the vectors
        // describe slices borrowed for 'a, which the kernel only reads.
        unsafe {
            libc::sendmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                count,
                (flags | libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL) as _,
            )
        }
    })
}

/// A control message that names the interface to send through: its length, `IPPROTO_IP`,
/// `IP_PKTINFO`, and a structure of which only the index is set.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Interface([u8; INTERFACE]);

/// Size of that message: header (a length and two numbers), structure, padding.
const INTERFACE: usize = HEADER + 16;
const HEADER: usize = size_of::<usize>() + 8;

impl Interface {
    fn new(ifindex: u32) -> Self {
        let mut bytes = [0; INTERFACE];
        let length = HEADER + size_of::<libc::in_pktinfo>();
        let word = size_of::<usize>();
        bytes[..word].copy_from_slice(&length.to_ne_bytes());
        bytes[word..word + 4].copy_from_slice(&libc::IPPROTO_IP.to_ne_bytes());
        bytes[word + 4..HEADER].copy_from_slice(&libc::IP_PKTINFO.to_ne_bytes());
        bytes[HEADER..HEADER + 4].copy_from_slice(&ifindex.to_ne_bytes());
        Self(bytes)
    }
}

/// Repeats a call that a signal interrupted.
fn retry(mut call: impl FnMut() -> libc::c_int) -> io::Result<usize> {
    loop {
        if let Ok(count) = usize::try_from(call()) {
            return Ok(count);
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

const fn empty_header() -> libc::mmsghdr {
    // SAFETY: all fields of the structure are integers and raw pointers, for which zero is a value.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// Packets that one call of sendmmsg(2) takes at most.
pub(crate) const SEND_MAX: usize = 64;

const NO_ADDRESS: libc::in6_addr = libc::in6_addr { s6_addr: [0; 16] };
const EMPTY_ADDRESS: libc::sockaddr_in6 = libc::sockaddr_in6 {
    sin6_family: 0,
    sin6_port: 0,
    sin6_flowinfo: 0,
    sin6_addr: NO_ADDRESS,
    sin6_scope_id: 0,
};
#[expect(clippy::cast_possible_truncation, reason = "28 bytes")]
const ADDRESS_LEN: libc::socklen_t = size_of::<libc::sockaddr_in6>() as libc::socklen_t;

const EMPTY_VECTOR: libc::iovec = libc::iovec {
    iov_base: std::ptr::null_mut(),
    iov_len: 0,
};
