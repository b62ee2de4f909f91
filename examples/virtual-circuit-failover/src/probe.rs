//! A client of both connections: asks every 20 ms and remembers when it was answered.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use evervip_lab::Node;

/// Where services answer.
pub(crate) const ECHO_PORT: u16 = 7;
/// Time between two questions.
const PERIOD: Duration = Duration::from_millis(20);

/// The service behind a connection.
pub(crate) const fn service(connection: u8) -> Ipv4Addr {
    Ipv4Addr::new(198, 51, 100, connection)
}

/// When a connection has answered last, and the longest silence of late.
#[derive(Debug, Clone, Copy)]
struct Answers {
    last: Option<Instant>,
    /// End and length.
    longest: (Instant, Duration),
}

/// The client of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Probe(Arc<Mutex<Answers>>);

impl Probe {
    /// Starts asking from a machine.
    pub(crate) fn start(machine: &Node, connection: u8) -> Result<Self> {
        let socket = machine.enter(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)));
        let socket = socket.map_err(|e| anyhow!("{e}"))?.context("client")?;
        socket.set_read_timeout(Some(PERIOD))?;
        let answers = Answers {
            last: None,
            longest: (Instant::now(), Duration::ZERO),
        };
        let probe = Self(Arc::new(Mutex::new(answers)));
        let asking = probe.clone();
        thread::spawn(move || asking.ask(&socket, service(connection)));
        Ok(probe)
    }

    fn ask(&self, socket: &UdpSocket, address: Ipv4Addr) {
        let mut packet = [0; 8];
        loop {
            let begun = Instant::now();
            // Without a route there is nothing to wait for.
            if socket.send_to(&packet, (address, ECHO_PORT)).is_ok()
                && socket.recv_from(&mut packet).is_ok()
            {
                self.answered(Instant::now());
            }
            thread::sleep(PERIOD.saturating_sub(begun.elapsed()));
        }
    }

    fn answered(&self, now: Instant) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = answers.last {
            let silence = now - last;
            if silence > answers.longest.1 {
                answers.longest = (now, silence);
            }
        }
        answers.last = Some(now);
    }

    /// Forgets all silences up to now.
    pub(crate) fn forget(&self) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.longest = (Instant::now(), Duration::ZERO);
    }

    /// Whether it was answered within this time.
    pub(crate) fn is_answered_within(&self, time: Duration) -> bool {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.last.is_some_and(|last| last.elapsed() < time)
    }

    /// End and length of the longest silence.
    pub(crate) fn longest_silence(&self) -> (Instant, Duration) {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.longest
    }
}
