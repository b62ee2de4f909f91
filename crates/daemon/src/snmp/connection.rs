//! The socket to the SNMP agent.

use std::io;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::address::Address;

/// A stream of either kind.
#[derive(Debug)]
pub(super) enum Connection {
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Connection {
    pub(super) async fn open(address: &Address) -> io::Result<Self> {
        let opening = async {
            match address {
                Address::Unix(path) => UnixStream::connect(path).await.map(Self::Unix),
                Address::Tcp(host, port) => {
                    let stream = TcpStream::connect((host.as_str(), *port)).await?;
                    stream.set_nodelay(true)?;
                    Ok(Self::Tcp(stream))
                }
            }
        };
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        timeout(PATIENCE, opening).await.map_err(late)?
    }

    /// Waits until something can be read, if `reading`, or written, if `writing`.
    pub(super) async fn ready(&self, reading: bool, writing: bool) -> io::Result<()> {
        use tokio::io::Interest;
        let interest = match (reading, writing) {
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (true, false) => Interest::READABLE,
            (false, true) => Interest::WRITABLE,
            (false, false) => return std::future::pending().await,
        };
        match self {
            Self::Unix(stream) => stream.ready(interest).await.map(drop),
            Self::Tcp(stream) => stream.ready(interest).await.map(drop),
        }
    }

    /// Reads what is there; 0 bytes are the end.
    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.try_read(buffer),
            Self::Tcp(stream) => stream.try_read(buffer),
        }
    }

    /// Writes what there is room for.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.try_write(bytes),
            Self::Tcp(stream) => stream.try_write(bytes),
        }
    }
}
