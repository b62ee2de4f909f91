//! The client: a request every 0.1 s, as in the original, from a node of its own.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Result, anyhow};
use evervip_lab::{Asker, Node};

/// Starts asking `address` on port 80 from `node`.
pub(crate) fn start(node: Node, address: Ipv4Addr) -> Result<Asker> {
    let server = SocketAddr::from((address, 80));
    Asker::start(node, PERIOD, move || request(server)).map_err(|e| anyhow!("{e}"))
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
