//! Pid files (spec cli-and-process 2).

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use evervip_os::open_file::{is_at, try_lock};
use nix::fcntl::OFlag;
use nix::unistd::Pid;

/// A pid file of this process, locked as keepalived 2.3.2 and later lock theirs; removed when dropped.
#[derive(Debug)]
pub(crate) struct PidFile {
    path: PathBuf,
    file: File,
}

/// How often a file that vanished while it was being locked is made anew.
const ATTEMPTS: u32 = 8;

impl PidFile {
    /// Writes this process's number. The mode is 0644 whatever the umask is.
    ///
    /// Of several processes that do so at the same moment one gets the file, the others `None`.
    ///
    /// # Errors
    /// As the file system gives them; a symbolic link and a pipe are refused.
    pub(crate) fn create(path: &Path) -> io::Result<Option<Self>> {
        let Some(mut file) = open_locked(path)? else {
            return Ok(None);
        };
        file.set_len(0)?;
        file.set_permissions(Permissions::from_mode(0o644))?;
        writeln!(file, "{}", std::process::id())?;
        let path = path.to_owned();
        Ok(Some(Self { path, file }))
    }

    /// Whether the file is the one that was made here and still says so. It is not opened anew: a
    /// lock ends when its process closes any descriptor of the file.
    fn is_ours(&self) -> bool {
        let mut content = [0; 16];
        let length = self.file.read_at(&mut content, 0).unwrap_or(0);
        let expected = format!("{}\n", std::process::id());
        is_at(&self.file, &self.path) && &content[..length] == expected.as_bytes()
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // A file that somebody else has removed or taken over is not ours to remove.
        if self.is_ours() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Removes the file of a child that died before it could do so itself. One that names another process
/// stays.
pub(crate) fn remove_of_dead(path: &Path, child: Pid) {
    let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    let names_it = || fs::read_to_string(path).is_ok_and(|text| text == format!("{child}\n"));
    if is_file && names_it() {
        let _ = fs::remove_file(path);
    }
}

/// Opens the file, made if need be, and locks it; `None` when another process has it locked.
fn open_locked(path: &Path) -> io::Result<Option<File>> {
    for _ in 0..ATTEMPTS {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o644)
            // The second one: a named pipe would wait for a reader.
            .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
            .open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        if !try_lock(&file) {
            return Ok(None);
        }
        // Who had it before may have removed it since it was opened.
        if is_at(&file, path) {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc;

    use evervip_os::occupant::{Occupant, occupant};

    use super::*;

    #[test]
    fn holds_the_number_and_goes_away() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keepalived.pid");
        assert_eq!(occupant(&path), Occupant::Nobody);
        let file = PidFile::create(&path).unwrap().unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            format!("{}\n", std::process::id())
        );
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o644
        );
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn one_process_has_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keepalived.pid");
        // As keepalived 2.3.2 and later lock theirs; a lock like ours would not keep its own process
        // out.
        let holder = File::create(&path).unwrap();
        let whole = libc::flock {
            l_type: libc::F_WRLCK.try_into().unwrap(),
            l_whence: libc::SEEK_SET.try_into().unwrap(),
            l_start: 0,
            l_len: 0,
            l_pid: 0,
        };
        fcntl(&holder, FcntlArg::F_OFD_SETLK(&whole)).unwrap();
        assert!(PidFile::create(&path).unwrap().is_none());
        drop(holder);
        assert!(PidFile::create(&path).unwrap().is_some());
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_took_its_place_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keepalived.pid");
        let file = PidFile::create(&path).unwrap().unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, format!("{}\n", std::process::id())).unwrap();
        drop(file);
        assert!(path.exists());
    }

    #[test]
    fn a_named_pipe_is_refused_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keepalived.pid");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(occupant(&path), Occupant::Gone);
        assert!(PidFile::create(&path).is_err());
    }

    #[test]
    fn a_symbolic_link_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("target");
        fs::write(&target, "precious").unwrap();
        let path = directory.path().join("keepalived.pid");
        std::os::unix::fs::symlink(&target, &path).unwrap();
        assert!(PidFile::create(&path).is_err());
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
    }
}
