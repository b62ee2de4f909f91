//! Watching the files of `track_file` blocks (spec vrrp-runtime 7.3).
//!
//! Directories are watched by inotify, so that a file may come, go and be replaced. A file that is
//! caught empty or without an end of line right after a change may be in the middle of being
//! written: it is read again a little later and counts then. A directory that is missing is looked
//! for again and again; now and then everything is looked at, for what inotify does not tell (the
//! target of a symbolic link, a file system of another machine).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use evervip_model::TrackFile;
use evervip_os::directory_watch::{DirectoryEvent, DirectoryWatches, EntryChange, WatchId};
use evervip_vrrp::FILE_TEXT;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{Noticeboard, Orders};

/// How long a file that looks half written is left alone.
const SETTLE: Duration = Duration::from_millis(100);
/// How soon a missing directory is looked for again.
const LOOK_FOR_MISSING: Duration = Duration::from_secs(1);
/// How often everything is looked at.
const LOOK_AT_ALL: Duration = Duration::from_secs(5);

/// The beginning of a file; empty when it is missing or no regular file.
pub(crate) fn read_file(path: &Path) -> Vec<u8> {
    let mut text = Vec::new();
    let mut options = OpenOptions::new();
    // A named pipe in its place must not hold up everything else.
    options.read(true).custom_flags(nix::libc::O_NONBLOCK);
    if let Ok(file) = options.open(path) {
        if file.metadata().is_ok_and(|about| about.is_file()) {
            // What was read before an error is as good as a short file.
            let _ = file.take(FILE_TEXT as u64).read_to_end(&mut text);
        }
    }
    text
}

/// Writes the files that are to be there from the start (`init_file`).
pub(crate) fn initialise(files: &[TrackFile]) {
    for file in files {
        let Some(initial) = file.initial else {
            continue;
        };
        if let Err(error) = write_initial(&file.path, initial.value, initial.overwrite) {
            tracing::error!(
                "Unable to initialise track file {} ({}): {error}",
                file.name,
                file.path.display()
            );
        }
    }
}

fn write_initial(path: &Path, value: i32, overwrite: bool) -> io::Result<()> {
    let is_link = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_symlink());
    if overwrite && is_link {
        // As with the original: whoever may write to the directory could have put it there, and what
        // it leads to is nobody's business here.
        fs::remove_file(path)?;
    }
    let mut options = OpenOptions::new();
    let flags = nix::libc::O_NONBLOCK | nix::libc::O_NOFOLLOW;
    options.write(true).custom_flags(flags);
    let mut file = match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if !overwrite {
                return Ok(());
            }
            let file = options.open(path)?;
            if !file.metadata()?.is_file() {
                return Err(io::Error::other("not a regular file"));
            }
            file.set_len(0)?;
            file
        }
        opened => opened?,
    };
    writeln!(file, "{value}")
}

/// Watches files and posts their texts.
#[derive(Debug)]
pub(crate) struct FileWatcher {
    watches: DirectoryWatches,
    directories: BTreeMap<PathBuf, Directory>,
    /// What was posted last.
    told: BTreeMap<PathBuf, Vec<u8>>,
    /// When files that looked half written are read again.
    settling: BTreeMap<PathBuf, Instant>,
    look_at: Instant,
    board: Noticeboard,
}

#[derive(Debug, Default)]
struct Directory {
    watch: Option<WatchId>,
    files: BTreeSet<PathBuf>,
}

impl FileWatcher {
    /// Starts a thread that watches what it is ordered to.
    ///
    /// # Errors
    /// When the kernel gives no inotify queue, or the thread cannot be made.
    pub(crate) fn start(board: Noticeboard, orders: Orders<Vec<PathBuf>>) -> io::Result<()> {
        let mut watcher = Self::new(board)?;
        std::thread::Builder::new()
            .name("track-files".to_owned())
            .spawn(move || {
                loop {
                    watcher.wait(&orders);
                    if let Some(paths) = orders.take() {
                        watcher.configure(paths, Instant::now());
                    }
                    watcher.turn(Instant::now());
                }
            })?;
        Ok(())
    }

    fn new(board: Noticeboard) -> io::Result<Self> {
        Ok(Self {
            watches: DirectoryWatches::open()?,
            directories: BTreeMap::new(),
            told: BTreeMap::new(),
            settling: BTreeMap::new(),
            look_at: Instant::now(),
            board,
        })
    }

