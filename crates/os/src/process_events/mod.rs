//! Processes as they come and go (the kernel's process connector).
//!
//! Only the initial network, process and user namespaces have the connector; elsewhere opening it
//! fails, or it is never confirmed. A filter in the kernel keeps threads and other news away, so
//! that a process with thousands of threads costs nothing.

mod message;

use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};

use nix::errno::Errno;
use nix::sys::socket::{NetlinkAddr, bind, recvfrom, setsockopt, sockopt};
use socket2::{Domain, Protocol, SockFilter, Socket, Type};

/// What the kernel reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessEvent {
    /// The answer to the request to listen: 0, or why there will be no events.
    Answered {
        /// An errno.
        error: i32,
    },
    /// A process has made another one.
    Forked {
        /// The old one.
        parent: i32,
        /// The new one.
        child: i32,
    },
    /// A process runs another program.
    Executed {
        /// Which.
        pid: i32,
    },
    /// A process has given itself another name.
    Renamed {
        /// Which.
        pid: i32,
    },
    /// A process has ended; as a zombie it may be there a while.
    Exited {
        /// Which.
        pid: i32,
    },
    /// Events were lost.
    Overrun,
}

/// A queue of events; readable when one waits.
#[derive(Debug)]
pub struct ProcessEvents {
    socket: Socket,
    buffer: Box<[u8]>,
}

impl ProcessEvents {
    /// Room in the kernel for a burst of several thousand events, in bytes.
    pub const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

    /// Asks for events. The answer is the first of them: [`ProcessEvent::Answered`]. The kernel keeps
    /// events that wait in a buffer of so many bytes, beyond the system's limit if `force` is set.
    ///
    /// # Errors
    /// Where the kernel has no connector, this network namespace has none, or for lack of privilege.
    pub fn open(buffer: usize, force: bool) -> io::Result<Self> {
        let kind = Type::DGRAM.cloexec().nonblocking();
        let protocol = Protocol::from(libc::NETLINK_CONNECTOR);
        let socket = Socket::new(Domain::from(libc::AF_NETLINK), kind, Some(protocol))?;
        let program = message::only_processes();
        let program: Vec<SockFilter> = program.into_iter().map(SockFilter::from).collect();
        socket.attach_filter(&program)?;
        // Beyond the administrator's limit only with privilege; else as far as the limit goes.
        if !force || setsockopt(&socket, sockopt::RcvBufForce, &buffer).is_err() {
            socket.set_recv_buffer_size(buffer)?;
        }
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, GROUP))?;
        socket.send(&message::listen_request())?;
        Ok(Self {
            socket,
            buffer: vec![0; DATAGRAM].into_boxed_slice(),
        })
    }

    /// Appends to `events` what waits, in order; never blocks. `true` means that more may wait.
    ///
    /// # Errors
    /// Those of recv(2); none are expected. Lost events are an event instead.
    pub fn read(&mut self, events: &mut Vec<ProcessEvent>) -> io::Result<bool> {
        for _ in 0..EVENTS_PER_READ {
            match recvfrom::<NetlinkAddr>(self.socket.as_raw_fd(), &mut self.buffer) {
                Ok((length, sender)) => {
                    // Other programs may send to the group, too.
                    if sender.is_some_and(|sender| sender.pid() == 0) {
                        let datagram = self.buffer.get(..length).unwrap_or_default();
                        events.extend(message::decode(datagram));
                    }
                }
                Err(Errno::EAGAIN) => return Ok(false),
                Err(Errno::ENOBUFS) => events.push(ProcessEvent::Overrun),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }
}

impl AsFd for ProcessEvents {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The group of process events, as a bit.
const GROUP: u32 = 1;
/// Longer than any event; each comes in a datagram of its own.
const DATAGRAM: usize = 256;
/// Events that one read takes.
const EVENTS_PER_READ: usize = 4096;
