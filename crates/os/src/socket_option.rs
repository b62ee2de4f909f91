//! Socket options that the safe crates do not offer.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Sets an option whose value is plain data.
///
/// `T` must be the type that the kernel expects for the option; a value of the wrong size is refused
/// by the kernel, it is never read beyond its end.
pub(crate) fn set<T: Copy>(
    socket: impl AsFd,
    level: libc::c_int,
    name: libc::c_int,
    value: &T,
) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<T>()).map_err(io::Error::other)?;
    // SAFETY: the pointer and the length describe `value`, which is readable during the call; the
    // kernel copies from it and keeps nothing.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            level,
            name,
            std::ptr::from_ref(value).cast(),
            length,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
