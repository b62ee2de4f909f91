//! Asking for links and addresses, adding and removing addresses.

use std::io::Cursor;
use std::os::fd::AsFd as _;
use std::time::Duration;

use evervip_model::VirtualAddress;
use neli::consts::nl::NlmF;
use neli::consts::rtnl::{Ifla, RtAddrFamily, RtScope, Rtm};
use neli::nl::{NlPayload, NlmsghdrBuilder};
use neli::rtnl::{IfaddrmsgBuilder, IfinfomsgBuilder, RtattrBuilder};
use neli::types::{Buffer, RtBuffer};
use neli::{Size, ToBytes};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::address::InterfaceAddress;
use super::change::{self, Change};
use super::error::{self, NetlinkError};
use super::link::Link;
use super::message::{FLAG_DUMP_INTERRUPTED, Message, messages};
use super::socket::{Datagram, RouteSocket};
use crate::clock::{NANOS_PER_SECOND, monotonic_nanos};

/// How an address, route or rule came to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addition {
    /// It was added.
    Added,
    /// An equal one was there before; keepalived counts that as success and so do we.
    AlreadyThere,
}

impl Addition {
    /// From the kernel's answer.
    pub(super) fn from_answer(answer: Result<(), NetlinkError>) -> Result<Self, NetlinkError> {
        match answer {
            Ok(()) => Ok(Self::Added),
            Err(error) if error.errno() == Some(libc::EEXIST) => Ok(Self::AlreadyThere),
            Err(error) => Err(error),
        }
    }
}

/// How an address, route or rule came to be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It was removed.
    Removed,
    /// It was not there, or its interface was not.
    NotThere,
}

impl Removal {
    /// From the kernel's answer; `absent` are the error numbers by which it says that there was
    /// nothing to remove.
    pub(super) fn from_answer(
        answer: Result<(), NetlinkError>,
        absent: &[i32],
    ) -> Result<Self, NetlinkError> {
        match answer {
            Ok(()) => Ok(Self::Removed),
            Err(error) if error.errno().is_some_and(|errno| absent.contains(&errno)) => {
                Ok(Self::NotThere)
            }
            Err(error) => Err(error),
        }
    }
}

/// A socket for requests to the kernel, each of which is answered before the call returns.
///
/// The kernel works requests off while they are being sent, so that answers need no waiting; should
/// one be missing nevertheless, the wait for it ends after a second.
#[derive(Debug)]
pub struct Requests {
    socket: RouteSocket,
    port: u32,
    last_sequence: u32,
}

impl Requests {
    /// Opens the socket.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn open() -> Result<Self, NetlinkError> {
        let socket = RouteSocket::open(&[], RECEIVE_BUFFER)?;
        let port = socket.port()?;
        Ok(Self {
            socket,
            port,
            last_sequence: 0,
        })
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

    /// The netlink port of this socket: in [`super::KernelEvent`] it marks changes made here.
    #[must_use]
    pub const fn port(&self) -> u32 {
        self.port
    }

    /// All links of the namespace, in the kernel's order.
    ///
    /// # Errors
    /// [`NetlinkError`]; then nothing can be said about the links.
    pub fn links(&mut self) -> Result<Vec<Link>, NetlinkError> {
        let request = ("RTM_GETLINK", libc::RTM_GETLINK);
        self.dump(request, link_dump, libc::RTM_NEWLINK, Link::decode)
    }

    /// All IPv4 and IPv6 addresses of the namespace, in the kernel's order: the primary address of
    /// an interface comes before its secondary ones.
    ///
    /// # Errors
    /// [`NetlinkError`]; then nothing can be said about the addresses.
    pub fn addresses(&mut self) -> Result<Vec<InterfaceAddress>, NetlinkError> {
        self.dump(
            ("RTM_GETADDR", libc::RTM_GETADDR),
            address_dump,
            libc::RTM_NEWADDR,
            InterfaceAddress::decode,
        )
    }

