//! Files that differ per node: private directories and files over the host's, in the node's
//! mount namespace only.
//!
//! Every function here must run inside the node's mount namespace.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::{self, File},
    os::{
        fd::AsRawFd,
        unix::fs::{PermissionsExt, symlink},
    },
    path::{Path, PathBuf},
};

use nix::mount::{MntFlags, MsFlags, mount, umount2};

use crate::{Error, Result};

const NONE: Option<&str> = None;

/// Which paths of the node belong to it alone. The longest known prefix of a path decides.
#[derive(Debug)]
pub(crate) struct Filesystem {
    known: BTreeMap<PathBuf, bool>,
}

impl Filesystem {
    /// As [`crate::space::Space`] makes it: `/tmp` and `/run` private, all else the host's.
    pub(crate) fn new() -> Self {
        let known = [("/", false), ("/tmp", true), ("/run", true)];
        Self {
            known: known
                .map(|(path, private)| (PathBuf::from(path), private))
                .into(),
        }
    }

    /// Makes `dir` a private, empty directory.
    pub(crate) fn private_dir(&mut self, dir: &Path) -> Result<()> {
        if dir.is_dir() && !self.is_private(dir) {
            let dir = dir.canonicalize()?;
            mount_tmpfs(&dir)?;
            self.known.insert(dir, true);
            return Ok(());
        }
        self.create_dir(dir)
    }

    /// Creates or replaces a file, seen by this node only.
    pub(crate) fn write(&mut self, path: &Path, contents: &[u8], mode: u32) -> Result<()> {
        let path = self.placeable(path)?;
        fs::write(&path, contents).map_err(|e| named(&path, e))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        Ok(())
    }

    /// Makes the host's file or directory `source` appear at `path`.
    pub(crate) fn bind(&mut self, source: &Path, path: &Path) -> Result<()> {
        let is_dir = source.is_dir();
        if is_dir {
            self.private_dir(path)?;
        } else {
            self.write(path, b"", 0o644)?;
        }
        let path = path.canonicalize()?;
        bind(source, &path)?;
        self.known.insert(path, false);
        Ok(())
    }

    /// Path of a file that may be written: parents made private, a host file of that name hidden.
    fn placeable(&mut self, path: &Path) -> Result<PathBuf> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Error::new(format!("{}: not a file path", path.display())));
        };
        self.create_dir(parent)?;
        let path = parent.canonicalize()?.join(name);
        if self.known.get(&path) == Some(&false) {
            umount2(&path, MntFlags::MNT_DETACH)?;
            self.known.remove(&path);
        }
        Ok(path)
    }

    /// Creates `dir` with its parents if needed and makes it private, keeping what is in it.
    fn create_dir(&mut self, dir: &Path) -> Result<()> {
        if dir.is_dir() {
            let dir = dir.canonicalize()?;
            return if self.is_private(&dir) {
                Ok(())
            } else {
                self.shadow(&dir)
            };
        }
        let parent = dir
            .parent()
            .ok_or_else(|| Error::new("the root directory cannot be private"))?;
        self.create_dir(parent)?;
        fs::create_dir(dir).map_err(|e| named(dir, e))?;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755))?;
        Ok(())
    }

    /// Puts a tmpfs over `dir` and its old entries into it.
    fn shadow(&mut self, dir: &Path) -> Result<()> {
        if dir == Path::new("/") {
            return Err(Error::new("the root directory cannot be private"));
        }
        let old = File::open(dir)?;
        let old_path = PathBuf::from(format!("/proc/self/fd/{}", old.as_raw_fd()));
        let names: Vec<_> = old_path
            .read_dir()?
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        mount_tmpfs(dir)?;
        self.known.insert(dir.to_owned(), true);
        for name in names {
            self.carry_over(&old_path, dir, &name)?;
        }
        Ok(())
    }

    fn carry_over(&mut self, old: &Path, dir: &Path, name: &OsStr) -> Result<()> {
        let (from, to) = (old.join(name), dir.join(name));
        let kind = fs::symlink_metadata(&from)?.file_type();
        if kind.is_symlink() {
            symlink(fs::read_link(&from)?, &to)?;
            return Ok(());
        }
        if kind.is_dir() {
            fs::create_dir(&to)?;
        } else {
            File::create(&to)?;
        }
        bind(&from, &to)?;
        self.known.insert(to, false);
        Ok(())
    }

    fn is_private(&self, path: &Path) -> bool {
        path.ancestors()
            .find_map(|prefix| self.known.get(prefix))
            .copied()
            .unwrap_or(false)
    }
}

fn mount_tmpfs(dir: &Path) -> Result<()> {
    mount(
        Some("tmpfs"),
        dir,
        Some("tmpfs"),
        MsFlags::empty(),
        Some("mode=0755"),
    )
    .map_err(|e| named(dir, e))
}

fn bind(from: &Path, to: &Path) -> Result<()> {
    mount(
        Some(from),
        to,
        NONE,
        MsFlags::MS_BIND | MsFlags::MS_REC,
        NONE,
    )
    .map_err(|e| named(to, e))
}

fn named(path: &Path, error: impl Into<Error>) -> Error {
    error.into().context(&path.display().to_string())
}
