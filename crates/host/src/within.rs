//! The machine as it is from within another network namespace.

use std::io;
use std::thread;

use evervip_os::network_namespace::enter;

/// Runs `body` in a thread of its own inside a network namespace (`ip netns`): its interfaces and
/// addresses are those of the namespace, its files and users are those of the machine.
///
/// # Errors
/// When there is none of this name, or without privilege.
pub fn within_network_namespace<T: Send>(
    name: &str,
    body: impl FnOnce() -> T + Send,
) -> io::Result<T> {
    let work = || {
        enter(name)?;
        Ok(body())
    };
    thread::scope(|scope| scope.spawn(work).join())
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_done_where_there_is_no_such_namespace() {
        let done = within_network_namespace("no-such-namespace", || ());
        assert!(done.is_err());
    }
}
