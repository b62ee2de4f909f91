//! Starting commands without copying this process.
//!
//! fork(2) copies the page tables of the whole process for an exec that throws them away, and leaves
//! the old process a page fault for every page that it writes to next. Here the new process borrows the
//! memory of this one until it has called exec, as with `posix_spawn(3)`, which can neither change users
//! nor follow a parent. The thread that starts a command waits so long, the others do not.

use std::ffi::{CStr, CString, OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::ptr;

use evervip_model::{Command, Credentials};
use libc::{c_char, c_int, c_void, gid_t};
use nix::errno::Errno;
use nix::sys::resource::{Resource, rlim_t, setrlimit};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::unistd::{Pid, geteuid, getpid};

use crate::core_dump;
use crate::process::inherited_descriptor_limits;

/// Starts commands, one at a time.
#[derive(Debug, Default)]
pub struct Spawner {
    /// What a new process uses until exec; kept for the next one.
    stack: Vec<MaybeUninit<Chunk>>,
    /// `/dev/null`, open since the first command.
    null: Option<File>,
}

/// A stack is aligned so.
#[derive(Debug, Clone, Copy)]
#[repr(align(16))]
struct Chunk {
    _bytes: [u8; 16],
}

/// Room for some system calls and their arguments.
const STACK_CHUNKS: usize = 64 * 1024 / size_of::<Chunk>();

impl Spawner {
    /// Starts `command` with `words` appended: in a process group of its own that it leads, with its
    /// user and groups, with the standard streams on `/dev/null`, no signal blocked, SIGPIPE not
    /// ignored, and the limits of descriptors and core dumps that held before
    /// [`raise_descriptor_limit`](crate::process::raise_descriptor_limit) and [`core_dump::allow`].
    /// Without privilege the
    /// supplementary groups stay those of this process.
    ///
    /// It gets SIGTERM when the calling *thread* ends, unless it is a set-user-ID program.
    ///
    /// # Errors
    /// What the system answers to the new process, to one of these settings or to exec; a word with
    /// a zero byte.
    pub fn spawn(&mut self, command: &Command, words: &[OsString]) -> io::Result<Child> {
        let path = terminated(command.path.as_os_str())?;
        let argv = command.argv.iter().chain(words);
        let argv = argv
            .map(|word| terminated(word))
            .collect::<io::Result<Vec<CString>>>()?;
        let mut pointers: Vec<*const c_char> = argv.iter().map(|word| word.as_ptr()).collect();
        pointers.push(ptr::null());
        let Credentials { uid, gid } = command.credentials;
        let mut setup = Setup {
            path: &path,
            argv: &pointers,
            null: self.null()?,
            uid,
            gid,
            groups: geteuid()
                .is_root()
                .then_some(&command.supplementary_groups[..]),
            parent: getpid(),
            limits: [
                (Resource::RLIMIT_NOFILE, inherited_descriptor_limits()),
                (Resource::RLIMIT_CORE, core_dump::inherited_limits()),
            ],
            failure: None,
        };
        let (pid, exit) = self.clone_process(&mut setup)?;
        let mut child = Child { pid, exit };
        match setup.failure {
            None => Ok(child),
            Some(errno) => {
                // It has ended, and nobody else will ask for its status.
                child.reap(0)?;
                Err(errno.into())
            }
        }
    }

    fn null(&mut self) -> io::Result<RawFd> {
        let file = match self.null.take() {
            Some(file) => file,
            None => OpenOptions::new()
                .read(true)
                .write(true)
                .open("/dev/null")?,
        };
        Ok(self.null.insert(file).as_raw_fd())
    }

    /// Runs [`begin`] in a new process, and returns when that has called exec or has ended.
    fn clone_process(&mut self, setup: &mut Setup<'_>) -> io::Result<(Pid, Option<OwnedFd>)> {
        self.stack.resize(STACK_CHUNKS, MaybeUninit::uninit());
        // No handler of this process may run in the new one.
        let blocked = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
        let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
        let mut exit: c_int = -1;
        let argument: *mut c_void = ptr::from_mut(setup).cast();
        let top = self.stack.as_mut_ptr_range().end.cast();
        // SAFETY: the new process runs `begin` on a stack that nobody else uses, aligned and far
        // larger than it needs. CLONE_VFORK keeps this thread from running until the new process
        // has called exec or ended, so that stack, `setup`, what it refers to and `exit` outlive its
        // use of them. Other threads run on; `begin` touches nothing of theirs.
        let result = unsafe { libc::clone(begin, top, flags, argument, &raw mut exit) };
        let result = Errno::result(result);
        // It was the mask before: it can be set.
        let _ = blocked.thread_set_mask();
        // SAFETY: the kernel has made this descriptor for us, nobody else has it. It is -1 where
        // the kernel does not know CLONE_PIDFD.
        let exit = (exit >= 0).then(|| unsafe { OwnedFd::from_raw_fd(exit) });
        Ok((Pid::from_raw(result?), exit))
    }
}

fn terminated(word: &OsStr) -> io::Result<CString> {
    Ok(CString::new(word.as_bytes())?)
}

/// A command that was started. Dropping it does not end it.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    exit: Option<OwnedFd>,
}

