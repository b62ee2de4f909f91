//! A long-running process in a node.

use std::{
    fs::{self, File},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use nix::{
    fcntl::OFlag,
    sys::signal::{Signal, kill},
    unistd::{Pid, pipe2},
};

use crate::{Error, Log, Result, poll_for, space::Space};

/// A process that was started in a node. Dropping it kills it with all its descendants.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Mutex<Child>,
    pid: i32,
    log: Log,
    /// Descendants that were killed.
    killed: Mutex<Vec<i32>>,
}

/// Longest wait until killed descendants are reaped, which is not ours to do.
const REAPED: Duration = Duration::from_secs(10);

impl Process {
    pub(crate) fn spawn(space: &Space, name: String, mut command: Command) -> Result<Self> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
        command
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer);
        let child = space
            .run(|| command.spawn())?
            .map_err(|e| Error::from(e).context(&name))?;
        // Our copies of the write end must go, or the log would never end.
        drop(command);
        let pid = i32::try_from(child.id()).map_err(|e| Error::new(e.to_string()))?;
        let log = Log::follow(name.clone(), File::from(reader))?;
        Ok(Self {
            name,
            child: Mutex::new(child),
            pid,
            log,
            killed: Mutex::default(),
        })
    }

    /// Process id, the same inside and outside of the node.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Its output.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Direct children, zombies left out.
    pub fn children(&self) -> Vec<i32> {
        children_of(self.pid)
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        if let Some(status) = self.try_status() {
            return Err(Error::new(format!("{}: has ended: {status}", self.name)));
        }
        Ok(kill(Pid::from_raw(self.pid), signal)?)
    }

    /// Sends a signal to every direct child.
    ///
    /// # Errors
    /// When there is none.
    pub fn signal_children(&self, signal: Signal) -> Result<()> {
        let children = self.children();
        if children.is_empty() {
            return Err(Error::new(format!("{}: has no children", self.name)));
        }
        Ok(children
            .into_iter()
            .try_for_each(|pid| kill(Pid::from_raw(pid), signal))?)
    }

    /// Kills the process and its descendants with `SIGKILL` as if the machine had died: the
    /// parent is stopped first, so that it can neither notice nor react.
    pub fn kill_tree(&self) {
        if self.try_status().is_some() {
            return;
        }
        let parent = Pid::from_raw(self.pid);
        let _ = kill(parent, Signal::SIGSTOP);
        let descendants = descendants_of(self.pid);
        for pid in &descendants {
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        let _ = kill(parent, Signal::SIGKILL);
        let _ = self.lock().wait();
        *self.killed.lock().unwrap_or_else(PoisonError::into_inner) = descendants;
    }

    /// Waits until what [`kill_tree`](Self::kill_tree) has killed is reaped: until then it counts as
    /// alive for a program that looks into the pid files that it has left.
    ///
    /// # Errors
    /// When that takes too long.
    pub fn wait_until_reaped(&self) -> Result<()> {
        let killed = self.killed.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = |pid: &i32| kill(Pid::from_raw(*pid), None).is_err();
        let what = format!("the processes of {} are reaped", self.name);
        poll_for(REAPED, &what, || killed.iter().all(gone).then_some(()))
    }

    /// How it ended, if it has.
    pub fn try_status(&self) -> Option<ExitStatus> {
        self.lock().try_wait().ok().flatten()
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// After `timeout`, with the log.
    pub fn wait(&self, timeout: Duration) -> Result<ExitStatus> {
        poll_for(timeout, &format!("{} ends", self.name), || {
            self.try_status()
        })
        .map_err(|e| Error::new(format!("{e}; log:\n{}", self.log.text())))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_tree();
    }
}

/// Live processes whose parent is `parent`.
fn children_of(parent: i32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

fn descendants_of(root: i32) -> Vec<i32> {
    let mut all = children_of(root);
    let mut next = 0;
    while let Some(pid) = all.get(next).copied() {
        all.extend(children_of(pid));
        next += 1;
    }
    all
}

/// Parent process id; `None` for zombies and for processes that are gone.
fn parent_of(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, so fields count from the last parenthesis.
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_whitespace();
    (fields.next()? != "Z").then(|| fields.next()?.parse().ok())?
}
