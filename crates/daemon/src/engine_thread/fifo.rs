//! FIFOs that get a line for every state change, and the programs that read them
//! (spec vrrp-runtime 9.4).
//!
//! A FIFO is open for reading and writing, so that its lines wait for a reader that comes later, and
//! without blocking: a line that finds no room is lost and counted, the engine never waits. One that
//! a reload leaves as it was stays open, so that no reader sees an end; at the end of the daemon it
//! is closed behind the last line, so that readers see everything and then the end.

use std::fs::{File, OpenOptions, remove_file};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use evervip_model::{Fifo, NotifyFifo, NotifyFifos};
use evervip_os::open_file::is_at;
use evervip_vrrp::{Notification, NotificationKind, Subject};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc::PIPE_BUF;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::hooks::Hooks;

/// Permissions of a FIFO that is made here, before the umask.
const MODE: Mode = Mode::from_bits_truncate(0o644);

/// All FIFOs, in the order in which they are written.
#[derive(Debug, Default)]
pub(super) struct Fifos {
    all: Outlet,
    vrrp: Outlet,
    /// The last listener's number.
    listeners: u64,
}

/// A FIFO of the configuration.
#[derive(Debug, Default)]
struct Outlet {
    spec: NotifyFifo,
    pipe: Option<Pipe>,
    listener: Option<u64>,
}

/// An open FIFO; removed at the end if it was made here.
#[derive(Debug)]
struct Pipe {
    path: PathBuf,
    file: File,
    made: bool,
    /// Lines that found no room since the last one that did.
    lost: u64,
}

impl Fifos {
    /// Opens and closes what a configuration asks for; what did not change is left alone.
    pub(super) fn configure(&mut self, wanted: &NotifyFifos, hooks: &Hooks) {
        let outlets = [(&mut self.all, &wanted.all), (&mut self.vrrp, &wanted.vrrp)];
        for (outlet, wanted) in outlets {
            outlet.configure(wanted, hooks, &mut self.listeners);
        }
    }

    /// Writes the line of a notification.
    pub(super) fn notify(&mut self, notification: &Notification) {
        if self.all.pipe.is_none() && self.vrrp.pipe.is_none() {
            return;
        }
        let line = line(notification);
        for outlet in [&mut self.all, &mut self.vrrp] {
            if let Some(pipe) = &mut outlet.pipe {
                pipe.write(&line);
            }
        }
    }

    /// The last line has been written.
    pub(super) fn close(&mut self) {
        self.all.pipe = None;
        self.vrrp.pipe = None;
    }
}

impl Outlet {
    fn configure(&mut self, wanted: &NotifyFifo, hooks: &Hooks, listeners: &mut u64) {
        if self.spec == *wanted && (self.pipe.is_some() || wanted.fifo.is_none()) {
            return;
        }
        if let Some(listener) = self.listener.take() {
            hooks.stop_listener(listener);
        }
        if self.spec.fifo != wanted.fifo || self.pipe.is_none() {
            // The old one goes first: it may have the same path.
            self.pipe = None;
            self.pipe = wanted.fifo.as_ref().and_then(Pipe::open);
        }
        self.spec = wanted.clone();
        if let (Some(pipe), Some(reader)) = (&self.pipe, &self.spec.reader) {
            *listeners += 1;
            self.listener = Some(*listeners);
            hooks.listen(*listeners, reader, &pipe.path);
        }
    }
}

impl Pipe {
    fn open(fifo: &Fifo) -> Option<Self> {
        let path = fifo.path.clone();
        match make_and_open(fifo) {
            Ok((file, made)) => Some(Self {
                path,
                file,
                made,
                lost: 0,
            }),
            Err(error) => {
                tracing::error!("notify fifo {} - not using: {error}", path.display());
                None
            }
        }
    }

    fn write(&mut self, line: &str) {
        match self.write_whole(line.as_bytes()) {
            Ok(()) if self.lost > 0 => {
                let path = self.path.display();
                tracing::info!(
                    "notify fifo {path} is read again, {} lines were lost",
                    self.lost
                );
                self.lost = 0;
            }
            Ok(()) => {}
            Err(error) => {
                if self.lost == 0 {
                    let path = self.path.display();
                    tracing::warn!("notify fifo {path} takes no more lines: {error}; is it read?");
                }
                self.lost += 1;
            }
        }
    }

    /// Up to `PIPE_BUF` bytes go in as a whole or not at all. Of more the pipe could take a part, which
    /// no reader would understand: they are not begun. Only the name of an instance makes a line so long.
    fn write_whole(&mut self, line: &[u8]) -> io::Result<()> {
        if line.len() > PIPE_BUF {
            return Err(io::Error::other(
                "this line is longer than a pipe takes at once",
            ));
        }
        self.file.write(line).map(|_| ())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        // What somebody else has put into its place is not ours to remove.
        if self.made && is_at(&self.file, &self.path) {
            let _ = remove_file(&self.path);
        }
    }
}

/// Gives whether the FIFO was made here, too.
fn make_and_open(fifo: &Fifo) -> io::Result<(File, bool)> {
    let path: &Path = &fifo.path;
    let made = match mkfifo(path, MODE) {
        Ok(()) => true,
        Err(Errno::EEXIST) => false,
        Err(error) => return Err(error.into()),
    };
    let opened = open(path).and_then(|file| {
        if made {
            // Not by its path: who may write to the directory could have put a link to any file there.
            fchown(&file, Some(fifo.owner.uid), Some(fifo.owner.gid))?;
        }
        Ok(file)
    });
    if opened.is_err() && made {
        let _ = remove_file(path);
    }
    Ok((opened?, made))
}

