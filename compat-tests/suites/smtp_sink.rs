//! A mail relay that keeps what it is told.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use evervip_lab::{Node, wait_until};

use crate::{cluster::PATIENCE, ensure, verdict::Verdict};

/// How often somebody who waits for connections looks whether to go on.
const LOOK: Duration = Duration::from_millis(20);

/// How a relay behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Takes every mail.
    Good,
    /// Takes connections and says nothing.
    Silent,
    /// Answers lines that begin so with this.
    Refuses(&'static str, &'static str),
    /// Says this instead of a greeting.
    Greets(&'static str),
    /// Hangs up at once.
    HangsUp,
    /// Says nothing on the first connection, and takes every mail on the others.
    HangsFirst,
}

impl Manner {
    /// How it behaves on its connection of this number, from 0.
    const fn of_connection(self, number: u32) -> Self {
        match self {
            Self::HangsFirst if number == 0 => Self::Silent,
            Self::HangsFirst => Self::Good,
            same => same,
        }
    }
}

/// Listens on port 25 of a node's loopback until it is dropped.
#[derive(Debug)]
pub struct Sink {
    sessions: Arc<Mutex<Vec<String>>>,
    ended: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Sink {
    /// Starts it.
    pub fn start(node: &Node, manner: Manner) -> Verdict<Self> {
        let listener =
            node.enter(|| TcpListener::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 25)))??;
        listener.set_nonblocking(true)?;
        let mut sink = Self {
            sessions: Arc::default(),
            ended: Arc::default(),
            listening: None,
        };
        let (sessions, ended) = (Arc::clone(&sink.sessions), Arc::clone(&sink.ended));
        let mut manners = (0_u32..).map(move |number| manner.of_connection(number));
        let listen = move || {
            while !ended.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        let manner = manners.next().unwrap_or(manner);
                        let (sessions, ended) = (Arc::clone(&sessions), Arc::clone(&ended));
                        thread::spawn(move || serve(stream, manner, &sessions, &ended));
                    }
                    Err(_) => thread::sleep(LOOK),
                }
            }
        };
        sink.listening = Some(thread::spawn(listen));
        Ok(sink)
    }

    /// What clients have said in the sessions that have ended; the date is left out of it.
    pub fn sessions(&self) -> Vec<String> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.iter().map(|said| without_date(said)).collect()
    }

    /// The first session as it was.
    pub fn first(&self) -> Option<String> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.first().cloned()
    }

    /// Waits for so many sessions.
    pub fn wait_for(&self, count: usize) -> Verdict<Vec<String>> {
        let waited = wait_until(PATIENCE, "mails", || self.sessions().len() >= count);
        let sessions = self.sessions();
        ensure!(
            waited.is_ok(),
            "{} mails, expected {count}:\n{}",
            sessions.len(),
            sessions.join("\n")
        );
        Ok(sessions)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn serve(stream: TcpStream, manner: Manner, sessions: &Mutex<Vec<String>>, ended: &AtomicBool) {
    let said = match manner {
        Manner::HangsUp => return,
        Manner::Silent => {
            while !ended.load(Ordering::Relaxed) {
                thread::sleep(LOOK);
            }
            return;
        }
        Manner::Greets(words) => converse(stream, words, None),
        Manner::Refuses(line, answer) => converse(stream, "220 sink", Some((line, answer))),
        Manner::Good | Manner::HangsFirst => converse(stream, "220 sink", None),
    };
    let mut sessions = sessions.lock().unwrap_or_else(PoisonError::into_inner);
    sessions.extend(said);
}

/// Everything that the client says, when it has said good-bye.
fn converse(stream: TcpStream, greeting: &str, refused: Option<(&str, &str)>) -> Option<String> {
    stream.set_nonblocking(false).ok()?;
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    writer
        .write_all(format!("{greeting}\r\n").as_bytes())
        .ok()?;
    let (mut said, mut in_mail) = (String::new(), false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        said.push_str(&line);
        if in_mail && line != ".\r\n" {
            continue;
        }
        in_mail = false;
        let answer = match refused.filter(|(start, _)| line.starts_with(start)) {
            Some((_, answer)) => answer,
            None if line.starts_with("DATA") => {
                in_mail = true;
                "354 go on"
            }
            None if line.starts_with("QUIT") => "221 bye",
            None => "250 ok",
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).ok()?;
        if line.starts_with("QUIT") {
            return Some(said);
        }
    }
}

fn without_date(said: &str) -> String {
    let lines = said.split_inclusive('\n');
    let lines = lines.map(|line| match line.strip_prefix("Date: ") {
        Some(_) => "Date: ...\r\n",
        None => line,
    });
    lines.collect()
}
