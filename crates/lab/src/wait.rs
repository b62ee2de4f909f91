//! Waiting for conditions, with a deadline and a name for the failure message.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{Error, Result};

/// Pause between two looks at a condition that cannot wake us by itself.
const POLL: Duration = Duration::from_millis(5);

/// Waits until `condition` holds.
///
/// # Errors
/// After `timeout`, with `what` in the message.
pub fn wait_until(
    timeout: Duration,
    what: &str,
    mut condition: impl FnMut() -> bool,
) -> Result<()> {
    poll_for(timeout, what, || condition().then_some(()))
}

/// Waits until `probe` gives a value and returns it.
///
/// # Errors
/// After `timeout`, with `what` in the message.
pub fn poll_for<T>(
    timeout: Duration,
    what: &str,
    mut probe: impl FnMut() -> Option<T>,
) -> Result<T> {
    let deadline = Instant::now() + timeout;
    loop {
        if let Some(value) = probe() {
            return Ok(value);
        }
        if Instant::now() >= deadline {
            return Err(Error::new(format!("not within {timeout:?}: {what}")));
        }
        thread::sleep(POLL);
    }
}