/// Opens a FIFO and nothing else: lines must not end up in a file that happens to be there.
fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW).bits())
        .open(path)?;
    if file.metadata()?.file_type().is_fifo() {
        Ok(file)
    } else {
        Err(io::Error::other("it is not a fifo"))
    }
}

/// The line of a notification, with its end.
fn line(notification: &Notification) -> String {
    let (kind, name) = match &notification.subject {
        Subject::Instance(spec) => ("INSTANCE", &spec.name),
        Subject::Group(spec) => ("GROUP", &spec.name),
    };
    let word = match notification.kind {
        NotificationKind::Entered(state) | NotificationKind::StillIn(state) => {
            state.keepalived_name()
        }
        NotificationKind::MasterRxLowerPri => "MASTER_RX_LOWER_PRI",
        NotificationKind::PriorityChanged(evervip_model::State::Master) => "MASTER_PRIORITY",
        NotificationKind::PriorityChanged(_) => "BACKUP_PRIORITY",
        NotificationKind::Deleted => "DELETED",
        NotificationKind::Removed => "FAULT",
    };
    format!("{kind} \"{name}\" {word} {}\n", notification.priority)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    use evervip_model::{Credentials, Instance, State, SyncGroup, Vrid};

    use super::*;

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("evervip-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    fn spec(path: &Path) -> Fifo {
        Fifo {
            path: path.to_owned(),
            owner: Credentials {
                uid: nix::unistd::getuid().as_raw(),
                gid: nix::unistd::getgid().as_raw(),
            },
        }
    }

    fn of_instance(kind: NotificationKind, priority: u8) -> Notification {
        let instance = Instance::new("VI_1".into(), Vrid::new(1).unwrap());
        Notification {
            subject: Subject::Instance(Arc::new(instance)),
            kind,
            priority,
        }
    }

    #[test]
    fn lines_are_as_the_original_writes_them() {
        for (kind, expected) in [
            (
                NotificationKind::Entered(State::Master),
                "INSTANCE \"VI_1\" MASTER 120\n",
            ),
            (
                NotificationKind::StillIn(State::Backup),
                "INSTANCE \"VI_1\" BACKUP 120\n",
            ),
            (
                NotificationKind::Entered(State::Stop),
                "INSTANCE \"VI_1\" STOP 120\n",
            ),
            (NotificationKind::Deleted, "INSTANCE \"VI_1\" DELETED 120\n"),
            (NotificationKind::Removed, "INSTANCE \"VI_1\" FAULT 120\n"),
            (
                NotificationKind::MasterRxLowerPri,
                "INSTANCE \"VI_1\" MASTER_RX_LOWER_PRI 120\n",
            ),
            (
                NotificationKind::PriorityChanged(State::Master),
                "INSTANCE \"VI_1\" MASTER_PRIORITY 120\n",
            ),
            (
                NotificationKind::PriorityChanged(State::Fault),
                "INSTANCE \"VI_1\" BACKUP_PRIORITY 120\n",
            ),
        ] {
            assert_eq!(line(&of_instance(kind, 120)), expected);
        }
        let group = SyncGroup::new("G".into(), Vec::new());
        let group = Notification {
            subject: Subject::Group(Arc::new(group)),
            kind: NotificationKind::Entered(State::Fault),
            priority: 0,
        };
        assert_eq!(line(&group), "GROUP \"G\" FAULT 0\n");
    }

    #[test]
    fn what_was_made_is_removed_and_what_was_there_stays() {
        let directory = directory("fifo");
        let path = directory.join("made");
        let mut pipe = Pipe::open(&spec(&path)).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o022, 0, "{mode:o}");
        pipe.write("a line\n");
        let mut reader = open(&path).unwrap();
        let mut text = [0; 7];
        reader.read_exact(&mut text).unwrap();
        assert_eq!(&text, b"a line\n");
        drop(pipe);
        assert!(!path.exists());

        mkfifo(&path, MODE).unwrap();
        drop(Pipe::open(&spec(&path)).unwrap());
        assert!(path.exists());

        remove_file(&path).unwrap();
        let pipe = Pipe::open(&spec(&path)).unwrap();
        remove_file(&path).unwrap();
        std::fs::write(&path, "of somebody else").unwrap();
        drop(pipe);
        assert!(path.exists());
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn nothing_else_is_written_to_and_a_full_one_loses_lines() {
        let directory = directory("nofifo");
        let path = directory.join("plain");
        std::fs::write(&path, "keep me").unwrap();
        assert!(Pipe::open(&spec(&path)).is_none());
        assert_eq!(std::fs::read(&path).unwrap(), b"keep me");
        let link = directory.join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(Pipe::open(&spec(&link)).is_none());

        let mut pipe = Pipe::open(&spec(&directory.join("full"))).unwrap();
        for _ in 0..100_000 {
            pipe.write("INSTANCE \"VI_1\" MASTER 120\n");
        }
        assert!(pipe.lost > 0 && pipe.lost < 100_000);
        drop(pipe);
        let mut pipe = Pipe::open(&spec(&directory.join("long"))).unwrap();
        pipe.write(&"x".repeat(PIPE_BUF));
        assert_eq!(pipe.lost, 0);
        pipe.write(&"x".repeat(PIPE_BUF + 1));
        assert_eq!(pipe.lost, 1, "no part of it goes in");
        drop(pipe);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
