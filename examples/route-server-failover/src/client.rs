//! The client: a request every 0.1 s, as in the original, from a node of its own.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};

use anyhow::Result;
use evervip_lab::Node;

/// What the client noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The first request that failed after one that did not.
    Lost,
    /// An answer from another node than before, or the first one after `Lost`.
    Answered {
        /// Name of the node.
        by: String,
        /// Time since the last answer before.
        gap: Duration,
    },
}

/// A client that never stops asking. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Client {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    notices: Vec<(SystemTime, Notice)>,
    last_answer: Option<(Instant, String)>,
    lost: bool,
    longest_gap: Duration,
}

impl Client {
    /// Starts asking `address` on port 80 from `node`.
    pub(crate) fn start(node: Node, address: Ipv4Addr) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let writer = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("client".into())
            .spawn(move || {
                // The sockets must be made inside the node's network.
                let entered = node.enter(|| writer.ask(SocketAddr::from((address, 80))));
                if let Err(error) = entered {
                    eprintln!("client: {error}");
                }
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// What happened since the last call.
    pub(crate) fn notices(&self) -> Vec<(SystemTime, Notice)> {
        std::mem::take(&mut self.shared.lock().notices)
    }

    /// Who gave the last answer; `None` while requests fail.
    pub(crate) fn answered_by(&self) -> Option<String> {
        let seen = self.shared.lock();
        let last = seen.last_answer.as_ref().filter(|_| !seen.lost);
        last.map(|(_, by)| by.clone())
    }

    /// Starts a new measurement of the longest gap. A gap that is open counts from now on.
    pub(crate) fn reset_gap(&self) {
        let mut seen = self.shared.lock();
        seen.longest_gap = Duration::ZERO;
        if let Some((at, _)) = &mut seen.last_answer {
            *at = Instant::now();
        }
    }

    /// Longest time between two answers since the last reset, one still open included.
    pub(crate) fn longest_gap(&self) -> Duration {
        let seen = self.shared.lock();
        let open = seen.last_answer.as_ref().map(|(at, _)| at.elapsed());
        seen.longest_gap.max(open.unwrap_or_default())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, server: SocketAddr) {
        while !self.stop.load(Ordering::Relaxed) {
            let start = Instant::now();
            match request(server) {
                Ok(by) => self.lock().answered(by),
                Err(_) => self.lock().failed(),
            }
            thread::sleep(PERIOD.saturating_sub(start.elapsed()));
        }
    }
}

impl Seen {
    fn answered(&mut self, by: String) {
        let now = Instant::now();
        let (gap, same) = match &self.last_answer {
            Some((at, before)) => (now - *at, *before == by),
            None => (Duration::ZERO, false),
        };
        self.longest_gap = self.longest_gap.max(gap);
        if self.lost || !same {
            let notice = Notice::Answered {
                by: by.clone(),
                gap,
            };
            self.notices.push((SystemTime::now(), notice));
        }
        self.lost = false;
        self.last_answer = Some((now, by));
    }

    fn failed(&mut self) {
        if !self.lost && self.last_answer.is_some() {
            self.notices.push((SystemTime::now(), Notice::Lost));
        }
        self.lost = true;
    }
}

/// One request; the answer's body.
pub(crate) fn request(server: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&server, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(65_536).read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    if head.split_whitespace().nth(1) != Some("200") {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(body.trim().to_owned())
}

/// Time between two requests, as in the original.
const PERIOD: Duration = Duration::from_millis(100);

/// How long the client waits for a connection, and then for data. The original waits 1 s, which
/// would make every gap look longer.
const PATIENCE: Duration = Duration::from_millis(150);
