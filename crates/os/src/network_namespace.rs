//! Living in a network namespace that somebody has made and named (`ip netns add NAME`), with a
//! directory of its own in the place of one that all namespaces share.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount, umount};
use nix::sched::{CloneFlags, setns, unshare};

/// Where namespaces have their names, as iproute2 keeps them.
const NAMES: &str = "/run/netns";

/// The file that stands for a namespace. A name with a slash would lead elsewhere.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for what cannot be a name.
pub fn path_of(name: &str) -> io::Result<PathBuf> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(Path::new(NAMES).join(name))
}

/// Moves the calling thread, and the threads and processes that it makes from now on, into a
/// network namespace.
///
/// # Errors
/// When there is none of this name, or without privilege.
pub fn enter(name: &str) -> io::Result<()> {
    let file = File::open(path_of(name)?)?;
    Ok(setns(file, CloneFlags::CLONE_NEWNET)?)
}

/// Gives the calling process, which must have one thread, mounts of its own: those of the others
/// still appear in it, its own do not appear to them.
///
/// # Errors
/// Without privilege.
pub fn take_own_mounts() -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let flags = MsFlags::MS_REC | MsFlags::MS_SLAVE;
    Ok(mount(NOTHING, "/", NOTHING, flags, NOTHING)?)
}

/// Shows the directory `own` in the place of `common`, to who shares the mounts of this process.
///
/// # Errors
/// As mount(2) gives them.
pub fn show_instead(own: &Path, common: &Path) -> io::Result<()> {
    Ok(mount(
        Some(own),
        common,
        NOTHING,
        MsFlags::MS_BIND,
        NOTHING,
    )?)
}

/// Undoes [`show_instead`].
///
/// # Errors
/// As umount(2) gives them, above all while somebody uses the directory.
pub fn show_again(common: &Path) -> io::Result<()> {
    Ok(umount(common)?)
}

const NOTHING: Option<&str> = None;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_directory() {
        assert_eq!(path_of("blue").ok(), Some("/run/netns/blue".into()));
        for wrong in ["", ".", "..", "../../proc/1/ns/net", "a/b", "a\0"] {
            assert!(path_of(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_namespace_that_is_not_there_changes_nothing() {
        let error = enter("no-such-namespace-here").err();
        assert_eq!(error.map(|e| e.kind()), Some(io::ErrorKind::NotFound));
    }
}
