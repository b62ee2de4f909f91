//! Waiting for many descriptors at once.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

/// What is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Deadline,
    Kernel,
    Inbox,
    Signal,
    Bfd,
    Firewall,
    /// Packets on the socket with this token.
    Packets(u32),
}

impl Source {
    /// Whether much may come of it in a short time.
    pub(super) const fn is_flow(&self) -> bool {
        matches!(self, Self::Packets(_) | Self::Kernel)
    }

    const FIRST_TOKEN: u64 = 16;

    fn to_data(self) -> u64 {
        match self {
            Self::Deadline => 0,
            Self::Kernel => 1,
            Self::Inbox => 2,
            Self::Signal => 3,
            Self::Bfd => 4,
            Self::Firewall => 5,
            Self::Packets(token) => Self::FIRST_TOKEN + u64::from(token),
        }
    }

    fn from_data(data: u64) -> Option<Self> {
        Some(match data {
            0 => Self::Deadline,
            1 => Self::Kernel,
            2 => Self::Inbox,
            3 => Self::Signal,
            4 => Self::Bfd,
            5 => Self::Firewall,
            token => Self::Packets(u32::try_from(token.checked_sub(Self::FIRST_TOKEN)?).ok()?),
        })
    }
}

/// An epoll instance.
#[derive(Debug)]
pub(super) struct Poller {
    epoll: Epoll,
    events: Vec<EpollEvent>,
}

/// Descriptors besides the packet sockets.
const OTHERS: usize = 6;

impl Poller {
    pub(super) fn new() -> anyhow::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        Ok(Self {
            epoll,
            events: vec![EpollEvent::empty(); OTHERS],
        })
    }

    /// Waits for this descriptor, too. There is room for an event of each, so that one wait reports
    /// all that are ready.
    pub(super) fn add(&mut self, descriptor: &impl AsFd, source: Source) -> anyhow::Result<()> {
        self.epoll.add(
            descriptor,
            EpollEvent::new(EpollFlags::EPOLLIN, source.to_data()),
        )?;
        if matches!(source, Source::Packets(_)) {
            self.events.push(EpollEvent::empty());
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, descriptor: &impl AsFd) {
        // Closing would do as well; an error here means that it is not watched any more.
        let _ = self.epoll.delete(descriptor);
        if self.events.len() > OTHERS {
            self.events.pop();
        }
    }

    /// Fills `ready` with what is ready, waiting for `patience` at most, or for ever.
    pub(super) fn wait(
        &mut self,
        ready: &mut Vec<Source>,
        patience: Option<Duration>,
    ) -> anyhow::Result<()> {
        ready.clear();
        let timeout = patience.map_or(EpollTimeout::NONE, |patience| {
            EpollTimeout::from(u16::try_from(patience.as_millis() + 1).unwrap_or(u16::MAX))
        });
        let count = match self.epoll.wait(&mut self.events, timeout) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(error) => return Err(error.into()),
        };
        ready.extend(self.sources(count));
        Ok(())
    }

    /// What is ready at this moment. A failure shows again at the next [`Self::wait`].
    pub(super) fn ready_now(&mut self) -> Vec<Source> {
        let count = self.epoll.wait(&mut self.events, EpollTimeout::ZERO);
        self.sources(count.unwrap_or_default()).collect()
    }

    /// The first of the events that the kernel has filled in.
    fn sources(&self, count: usize) -> impl Iterator<Item = Source> + '_ {
        let events = self.events.iter().take(count);
        events.filter_map(|event| Source::from_data(event.data()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_survive_the_kernel() {
        for source in [
            Source::Deadline,
            Source::Kernel,
            Source::Inbox,
            Source::Signal,
            Source::Bfd,
            Source::Firewall,
            Source::Packets(0),
            Source::Packets(u32::MAX),
        ] {
            assert_eq!(Source::from_data(source.to_data()), Some(source));
        }
        assert_eq!(Source::from_data(7), None);
    }
}
