//! The file that is there while a configuration is read (`reload_file`; spec cli-and-process 4): who
//! has changed it sees when it may be changed again.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use evervip_model::{Globals, MarkerFile};
use nix::fcntl::OFlag;

use crate::pid_paths::reload_marker;

/// The file, while it is there.
#[derive(Debug, Default)]
pub(super) struct Marker(Option<PathBuf>);

impl Marker {
    /// Takes away what a daemon that crashed while it was reading has left, or who has changed the
    /// configuration has put there.
    pub(super) fn sweep(&mut self, globals: &Globals) {
        self.0 = path(globals);
        self.remove();
    }

    /// Reading begins.
    pub(super) fn put(&mut self, globals: &Globals) {
        let Some(path) = path(globals) else { return };
        match create(&path) {
            Ok(()) => self.0 = Some(path),
            Err(error) => {
                tracing::warn!("Cannot make the reload file {}: {error}", path.display());
            }
        }
    }

    /// Reading has ended.
    pub(super) fn remove(&mut self) {
        let Some(path) = self.0.take() else { return };
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!("Cannot remove the reload file {}: {error}", path.display());
            }
            _ => {}
        }
    }
}

/// Where it is to be; `None` when none is wanted.
fn path(globals: &Globals) -> Option<PathBuf> {
    match &globals.reload.marker {
        MarkerFile::Off => None,
        MarkerFile::Default => Some(reload_marker(&globals.daemon)),
        MarkerFile::At(path) => Some(path.clone()),
    }
}

fn create(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o644)
        // A named pipe would wait for a reader.
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path)?;
    // Whatever the umask is.
    file.set_permissions(Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globals(path: &Path) -> Globals {
        let mut globals = Globals::default();
        globals.reload.marker = MarkerFile::At(path.to_owned());
        globals
    }

    #[test]
    fn it_comes_and_goes_with_everybody_allowed_to_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("reading");
        let (globals, mut marker) = (globals(&path), Marker::default());
        marker.sweep(&globals);
        marker.put(&globals);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        marker.remove();
        assert!(!path.exists());
        fs::write(&path, "").unwrap();
        marker.sweep(&globals);
        assert!(!path.exists());
    }

    #[test]
    fn a_link_in_its_place_is_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let victim = directory.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        let path = directory.path().join("reading");
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        Marker::default().put(&globals(&path));
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    }
}