    /// Adds addresses to the interfaces of the given indices, all in one go, in order. The results
    /// stand in the same order; one that fails does not keep the others.
    pub fn add_addresses(
        &mut self,
        addresses: &[(u32, &VirtualAddress)],
    ) -> Vec<Result<Addition, NetlinkError>> {
        let results = self.change(Change::Add, addresses);
        results.into_iter().map(Addition::from_answer).collect()
    }

    /// Removes addresses, as [`Self::add_addresses`] adds them.
    pub fn remove_addresses(
        &mut self,
        addresses: &[(u32, &VirtualAddress)],
    ) -> Vec<Result<Removal, NetlinkError>> {
        let results = self.change(Change::Remove, addresses);
        let absent = [libc::EADDRNOTAVAIL, libc::ENODEV];
        let removal = |result| Removal::from_answer(result, &absent);
        results.into_iter().map(removal).collect()
    }

    /// Gives addresses that are there the flags and lifetimes that they are described with, as
    /// [`Self::add_addresses`] adds them. The kernel does this for IPv6; of IPv4 addresses it keeps
    /// everything as it is.
    pub fn alter_addresses(
        &mut self,
        addresses: &[(u32, &VirtualAddress)],
    ) -> Vec<Result<(), NetlinkError>> {
        self.change(Change::Alter, addresses)
    }

    fn change(
        &mut self,
        change: Change,
        addresses: &[(u32, &VirtualAddress)],
    ) -> Vec<Result<(), NetlinkError>> {
        let encode = |sequence, (ifindex, address): &(u32, &VirtualAddress)| {
            change::encode(change, sequence, *ifindex, address)
        };
        self.each_acknowledged(change.message(), addresses, encode)
    }

