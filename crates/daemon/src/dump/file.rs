//! Putting a new text in the place of a file, so that every reader sees a whole one (spec clients 3).
//!
//! The directory may belong to everybody: what is planted under the name of the file, or under that
//! of the temporary one, is replaced or refused, never followed and never waited for.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::fcntl::OFlag;

/// How often another temporary name is tried when one is taken.
const ATTEMPTS: u32 = 16;

/// Replaces a file, or makes it.
///
/// # Errors
/// When the directory or the disk does not allow it; the old file is still there then.
pub(crate) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let (temporary, mut file) = create_beside(path)?;
    let written = file.write_all(text);
    drop(file);
    let result = written.and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        // It is of no use to anybody; that it stays would be no new mistake.
        let _ = fs::remove_file(&temporary);
        return result;
    }
    announce(path);
    Ok(())
}

/// A file of our own beside another. Its name begins with a dot: some clients remove whatever begins
/// as the file itself does.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut taken = io::Error::from(ErrorKind::AlreadyExists);
    for attempt in 0..ATTEMPTS {
        // Nobody else can tell the name before it is used.
        let clock = SystemTime::now().duration_since(UNIX_EPOCH);
        let nanos = clock.map_or(0, |clock| clock.subsec_nanos());
        let hidden = format!(".{name}.{}.{nanos:x}{attempt:x}", std::process::id());
        let temporary = path.with_file_name(hidden);
        let created = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o666)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(&temporary);
        match created {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => taken = error,
            Err(error) => return Err(error),
        }
    }
    Err(taken)
}

/// Opens and closes the file: to those who watch it that is the end of writing, which a rename alone
/// is not.
fn announce(path: &Path) {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    // Who removed or replaced it meanwhile does not wait for us.
    let _ = OpenOptions::new()
        .write(true)
        .custom_flags(flags.bits())
        .open(path);
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("d");
        replace(&path, b"first").unwrap();
        let before = fs::metadata(&path).unwrap().ino();
        let mut reader = File::open(&path).unwrap();
        replace(&path, b"2").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2");
        assert_ne!(fs::metadata(&path).unwrap().ino(), before);
        let mut old = String::new();
        io::Read::read_to_string(&mut reader, &mut old).unwrap();
        assert_eq!(old, "first");
        assert_eq!(names(directory.path()), ["d"]);
    }

    #[test]
    fn a_planted_link_is_replaced_and_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let victim = directory.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        let path = directory.path().join("d");
        symlink(&victim, &path).unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
    }

    #[test]
    fn a_pipe_in_the_place_of_the_file_holds_nobody_up() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("d");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let fifo = directory.path().join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        announce(&fifo);
    }

    #[test]
    fn what_cannot_be_replaced_is_an_error_and_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("d");
        fs::create_dir(&path).unwrap();
        assert_eq!(
            replace(&path, b"new").unwrap_err().kind(),
            ErrorKind::IsADirectory
        );
        assert_eq!(names(directory.path()), ["d"]);
        let missing = directory.path().join("missing/d");
        assert_eq!(
            replace(&missing, b"new").unwrap_err().kind(),
            ErrorKind::NotFound
        );
    }
}
