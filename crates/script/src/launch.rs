//! Starting one command.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Stdio;

use evervip_model::{Command, Credentials};
use evervip_os::process::{run_as, start_as_dependant};
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Child;

/// A running command and the process group it leads.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) group: Group,
}

/// A process group led by a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group(Pid);

impl Group {
    /// Sends `signal` to every member. A group without members is no error: it ended by
    /// itself meanwhile.
    pub(crate) fn signal(self, signal: Signal) {
        // ESRCH, or EPERM for a set-user-id leader that belongs to somebody else: nothing
        // that could be done about either.
        let _ = killpg(self.0, signal);
    }

    /// Process id of the leader.
    pub(crate) fn leader(self) -> i32 {
        self.0.as_raw()
    }
}

/// Starts `command` with `words` appended.
///
/// # Errors
/// What the system answered to fork, to the change of user or to exec.
pub(crate) fn launch(command: &Command, words: &[OsString]) -> io::Result<Running> {
    refuse_what_only_a_shell_would_run(&command.path)?;
    let mut prepared = std::process::Command::new(&command.path);
    if let Some((name, arguments)) = command.argv.split_first() {
        prepared.arg0(name).args(arguments);
    }
    prepared
        .args(words)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let Credentials { uid, gid } = command.credentials;
    run_as(&mut prepared, uid, gid, &command.supplementary_groups);
    start_as_dependant(&mut prepared);
    let child = tokio::process::Command::from(prepared).spawn()?;
    let leader = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .ok_or_else(|| io::Error::from(Errno::ESRCH))?;
    Ok(Running {
        child,
        group: Group(Pid::from_raw(leader)),
    })
}

/// The library call under `spawn` hands a file that the kernel refuses (ENOEXEC) to
/// `/bin/sh`; the original does not (spec cli-and-process 9), and a check that passes only
/// because a shell swallowed it would hide a fault.
fn refuse_what_only_a_shell_would_run(path: &Path) -> io::Result<()> {
    let mut head = [0; 4];
    let mut length = 0;
    // Any trouble here comes back from exec with its proper error number.
    let mut options = OpenOptions::new();
    // A named pipe in the script's place must not hold up all other scripts.
    options.read(true).custom_flags(nix::libc::O_NONBLOCK);
    let Ok(mut file) = options.open(path) else {
        return Ok(());
    };
    while length < head.len() {
        match file.read(&mut head[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(_) => return Ok(()),
        }
    }
    if head.starts_with(b"#!") || head == *b"\x7fELF" {
        return Ok(());
    }
    Err(Errno::ENOEXEC.into())
}
