//! How a thread is scheduled, and memory that is never swapped out (spec cli-and-process 10).
//!
//! All but [`lock_memory`] and [`limit_real_time`] concern the calling thread alone: the engine's.
//! Threads that are there already, and programs that they start, keep normal scheduling.

use std::io;
use std::time::Duration;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::Pid;

/// Sets the nice value, -20 to 19.
///
/// # Errors
/// `EPERM` or `EACCES` without the privilege to be scheduled better than before.
pub fn set_nice(nice: i8) -> io::Result<()> {
    // SAFETY: setpriority takes numbers and touches no memory; 0 is the calling thread.
    let result = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, libc::c_int::from(nice)) };
    check(result)
}

/// Sets real-time scheduling (round robin) with this priority, 1 to 99; `None` is normal scheduling.
///
/// # Errors
/// `EPERM` without the privilege.
pub fn set_real_time(priority: Option<u8>) -> io::Result<()> {
    let policy = if priority.is_some() {
        libc::SCHED_RR | libc::SCHED_RESET_ON_FORK
    } else {
        libc::SCHED_OTHER
    };
    let parameters = libc::sched_param {
        sched_priority: priority.map_or(0, libc::c_int::from),
    };
    // SAFETY: the structure is readable during the call, and the kernel keeps nothing; 0 is the
    // calling thread.
    let result = unsafe { libc::sched_setscheduler(0, policy, &raw const parameters) };
    check(result)
}

/// Restricts the thread to these processors.
///
/// # Errors
/// `EINVAL` when the machine has none of them.
pub fn set_processors(processors: &[u32]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for processor in processors {
        let number = usize::try_from(*processor).map_err(io::Error::other)?;
        set.set(number)?;
    }
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

/// Limits the time that a real-time thread may run without sleeping: SIGXCPU after `warning`, and
/// each second after that, SIGKILL after `end`.
///
/// # Errors
/// `EPERM` when a limit would be raised without the privilege.
pub fn limit_real_time(warning: Duration, end: Duration) -> io::Result<()> {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    Ok(setrlimit(
        Resource::RLIMIT_RTTIME,
        micros(warning),
        micros(end),
    )?)
}

/// Keeps all memory of the process, now and later, from being swapped out once it is in use.
///
/// # Errors
/// `ENOMEM` or `EPERM` without the privilege.
pub fn lock_memory() -> io::Result<()> {
    let flags = libc::MCL_CURRENT | libc::MCL_FUTURE | libc::MCL_ONFAULT;
    // SAFETY: mlockall takes flags and touches no memory.
    let result = unsafe { libc::mlockall(flags) };
    check(result)
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of `/proc/thread-self/stat`, counted as proc(5) does.
    fn stat(field: usize) -> i64 {
        let text = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (_, rest) = text.rsplit_once(") ").unwrap();
        rest.split(' ').nth(field - 3).unwrap().parse().unwrap()
    }

    /// Runs a test in a thread of its own, which is thrown away.
    fn in_thread(test: impl FnOnce() + Send + 'static) {
        std::thread::spawn(test).join().unwrap();
    }

    #[test]
    fn one_thread_is_nicer_than_the_others() {
        let before = stat(19);
        in_thread(|| {
            set_nice(7).unwrap();
            assert_eq!(stat(19), 7);
        });
        assert_eq!(stat(19), before);
    }

    #[test]
    fn real_time_comes_and_goes() {
        in_thread(|| match set_real_time(Some(3)) {
            Err(error) => println!("SKIPPED: no real-time scheduling here: {error}"),
            Ok(()) => {
                assert_eq!((stat(40), stat(41)), (3, i64::from(libc::SCHED_RR)));
                set_real_time(None).unwrap();
                assert_eq!((stat(40), stat(41)), (0, 0));
            }
        });
    }

    #[test]
    fn a_thread_can_be_kept_on_a_processor() {
        in_thread(|| {
            set_processors(&[0]).unwrap();
            let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
            assert!(status.contains("Cpus_allowed_list:\t0\n"), "{status}");
            assert!(set_processors(&[1000]).is_err());
        });
    }
}
