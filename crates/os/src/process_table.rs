//! The processes of the machine (/proc), and the end of a single one (pidfd).

use std::fs;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd as _, OwnedFd};

use nix::errno::Errno;

/// The ids of all processes of this pid namespace, zombies included.
///
/// # Errors
/// When /proc is not there.
pub fn process_ids() -> io::Result<Vec<i32>> {
    let entries = fs::read_dir("/proc")?;
    let id = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    Ok(entries.filter_map(|entry| id(entry.ok()?)).collect())
}

/// The name that the kernel keeps of a process, at most 15 bytes of a program. `None` when there is
/// no such process, or it has ended and is a zombie.
#[must_use]
pub fn process_name(pid: i32) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let stat = fs::File::open(format!("/proc/{pid}/stat")).ok()?;
    stat.take(SHORT).read_to_end(&mut text).ok()?;
    let (name, state) = name_and_state(&text)?;
    (!ENDED.contains(&state)).then(|| name.to_vec())
}

/// The words of a process, each with a NUL byte behind it; at most 4 KiB. Empty for zombies, for
/// threads of the kernel, and when there is no such process.
#[must_use]
pub fn command_line(pid: i32) -> Vec<u8> {
    let mut line = Vec::new();
    if let Ok(file) = fs::File::open(format!("/proc/{pid}/cmdline")) {
        // A process that ends meanwhile has no command line any more.
        let _ = file.take(LONGEST_LINE).read_to_end(&mut line);
    }
    line
}

/// Name and state of `PID (NAME) STATE ...`; the name may hold blanks and parentheses.
fn name_and_state(stat: &[u8]) -> Option<(&[u8], u8)> {
    let begin = stat.iter().position(|byte| *byte == b'(')? + 1;
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let state = stat.get(end + 1..)?.strip_prefix(b" ")?.first()?;
    Some((stat.get(begin..end)?, *state))
}

/// Becomes readable when a process ends.
#[derive(Debug)]
pub struct ProcessEnd {
    descriptor: OwnedFd,
}

impl ProcessEnd {
    /// Watches a process, whoever is its parent.
    ///
    /// # Errors
    /// When it has gone, no descriptor is left, or the kernel is older than 5.3.
    pub fn of(pid: i32) -> io::Result<Self> {
        // SAFETY: the system call takes two integers and touches no memory of this process.
        let result = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        let descriptor = i32::try_from(Errno::result(result)?).map_err(io::Error::other)?;
        // SAFETY: the kernel has just made this descriptor for us, close-on-exec; nobody else has it.
        let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor) };
        Ok(Self { descriptor })
    }
}

impl AsFd for ProcessEnd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// Enough for id, name and state.
const SHORT: u64 = 128;
/// More than any pattern has.
const LONGEST_LINE: u64 = 4096;
/// Zombie, dead.
const ENDED: [u8; 3] = [b'Z', b'X', b'x'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_anything() {
        for (stat, expected) in [
            ("7 (sh) S 1 2", Some(("sh", b'S'))),
            ("7 (a) b (c)) Z 1", Some(("a) b (c)", b'Z'))),
            ("7 () R", Some(("", b'R'))),
            ("7 (sh)", None),
            ("7 (sh) ", None),
            (")(", None),
            ("", None),
        ] {
            let expected = expected.map(|(name, state)| (name.as_bytes(), state));
            assert_eq!(name_and_state(stat.as_bytes()), expected, "{stat}");
        }
    }

    #[test]
    fn this_process_is_there() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(process_ids().unwrap().contains(&own));
        assert!(process_name(own).is_some());
        assert!(command_line(own).ends_with(b"\0"));
        assert_eq!(process_name(i32::MAX), None);
        assert!(command_line(i32::MAX).is_empty());
        assert!(ProcessEnd::of(i32::MAX).is_err());
    }
}
