//! What a process does to itself.

use std::fs::OpenOptions;
use std::io;
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::{self, ForkResult, Pid};

/// Why a step of process control did not work.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// A process with other threads must not be forked: in the child they are gone, with whatever
    /// locks they held.
    #[error("cannot fork: the process has {0} threads")]
    NotSingleThreaded(usize),
    /// The parent ended before its end could be watched.
    #[error("the parent process {0} is gone")]
    ParentGone(Pid),
    /// The system call was refused.
    #[error("{operation}")]
    System {
        /// What was attempted.
        operation: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
}

/// Which of the two processes after a fork this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fork {
    /// The new process.
    Child,
    /// The old process.
    Parent {
        /// The new one.
        child: Pid,
    },
}

/// Makes a copy of this process.
///
/// # Errors
/// [`ProcessError::NotSingleThreaded`], or what fork(2) says.
pub fn fork_single_threaded() -> Result<Fork, ProcessError> {
    let threads = thread_count()?;
    if threads != 1 {
        return Err(ProcessError::NotSingleThreaded(threads));
    }
    // SAFETY: a fork is dangerous when another thread may hold a lock that the child then finds
    // locked for ever. There is no other thread: it was counted above, and only this one could have
    // made one since.
    match unsafe { unistd::fork() }.map_err(system("fork"))? {
        ForkResult::Child => Ok(Fork::Child),
        ForkResult::Parent { child } => Ok(Fork::Parent { child }),
    }
}

/// How many threads this process has.
///
/// # Errors
/// When /proc is not there.
pub fn thread_count() -> Result<usize, ProcessError> {
    std::fs::read_dir("/proc/self/task")
        .map(Iterator::count)
        .map_err(|source| ProcessError::System {
            operation: "reading /proc/self/task",
            source,
        })
}

/// Has `signal` sent to this process when `parent` ends, and makes sure that it has not ended yet.
///
/// The kernel watches the *thread* that forked; the setting is lost by a change of user or group.
///
/// # Errors
/// [`ProcessError::ParentGone`] when it was too late.
pub fn follow_parent(parent: Pid, signal: Signal) -> Result<(), ProcessError> {
    prctl::set_pdeathsig(signal).map_err(system("setting the parent death signal"))?;
    if unistd::getppid() == parent {
        Ok(())
    } else {
        Err(ProcessError::ParentGone(parent))
    }
}

/// Limits of descriptors that this process was started with, once they have been raised.
static INHERITED_LIMITS: OnceLock<(rlim_t, rlim_t)> = OnceLock::new();

/// The limits, soft and hard, that commands are to have: those before [`raise_descriptor_limit`].
/// `None` when they were not raised.
pub(crate) fn inherited_descriptor_limits() -> Option<(rlim_t, rlim_t)> {
    INHERITED_LIMITS.get().copied()
}

/// Makes room for `wanted` open descriptors, or for as many as the privilege allows; gives how many.
///
/// # Errors
/// What getrlimit(2) and setrlimit(2) say; none is expected.
pub fn raise_descriptor_limit(wanted: u64) -> io::Result<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    if soft >= wanted {
        return Ok(soft);
    }
    let _ = INHERITED_LIMITS.set((soft, hard));
    // Beyond the hard limit only with privilege.
    if setrlimit(Resource::RLIMIT_NOFILE, wanted, hard.max(wanted)).is_ok() {
        return Ok(wanted);
    }
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(hard)
}

/// Takes variables out of the environment, so that later processes do not inherit them.
///
/// # Errors
/// [`ProcessError::NotSingleThreaded`]: another thread may be reading the environment.
pub fn forget_variables(names: &[&str]) -> Result<(), ProcessError> {
    let threads = thread_count()?;
    if threads != 1 {
        return Err(ProcessError::NotSingleThreaded(threads));
    }
    for name in names {
        // SAFETY: nobody else reads or writes the environment: this is the only thread, as counted
        // above.
        unsafe { std::env::remove_var(name) };
    }
    Ok(())
}

/// Makes orphaned descendants of this process its children, so that it can wait for them.
///
/// # Errors
/// None is expected.
pub fn become_child_subreaper() -> Result<(), ProcessError> {
    prctl::set_child_subreaper(true).map_err(system("becoming child subreaper"))
}

/// Sets the mode bits that are taken away from new files, and returns the old ones.
pub fn set_umask(mask: u32) -> u32 {
    nix::sys::stat::umask(Mode::from_bits_truncate(mask)).bits()
}

/// Names this process in lists of processes; other threads keep their names. The kernel keeps 15 bytes.
///
/// # Errors
/// What the system answers, where `/proc` is not to be had.
pub fn set_process_name(name: &str) -> io::Result<()> {
    std::fs::write("/proc/self/comm", name)
}

/// Puts this process into a session of its own, away from the terminal.
///
/// # Errors
/// When the process leads a process group already; the child of a fork never does.
pub fn start_session() -> Result<(), ProcessError> {
    unistd::setsid()
        .map(drop)
        .map_err(system("starting a session"))
}

/// Connects standard input, output and error to /dev/null.
///
/// # Errors
/// When /dev/null cannot be opened.
pub fn redirect_standard_streams_to_null() -> Result<(), ProcessError> {
    let null = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")
        .map_err(|source| ProcessError::System {
            operation: "opening /dev/null",
            source,
        })?;
    let redirect = system("redirecting the standard streams");
    unistd::dup2_stdin(&null)
        .and_then(|()| unistd::dup2_stdout(&null))
        .and_then(|()| unistd::dup2_stderr(&null))
        .map_err(redirect)
}

/// Gives memory that was freed back to the system. After a large configuration has been read most of
/// the heap is free, and a daemon keeps its heap for months.
///
/// Does nothing where the C library cannot do it.
pub fn release_free_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim takes a number, keeps its own locks and touches no memory that is in use.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Keeps the heap small; to be called before threads are started.
///
/// All threads allocate from one heap: what one frees serves the others, and a process with few,
/// mostly idle threads is a third smaller. What is large is mapped and goes back to the system when
/// it is freed, where the C library would otherwise learn from the first one to keep it.
///
/// Does nothing where the C library has no such settings.
pub fn keep_heap_small() {
    #[cfg(target_env = "gnu")]
    {
        // The C library's own value, which it no longer raises once it has been set.
        const LARGE: libc::c_int = 128 * 1024;
        // SAFETY: mallopt takes two numbers and touches no memory that is in use.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, 1);
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        }
    }
}

fn system(operation: &'static str) -> impl FnOnce(Errno) -> ProcessError {
    move |errno| ProcessError::System {
        operation,
        source: errno.into(),
    }
}
