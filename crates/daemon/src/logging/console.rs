//! Standard error as a place for log lines, without ever waiting for its reader.
//!
//! `poll` before `write` is not enough: a pipe that has room for a page says that it is writable and
//! then blocks a longer line, and the other process of this daemon writes to the same pipe. Setting
//! `O_NONBLOCK` would change standard error of everybody who shares it, such as a shell. So pipes and
//! terminals are opened anew, and sockets are asked not to wait for each message.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::time::Duration;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, send};

use super::destination::Fate;

#[derive(Debug)]
enum Way {
    /// Ours alone and non-blocking, or a regular file, which takes no time.
    File(File),
    /// Shared with others.
    Socket(OwnedFd),
}

/// Where lines go with `-n -l`.
#[derive(Debug)]
pub(super) struct Console {
    way: Way,
    /// The last line was written in part only.
    torn: bool,
}

impl Console {
    /// A console on this descriptor; `None` when it is closed.
    pub(super) fn on(descriptor: BorrowedFd<'_>) -> Option<Self> {
        let shared = descriptor.try_clone_to_owned().ok()?;
        let file = File::from(shared.try_clone().ok()?);
        let kind = file.metadata().ok()?.file_type();
        let way = if kind.is_socket() {
            Way::Socket(shared)
        } else if kind.is_fifo() || kind.is_char_device() {
            // Without /proc, or without permission, the shared one has to do.
            Way::File(reopen(descriptor).unwrap_or(file))
        } else {
            Way::File(file)
        };
        Some(Self { way, torn: false })
    }

    /// Writes a line, waiting for its reader no longer than `patience`.
    pub(super) fn write(&mut self, line: &str, patience: Duration) -> Fate {
        if self.torn {
            let rest = self.write_all(b"\n", patience);
            if rest != Fate::Taken {
                return rest;
            }
            self.torn = false;
        }
        self.write_all(line.as_bytes(), patience)
    }

    fn write_all(&mut self, mut bytes: &[u8], patience: Duration) -> Fate {
        let whole = bytes.len();
        let mut waited = false;
        while !bytes.is_empty() {
            match self.write_some(bytes) {
                Ok(length) => bytes = &bytes[length.min(bytes.len())..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if waited || !self.has_room_within(patience) {
                        self.torn |= bytes.len() < whole;
                        return Fate::Lost;
                    }
                    waited = true;
                }
                Err(_) => return Fate::Unwanted,
            }
        }
        Fate::Taken
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.way {
            Way::File(file) if !has_room(file.as_fd(), Duration::ZERO) => {
                Err(io::ErrorKind::WouldBlock.into())
            }
            Way::File(file) => file.write(bytes),
            Way::Socket(socket) => {
                let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
                Ok(send(socket.as_raw_fd(), bytes, flags)?)
            }
        }
    }

    fn has_room_within(&self, patience: Duration) -> bool {
        !patience.is_zero()
            && match &self.way {
                Way::File(file) => has_room(file.as_fd(), patience),
                Way::Socket(socket) => has_room(socket.as_fd(), patience),
            }
    }
}

fn reopen(descriptor: BorrowedFd<'_>) -> io::Result<File> {
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    OpenOptions::new()
        .write(true)
        .custom_flags(flags.bits())
        .open(format!("/proc/self/fd/{}", descriptor.as_raw_fd()))
}

/// Whether something can be written, perhaps after a wait. An error is met by writing.
pub(super) fn has_room(descriptor: BorrowedFd<'_>, patience: Duration) -> bool {
    let millis = u16::try_from(patience.as_millis()).unwrap_or(u16::MAX);
    let mut descriptors = [PollFd::new(descriptor, PollFlags::POLLOUT)];
    matches!(poll(&mut descriptors, PollTimeout::from(millis)), Ok(1..))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc::channel;
    use std::thread;

    const LIMIT: Duration = Duration::from_secs(10);

    fn pipe() -> (File, OwnedFd) {
        let (reader, writer) = nix::unistd::pipe().unwrap();
        (File::from(reader), writer)
    }

    /// Runs `body` in a thread that may block for ever.
    fn within_limit<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
        let (done, result) = channel();
        thread::spawn(move || done.send(body()));
        result.recv_timeout(LIMIT).expect("blocked by its reader")
    }

    #[test]
    fn a_line_longer_than_the_room_in_a_pipe_does_not_block() {
        let (mut reader, writer) = pipe();
        let mut console = Console::on(writer.as_fd()).unwrap();
        let line = "x".repeat(50_000);
        let (fates, mut console) = within_limit(move || {
            let fates: Vec<Fate> = (0..4)
                .map(|_| console.write(&line, Duration::from_millis(1)))
                .collect();
            (fates, console)
        });
        assert_eq!(fates.first(), Some(&Fate::Taken));
        assert_eq!(fates.last(), Some(&Fate::Lost));
        // What was written in part is ended before the next line.
        let mut full = vec![0; 60_000];
        reader.read_exact(&mut full).unwrap();
        assert_eq!(console.write("next\n", Duration::ZERO), Fate::Taken);
        drop((console, writer));
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert!(
            rest.ends_with("x\nnext\n"),
            "{:?}",
            rest.get(rest.len() - 9..)
        );
    }

    #[test]
    fn the_descriptor_that_others_share_stays_blocking() {
        let (_reader, writer) = pipe();
        let _console = Console::on(writer.as_fd()).unwrap();
        let flags = nix::fcntl::fcntl(&writer, nix::fcntl::F_GETFL).unwrap();
        assert_eq!(flags & OFlag::O_NONBLOCK.bits(), 0);
    }

    #[test]
    fn a_socket_that_nobody_reads_does_not_block() {
        let (_reader, writer) = UnixStream::pair().unwrap();
        let mut console = Console::on(writer.as_fd()).unwrap();
        let last = within_limit(move || {
            let line = "x".repeat(50_000);
            let fates = (0..200).map(|_| console.write(&line, Duration::ZERO));
            fates.last()
        });
        assert_eq!(last, Some(Fate::Lost));
    }

    #[test]
    fn without_a_reader_nothing_is_lost_that_anybody_wants() {
        let (reader, writer) = pipe();
        let mut console = Console::on(writer.as_fd()).unwrap();
        drop(reader);
        assert_eq!(console.write("line\n", Duration::ZERO), Fate::Unwanted);
    }
}
