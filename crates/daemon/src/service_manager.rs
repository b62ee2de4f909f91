//! Messages to the service manager (`sd_notify(3)`), so that `systemctl restart` waits for the right
//! moment (spec cli-and-process 7).

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::OnceLock;
use std::time::Duration;

use evervip_os::clock::monotonic_nanos;

/// A socket and where the manager listens; `None` when there is none.
static MANAGER: OnceLock<Option<(UnixDatagram, SocketAddr)>> = OnceLock::new();

/// What the manager's watchdog wants; `None` when it wants nothing of us.
static WATCHDOG: OnceLock<Option<Duration>> = OnceLock::new();

/// Looks for `NOTIFY_SOCKET` and for the watchdog's wishes. To be called before this process moves to
/// another network namespace, from where an abstract address is not found, and before it goes to the
/// background: the manager names the process that it started.
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
    WATCHDOG.get_or_init(read_watchdog);
}

/// How long the manager waits for the next `WATCHDOG=1` before it takes the daemon for hung; `None`
/// when it does not wait, or waits for another process.
pub(crate) fn watchdog() -> Option<Duration> {
    WATCHDOG.get().copied().flatten()
}

fn read_watchdog() -> Option<Duration> {
    let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    let is_other = std::env::var_os("WATCHDOG_PID").is_some()
        && number("WATCHDOG_PID") != Some(u64::from(std::process::id()));
    let micros = number("WATCHDOG_USEC").filter(|micros| *micros > 0)?;
    let listens = MANAGER.get().is_some_and(Option::is_some);
    (listens && !is_other).then_some(Duration::from_micros(micros))
}

/// What is meant for this process alone: neither children nor scripts may speak in its name.
pub(crate) const VARIABLES: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

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
