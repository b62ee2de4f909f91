//! The local syslog daemon, or the journal: whoever takes datagrams.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

use super::console::has_room;
use super::destination::Fate;

/// A connection that is made when there is something to say, and anew when the syslog daemon has been
/// restarted.
#[derive(Debug)]
pub(super) struct Syslog {
    path: PathBuf,
    socket: Option<UnixDatagram>,
}

impl Syslog {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, socket: None }
    }

    /// Sends a message, waiting for its reader no longer than `patience`.
    pub(super) fn send(&mut self, message: &[u8], patience: Duration) -> Fate {
        let was_connected = self.socket.is_some();
        let fate = self.try_send(message, patience);
        // A syslog daemon that was restarted has a new socket.
        if fate == Fate::Unwanted && was_connected {
            return self.try_send(message, patience);
        }
        fate
    }

    fn try_send(&mut self, message: &[u8], patience: Duration) -> Fate {
        if self.socket.is_none() {
            self.socket = self.connect().ok();
        }
        let Some(socket) = &self.socket else {
            return Fate::Unwanted;
        };
        let mut result = socket.send(message);
        let busy = result.as_ref().is_err_and(is_busy);
        if busy && !patience.is_zero() && has_room(socket.as_fd(), patience) {
            result = socket.send(message);
        }
        match result {
            Ok(_) => Fate::Taken,
            Err(error) if is_busy(&error) => Fate::Lost,
            Err(_) => {
                self.socket = None;
                Fate::Unwanted
            }
        }
    }

    fn connect(&self) -> io::Result<UnixDatagram> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(&self.path)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }
}

fn is_busy(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    ) || error.raw_os_error() == Some(nix::libc::ENOBUFS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_may_be_absent_slow_and_restarted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut syslog = Syslog::new(path.clone());
        assert_eq!(syslog.send(b"one", Duration::ZERO), Fate::Unwanted);
        let reader = UnixDatagram::bind(&path).unwrap();
        assert_eq!(syslog.send(b"two", Duration::ZERO), Fate::Taken);
        let full = (0..100_000).find(|_| syslog.send(b"x", Duration::ZERO) == Fate::Lost);
        assert!(full.is_some(), "the kernel keeps a bounded number");
        assert_eq!(syslog.send(b"x", Duration::from_millis(1)), Fate::Lost);
        let mut buffer = [0; 16];
        assert_eq!(reader.recv(&mut buffer).unwrap(), 3);
        assert_eq!(&buffer[..3], b"two");
        drop(reader);
        std::fs::remove_file(&path).unwrap();
        let reader = UnixDatagram::bind(&path).unwrap();
        assert_eq!(syslog.send(b"three", Duration::ZERO), Fate::Taken);
        assert_eq!(reader.recv(&mut buffer).unwrap(), 5);
    }
}
