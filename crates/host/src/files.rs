//! Configuration files.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use evervip_config::{FileKind, Files};

/// The file system of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemFiles;

impl Files for SystemFiles {
    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        let metadata = std::fs::metadata(path)?;
        Ok(if metadata.is_dir() {
            FileKind::Directory
        } else if metadata.is_file() {
            FileKind::Regular {
                executable: metadata.permissions().mode() & 0o111 != 0,
            }
        } else {
            FileKind::Other
        })
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn is_shared(&self, path: &Path) -> bool {
        std::fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o077 != 0)
    }

    fn glob(&self, directory: &Path, pattern: &str) -> Vec<PathBuf> {
        let relative = !pattern.starts_with('/');
        let full = if relative && directory != Path::new("") {
            // The directory is a name, whatever characters it has.
            let directory = glob::Pattern::escape(&directory.to_string_lossy());
            format!("{directory}/{pattern}")
        } else {
            pattern.to_owned()
        };
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let Ok(found) = glob::glob_with(&full, options) else {
            return Vec::new();
        };
        found
            .filter_map(Result::ok)
            .map(|path| match path.strip_prefix(directory) {
                Ok(short) if relative => short.to_owned(),
                _ => path,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_sorted_and_relative_to_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let odd = dir.path().join("a[b]");
        std::fs::create_dir(&odd).unwrap();
        for name in ["z.conf", "b.conf", ".hidden.conf", "other"] {
            std::fs::write(odd.join(name), "").unwrap();
        }
        let found = |pattern: &str| SystemFiles.glob(&odd, pattern);
        assert_eq!(
            found("*.conf"),
            [PathBuf::from("b.conf"), PathBuf::from("z.conf")]
        );
        assert_eq!(found("other"), [PathBuf::from("other")]);
        assert!(found("absent").is_empty());
        let absolute = format!("{}/other", glob::Pattern::escape(&odd.to_string_lossy()));
        assert_eq!(
            SystemFiles.glob(Path::new("/"), &absolute),
            [odd.join("other")]
        );
    }

    #[test]
    fn kinds_of_files() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f");
        std::fs::write(&file, "x").unwrap();
        let kind = |p: &Path| SystemFiles.kind(p).ok();
        assert_eq!(kind(&file), Some(FileKind::Regular { executable: false }));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o744)).unwrap();
        assert_eq!(kind(&file), Some(FileKind::Regular { executable: true }));
        assert_eq!(kind(dir.path()), Some(FileKind::Directory));
        assert_eq!(kind(Path::new("/dev/null")), Some(FileKind::Other));
        assert_eq!(kind(&dir.path().join("absent")), None);
        assert_eq!(SystemFiles.read(&file).unwrap(), b"x");
    }
}
