//! Where pid files are: what the command line says, else what the file's `net_namespace`, `instance`
//! and `use_pid_dir` say (spec cli-and-process 2).

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use evervip_model::{Daemon, PID_DIRECTORY};
use evervip_os::network_namespace::{show_again, show_instead, take_own_mounts};

use crate::command_line::Options;

/// The pid files of a daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PidPaths {
    pub(crate) parent: PathBuf,
    pub(crate) vrrp: PathBuf,
    pub(crate) bfd: PathBuf,
}

impl PidPaths {
    /// `daemon` is what the configuration says.
    pub(crate) fn of(options: &Options, daemon: &Daemon) -> Self {
        let path = |given: &Option<PathBuf>, name: &str| {
            given.clone().unwrap_or_else(|| daemon.pid_file(name))
        };
        Self {
            parent: path(&options.parent_pid_file, "keepalived"),
            vrrp: path(&options.vrrp_pid_file, "vrrp"),
            bfd: path(&options.bfd_pid_file, "bfd"),
        }
    }

    /// Makes keepalived's own directory if one of the files belongs there, and for a daemon of a
    /// network namespace a directory inside of it, which the daemon and its scripts see in its place.
    ///
    /// # Errors
    /// As the file system gives them; without privilege for a namespace.
    pub(crate) fn make_directory(&self, namespace: Option<&str>) -> std::io::Result<PidDirectory> {
        let common = Path::new(PID_DIRECTORY);
        let files = [&self.parent, &self.vrrp, &self.bfd];
        let is_used = files.iter().any(|file| file.parent() == Some(common));
        let mut directory = PidDirectory::default();
        if is_used || namespace.is_some() {
            make(common)?;
            directory.common = true;
        }
        if let Some(name) = namespace {
            let own = common.join(name);
            make(&own)?;
            let own = directory.own.insert(own);
            take_own_mounts()?;
            show_instead(own, common)?;
        }
        Ok(directory)
    }
}

/// The directories of pid files; each is removed when this is dropped, if it is empty.
#[derive(Debug, Default)]
pub(crate) struct PidDirectory {
    common: bool,
    /// That of a network namespace, shown in the place of the common one.
    own: Option<PathBuf>,
}

impl PidDirectory {
    /// The process that goes on uses them: nothing is removed.
    pub(crate) fn leave_to_daemon(mut self) {
        self.common = false;
        self.own = None;
    }
}

impl Drop for PidDirectory {
    fn drop(&mut self) {
        // Files of other daemons keep them.
        if let Some(own) = &self.own {
            let _ = show_again(Path::new(PID_DIRECTORY));
            let _ = fs::remove_dir(own);
        }
        if self.common {
            let _ = fs::remove_dir(PID_DIRECTORY);
        }
    }
}

/// Makes a directory that everybody may look into, whatever the umask is.
fn make(path: &Path) -> std::io::Result<()> {
    if !path.is_dir() {
        fs::create_dir(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Where `reload_file` without a path is: beside the pid file of the parent.
pub(crate) fn reload_marker(daemon: &Daemon) -> PathBuf {
    daemon.pid_file("keepalived").with_extension("reload")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(options: &Options, instance: Option<&str>, use_pid_dir: bool) -> [String; 3] {
        let daemon = Daemon {
            instance: instance.map(str::to_owned),
            use_pid_dir,
            ..Daemon::default()
        };
        let paths = PidPaths::of(options, &daemon);
        [paths.parent, paths.vrrp, paths.bfd].map(|path| path.to_string_lossy().into_owned())
    }

    #[test]
    fn every_combination() {
        let options = Options::default();
        let check = |instance, directory, expected: [&str; 3]| {
            assert_eq!(paths(&options, instance, directory), expected);
        };
        let usual = ["/run/keepalived.pid", "/run/vrrp.pid", "/run/bfd.pid"];
        check(None, false, usual);
        let in_directory = [
            "/run/keepalived/keepalived.pid",
            "/run/keepalived/vrrp.pid",
            "/run/keepalived/bfd.pid",
        ];
        check(None, true, in_directory);
        let named = [
            "/run/keepalived/keepalived_a.pid",
            "/run/keepalived/vrrp_a.pid",
            "/run/keepalived/bfd_a.pid",
        ];
        check(Some("a"), false, named);
        check(Some("a"), true, named);
    }

    #[test]
    fn a_namespace_has_a_directory_of_its_own() {
        let daemon = Daemon {
            net_namespace: Some("blue".to_owned()),
            ..Daemon::default()
        };
        let paths = PidPaths::of(&Options::default(), &daemon);
        assert_eq!(paths.vrrp, Path::new("/run/keepalived/vrrp.pid"));
    }

    #[test]
    fn the_command_line_beats_the_file() {
        let options = Options {
            vrrp_pid_file: Some("/x/v.pid".into()),
            bfd_pid_file: Some("/x/b.pid".into()),
            ..Options::default()
        };
        let expected = ["/run/keepalived/keepalived_a.pid", "/x/v.pid", "/x/b.pid"];
        assert_eq!(paths(&options, Some("a"), true), expected);
    }
}
