//! What a watcher is to watch, handed over from the engine thread; the latest order counts alone.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, PoisonError};

use nix::sys::eventfd::{EfdFlags, EventFd};

/// The receiving half; readable when there is an order.
#[derive(Debug)]
pub(crate) struct Orders<T>(Arc<Shared<T>>);

/// The giving half.
#[derive(Debug)]
pub(crate) struct OrderGiver<T>(Arc<Shared<T>>);

#[derive(Debug)]
struct Shared<T> {
    order: Mutex<Option<T>>,
    wake: EventFd,
}

/// Makes both halves.
///
/// # Errors
/// When no descriptor is left.
pub(crate) fn orders<T>() -> std::io::Result<(OrderGiver<T>, Orders<T>)> {
    let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
    let shared = Arc::new(Shared {
        order: Mutex::new(None),
        wake: EventFd::from_value_and_flags(0, flags)?,
    });
    Ok((OrderGiver(Arc::clone(&shared)), Orders(shared)))
}

impl<T> OrderGiver<T> {
    /// Gives an order in place of one that was not taken yet.
    pub(crate) fn give(&self, order: T) {
        *self.0.order.lock().unwrap_or_else(PoisonError::into_inner) = Some(order);
        let _ = self.0.wake.write(1);
    }
}

impl<T> Orders<T> {
    /// The order, if there is a new one.
    pub(crate) fn take(&self) -> Option<T> {
        let _ = self.0.wake.read();
        self.0
            .order
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl<T> AsFd for Orders<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.wake.as_fd()
    }
}
