//! A client of the address that moves: how long it gets no answer.

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use evervip_lab::{Error, Node};

use crate::{cluster::Member, verdict::Verdict};

const PORT: u16 = 7;
/// Time between two attempts, and for an answer: what is lost on the way is tried again so soon.
const PACE: Duration = Duration::from_millis(20);

/// A thread that ends when it is told to.
struct Worker<T> {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> Worker<T> {
    fn start(work: impl FnOnce(&AtomicBool) -> T + Send + 'static) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let thread = Some(thread::spawn(move || work(&told)));
        Self { over, thread }
    }

    fn stop(&mut self) -> Option<T> {
        self.over.store(true, Ordering::Relaxed);
        self.thread.take()?.join().ok()
    }
}

/// Servers on nodes: they accept whoever comes, on every address.
pub struct Servers(Vec<Worker<()>>);

impl Servers {
    pub fn start(members: &[Member]) -> Verdict<Self> {
        let start = |member: &Member| {
            let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT));
            let listener = member.node.enter(|| TcpListener::bind(any))??;
            listener.set_nonblocking(true)?;
            Ok(Worker::start(move |over| serve(&listener, over)))
        };
        members.iter().map(start).collect::<Verdict<_>>().map(Self)
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for server in &mut self.0 {
            server.stop();
        }
    }
}

fn serve(listener: &TcpListener, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        match listener.accept() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(2));
            }
            // A connection is all that the client wants.
            _ => {}
        }
    }
}

/// A client that connects over and over.
pub struct Client(Worker<Duration>);

impl Client {
    pub fn start(node: &Node, server: IpAddr) -> Verdict<Self> {
        let node = node.clone();
        let address = SocketAddr::from((server, PORT));
        Ok(Self(Worker::start(move |over| {
            let watched = node.enter(|| watch(address, over));
            watched.unwrap_or(Duration::MAX)
        })))
    }

    /// The longest time without an answer.
    pub fn stop(mut self) -> Verdict<Duration> {
        let longest = self.0.stop();
        longest.ok_or_else(|| Error::new("the client panicked"))
    }
}

fn watch(address: SocketAddr, over: &AtomicBool) -> Duration {
    let mut answered = Instant::now();
    let mut longest = Duration::ZERO;
    while !over.load(Ordering::Relaxed) {
        if TcpStream::connect_timeout(&address, PACE * 5).is_ok() {
            longest = longest.max(answered.elapsed());
            answered = Instant::now();
        }
        thread::sleep(PACE);
    }
    longest.max(answered.elapsed())
}
