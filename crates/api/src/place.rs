//! Where the socket of a daemon is.

use std::path::{Path, PathBuf};

/// The pid file of a daemon whose configuration and command line name none.
pub const DEFAULT_PID_FILE: &str = "/run/keepalived.pid";

/// Where daemons with `instance`, `use_pid_dir` or `net_namespace` have theirs, the latter in a
/// directory of the namespace's name.
pub const RUN_DIRECTORY: &str = "/run/keepalived";

/// The socket beside the pid file of a daemon (its `-p`): the same name with the ending `.sock`.
#[must_use]
pub fn socket_of(pid_file: &Path) -> PathBuf {
    beside(pid_file, "sock")
}

/// A file beside a pid file: with this ending in the place of `.pid`, or behind another name. Daemons
/// with different pid files never share it.
#[must_use]
pub fn beside(pid_file: &Path, ending: &str) -> PathBuf {
    if pid_file.extension().is_some_and(|old| old == "pid") {
        return pid_file.with_extension(ending);
    }
    let mut name = pid_file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_beside_its_pid_file() {
        let socket = |path: &str| socket_of(Path::new(path)).display().to_string();
        assert_eq!(socket(DEFAULT_PID_FILE), "/run/keepalived.sock");
        assert_eq!(
            socket("/run/keepalived/keepalived_a.pid"),
            "/run/keepalived/keepalived_a.sock"
        );
        assert_eq!(socket("/x/pid"), "/x/pid.sock");
        assert_eq!(socket("/x/ka.1"), "/x/ka.1.sock");
        assert_eq!(socket("/x/ka.2"), "/x/ka.2.sock");
    }
}
