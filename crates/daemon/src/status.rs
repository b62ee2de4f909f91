//! What the VRRP process tells the guardian: a pipe of short records.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use evervip_vrrp::Census;
use nix::fcntl::OFlag;

/// A message to the guardian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Everything runs.
    Started,
    /// A new configuration is in force.
    Reloaded,
    /// A new configuration is not taken.
    Refused,
    /// The engine thread goes round.
    Alive,
    /// The states of the routers have changed.
    States(Census),
}

/// Bytes of a message: far fewer than the kernel takes as one, so that none is cut.
const LENGTH: usize = 20;
/// Messages that are read at once.
const READ_AT_ONCE: usize = 32;

impl Status {
    fn to_bytes(self) -> [u8; LENGTH] {
        let (tag, census) = match self {
            Self::Started => (0, Census::default()),
            Self::Reloaded => (1, Census::default()),
            Self::Refused => (2, Census::default()),
            Self::Alive => (3, Census::default()),
            Self::States(census) => (4, census),
        };
        let Census {
            master,
            backup,
            fault,
            init,
        } = census;
        let mut bytes = [0; LENGTH];
        let words = [tag, master, backup, fault, init];
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&u32::to_ne_bytes(word));
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut words = [0; LENGTH / 4];
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(4)) {
            *word = u32::from_ne_bytes(bytes.try_into().ok()?);
        }
        let [tag, master, backup, fault, init] = words;
        match tag {
            0 => Some(Self::Started),
            1 => Some(Self::Reloaded),
            2 => Some(Self::Refused),
            3 => Some(Self::Alive),
            4 => Some(Self::States(Census {
                master,
                backup,
                fault,
                init,
            })),
            _ => None,
        }
    }
}

/// Makes both ends.
///
/// # Errors
/// When no descriptor is left.
pub(crate) fn status_pipe() -> std::io::Result<(StatusReader, StatusPipe)> {
    let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
    let pipe = StatusPipe {
        writer,
        pulse: None,
    };
    Ok((StatusReader(reader), pipe))
}

/// The writing end. It never blocks: the guardian reads at once, and what found no room would only
/// spare a line, or is told again.
#[derive(Debug)]
pub(crate) struct StatusPipe {
    writer: OwnedFd,
    pulse: Option<Duration>,
}

impl StatusPipe {
    /// The same for a guardian that wants to hear [`Status::Alive`] so often.
    pub(crate) const fn with_pulse(mut self, pulse: Option<Duration>) -> Self {
        self.pulse = pulse;
        self
    }

    /// How often [`Status::Alive`] is to be told, if at all.
    pub(crate) const fn pulse(&self) -> Option<Duration> {
        self.pulse
    }

    pub(crate) fn tell(&self, status: Status) {
        let _ = nix::unistd::write(&self.writer, &status.to_bytes());
    }

    /// For a second thread.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub(crate) fn try_clone(&self) -> std::io::Result<Self> {
        Ok(Self {
            writer: self.writer.try_clone()?,
            pulse: self.pulse,
        })
    }
}

/// The guardian's end; readable when something was told.
#[derive(Debug)]
pub(crate) struct StatusReader(OwnedFd);

impl StatusReader {
    /// What was told since, some of it if that is much.
    pub(crate) fn read(&self) -> Vec<Status> {
        let mut bytes = [0; LENGTH * READ_AT_ONCE];
        let length = nix::unistd::read(&self.0, &mut bytes).unwrap_or(0);
        let told = bytes.get(..length).unwrap_or_default();
        told.chunks_exact(LENGTH)
            .filter_map(Status::from_bytes)
            .collect()
    }
}

impl AsFd for StatusReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_arrives_as_it_was_told() {
        let (reader, pipe) = status_pipe().unwrap();
        assert_eq!(reader.read(), []);
        let census = Census {
            master: 1,
            backup: u32::MAX,
            fault: 3,
            init: 4,
        };
        let all = [
            Status::Started,
            Status::Reloaded,
            Status::Refused,
            Status::Alive,
            Status::States(census),
        ];
        for status in all {
            pipe.try_clone().unwrap().tell(status);
        }
        assert_eq!(reader.read(), all);
        assert_eq!(reader.read(), []);
    }

    #[test]
    fn a_guardian_that_does_not_read_blocks_nobody() {
        let (reader, pipe) = status_pipe().unwrap();
        for _ in 0..100_000 {
            pipe.tell(Status::Alive);
        }
        let mut heard = 0;
        loop {
            let told = reader.read();
            heard += told.len();
            assert!(told.iter().all(|status| *status == Status::Alive));
            if told.is_empty() {
                break;
            }
        }
        assert!(heard > 1000 && heard < 100_000, "{heard}");
    }
}
