//! What happens to the files of directories (inotify).
//!
//! Directories are watched, not files: a file may be replaced, removed and made anew.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};

/// A directory that is watched. The same directory, by whatever path, has the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatchId(WatchDescriptor);

/// What happened to an entry of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryChange {
    /// It is new; who made it may not have written it yet. A symbolic or hard link is never written.
    Created,
    /// Who wrote it has closed it, or it was moved here complete.
    Written,
    /// It was deleted or moved away.
    Gone,
}

/// What the kernel reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryEvent {
    /// Of one entry.
    Entry {
        /// In which directory.
        directory: WatchId,
        /// Its name.
        name: OsString,
        /// What happened.
        change: EntryChange,
    },
    /// The directory was deleted or moved, or its file system unmounted. It is not watched any more.
    DirectoryGone(WatchId),
    /// Reports were lost: look at everything.
    Overrun,
}

/// A queue of events of several directories; readable when one waits.
#[derive(Debug)]
pub struct DirectoryWatches {
    inotify: Inotify,
}

impl DirectoryWatches {
    /// A queue that watches nothing yet.
    ///
    /// # Errors
    /// When the user has too many of them, or no descriptor is left.
    pub fn open() -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        Ok(Self { inotify })
    }

    /// Watches a directory; again is no error.
    ///
    /// # Errors
    /// When it is not there, is no directory or may not be read, or the user watches too much.
    pub fn watch(&self, directory: &Path) -> io::Result<WatchId> {
        Ok(WatchId(self.inotify.add_watch(directory, watched())?))
    }

    /// Watches it no more. Events that wait already are reported all the same.
    pub fn forget(&self, directory: WatchId) {
        // It may be gone by itself.
        let _ = self.inotify.rm_watch(directory.0);
    }

    /// Events that wait, in order; never blocks. A bounded number: ask again while readable.
    ///
    /// # Errors
    /// Those of read(2); none are expected.
    pub fn read(&self) -> io::Result<Vec<DirectoryEvent>> {
        loop {
            match self.inotify.read_events() {
                Ok(events) => {
                    let mut reports = Vec::new();
                    for event in events {
                        self.report(event, &mut reports);
                    }
                    return Ok(reports);
                }
                Err(Errno::EAGAIN) => return Ok(Vec::new()),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn report(&self, event: InotifyEvent, reports: &mut Vec<DirectoryEvent>) {
        let (directory, mask) = (WatchId(event.wd), event.mask);
        if mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
            reports.push(DirectoryEvent::Overrun);
        } else if mask.contains(AddWatchFlags::IN_MOVE_SELF) {
            // The watch would follow the directory to its new place.
            self.forget(directory);
        } else if mask.contains(AddWatchFlags::IN_IGNORED) {
            // Follows every other end of a watch.
            reports.push(DirectoryEvent::DirectoryGone(directory));
        } else if let (Some(change), Some(name)) = (entry_change(mask), event.name) {
            reports.push(DirectoryEvent::Entry {
                directory,
                name,
                change,
            });
        }
    }
}

impl AsFd for DirectoryWatches {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

fn watched() -> AddWatchFlags {
    AddWatchFlags::IN_CLOSE_WRITE
        | AddWatchFlags::IN_CREATE
        | AddWatchFlags::IN_DELETE
        | AddWatchFlags::IN_MOVED_FROM
        | AddWatchFlags::IN_MOVED_TO
        | AddWatchFlags::IN_DELETE_SELF
        | AddWatchFlags::IN_MOVE_SELF
        | AddWatchFlags::IN_ONLYDIR
}

fn entry_change(mask: AddWatchFlags) -> Option<EntryChange> {
    if mask.intersects(AddWatchFlags::IN_CLOSE_WRITE | AddWatchFlags::IN_MOVED_TO) {
        Some(EntryChange::Written)
    } else if mask.intersects(AddWatchFlags::IN_DELETE | AddWatchFlags::IN_MOVED_FROM) {
        Some(EntryChange::Gone)
    } else if mask.contains(AddWatchFlags::IN_CREATE) {
        Some(EntryChange::Created)
    } else {
        None
    }
}
