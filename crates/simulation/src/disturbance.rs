//! What may be done to a network.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Config, ProcessPattern};

/// What is done to a LAN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disturbance {
    /// The process and its host are dead at once; its addresses stay where they are.
    Crash(usize),
    /// The daemon is asked to end.
    Stop(usize),
    /// A daemon is started on a host that has none.
    Start(usize),
    /// The interface with this index of a host goes down or comes up.
    Link(usize, u32, bool),
    /// Hosts with equal numbers hear each other.
    Partition(Vec<u8>),
    /// The same on one segment alone: what is said there is heard by hosts with equal numbers here and
    /// in the partition.
    Sever(usize, Vec<u8>),
    /// The check scripts of a host fail, or succeed again.
    Script(usize, bool),
    /// One of them does.
    OneScript(usize, Arc<str>, bool),
    /// Everything of the host is gone, its addresses as well.
    PowerOff(usize),
    /// A host does nothing for a while.
    Pause(usize, Duration, Sleep),
    /// Somebody removes the virtual addresses of a host, behind its back.
    Steal(usize),
    /// Somebody removes the routes of its instances.
    StealRoutes(usize),
    /// A frame that must not be accepted reaches an interface of a host.
    Forge(usize, u32, Vec<u8>),
    /// A host reads this configuration instead of its own.
    Reload(usize, Box<Config>),
    /// A tracked file of a host has this text; an empty one is as good as a missing one.
    TrackedFile(usize, PathBuf, String),
    /// So many processes of this pattern run on a host.
    TrackedProcesses(usize, ProcessPattern, u32),
    /// The wall clock of a host is set: so many milliseconds after the true time from now on.
    Clock(usize, i64),
    /// A BFD session of a host is up, or down.
    Bfd(usize, Arc<str>, bool),
    /// An operator of a host clears the fault of its instance of this name.
    ClearFault(usize, Arc<str>),
}

/// What does not run during a pause. All but packets waits for its end in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sleep {
    /// The daemon: packets wait in its sockets (SIGSTOP, a starved processor).
    Daemon,
    /// The machine: packets that come meanwhile are lost. Its clock knows how long it was (a virtual
    /// machine that was saved, or moved to another host).
    Machine,
    /// The machine and its clock: it cannot know that it slept.
    MachineAndClock,
}

impl Disturbance {
    /// Whether a history has a word of its own for it.
    pub(crate) const fn is_deed(&self) -> bool {
        matches!(
            self,
            Self::Crash(_)
                | Self::PowerOff(_)
                | Self::Stop(_)
                | Self::Start(_)
                | Self::Partition(_)
                | Self::Sever(..)
                | Self::Link(..)
                | Self::Pause(..)
                | Self::Reload(..)
        )
    }
}

impl fmt::Display for Disturbance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Configurations are long, and hold passwords.
            Self::Reload(host, _) => write!(f, "Reload({host})"),
            Self::Forge(host, interface, _) => write!(f, "Forge({host}, {interface})"),
            other => write!(f, "{other:?}"),
        }
    }
}
