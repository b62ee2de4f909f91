//! Where pid files are: what the command line says, else what the file's `instance` and
//! `use_pid_dir` say (spec cli-and-process 2).

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use evervip_model::Daemon;

use crate::command_line::Options;

const DIRECTORY: &str = "/run/keepalived";

/// The pid files of a daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PidPaths {
    pub(crate) parent: PathBuf,
    pub(crate) vrrp: PathBuf,
}

impl PidPaths {
    /// `daemon` is what the configuration says.
    pub(crate) fn of(options: &Options, daemon: &Daemon) -> Self {
        let path = |given: &Option<PathBuf>, name: &str| {
            given.clone().unwrap_or_else(|| default_path(name, daemon))
        };
        Self {
            parent: path(&options.parent_pid_file, "keepalived"),
            vrrp: path(&options.vrrp_pid_file, "vrrp"),
        }
    }

    /// Makes keepalived's own directory if one of the files belongs there.
    ///
    /// # Errors
    /// As the file system gives them.
    pub(crate) fn make_directory(&self) -> std::io::Result<PidDirectory> {
        let files = [&self.parent, &self.vrrp];
        let wanted = files
            .iter()
            .any(|file| file.parent() == Some(Path::new(DIRECTORY)));
        if wanted && !Path::new(DIRECTORY).is_dir() {
            fs::create_dir(DIRECTORY)?;
            // Whatever the umask is.
            fs::set_permissions(DIRECTORY, Permissions::from_mode(0o755))?;
        }
        Ok(PidDirectory { wanted })
    }
}

/// The directory of pid files; removed when dropped, if it is empty.
#[derive(Debug)]
pub(crate) struct PidDirectory {
    wanted: bool,
}

impl Drop for PidDirectory {
    fn drop(&mut self) {
        if self.wanted {
            // Files of other daemons keep it.
            let _ = fs::remove_dir(DIRECTORY);
        }
    }
}

fn default_path(name: &str, daemon: &Daemon) -> PathBuf {
    match &daemon.instance {
        Some(instance) => format!("{DIRECTORY}/{name}_{instance}.pid").into(),
        None if daemon.use_pid_dir => format!("{DIRECTORY}/{name}.pid").into(),
        None => format!("/run/{name}.pid").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(options: &Options, instance: Option<&str>, use_pid_dir: bool) -> [String; 2] {
        let daemon = Daemon {
            instance: instance.map(str::to_owned),
            use_pid_dir,
            ..Daemon::default()
        };
        let paths = PidPaths::of(options, &daemon);
        [paths.parent, paths.vrrp].map(|path| path.to_string_lossy().into_owned())
    }

    #[test]
    fn every_combination() {
        let options = Options::default();
        let check = |instance, directory, expected: [&str; 2]| {
            assert_eq!(paths(&options, instance, directory), expected);
        };
        check(None, false, ["/run/keepalived.pid", "/run/vrrp.pid"]);
        let in_directory = ["/run/keepalived/keepalived.pid", "/run/keepalived/vrrp.pid"];
        check(None, true, in_directory);
        let named = [
            "/run/keepalived/keepalived_a.pid",
            "/run/keepalived/vrrp_a.pid",
        ];
        check(Some("a"), false, named);
        check(Some("a"), true, named);
    }

    #[test]
    fn the_command_line_beats_the_file() {
        let options = Options {
            vrrp_pid_file: Some("/x/v.pid".into()),
            ..Options::default()
        };
        let expected = ["/run/keepalived/keepalived_a.pid", "/x/v.pid"];
        assert_eq!(paths(&options, Some("a"), true), expected);
    }
}