impl Child {
    /// Its process id, and that of its process group.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// A descriptor that becomes readable when the command ends; once, and `None` where the kernel
    /// (before 5.2) has no such thing.
    pub fn take_exit_descriptor(&mut self) -> Option<OwnedFd> {
        self.exit.take()
    }

    /// How it ended, if it has. Its process id is free then.
    ///
    /// # Errors
    /// When that was asked before.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.reap(libc::WNOHANG)
    }

    fn reap(&mut self, options: c_int) -> io::Result<Option<ExitStatus>> {
        let mut status = 0;
        // SAFETY: waitpid writes a number to `status`.
        let result = unsafe { libc::waitpid(self.pid.as_raw(), &raw mut status, options) };
        let reaped = Errno::result(result)?;
        Ok((reaped != 0).then(|| ExitStatus::from_raw(status)))
    }
}

/// What the new process has to do until exec.
struct Setup<'a> {
    path: &'a CStr,
    /// Ends with a null pointer.
    argv: &'a [*const c_char],
    null: RawFd,
    uid: u32,
    gid: u32,
    /// `None`: they stay as they are.
    groups: Option<&'a [gid_t]>,
    parent: Pid,
    /// Soft and hard, of what was raised.
    limits: [(Resource, Option<(rlim_t, rlim_t)>); 2],
    /// Set by the new process when it cannot go on.
    failure: Option<Errno>,
}

/// The life of the new process until exec. Its result is the exit status of one that has failed.
///
/// It shares the memory of the other process: nothing here may allocate, lock, panic or change what
/// other threads read.
extern "C" fn begin(setup: *mut c_void) -> c_int {
    // SAFETY: `clone_process` gives a `Setup` to which it has the only reference, and waits.
    let setup = unsafe { &mut *setup.cast::<Setup<'_>>() };
    setup.failure = prepare(setup).err();
    if setup.failure.is_none() {
        // SAFETY: both are terminated as they must be, and live until this process has ended.
        unsafe { libc::execv(setup.path.as_ptr(), setup.argv.as_ptr()) };
        setup.failure = Some(Errno::last());
    }
    127
}

fn prepare(setup: &Setup<'_>) -> nix::Result<()> {
    // SAFETY: numbers only.
    Errno::result(unsafe { libc::setpgid(0, 0) })?;
    for stream in 0..=2 {
        // SAFETY: numbers only; the descriptors of this process are a copy.
        Errno::result(unsafe { libc::dup2(setup.null, stream) })?;
    }
    become_user(setup)?;
    // After the change of user, which undoes it.
    // SAFETY: numbers only.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) })?;
    for (resource, limits) in setup.limits {
        if let Some((soft, hard)) = limits {
            setrlimit(resource, soft, hard)?;
        }
    }
    // SAFETY: no handler is installed. The runtime of the language ignores this signal.
    unsafe { libc::signal(Signal::SIGPIPE as c_int, libc::SIG_DFL) };
    SigSet::empty().thread_set_mask()?;
    if nix::unistd::getppid() == setup.parent {
        Ok(())
    } else {
        // It has ended in between: nobody is left to read which error it is.
        Err(Errno::ESRCH)
    }
}

/// The system calls themselves: what the C library makes of them would change every thread of the
/// process whose memory this is.
fn become_user(setup: &Setup<'_>) -> nix::Result<()> {
    if let Some(groups) = setup.groups {
        // SAFETY: the kernel reads so many numbers of the list.
        let result = unsafe { libc::syscall(SET_GROUPS, groups.len(), groups.as_ptr()) };
        Errno::result(result)?;
    }
    for (call, id) in [(SET_GROUP, setup.gid), (SET_USER, setup.uid)] {
        // SAFETY: numbers only.
        Errno::result(unsafe { libc::syscall(call, id) })?;
    }
    Ok(())
}

#[cfg(not(any(target_arch = "x86", target_arch = "arm")))]
use libc::{SYS_setgid as SET_GROUP, SYS_setgroups as SET_GROUPS, SYS_setuid as SET_USER};
// The plain names are calls with 16 bits there.
#[cfg(any(target_arch = "x86", target_arch = "arm"))]
use libc::{SYS_setgid32 as SET_GROUP, SYS_setgroups32 as SET_GROUPS, SYS_setuid32 as SET_USER};
