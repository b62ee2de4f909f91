//! How dump files are called (spec vrrp-runtime 19, cli-and-process 8).

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use evervip_model::{Daemon, Dumps, Globals};

/// Where the files are, unless `TMPDIR` or the configuration says otherwise.
const DIRECTORY: &str = "/tmp";

/// The dump files of a configuration.
pub(super) struct Files<'a> {
    dumps: &'a Dumps,
    daemon: &'a Daemon,
    directory: PathBuf,
}

impl<'a> Files<'a> {
    pub(super) fn of(globals: &'a Globals) -> Self {
        let named = std::env::var_os("TMPDIR").map(PathBuf::from);
        let fits = |path: &PathBuf| path.is_absolute() && path.is_dir();
        Self {
            dumps: &globals.dumps,
            daemon: &globals.daemon,
            directory: named.filter(fits).unwrap_or_else(|| DIRECTORY.into()),
        }
    }

    /// The file for the state; `process` tells that of another process apart.
    pub(super) fn state(&self, process: &str) -> PathBuf {
        let path = self.path(self.dumps.state.as_deref(), "keepalived.data");
        let mut name = path.file_stem().unwrap_or_default().to_owned();
        name.push(process);
        name.push(self.instance());
        if let Some(extension) = path.extension() {
            name.push(".");
            name.push(extension);
        }
        path.with_file_name(name)
    }

    /// The file for the counters.
    pub(super) fn statistics(&self) -> PathBuf {
        self.path(self.dumps.statistics.as_deref(), "keepalived.stats")
    }

    /// The file for JSON.
    pub(super) fn json(&self) -> PathBuf {
        self.path(self.dumps.json.as_deref(), "keepalived.json")
    }

    /// A configured name that ends with a slash is a directory.
    fn path(&self, configured: Option<&Path>, usual: &str) -> PathBuf {
        let Some(configured) = configured else {
            return self.directory.join(usual);
        };
        let path = self.directory.join(configured);
        if as_bytes(configured).ends_with(b"/") {
            path.join(usual)
        } else {
            path
        }
    }

    /// `data_use_instance`: `.NAMESPACE_INSTANCE`, or what there is of it.
    fn instance(&self) -> OsString {
        let parts = [&self.daemon.net_namespace, &self.daemon.instance];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        if !self.dumps.use_instance || parts.is_empty() {
            return OsString::new();
        }
        format!(".{}", parts.join("_")).into()
    }
}

fn as_bytes(path: &Path) -> &[u8] {
    OsStr::as_encoded_bytes(path.as_os_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dumps: &Dumps, daemon: &Daemon) -> Vec<String> {
        let files = Files {
            dumps,
            daemon,
            directory: "/tmp".into(),
        };
        let paths = [
            files.state(""),
            files.state("_parent"),
            files.statistics(),
            files.json(),
        ];
        paths.map(|path| path.display().to_string()).to_vec()
    }

    #[test]
    fn usual_names() {
        let expected = [
            "/tmp/keepalived.data",
            "/tmp/keepalived_parent.data",
            "/tmp/keepalived.stats",
            "/tmp/keepalived.json",
        ];
        assert_eq!(names(&Dumps::default(), &Daemon::default()), expected);
    }

    #[test]
    fn the_instance_is_part_of_the_names_of_state_files() {
        let dumps = Dumps {
            use_instance: true,
            ..Dumps::default()
        };
        let mut daemon = Daemon::default();
        assert_eq!(names(&dumps, &daemon)[0], "/tmp/keepalived.data");
        daemon.instance = Some("clx".to_owned());
        assert_eq!(names(&dumps, &daemon)[0], "/tmp/keepalived.clx.data");
        daemon.net_namespace = Some("cl1".to_owned());
        assert_eq!(
            names(&dumps, &daemon)[1],
            "/tmp/keepalived_parent.cl1_clx.data"
        );
        assert_eq!(names(&dumps, &daemon)[2], "/tmp/keepalived.stats");
    }

    #[test]
    fn configured_names_are_files_or_directories() {
        let dumps = Dumps {
            state: Some("/run/kd/my.data".into()),
            statistics: Some("/run/kd/".into()),
            json: Some("sub/x".into()),
            ..Dumps::default()
        };
        let expected = [
            "/run/kd/my.data",
            "/run/kd/my_parent.data",
            "/run/kd/keepalived.stats",
            "/tmp/sub/x",
        ];
        assert_eq!(names(&dumps, &Daemon::default()), expected);
    }
}
