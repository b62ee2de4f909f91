//! In the place of fping on the nodes: `fping -q -c 1 -t MILLISECONDS HOST`.

use std::ffi::OsString;
use std::net::{Ipv4Addr, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};

/// Exit status 0 when the host answers in time.
pub(crate) fn main(words: impl Iterator<Item = OsString>) -> ExitCode {
    let words: Vec<String> = words.map(|w| w.to_string_lossy().into_owned()).collect();
    match ping(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("fping: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn ping(words: &[String]) -> Result<()> {
    let [.., limit, host] = words else {
        anyhow::bail!("usage: fping -q -c 1 -t MILLISECONDS HOST");
    };
    let host: Ipv4Addr = host.parse().context("host")?;
    let limit = Duration::from_millis(limit.parse().context("milliseconds")?);
    // The kernel sees to identification and checksum.
    let descriptor = socket(
        AddressFamily::Inet,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::Icmp,
    )?;
    let socket = UdpSocket::from(descriptor);
    socket.set_read_timeout(Some(limit))?;
    socket.connect((host, 0))?;
    socket.send(&ECHO_REQUEST)?;
    socket.recv(&mut [0; 64]).context("no answer")?;
    Ok(())
}

const ECHO_REQUEST: [u8; 8] = [8, 0, 0, 0, 0, 0, 0, 1];
