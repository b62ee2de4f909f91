//! What an open file has to do with others: a lock that keeps other processes out, and whether its path
//! still leads to it.

use std::fs::{File, Metadata, symlink_metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};

// The C library gives both in another type than the structure has them.
#[expect(clippy::cast_possible_truncation, reason = "1")]
const WRITE_LOCK: libc::c_short = libc::F_WRLCK as libc::c_short;
#[expect(clippy::cast_possible_truncation, reason = "0")]
const FROM_START: libc::c_short = libc::SEEK_SET as libc::c_short;

/// Locks a file that is open for writing; `false` when another process has it locked.
///
/// The lock belongs to this process: one forked from it does not inherit it, and it ends when this
/// process ends or closes any descriptor of the file, also another one than this. Where the file
/// system knows no locks everybody gets one.
#[must_use]
pub fn try_lock(file: &File) -> bool {
    // From the beginning (offset 0) to the end (length 0), wherever that will be.
    let whole = libc::flock {
        l_type: WRITE_LOCK,
        l_whence: FROM_START,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    !matches!(
        fcntl(file, FcntlArg::F_SETLK(&whole)),
        Err(Errno::EAGAIN | Errno::EACCES)
    )
}

/// Whether a path leads to this open file, without a symbolic link at its end.
#[must_use]
pub fn is_at(file: &File, path: &Path) -> bool {
    let identity = |meta: Metadata| (meta.dev(), meta.ino());
    let open = file.metadata().map(identity).ok();
    open.is_some() && open == symlink_metadata(path).map(identity).ok()
}
