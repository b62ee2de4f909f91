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
}

/// Socket addresses that may be handed to the kernel: plain C structures that start with their
/// address family.
pub(crate) trait Destination: Copy {}
impl Destination for libc::sockaddr_in {}
impl Destination for libc::sockaddr_ll {}

/// Reads packets that already wait, one into each slot of `slot_size` bytes of `buffer`; at most
/// [`RECEIVE_MAX`]. Never blocks; nothing waiting is `Ok(0)`.
pub(crate) fn receive(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    slot_size: usize,
    extents: &mut [Extent; RECEIVE_MAX],
) -> io::Result<usize> {
    let mut vectors = [EMPTY_VECTOR; RECEIVE_MAX];
    let mut headers = [const { empty_header() }; RECEIVE_MAX];
    let mut slots = 0;
    for ((slot, vector), header) in buffer
        .chunks_exact_mut(slot_size)
        .zip(&mut vectors)
        .zip(&mut headers)
    {
        vector.iov_base = slot.as_mut_ptr().cast();
        vector.iov_len = slot.len();
        header.msg_hdr.msg_iov = vector;
        header.msg_hdr.msg_iovlen = 1;
        slots += 1;
    }
    let count = retry(|| {
        // SAFETY: the first `slots` headers are complete: each points to one vector, which describes
        // a slot of `buffer` that no other vector describes; all of them outlive the call, and
        // `buffer` is borrowed exclusively.
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
    for (extent, header) in extents.iter_mut().zip(&headers).take(count) {
        extent.length = usize::try_from(header.msg_len)
            .unwrap_or(slot_size)
            .min(slot_size);
        extent.truncated = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
    }
    Ok(count)
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
    let mut count = 0;
    for (((item, destination), vector), header) in chunk
        .iter()
        .zip(&mut destinations)
        .zip(&mut vectors)
        .zip(&mut headers)
    {
        let (address, bytes) = parts(item);
        header.msg_hdr.msg_name = std::ptr::from_mut(destination.write(address)).cast();
        header.msg_hdr.msg_namelen =
            libc::socklen_t::try_from(size_of::<D>()).map_err(io::Error::other)?;
        vector.iov_base = bytes.as_ptr().cast_mut().cast();
        vector.iov_len = bytes.len();
        header.msg_hdr.msg_iov = vector;
        header.msg_hdr.msg_iovlen = 1;
        count += 1;
    }
    retry(|| {
        // SAFETY: the first `count` headers are complete: name and vector point to initialised
        // elements of arrays that outlive the call, the vectors describe slices borrowed for 'a,
        // which the kernel only reads.
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

const EMPTY_VECTOR: libc::iovec = libc::iovec {
    iov_base: std::ptr::null_mut(),
    iov_len: 0,
};
