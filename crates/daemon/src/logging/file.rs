//! `-g`: a file of log lines.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use super::destination::Fate;

/// A file that lines are added to. It is opened for the first line, and again after a failure: the
/// disk may have been full, the directory may have been missing.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: Option<File>,
}

impl LogFile {
    /// `suffix` tells the files of the processes apart.
    pub(super) fn new(path: &Path, suffix: &str) -> Self {
        Self {
            path: with_suffix(path, suffix),
            file: None,
        }
    }

    pub(super) fn write(&mut self, line: &str) -> Fate {
        if self.file.is_none() {
            self.file = open(&self.path).ok();
        }
        let Some(file) = &mut self.file else {
            return Fate::Unwanted;
        };
        match file.write_all(line.as_bytes()) {
            Ok(()) => Fate::Taken,
            Err(_) => {
                self.file = None;
                Fate::Lost
            }
        }
    }
}

/// Nothing that somebody put there instead of a file is followed or waited for.
fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path)
}

/// Before the last dot of the name, or at its end (spec cli-and-process 1).
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let (Some(stem), Some(extension)) = (path.file_stem(), path.extension()) else {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        return name.into();
    };
    let mut name = OsString::from(stem);
    name.push(suffix);
    name.push(".");
    name.push(extension);
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_has_its_own_file() {
        let named = |path: &str| with_suffix(Path::new(path), "_vrrp");
        assert_eq!(
            named("/tmp/keepalived.log"),
            Path::new("/tmp/keepalived_vrrp.log")
        );
        assert_eq!(named("/tmp/a.b/log"), Path::new("/tmp/a.b/log_vrrp"));
        assert_eq!(named("/tmp/a.b.c"), Path::new("/tmp/a.b_vrrp.c"));
    }

    #[test]
    fn lines_are_added_and_links_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        std::fs::write(&path, "old\n").unwrap();
        assert_eq!(LogFile::new(&path, "").write("new\n"), Fate::Taken);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old\nnew\n");
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(LogFile::new(&link, "").write("x\n"), Fate::Unwanted);
    }
}
