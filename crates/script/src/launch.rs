//! Starting one command and learning of its end.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitStatus;
use std::time::Duration;

use evervip_model::Command;
use evervip_os::spawn::{Child, Spawner};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::sleep;

/// A running command and the process group it leads.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) leader: Leader,
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

/// The process of a command.
#[derive(Debug)]
pub(crate) struct Leader {
    child: Child,
    /// Readable when it has ended.
    exit: Option<AsyncFd<OwnedFd>>,
}

impl Leader {
    /// Waits for its end. May be given up and called again.
    ///
    /// # Errors
    /// When it was called again after the end; none else is expected.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        loop {
            match &self.exit {
                Some(exit) => {
                    let mut ready = exit.readable().await?;
                    if let Some(status) = self.child.try_wait()? {
                        return Ok(status);
                    }
                    ready.clear_ready();
                }
                None => match self.child.try_wait()? {
                    Some(status) => return Ok(status),
                    None => sleep(PACE).await,
                },
            }
        }
    }
}

#[expect(
    deprecated,
    reason = "sound for a descriptor that is owned; what replaces it is unsafe to call"
)]
fn watch(exit: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(exit, Interest::READABLE)
}

/// How often the end of a command is looked for where the kernel does not tell of it.
const PACE: Duration = Duration::from_millis(10);

/// Starts `command` with `words` appended.
///
/// # Errors
/// What the system answered to the new process, to the change of user or to exec.
pub(crate) fn launch(
    spawner: &mut Spawner,
    command: &Command,
    words: &[OsString],
) -> io::Result<Running> {
    let mut child = spawner.spawn(command, words)?;
    let group = Group(child.pid());
    let exit = child.take_exit_descriptor();
    // One that cannot be watched is looked after now and then.
    let exit = exit.and_then(|exit| watch(exit).ok());
    let leader = Leader { child, exit };
    Ok(Running { leader, group })
}
