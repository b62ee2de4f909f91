//! Messages between two processes that one parent makes, whole or not at all.

use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
/// Longest message.
pub const MESSAGE: usize = 64;

/// One end. Processes that are forked share it; it stays open as long as one of them lives.
#[derive(Debug)]
pub struct ReportChannel(OwnedFd);

impl ReportChannel {
    /// Both ends.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn pair() -> io::Result<(Self, Self)> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let (one, other) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)?;
        Ok((Self(one), Self(other)))
    }

    /// Another handle of the same end.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn try_clone(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// Sends a message; false when there is no room.
    #[must_use]
    pub fn send(&self, message: &[u8]) -> bool {
        send(self.0.as_raw_fd(), message, MsgFlags::MSG_NOSIGNAL).is_ok()
    }

    /// The next message, of at most [`MESSAGE`] bytes; `None` when none waits.
    pub fn receive<'a>(&self, buffer: &'a mut [u8; MESSAGE]) -> Option<&'a [u8]> {
        loop {
            match recv(self.0.as_raw_fd(), buffer, MsgFlags::empty()) {
                Ok(0) => return None,
                Ok(length) => return buffer.get(..length),
                Err(Errno::EINTR) => {}
                Err(_) => return None,
            }
        }
    }
}

impl AsFd for ReportChannel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_keep_their_borders() {
        let (one, other) = ReportChannel::pair().unwrap();
        let mut buffer = [0; MESSAGE];
        assert_eq!(other.receive(&mut buffer), None);
        assert!(one.send(b"first") && one.send(b"2"));
        assert_eq!(other.receive(&mut buffer), Some(&b"first"[..]));
        assert_eq!(other.receive(&mut buffer), Some(&b"2"[..]));
        assert!(other.send(b"?"));
        assert_eq!(one.receive(&mut buffer), Some(&b"?"[..]));
    }

    #[test]
    fn who_does_not_read_is_not_waited_for() {
        let (one, _other) = ReportChannel::pair().unwrap();
        let sent = (0..100_000).take_while(|_| one.send(&[0; MESSAGE])).count();
        assert!((10..100_000).contains(&sent), "{sent}");
    }
}
