//! The running daemon: where its socket is, and one question at a time.

use std::fmt;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use evervip_api::{Answer, DEFAULT_PID_FILE, LONGEST_ANSWER, RUN_DIRECTORY, Request, socket_of};

/// The socket of a daemon.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Daemon {
    socket: PathBuf,
}

/// Why there is no answer, and what to do.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// No daemon has a socket where one would be.
    None,
    /// Several have, at these places.
    Several(Vec<PathBuf>),
    /// The named one does not answer.
    Unreachable(PathBuf, io::Error),
    /// It answers something else.
    Strange(String),
    /// The name is none.
    BadName,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => write!(
                f,
                "no running daemon found (no socket {} and none below {RUN_DIRECTORY}): start it, or name its pid file with -p FILE if it runs with one of its own",
                socket_of(Path::new(DEFAULT_PID_FILE)).display()
            ),
            Self::Several(sockets) => {
                f.write_str("several daemons run here, choose one:")?;
                sockets.iter().try_for_each(|socket| {
                    write!(f, "\n  -p {}", socket.with_extension("pid").display())
                })
            }
            Self::Unreachable(socket, error) => {
                let todo = match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                        "no daemon runs with this pid file, or it is not evervip: start it"
                    }
                    io::ErrorKind::ConnectionRefused => "the daemon has died: start it",
                    io::ErrorKind::PermissionDenied => "run this as root",
                    _ => "look into the daemon's log",
                };
                write!(f, "{}: {error} - {todo}", socket.display())
            }
            Self::Strange(text) => write!(
                f,
                "{text} - the tool and the daemon are of different versions: restart the daemon"
            ),
            Self::BadName => f.write_str("this is no name that an instance could have"),
        }
    }
}

/// Longest wait for a part of an answer: longer than the daemon itself waits.
const PATIENCE: Duration = Duration::from_secs(10);

impl Daemon {
    /// The daemon with this pid file or of this network namespace; without either the only one of
    /// the machine.
    pub(crate) fn find(pid_file: Option<&Path>, namespace: Option<&str>) -> Result<Self, Trouble> {
        if let Some(pid_file) = pid_file {
            let socket = socket_of(pid_file);
            return Ok(Self { socket });
        }
        let common = Path::new(RUN_DIRECTORY);
        let candidates = match namespace {
            Some(namespace) => sockets_in(&common.join(namespace)),
            None => everywhere(&socket_of(Path::new(DEFAULT_PID_FILE)), common),
        };
        Self::only(candidates)
    }

    fn only(candidates: Vec<PathBuf>) -> Result<Self, Trouble> {
        // One that a dead daemon has left does not count, but what the file system says does.
        let refuses = |socket: &PathBuf| {
            let connected = UnixStream::connect(socket);
            connected.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
        };
        let mut living: Vec<_> = candidates.into_iter().filter(|s| !refuses(s)).collect();
        match (living.pop(), living.is_empty()) {
            (None, _) => Err(Trouble::None),
            (Some(socket), true) => Ok(Self { socket }),
            (Some(last), false) => {
                living.push(last);
                Err(Trouble::Several(living))
            }
        }
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask(&self, request: &Request) -> Result<Answer, Trouble> {
        let line = request.to_line().ok_or(Trouble::BadName)?;
        let answer = self
            .exchange(&line)
            .map_err(|error| Trouble::Unreachable(self.socket.clone(), error))?;
        Answer::parse(&answer).map_err(|error| Trouble::Strange(error.to_string()))
    }

    fn exchange(&self, line: &str) -> io::Result<String> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(line.as_bytes())?;
        let mut answer = String::new();
        stream
            .take(LONGEST_ANSWER as u64)
            .read_to_string(&mut answer)?;
        Ok(answer)
    }
}

/// The usual place, the common directory, and those of namespaces in it.
fn everywhere(usual: &Path, common: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = [usual]
        .into_iter()
        .filter(|path| is_socket(path))
        .map(Path::to_owned)
        .collect();
    found.extend(sockets_in(common));
    for directory in entries(common).into_iter().filter(|path| path.is_dir()) {
        found.extend(sockets_in(&directory));
    }
    found
}

fn sockets_in(directory: &Path) -> Vec<PathBuf> {
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("keepalived") && name.ends_with(".sock") && is_socket(path)
    };
    entries(directory).into_iter().filter(is_ours).collect()
}

/// In order; empty for what cannot be read.
fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn all_usual_places_are_looked_at() {
        let directory = tempfile::tempdir().unwrap();
        let top = directory.path();
        let common = top.join("keepalived");
        fs::create_dir_all(common.join("blue")).unwrap();
        let places = [
            top.join("keepalived.sock"),
            common.join("keepalived_a.sock"),
            common.join("blue/keepalived.sock"),
        ];
        let look = || everywhere(&places[0], &common);
        assert!(look().is_empty());
        let _listeners = places
            .each_ref()
            .map(|path| UnixListener::bind(path).unwrap());
        let _other = UnixListener::bind(common.join("other.sock")).unwrap();
        fs::write(common.join("keepalived.sock"), "no socket").unwrap();
        assert_eq!(look(), places);
        let several = Daemon::only(look()).unwrap_err().to_string();
        assert_eq!(several.lines().count(), 4, "{several}");
        assert!(several.contains("keepalived_a.pid"), "{several}");
    }

    #[test]
    fn what_the_dead_have_left_does_not_count() {
        let directory = tempfile::tempdir().unwrap();
        let (dead, living) = (directory.path().join("d"), directory.path().join("l"));
        drop(UnixListener::bind(&dead).unwrap());
        let _listener = UnixListener::bind(&living).unwrap();
        let found = Daemon::only(vec![dead.clone(), living.clone()]).unwrap();
        assert_eq!(found, Daemon { socket: living });
        let none = Daemon::only(vec![dead.clone()]).unwrap_err().to_string();
        assert!(none.contains("no running daemon"), "{none}");
        let asked = Daemon { socket: dead }.ask(&Request::ClearAllFaults);
        let told = asked.unwrap_err().to_string();
        assert!(told.contains("has died"), "{told}");
    }

    #[test]
    fn a_named_daemon_is_not_searched_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let found = Daemon::find(Some(&path("ka.pid")), None).unwrap();
        assert_eq!(found.socket, path("ka.sock"));
        let told = found.ask(&Request::ClearAllFaults).unwrap_err().to_string();
        assert!(told.contains("no daemon runs with this pid file"), "{told}");
    }
}
