//! Signals as a queue to read from, instead of handlers that interrupt.
//!
//! Numbers, not names, because the daemon also uses real-time signals.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::unistd::{self, Pid};

/// A signal that was sent to this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceivedSignal {
    /// Its number.
    pub number: i32,
    /// The process that sent it; for SIGCHLD the child. 0 is the kernel, or a process outside of
    /// this pid namespace.
    pub sender: Pid,
}

/// Signals of this process, in a descriptor that is readable when one waits.
///
/// They are blocked for the calling thread (and for threads and processes that it makes later, see
/// [`SignalQueue::unblock`]): open the queue in the main thread before there is another.
#[derive(Debug)]
pub struct SignalQueue {
    descriptor: OwnedFd,
    numbers: Vec<i32>,
}

impl SignalQueue {
    /// Blocks the signals with these numbers and opens a queue of them.
    ///
    /// # Errors
    /// For a number that is no signal, or when no descriptor is left.
    pub fn open(numbers: &[i32]) -> io::Result<Self> {
        let set = signal_set(numbers)?;
        change_mask(libc::SIG_BLOCK, &set)?;
        // SAFETY: `set` is an initialised signal set that the kernel copies; -1 asks for a new
        // descriptor.
        let result =
            unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        let descriptor = Errno::result(result)?;
        // SAFETY: the kernel has just made this descriptor for us, nobody else has it.
        let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor) };
        Ok(Self {
            descriptor,
            numbers: numbers.to_vec(),
        })
    }

    /// The next signal; `None` when none waits. Several equal ones may have become one.
    ///
    /// # Errors
    /// Those of read(2); none are expected.
    pub fn read(&self) -> io::Result<Option<ReceivedSignal>> {
        let mut record = [0_u8; size_of::<libc::signalfd_siginfo>()];
        loop {
            match unistd::read(&self.descriptor, &mut record) {
                Ok(length) if length == record.len() => return Ok(Some(decode(&record))),
                Ok(_) | Err(Errno::EAGAIN) => return Ok(None),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Closes the queue and has the signals delivered to the calling thread again: what a forked
    /// child does that handles signals in its own way.
    ///
    /// # Errors
    /// None are expected.
    pub fn unblock(self) -> io::Result<()> {
        change_mask(libc::SIG_UNBLOCK, &signal_set(&self.numbers)?)
    }
}

impl AsFd for SignalQueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl AsRawFd for SignalQueue {
    fn as_raw_fd(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }
}

/// Sends a signal by its number, real-time ones included.
///
/// # Errors
/// As kill(2) gives them: no such process, no permission, no such signal.
pub fn send(process: Pid, number: i32) -> io::Result<()> {
    // SAFETY: kill takes two integers and touches no memory of this process.
    Errno::result(unsafe { libc::kill(process.as_raw(), number) })?;
    Ok(())
}

/// The number of the real-time signal SIGRTMIN + `offset`.
///
/// The C library keeps some for itself, so that this is no constant.
#[must_use]
pub fn real_time(offset: u8) -> i32 {
    libc::SIGRTMIN() + i32::from(offset)
}

/// The number of the real-time signal SIGRTMAX - `offset`.
#[must_use]
pub fn real_time_from_top(offset: u8) -> i32 {
    libc::SIGRTMAX() - i32::from(offset)
}

/// Signals that nobody has a use for here, but whose default action ends or stops a process: to be
/// taken and dropped. Not among them are those that a fault raises in the process itself, and SIGABRT,
/// by which a service manager ends a process that hangs.
#[must_use]
pub fn without_use() -> Vec<i32> {
    let named = [
        libc::SIGQUIT,
        libc::SIGTRAP,
        libc::SIGALRM,
        libc::SIGSTKFLT,
        libc::SIGTSTP,
        libc::SIGTTIN,
        libc::SIGTTOU,
        libc::SIGXFSZ,
        libc::SIGVTALRM,
        libc::SIGPROF,
        libc::SIGIO,
        libc::SIGPWR,
    ];
    let real_time = libc::SIGRTMIN()..=libc::SIGRTMAX();
    named.into_iter().chain(real_time).collect()
}

/// Gives every signal its default action again, whatever the caller of this program has had ignored:
/// an ignored SIGCHLD would take the ends of processes away, and commands would inherit the others.
/// SIGPIPE stays ignored. For the main thread, before there is another.
pub fn forget_inherited_actions() {
    for number in (1..=libc::SIGRTMAX()).filter(|number| *number != libc::SIGPIPE) {
        if is_ignored(number) {
            // SAFETY: no handler is installed.
            unsafe { libc::signal(number, libc::SIG_DFL) };
        }
    }
}

fn is_ignored(number: libc::c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the kernel writes what it knows there, or nothing; all zeroes are an action, too.
    let action = unsafe {
        libc::sigaction(number, std::ptr::null(), action.as_mut_ptr());
        action.assume_init()
    };
    action.sa_sigaction == libc::SIG_IGN
}

fn signal_set(numbers: &[i32]) -> io::Result<libc::sigset_t> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the set that it is given.
    let mut set: libc::sigset_t = unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    };
    for number in numbers {
        // SAFETY: `set` is initialised; a number that is no signal is refused with EINVAL.
        Errno::result(unsafe { libc::sigaddset(&raw mut set, *number) })?;
    }
    Ok(set)
}

fn change_mask(how: libc::c_int, set: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: `set` is an initialised signal set; the old mask is not asked for.
    match unsafe { libc::pthread_sigmask(how, set, std::ptr::null_mut()) } {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

fn decode(record: &[u8; size_of::<libc::signalfd_siginfo>()]) -> ReceivedSignal {
    let field = |offset: usize| {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&record[offset..offset + 4]);
        i32::from_ne_bytes(bytes)
    };
    ReceivedSignal {
        number: field(std::mem::offset_of!(libc::signalfd_siginfo, ssi_signo)),
        sender: Pid::from_raw(field(std::mem::offset_of!(libc::signalfd_siginfo, ssi_pid))),
    }
}
