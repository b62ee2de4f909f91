//! The socket that the operator's tool talks to (`evervip clear-fault`; the words are in
//! `evervip-api`).
//!
//! It is beside the pid file of the guardian and belongs to the process with the engine. A thread
//! serves one caller after another, each with a time limit; the engine thread gets a request as one
//! message and never waits. Nobody but root, or who runs the daemon, is heard: the file's mode
//! says so, and the kernel is asked for the caller's user.

use std::fs::{self, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

use evervip_api::{Answer, LONGEST_REQUEST, Problem, Request};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::unistd::geteuid;

use crate::inbox::{Message, Outlet};

/// What a caller wants of the engine thread. One is under way at a time.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) request: Request,
    /// Has room for the answer.
    pub(crate) done: SyncSender<Answer>,
}

/// The socket; its file is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    path: PathBuf,
    /// Device and number of the file.
    file: (u64, u64),
}

/// Longest wait for a caller's words, and for its reading of the answer.
const CALLER: Duration = Duration::from_secs(2);
/// Longest wait for the engine thread.
const ENGINE: Duration = Duration::from_secs(5);
/// Pause when no connection can be accepted, as without a free descriptor.
const PAUSE: Duration = Duration::from_millis(200);

impl ControlSocket {
    /// Makes the socket and starts its thread. What is left at its place by a process that was killed
    /// is replaced.
    ///
    /// # Errors
    /// As the file system gives them, or when no thread can be made.
    pub(crate) fn open(path: &Path, outlet: Outlet) -> io::Result<Self> {
        let (listener, socket) = Self::listen(path)?;
        std::thread::Builder::new()
            .name("control".to_owned())
            .spawn(move || serve(&listener, &outlet))?;
        Ok(socket)
    }

