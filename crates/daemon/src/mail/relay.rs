//! The connection to the relay: sockets and their time limits. Blocks, and never for longer than
//! the limits allow: the relay has `smtp_connect_timeout` for the connection and again for each
//! answer, however it is cut into pieces.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::dialogue::{Dialogue, Envelope, Refusal, TooLong, Turn, Verdict};

/// Addresses of a relay that are tried.
const ADDRESSES_TRIED: usize = 4;
/// Longest wait for the relay's good-bye: the mail is delivered by then.
const PARTING: Duration = Duration::from_secs(2);

/// Trouble with the relay, as it is logged. The words are the original's, but where those name
/// nothing but a descriptor (`smtp fd 15 returned write error`).
#[derive(Debug)]
pub(super) enum Trouble {
    /// The name has no address.
    Unknown(String, u16, io::Error),
    /// Nobody answers there.
    ConnectTimeout(SocketAddr),
    /// There is no way to it, or it does not listen.
    NotConnected(SocketAddr, io::Error),
    /// It takes nothing.
    WriteTimeout(SocketAddr),
    /// It says nothing.
    ReadTimeout(SocketAddr),
    /// It has hung up.
    Closed(SocketAddr),
    /// The connection broke.
    Broken(SocketAddr, io::Error),
    /// It says too much.
    TooLong(SocketAddr),
    /// It does not want to work for us.
    Refused(SocketAddr, Refusal),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(host, port, error) => {
                write!(f, "Invalid smtp server {host} {port}: {error}")
            }
            Self::ConnectTimeout(relay) => write!(
                f,
                "Timeout opening connection to remote SMTP server {}.",
                Named(*relay)
            ),
            Self::NotConnected(relay, error) => write!(
                f,
                "Error opening connection to remote SMTP server {}: {error}",
                Named(*relay)
            ),
            Self::WriteTimeout(relay) => write!(
                f,
                "Timeout sending data to remote SMTP server {}.",
                Named(*relay)
            ),
            Self::ReadTimeout(relay) => write!(
                f,
                "Timeout reading data to remote SMTP server {}.",
                Named(*relay)
            ),
            Self::Closed(relay) => write!(
                f,
                "Remote SMTP server {} has closed the connection.",
                Named(*relay)
            ),
            Self::Broken(relay, error) => write!(
                f,
                "Error in the connection to remote SMTP server {}: {error}",
                Named(*relay)
            ),
            Self::TooLong(relay) => write!(
                f,
                "Received buffer from remote SMTP server {} overflow our get read buffer length.",
                Named(*relay)
            ),
            Self::Refused(relay, refusal) => refused(*relay, refusal).fmt(f),
        }
    }
}

/// The line about an answer that was not the one hoped for.
pub(super) fn refused(relay: SocketAddr, refusal: &Refusal) -> String {
    let Refusal {
        command,
        code,
        text,
    } = refusal;
    let code = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
    let relay = Named(relay);
    format!(
        "Error processing {command} cmd on SMTP server {relay}. SMTP status code = {code} ({text})"
    )
}

/// `[192.0.2.1]:25`, also for IPv4.
pub(super) struct Named(pub(super) SocketAddr);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]:{}", self.0.ip(), self.0.port())
    }
}

/// Where to, and how long to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Relay {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) limit: Duration,
}

impl Relay {
    /// Hands one mail over. Gives who answered, and what about this mail.
    ///
    /// # Errors
    /// Trouble that any other mail would meet, too.
    pub(super) fn deliver(&self, envelope: &Envelope) -> Result<(SocketAddr, Verdict), Trouble> {
        let (stream, relay) = self.connect()?;
        tracing::debug!("Remote SMTP server {} connected.", Named(relay));
        let mut dialogue = Dialogue::new(envelope);
        let ended = Line { stream, relay }.converse(&mut dialogue, self.limit);
        match (dialogue.verdict(), ended) {
            (Some(Verdict::Refused(refusal)), _) if refusal.is_of_relay() => {
                Err(Trouble::Refused(relay, refusal.clone()))
            }
            (Some(verdict), _) => Ok((relay, verdict.clone())),
            (None, Err(trouble)) => Err(trouble),
            // It does not end undecided.
            (None, Ok(())) => Err(Trouble::Closed(relay)),
        }
    }

    /// Tries the addresses one after the other.
    fn connect(&self) -> Result<(TcpStream, SocketAddr), Trouble> {
        let unknown = |error| Trouble::Unknown(self.host.clone(), self.port, error);
        let addresses = (self.host.as_str(), self.port).to_socket_addrs();
        let mut trouble = unknown(io::Error::from(io::ErrorKind::NotFound));
        for address in addresses.map_err(unknown)?.take(ADDRESSES_TRIED) {
            match TcpStream::connect_timeout(&address, self.limit) {
                Ok(stream) => return Ok((stream, address)),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    trouble = Trouble::ConnectTimeout(address);
                }
                Err(error) => trouble = Trouble::NotConnected(address, error),
            }
        }
        Err(trouble)
    }
}

/// An open connection.
struct Line {
    stream: TcpStream,
    relay: SocketAddr,
}

impl Line {
    fn converse(&mut self, dialogue: &mut Dialogue<'_>, limit: Duration) -> Result<(), Trouble> {
        loop {
            let parting = dialogue.verdict().is_some();
            let limit = if parting { limit.min(PARTING) } else { limit };
            match self.listen(dialogue, Instant::now() + limit)? {
                Turn::Say(words) => self.say(words.as_bytes(), limit)?,
                Turn::Listen | Turn::Over => return Ok(()),
            }
        }
    }

    /// Reads until an answer is complete.
    fn listen(&mut self, dialogue: &mut Dialogue<'_>, until: Instant) -> Result<Turn, Trouble> {
        let mut bytes = [0; 1024];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Trouble::ReadTimeout(self.relay));
            }
            let read = self
                .stream
                .set_read_timeout(Some(left))
                .and_then(|()| self.stream.read(&mut bytes));
            match read {
                Ok(0) => return Err(Trouble::Closed(self.relay)),
                Ok(length) => match dialogue.hear(bytes.get(..length).unwrap_or_default()) {
                    Ok(Turn::Listen) => {}
                    Ok(turn) => return Ok(turn),
                    Err(TooLong) => return Err(Trouble::TooLong(self.relay)),
                },
                Err(error) if is_timeout(&error) => return Err(Trouble::ReadTimeout(self.relay)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Trouble::Broken(self.relay, error)),
            }
        }
    }

    /// The words are few: they fit into the socket's buffer, and one limit for each write is
    /// limit enough.
    fn say(&mut self, words: &[u8], limit: Duration) -> Result<(), Trouble> {
        let written = self
            .stream
            .set_write_timeout(Some(limit))
            .and_then(|()| self.stream.write_all(words));
        written.map_err(|error| {
            if is_timeout(&error) {
                Trouble::WriteTimeout(self.relay)
            } else {
                Trouble::Broken(self.relay, error)
            }
        })
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

#[cfg(test)]
mod tests;