    /// Sends a request for each item, many in a datagram, and gives their answers in order.
    pub(super) fn each_acknowledged<T>(
        &mut self,
        request: (&'static str, u16),
        items: &[T],
        encode: impl Fn(u32, &T) -> Result<Vec<u8>, NetlinkError>,
    ) -> Vec<Result<(), NetlinkError>> {
        let mut verdicts = Vec::with_capacity(items.len());
        for chunk in items.chunks(BATCH) {
            verdicts.extend(self.chunk_acknowledged(request, chunk, &encode));
        }
        let result = |verdict| match verdict {
            Verdict::Accepted => Ok(()),
            Verdict::Refused(error) => Err(error),
            Verdict::Missing => Err(NetlinkError::NoAnswer),
        };
        verdicts.into_iter().map(result).collect()
    }

    /// One datagram with all requests, then their answers.
    fn chunk_acknowledged<T>(
        &mut self,
        request: (&'static str, u16),
        chunk: &[T],
        encode: impl Fn(u32, &T) -> Result<Vec<u8>, NetlinkError>,
    ) -> Vec<Verdict> {
        let mut verdicts = Vec::with_capacity(chunk.len());
        let mut datagram = Vec::new();
        let first = self.last_sequence.wrapping_add(1);
        for item in chunk {
            self.last_sequence = self.last_sequence.wrapping_add(1);
            match encode(self.last_sequence, item) {
                Ok(message) => {
                    datagram.extend(message);
                    verdicts.push(Verdict::Missing);
                }
                Err(error) => verdicts.push(Verdict::Refused(error)),
            }
        }
        let outcome = if datagram.is_empty() {
            Ok(())
        } else {
            self.socket
                .send(&datagram)
                .and_then(|()| self.collect(request, first, &mut verdicts))
        };
        if let Err(error) = outcome {
            // It concerns all that have no answer; the first one carries it.
            let mut unanswered = verdicts.iter_mut().filter(|verdict| verdict.is_missing());
            if let Some(verdict) = unanswered.next() {
                *verdict = Verdict::Refused(error);
            }
        }
        verdicts
    }

    /// Reads answers until none is missing, or none comes; the request number `first` is that of
    /// `verdicts[0]`.
    fn collect(
        &mut self,
        request: (&'static str, u16),
        first: u32,
        verdicts: &mut [Verdict],
    ) -> Result<(), NetlinkError> {
        let port = self.port;
        let mut deadline = answer_deadline();
        let mut missing = verdicts
            .iter()
            .filter(|verdict| verdict.is_missing())
            .count();
        while missing > 0 {
            let datagram = match self.next_datagram(deadline)? {
                Next::Whole(datagram) => datagram,
                // All was answered already: what is not lost is there.
                Next::Lost => {
                    deadline = 0;
                    continue;
                }
                Next::TimedOut => break,
            };
            for message in messages(datagram) {
                let position = usize::try_from(message.sequence.wrapping_sub(first));
                let slot = position.ok().and_then(|at| verdicts.get_mut(at));
                let (Some(slot), Some(errno)) = (slot, message.verdict()) else {
                    continue;
                };
                if slot.is_missing() {
                    missing -= 1;
                    *slot = match errno {
                        0 => Verdict::Accepted,
                        _ => Verdict::Refused(rejection(&message, errno, request, port)),
                    };
                }
            }
        }
        Ok(())
    }

    /// Sends one request, made with the sequence number, and waits for its acknowledgement.
    pub(super) fn acknowledged(
        &mut self,
        request: (&'static str, u16),
        encode: impl FnOnce(u32) -> Vec<u8>,
    ) -> Result<(), NetlinkError> {
        self.last_sequence = self.last_sequence.wrapping_add(1);
        let sequence = self.last_sequence;
        self.socket.send(&encode(sequence))?;
        let mut verdicts = [Verdict::Missing];
        self.collect(request, sequence, &mut verdicts)?;
        match verdicts {
            [Verdict::Accepted] => Ok(()),
            [Verdict::Refused(error)] => Err(error),
            [Verdict::Missing] => Err(NetlinkError::NoAnswer),
        }
    }

    pub(super) fn dump<T>(
        &mut self,
        request: (&'static str, u16),
        encode: impl Fn(u32) -> Result<Vec<u8>, NetlinkError>,
        kind: u16,
        decode: fn(&[u8]) -> Option<T>,
    ) -> Result<Vec<T>, NetlinkError> {
        for _ in 0..DUMP_ATTEMPTS {
            if let Some(found) = self.dump_once(request, &encode, kind, decode)? {
                return Ok(found);
            }
        }
        Err(NetlinkError::Unstable)
    }

    /// `None` when the table changed meanwhile, or part of the answer was lost.
    fn dump_once<T>(
        &mut self,
        request: (&'static str, u16),
        encode: impl Fn(u32) -> Result<Vec<u8>, NetlinkError>,
        kind: u16,
        decode: fn(&[u8]) -> Option<T>,
    ) -> Result<Option<Vec<T>>, NetlinkError> {
        self.last_sequence = self.last_sequence.wrapping_add(1);
        let sequence = self.last_sequence;
        let port = self.port;
        self.socket.send(&encode(sequence)?)?;
        let mut deadline = answer_deadline();
        let mut found = Vec::new();
        let mut complete = true;
        loop {
            let datagram = match self.next_datagram(deadline)? {
                Next::Whole(datagram) => datagram,
                Next::Lost => {
                    complete = false;
                    deadline = 0;
                    continue;
                }
                Next::TimedOut if !complete => return Ok(None),
                Next::TimedOut => return Err(NetlinkError::NoAnswer),
            };
            for message in messages(datagram).filter(|message| message.sequence == sequence) {
                complete &= message.flags & FLAG_DUMP_INTERRUPTED == 0;
                match message.verdict() {
                    None if message.kind == kind => found.extend(decode(message.payload)),
                    None => {}
                    Some(0) => return Ok(complete.then_some(found)),
                    // An interrupted dump may also be reported this way.
                    Some(libc::EINTR | libc::EAGAIN) => return Ok(None),
                    Some(errno) => return Err(rejection(&message, errno, request, port)),
                }
            }
        }
    }

    /// The next datagram, waiting for it until `deadline`.
    fn next_datagram(&mut self, deadline: u64) -> Result<Next<'_>, NetlinkError> {
        self.wait_readable(deadline)?;
        Ok(match self.socket.read()? {
            Datagram::Whole(datagram) => Next::Whole(datagram),
            Datagram::Lost => Next::Lost,
            Datagram::Nothing => Next::TimedOut,
        })
    }

    fn wait_readable(&self, deadline: u64) -> Result<(), NetlinkError> {
        loop {
            let left = Duration::from_nanos(deadline.saturating_sub(monotonic_nanos()));
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::ZERO);
            let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, timeout) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(error::socket("waiting for the kernel")(errno.into())),
            }
        }
    }
}

/// What became of one request.
#[derive(Debug)]
enum Verdict {
    Missing,
    Accepted,
    Refused(NetlinkError),
}

impl Verdict {
    const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }
}

/// What came within the time allowed.
enum Next<'a> {
    Whole(&'a [u8]),
    Lost,
    TimedOut,
}

fn rejection(
    answer: &Message<'_>,
    errno: i32,
    (name, kind): (&'static str, u16),
    port: u32,
) -> NetlinkError {
    NetlinkError::Rejected {
        errno,
        name,
        kind,
        sequence: answer.sequence,
        port,
        detail: answer.detail(),
    }
}

fn link_dump(sequence: u32) -> Result<Vec<u8>, NetlinkError> {
    let without_statistics = RtattrBuilder::default()
        .rta_type(Ifla::ExtMask)
        .rta_payload(Buffer::from(
            libc::RTEXT_FILTER_SKIP_STATS.to_ne_bytes().to_vec(),
        ))
        .build()
        .map_err(encoding)?;
    let message = IfinfomsgBuilder::default()
        .ifi_family(RtAddrFamily::Unspecified)
        .rtattrs([without_statistics].into_iter().collect::<RtBuffer<_, _>>())
        .build()
        .map_err(encoding)?;
    encode_dump(sequence, Rtm::Getlink, message)
}

fn address_dump(sequence: u32) -> Result<Vec<u8>, NetlinkError> {
    let message = IfaddrmsgBuilder::default()
        .ifa_family(RtAddrFamily::Unspecified)
        .ifa_prefixlen(0)
        .ifa_scope(RtScope::Universe)
        .ifa_index(0)
        .build()
        .map_err(encoding)?;
    encode_dump(sequence, Rtm::Getaddr, message)
}

fn encode_dump<P: Size + ToBytes>(
    sequence: u32,
    kind: Rtm,
    message: P,
) -> Result<Vec<u8>, NetlinkError> {
    let request = NlmsghdrBuilder::default()
        .nl_type(kind)
        .nl_flags(NlmF::REQUEST | NlmF::DUMP)
        .nl_seq(sequence)
        .nl_payload(NlPayload::Payload(message))
        .build()
        .map_err(encoding)?;
    let mut bytes = Cursor::new(Vec::new());
    request.to_bytes(&mut bytes).map_err(encoding)?;
    Ok(bytes.into_inner())
}

fn encoding(error: impl std::fmt::Display) -> NetlinkError {
    NetlinkError::Encoding(error.to_string())
}

fn answer_deadline() -> u64 {
    monotonic_nanos().saturating_add(NANOS_PER_SECOND)
}

/// Requests per datagram: their answers fit the smallest usual receive buffer.
const BATCH: usize = 128;
/// Room in the kernel for the answers to a batch and for dumps.
const RECEIVE_BUFFER: usize = 1024 * 1024;
/// How often a dump is repeated when the table changes under it.
const DUMP_ATTEMPTS: usize = 8;
