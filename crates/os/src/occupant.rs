//! Who runs under a pid file (spec cli-and-process 2).

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// What a pid file says about another daemon.
#[derive(Debug, PartialEq, Eq)]
pub enum Occupant {
    /// There is no such file.
    Nobody,
    /// The file is left over: its process is gone, or its number now belongs to another program.
    Gone,
    /// This process runs.
    Running(u32),
}

/// Looks whether a daemon runs under this pid file.
///
/// The original takes any live process for itself, and so does not start after a crash when the
/// number has been given to another program; here the process must have our own name.
#[must_use]
pub fn occupant(path: &Path) -> Occupant {
    look(path, same_program)
}

/// As [`occupant_after`], asked by another program: it is a daemon of this name that is looked for,
/// whatever its process calls itself meanwhile.
#[must_use]
pub fn daemon_after(path: &Path, daemon: &str, patience: Duration) -> Occupant {
    after(patience, || look(path, |pid| is_daemon(pid, daemon)))
}

fn look(path: &Path, is_it: impl Fn(u32) -> bool) -> Occupant {
    if !path.exists() {
        return Occupant::Nobody;
    }
    match read(path) {
        Some(pid) if pid != std::process::id() && is_it(pid) => Occupant::Running(pid),
        _ => Occupant::Gone,
    }
}

/// As [`occupant`], but a daemon that is about to end is waited for: after a crash of the guardian
/// its child hands over and leaves, and who starts anew at that moment must not take it for another
/// daemon and leave as well.
#[must_use]
pub fn occupant_after(path: &Path, patience: Duration) -> Occupant {
    after(patience, || occupant(path))
}

fn after(patience: Duration, look: impl Fn() -> Occupant) -> Occupant {
    let start = Instant::now();
    loop {
        let occupant = look();
        if !matches!(occupant, Occupant::Running(_)) || start.elapsed() >= patience {
            return occupant;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn read(path: &Path) -> Option<u32> {
    // Reading a pipe would wait for a writer.
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn same_program(pid: u32) -> bool {
    program(&pid.to_string()).is_some_and(|name| Some(name) == program("self"))
}

/// Whether a process runs a program of this name. The name of a process may be configured, that of
/// its file is not; of processes that we may not look into the former has to do.
fn is_daemon(pid: u32, name: &str) -> bool {
    let Some(shown) = program(&pid.to_string()) else {
        return false;
    };
    let file = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    let file = file.file_name().unwrap_or_default().to_string_lossy();
    // Replaced by an update while it runs.
    let file = file.strip_suffix(" (deleted)").unwrap_or(&file);
    file == name || shown.starts_with(name)
}

/// Name of the program that a process runs; `None` when there is no such process, or only the memory
/// of one: a zombie whose parent does not ask for it may stay for ever.
fn program(pid: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // "PID (NAME) STATE ...", and the name may hold anything.
    let (_, rest) = text.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    let ended = rest.trim_start().starts_with(['Z', 'X']);
    (!ended).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_another_program_or_of_nobody_is_left_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keepalived.pid");
        for content in ["1\n", "4194305\n", "nonsense"] {
            fs::write(&path, content).unwrap();
            assert_eq!(occupant(&path), Occupant::Gone, "{content:?}");
        }
    }

    #[test]
    fn a_process_of_our_name_runs_until_it_ends_even_if_nobody_asks_for_its_status() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keepalived.pid");
        // A program of our name that runs until its standard input ends. (The thread of a test has
        // a name of its own; the process's is that of the first thread.)
        let name = fs::read_to_string(format!("/proc/{}/comm", std::process::id())).unwrap();
        let program = directory.path().join(name.trim_end());
        std::os::unix::fs::symlink("/bin/cat", &program).unwrap();
        let mut child = std::process::Command::new(&program)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        fs::write(&path, format!("{}\n", child.id())).unwrap();
        assert_eq!(occupant(&path), Occupant::Running(child.id()));
        // The file of this program is that of `cat`.
        let named = |name| daemon_after(&path, name, Duration::ZERO);
        assert_eq!(named("cat"), Occupant::Running(child.id()));
        assert_eq!(named(name.trim_end()), Occupant::Running(child.id()));
        assert_eq!(named("keepalived"), Occupant::Gone);
        let patience = Duration::from_millis(30);
        assert_eq!(
            occupant_after(&path, patience),
            Occupant::Running(child.id())
        );
        drop(child.stdin.take());
        // Not waited for, it becomes a zombie.
        assert_eq!(
            occupant_after(&path, Duration::from_secs(20)),
            Occupant::Gone
        );
        assert!(Path::new(&format!("/proc/{}", child.id())).exists());
        child.wait().unwrap();
    }
}