    fn wait(&self, orders: &Orders<Vec<PathBuf>>) {
        let until = self.settling.values().copied().chain([self.look_at]).min();
        let patience = if self.directories.is_empty() {
            PollTimeout::NONE
        } else {
            let wait = until.map_or(LOOK_AT_ALL, |at| {
                at.saturating_duration_since(Instant::now())
            });
            PollTimeout::try_from(wait + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX)
        };
        let mut descriptors = [
            PollFd::new(self.watches.as_fd(), PollFlags::POLLIN),
            PollFd::new(orders.as_fd(), PollFlags::POLLIN),
        ];
        // After an error, an interruption included, the turn finds nothing to do.
        let _ = poll(&mut descriptors, patience);
    }

    /// Replaces the files that are watched, and reads them.
    fn configure(&mut self, paths: Vec<PathBuf>, now: Instant) {
        let mut directories: BTreeMap<PathBuf, Directory> = BTreeMap::new();
        for path in paths {
            let place = directories.entry(directory_of(&path)).or_default();
            place.files.insert(path);
        }
        let wanted: BTreeSet<&PathBuf> = directories.values().flat_map(|d| &d.files).collect();
        self.told.retain(|path, _| wanted.contains(path));
        self.settling.retain(|path, _| wanted.contains(path));
        let old = std::mem::replace(&mut self.directories, directories);
        for (path, directory) in &mut self.directories {
            directory.watch = old.get(path).and_then(|old| old.watch);
        }
        for watch in old.values().filter_map(|directory| directory.watch) {
            if !self.directories.values().any(|d| d.watch == Some(watch)) {
                self.watches.forget(watch);
            }
        }
        self.look(now);
    }

    /// Takes what has happened and what is due.
    fn turn(&mut self, now: Instant) {
        // A queue that cannot be read is made up for by the looks.
        for event in self.watches.read().unwrap_or_default() {
            match event {
                DirectoryEvent::Entry {
                    directory,
                    name,
                    change,
                } => {
                    for path in self.files_named(directory, Path::new(&name)) {
                        self.changed(path, change, now);
                    }
                }
                DirectoryEvent::DirectoryGone(watch) => self.directory_gone(watch, now),
                DirectoryEvent::Overrun => self.look_at = now,
            }
        }
        let due = self.settling.iter().filter(|(_, at)| **at <= now);
        for path in due.map(|(path, _)| path.clone()).collect::<Vec<_>>() {
            self.settling.remove(&path);
            self.tell(path.clone(), read_file(&path));
        }
        if self.look_at <= now {
            self.look(now);
        }
    }

    fn files_named(&self, watch: WatchId, name: &Path) -> Vec<PathBuf> {
        // Two paths may lead to one directory.
        let places = self.directories.values();
        places
            .filter(|directory| directory.watch == Some(watch))
            .flat_map(|directory| &directory.files)
            .filter(|path| path.file_name() == Some(name.as_os_str()))
            .cloned()
            .collect()
    }

    fn changed(&mut self, path: PathBuf, change: EntryChange, now: Instant) {
        match change {
            EntryChange::Gone => {
                self.settling.remove(&path);
                self.tell(path, Vec::new());
            }
            EntryChange::Written | EntryChange::Created => {
                let text = read_file(&path);
                if text.ends_with(b"\n") {
                    self.settling.remove(&path);
                    self.tell(path, text);
                } else {
                    self.settling.entry(path).or_insert(now + SETTLE);
                }
            }
        }
    }

    /// Its files are missing, as far as can be told; it may have been replaced already.
    fn directory_gone(&mut self, watch: WatchId, now: Instant) {
        for directory in self.directories.values_mut() {
            if directory.watch == Some(watch) {
                directory.watch = None;
                self.look_at = now;
            }
        }
    }

    /// Watches directories that are there, or are others than before, and reads all files.
    fn look(&mut self, now: Instant) {
        let mut missing = false;
        for (path, directory) in &mut self.directories {
            let watch = self.watches.watch(path).ok();
            missing |= watch.is_none();
            let before = std::mem::replace(&mut directory.watch, watch);
            if let Some(before) = before.filter(|before| Some(*before) != watch) {
                self.watches.forget(before);
            }
        }
        self.look_at = now
            + if missing {
                LOOK_FOR_MISSING
            } else {
                LOOK_AT_ALL
            };
        let paths = self.directories.values().flat_map(|d| d.files.clone());
        for path in paths.collect::<Vec<_>>() {
            let text = read_file(&path);
            let known = self.told.get(&path);
            if text.ends_with(b"\n") || known.is_none_or(|known| *known == text) {
                self.tell(path, text);
            } else {
                self.settling.entry(path).or_insert(now + SETTLE);
            }
        }
    }

    fn tell(&mut self, path: PathBuf, text: Vec<u8>) {
        if self.told.get(&path) != Some(&text) {
            self.told.insert(path.clone(), text.clone());
            self.board.post(|news| {
                news.files.insert(path, text);
            });
        }
    }
}

/// Where a file is; a bare name is in the working directory.
fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests;
