//! Pid files (spec cli-and-process 2).

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

/// A pid file of this process; removed when dropped.
#[derive(Debug)]
pub(crate) struct PidFile(PathBuf);

impl PidFile {
    /// Writes this process's number. The mode is 0644 whatever the umask is.
    ///
    /// # Errors
    /// As the file system gives them; a symbolic link is refused.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o644)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(path)?;
        file.set_permissions(Permissions::from_mode(0o644))?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self(path.to_owned()))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // A file that somebody else has removed or taken over is not ours to remove.
        if read(&self.0) == Some(std::process::id()) {
            let _ = fs::remove_file(&self.0);
        }
    }
}

/// What a pid file says about another daemon.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Occupant {
    Nobody,
    /// The file is left over: its process is gone, or its number now belongs to another program.
    Gone,
    Running(u32),
}

/// Looks whether a daemon runs under this pid file.
///
/// The original takes any live process for itself, and so does not start after a crash when the
/// number has been given to another program; here the process must have our own name.
pub(crate) fn occupant(path: &Path) -> Occupant {
    if !path.exists() {
        return Occupant::Nobody;
    }
    match read(path) {
        Some(pid) if pid != std::process::id() && same_program(pid) => Occupant::Running(pid),
        _ => Occupant::Gone,
    }
}

fn read(path: &Path) -> Option<u32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn same_program(pid: u32) -> bool {
    let name = |pid: &str| fs::read_to_string(format!("/proc/{pid}/comm")).ok();
    name(&pid.to_string()).is_some_and(|other| Some(other) == name("self"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_the_number_and_goes_away() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keepalived.pid");
        assert_eq!(occupant(&path), Occupant::Nobody);
        let file = PidFile::create(&path).unwrap();
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
    fn a_number_of_another_program_or_of_nobody_is_left_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keepalived.pid");
        for content in ["1\n", "4194305\n", "nonsense"] {
            fs::write(&path, content).unwrap();
            assert_eq!(occupant(&path), Occupant::Gone, "{content:?}");
        }
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
