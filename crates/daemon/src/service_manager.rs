//! Messages to the service manager (`sd_notify(3)`), so that `systemctl restart` waits for the right
//! moment (spec cli-and-process 7).

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::OnceLock;

use evervip_os::clock::monotonic_nanos;

/// A socket and where the manager listens; `None` when there is none.
static MANAGER: OnceLock<Option<(UnixDatagram, SocketAddr)>> = OnceLock::new();

/// Looks for `NOTIFY_SOCKET`. To be called before this process moves to another network namespace,
/// from where an abstract address is not found.
pub(crate) fn connect() {
    MANAGER.get_or_init(|| {
        let name = std::env::var_os("NOTIFY_SOCKET")?;
        let address = match name.as_encoded_bytes().strip_prefix(b"@") {
            Some(abstract_name) => SocketAddr::from_abstract_name(abstract_name),
            None => SocketAddr::from_pathname(&name),
        };
        let socket = UnixDatagram::unbound().ok()?;
        // A manager that does not read must not hold us.
        socket.set_nonblocking(true).ok()?;
        Some((socket, address.ok()?))
    });
}

/// Sends a message to the manager, if there is one; a failure is not ours to handle: the manager
/// finds out by its own time-out.
pub(crate) fn notify(message: &str) {
    if let Some(Some((socket, manager))) = MANAGER.get() {
        let _ = socket.send_to_addr(message.as_bytes(), manager);
    }
}

/// A reload begins. The time is for units of type notify-reload.
pub(crate) fn reloading() {
    let micros = monotonic_nanos() / 1000;
    notify(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
}

/// Everything has started, or has been reloaded.
pub(crate) fn ready() {
    notify(&format!("READY=1\nMAINPID={}", std::process::id()));
}
