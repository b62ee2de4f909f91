//! The places that lines are written to.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::line::Line;

const SYSLOG: &str = "/dev/log";
/// How long the log thread waits for a reader before it drops a line.
const PATIENCE: Duration = Duration::from_millis(100);

/// Syslog and perhaps the console.
#[derive(Debug)]
pub(super) struct Destination {
    ident: &'static str,
    console: bool,
    syslog: Option<UnixDatagram>,
    /// Lines that no reader took in time.
    pub(super) dropped: u64,
}

impl Destination {
    pub(super) fn new(ident: &'static str, console: bool) -> Self {
        Self {
            ident,
            console,
            syslog: None,
            dropped: 0,
        }
    }

    /// Writes without ever waiting.
    pub(super) fn write_now(&mut self, line: &Line) {
        self.write(line, Duration::ZERO);
    }

    /// Writes, waiting a little for slow readers.
    pub(super) fn write_patiently(&mut self, line: &Line) {
        self.write(line, PATIENCE);
    }

    fn write(&mut self, line: &Line, patience: Duration) {
        let mut lost = false;
        if self.console {
            lost |= !write_console(&line.for_console(), patience);
        }
        let text = line.for_syslog(self.ident);
        // A syslog daemon that was restarted has a new socket.
        let sent =
            self.send(&text, patience) || (self.syslog.is_none() && self.send(&text, patience));
        // Where there is no syslog daemon, nothing is lost that anybody would have read.
        lost |= !sent && self.syslog.is_some();
        self.dropped += u64::from(lost);
    }

    /// Sends to syslog; forgets the socket when it is dead.
    fn send(&mut self, text: &str, patience: Duration) -> bool {
        if self.syslog.is_none() {
            self.syslog = connect(Path::new(SYSLOG));
        }
        let Some(socket) = &self.syslog else {
            return false;
        };
        let _ = socket.set_nonblocking(patience.is_zero());
        let _ = socket.set_write_timeout(Some(patience).filter(|patience| !patience.is_zero()));
        match socket.send(text.as_bytes()) {
            Ok(_) => true,
            Err(error) => {
                let busy = matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                );
                if !busy {
                    self.syslog = None;
                }
                false
            }
        }
    }
}

fn connect(path: &Path) -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    socket.connect(path).ok()?;
    Some(socket)
}

/// Writes when there is room; a terminal that is stopped or a pipe that is full is waited for no
/// longer than `patience`.
fn write_console(text: &str, patience: Duration) -> bool {
    let stderr = io::stderr();
    let millis = u16::try_from(patience.as_millis()).unwrap_or(u16::MAX);
    let mut descriptors = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    let ready = matches!(poll(&mut descriptors, PollTimeout::from(millis)), Ok(1..));
    ready && stderr.lock().write_all(text.as_bytes()).is_ok()
}