    /// Nobody can connect before the mode is right: until then the name is another one.
    fn listen(path: &Path) -> io::Result<(UnixListener, Self)> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let hidden = path.with_file_name(format!(".{name}.{}", std::process::id()));
        remove_if_socket(&hidden)?;
        let listener = UnixListener::bind(&hidden)?;
        let placed = fs::set_permissions(&hidden, Permissions::from_mode(0o600))
            .and_then(|()| remove_if_socket(path))
            .and_then(|()| fs::symlink_metadata(&hidden))
            .and_then(|file| fs::rename(&hidden, path).map(|()| file));
        let file = placed.inspect_err(|_| {
            // It is of no use to anybody.
            let _ = fs::remove_file(&hidden);
        })?;
        let socket = Self {
            path: path.to_owned(),
            file: (file.dev(), file.ino()),
        };
        Ok((listener, socket))
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        let found = fs::symlink_metadata(&self.path);
        // Another daemon may have put its own there.
        if found.is_ok_and(|file| (file.dev(), file.ino()) == self.file) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Removes the socket of a process that is gone; anything else is not ours to remove.
fn remove_if_socket(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt as _;
    match fs::symlink_metadata(path) {
        Ok(file) if file.file_type().is_socket() => fs::remove_file(path),
        Ok(_) => Err(io::Error::other("something else than a socket is there")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn serve(listener: &UnixListener, outlet: &Outlet) {
    let mut line = EngineLine {
        outlet,
        unanswered: None,
    };
    loop {
        match listener.accept() {
            // A caller that goes away, or has nothing to say here, is nobody's trouble.
            Ok((stream, _)) => drop(converse(&stream, &mut line)),
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
}

/// One caller.
fn converse(mut stream: &UnixStream, line: &mut EngineLine<'_>) -> io::Result<()> {
    let caller = getsockopt(&stream, PeerCredentials)?.uid();
    if caller != 0 && caller != geteuid().as_raw() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    stream.set_write_timeout(Some(CALLER))?;
    let answer = match read_request(stream)?
        .as_deref()
        .and_then(Request::from_line)
    {
        Some(request) => line.ask(request, ENGINE),
        None => Answer::Refused(Problem::UnknownRequest),
    };
    stream.write_all(answer.to_string().as_bytes())
}

/// The caller's line without its end; `None` for one that is too long or no text.
fn read_request(mut stream: &UnixStream) -> io::Result<Option<String>> {
    let end = Instant::now() + CALLER;
    let mut bytes = Vec::new();
    let mut part = [0; 512];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let count = stream.read(&mut part)?;
        bytes.extend_from_slice(&part[..count]);
        if let Some(at) = bytes.iter().position(|byte| *byte == b'\n') {
            bytes.truncate(at);
            return Ok(String::from_utf8(bytes).ok());
        }
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if bytes.len() >= LONGEST_REQUEST {
            return Ok(None);
        }
    }
}

/// The way to the engine thread.
struct EngineLine<'a> {
    outlet: &'a Outlet,
    /// An order that was given up before its answer came; until then there is no other one.
    unanswered: Option<Receiver<Answer>>,
}

impl EngineLine<'_> {
    fn ask(&mut self, request: Request, patience: Duration) -> Answer {
        let busy = Answer::Refused(Problem::Busy);
        let waits = |old: &Receiver<Answer>| old.try_recv() == Err(TryRecvError::Empty);
        if self.unanswered.as_ref().is_some_and(waits) {
            return busy;
        }
        let (done, answer) = sync_channel(1);
        self.outlet.send(Message::Control(Order { request, done }));
        let answered = answer.recv_timeout(patience);
        self.unanswered = answered.is_err().then_some(answer);
        answered.unwrap_or(busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::{Inbox, inbox};

    fn request(instance: &str) -> Request {
        Request::ClearFault {
            instance: instance.to_owned(),
        }
    }

    /// An engine thread that refuses everything, and says what it was asked.
    fn answer_one(inbox: &Inbox) -> Request {
        loop {
            if let Some(Message::Control(order)) = inbox.next() {
                order
                    .done
                    .send(Answer::Refused(Problem::NotLatched))
                    .unwrap();
                return order.request;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn call(path: &Path, bytes: &[u8]) -> String {
        let mut stream = UnixStream::connect(path).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn requests_reach_the_engine_and_answers_the_caller() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keepalived.sock");
        let (outlet, inbox) = inbox().unwrap();
        let socket = ControlSocket::open(&path, outlet).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let engine = std::thread::spawn(move || answer_one(&inbox));
        assert_eq!(call(&path, b"clear-fault V 1\n"), "error not-latched\n");
        assert_eq!(engine.join().unwrap(), request("V 1"));
        for unknown in [b"status\n".as_slice(), b"\xff\n", &[b'x'; LONGEST_REQUEST]] {
            assert_eq!(call(&path, unknown), "error unknown-request\n");
        }
        drop(socket);
        assert!(!path.exists());
    }

    #[test]
    fn a_caller_without_a_word_gets_none() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        assert!(read_request(&ours).is_err());
    }

    #[test]
    fn an_engine_that_does_not_answer_is_asked_once() {
        let (outlet, inbox) = inbox().unwrap();
        let mut line = EngineLine {
            outlet: &outlet,
            unanswered: None,
        };
        let short = Duration::from_millis(1);
        for _ in 0..3 {
            assert_eq!(
                line.ask(request("V"), short),
                Answer::Refused(Problem::Busy)
            );
        }
        answer_one(&inbox);
        assert!(inbox.next().is_none(), "it was asked once");
        assert_eq!(
            line.ask(request("V"), short),
            Answer::Refused(Problem::Busy)
        );
        assert!(
            inbox.next().is_some(),
            "it has answered, so it is asked again"
        );
    }

    #[test]
    fn the_socket_of_a_dead_process_is_replaced_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s.sock");
        drop(UnixListener::bind(&path).unwrap());
        let (listener, first) = ControlSocket::listen(&path).unwrap();
        UnixStream::connect(&path).unwrap();
        drop(listener);
        let (_listener, second) = ControlSocket::listen(&path).unwrap();
        drop(first);
        assert!(path.exists(), "it is another one's");
        drop(second);
        fs::write(&path, "a file").unwrap();
        assert!(ControlSocket::listen(&path).is_err());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
