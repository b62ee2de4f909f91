//! One absolute deadline that a loop can wait for together with its sockets.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::clock::NANOS_PER_SECOND;

/// A timer of the kernel (timerfd) on the clock of [`crate::clock::monotonic_nanos`].
///
/// Its descriptor becomes readable when the deadline is reached and stays so until
/// [`DeadlineTimer::acknowledge`] or a new deadline. Expiry is as exact as the kernel's
/// high-resolution timers, far below the millisecond that poll timeouts are rounded to.
#[derive(Debug)]
pub struct DeadlineTimer {
    timer: TimerFd,
    armed: Option<u64>,
}

impl DeadlineTimer {
    /// A timer without a deadline.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub fn new() -> io::Result<Self> {
        let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        Ok(Self { timer, armed: None })
    }

    /// Replaces the deadline; `None` disarms. The time is absolute, in nanoseconds of
    /// [`crate::clock::monotonic_nanos`]; one that has passed makes the timer readable at once.
    ///
    /// Setting the deadline that is already set costs no system call.
    ///
    /// # Errors
    /// Those of `timerfd_settime(2)`; none are expected.
    pub fn set(&mut self, deadline: Option<u64>) -> io::Result<()> {
        if deadline == self.armed {
            return Ok(());
        }
        match deadline {
            None => self.timer.unset()?,
            Some(nanos) => self.timer.set(
                Expiration::OneShot(absolute(nanos)),
                TimerSetTimeFlags::TFD_TIMER_ABSTIME,
            )?,
        }
        self.armed = deadline;
        Ok(())
    }

    /// The deadline that was set and has not been acknowledged.
    #[must_use]
    pub const fn deadline(&self) -> Option<u64> {
        self.armed
    }

    /// Takes note of the expiry: the descriptor is no longer readable, the timer is disarmed.
    /// `false` means that the deadline has not been reached; then nothing changes.
    ///
    /// # Errors
    /// Those of read(2); none are expected.
    pub fn acknowledge(&mut self) -> io::Result<bool> {
        match self.timer.wait() {
            Ok(()) => {
                self.armed = None;
                Ok(true)
            }
            Err(Errno::EAGAIN) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsFd for DeadlineTimer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}

impl AsRawFd for DeadlineTimer {
    fn as_raw_fd(&self) -> RawFd {
        self.timer.as_fd().as_raw_fd()
    }
}

/// A zero would disarm the timer, hence the least time is 1 ns.
fn absolute(nanos: u64) -> TimeSpec {
    let nanos = nanos.max(1);
    let seconds = i64::try_from(nanos / NANOS_PER_SECOND).unwrap_or(i64::MAX);
    let rest = i64::try_from(nanos % NANOS_PER_SECOND).unwrap_or(0);
    TimeSpec::new(seconds, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::monotonic_nanos;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    fn readable_within(timer: &DeadlineTimer, millis: u16) -> bool {
        let mut fds = [PollFd::new(timer.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::from(millis)).unwrap() == 1
    }

    #[test]
    fn expires_at_its_deadline_and_not_before() {
        let mut timer = DeadlineTimer::new().unwrap();
        assert!(!timer.acknowledge().unwrap());
        let mut best = u64::MAX;
        for _ in 0..20 {
            let deadline = monotonic_nanos() + 3_000_000;
            timer.set(Some(deadline)).unwrap();
            assert!(readable_within(&timer, 2_000));
            let late = monotonic_nanos().checked_sub(deadline).expect("early");
            assert!(timer.acknowledge().unwrap());
            assert!(!readable_within(&timer, 0));
            best = best.min(late);
        }
        // The machine may be busy, but one try out of twenty gets through.
        assert!(best < 1_000_000, "{best} ns late at best");
    }

    #[test]
    fn a_passed_deadline_is_due_at_once_even_when_set_again() {
        let mut timer = DeadlineTimer::new().unwrap();
        for passed in [0, 1, monotonic_nanos()] {
            for _ in 0..2 {
                timer.set(Some(passed)).unwrap();
                assert!(readable_within(&timer, 2_000), "{passed}");
                assert!(timer.acknowledge().unwrap());
                assert_eq!(timer.deadline(), None);
            }
        }
    }

    #[test]
    fn can_be_disarmed_and_moved() {
        let mut timer = DeadlineTimer::new().unwrap();
        timer.set(Some(1)).unwrap();
        timer.set(None).unwrap();
        assert!(!readable_within(&timer, 0));
        timer.set(Some(u64::MAX)).unwrap();
        assert!(!readable_within(&timer, 5));
        timer.set(Some(1)).unwrap();
        assert!(readable_within(&timer, 2_000));
    }
}
