//! What can happen to the engine. Events are in the past tense: nothing here asks for permission.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use evervip_model::ProcessPattern;

use crate::{RouteReport, RouterId, RuleReport, SocketKey, VirtualInterfaceKey};

/// Identifies one run of a check script, so that the result of a run that no longer matters can be
/// told from the current one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

/// How a check script ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckOutcome {
    /// With this exit status; 0 is success.
    Exited(i32),
    /// By this signal; failure.
    Signalled(i32),
    /// It was still running at its time-out; failure.
    TimedOut,
    /// It could not be executed. Counts as success, as in the original, unless the configuration
    /// says otherwise (`@evervip unrunnable_scripts`), and is reported.
    CannotRun(String),
}

/// An interface as the kernel reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkState {
    /// Interface index: its identity.
    pub index: u32,
    /// Its name now: a label, may change.
    pub name: String,
    /// `IFF_UP` and `IFF_RUNNING`.
    pub up: bool,
    /// All flags as the kernel gives them, for log lines.
    pub flags: u32,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event<'a> {
    /// The daemon is ready: sockets can be opened, commands can be run. Sent once.
    Started,
    /// [`Engine::next_deadline`](crate::Engine::next_deadline) has been reached. May be sent at any
    /// time; nothing happens early.
    DeadlineReached,
    /// The driver is awake; wanted at [`Engine::vigil`](crate::Engine::vigil), and before a
    /// [`Event::DeadlineReached`] of the same moment. A driver that never sends it is believed to have
    /// been awake.
    Awake,
    /// A raw socket gave a packet, IP header included.
    PacketReceived {
        /// On which socket.
        socket: SocketKey,
        /// Its bytes, whatever they are.
        bytes: &'a [u8],
    },
    /// An interface appeared or changed.
    LinkChanged(LinkState),
    /// An interface is gone.
    LinkRemoved {
        /// Its index.
        index: u32,
    },
    /// An address was put on an interface, by whomever.
    AddressAdded {
        /// Interface index.
        index: u32,
        /// The address.
        address: IpAddr,
    },
    /// An address was removed from an interface.
    AddressRemoved {
        /// Interface index.
        index: u32,
        /// The address.
        address: IpAddr,
        /// Whether this answers one of our own requests.
        by_us: bool,
    },
    /// Which of the sockets in [`Engine::sockets`](crate::Engine::sockets) cannot be opened; all
    /// others are open. A router that cannot hear its peers must not believe that it has none.
    SocketsMissing(BTreeSet<SocketKey>),
    /// One of [`Engine::virtual_interfaces`](crate::Engine::virtual_interfaces) exists now. The link
    /// itself has been reported before.
    VirtualInterfaceMade {
        /// Which.
        key: VirtualInterfaceKey,
        /// Its index.
        index: u32,
        /// It was not there before.
        fresh: bool,
    },
    /// A check script ended.
    CheckEnded {
        /// Which run.
        run: RunId,
        /// How.
        outcome: CheckOutcome,
    },
    /// A tracked file has, or may have, a new text. Before the start, and before a reload that
    /// names new files, it is told of every file; one that it is not told of counts as missing.
    FileRead {
        /// Its path as configured.
        path: &'a Path,
        /// Its first [`FILE_TEXT`](crate::FILE_TEXT) bytes; empty when it is missing.
        text: &'a [u8],
    },
    /// There are now so many processes of a pattern. Told before the start, and before a reload, as
    /// [`Event::FileRead`] is.
    ProcessesCounted {
        /// Which processes.
        pattern: &'a ProcessPattern,
        /// How many.
        count: u32,
    },
    /// The state of an interface that is asked for (`linkbeat_interfaces`). Told before the start, and
    /// before a reload, as [`Event::FileRead`] is; until then the kernel's report counts.
    LinkPolled {
        /// Its name.
        interface: &'a str,
        /// Whether the link is up.
        up: bool,
    },
    /// The time of day at this event. Told before the start and whenever the clock has been set,
    /// if [`Engine::wants_wall_clock`](crate::Engine::wants_wall_clock) says so.
    WallClockSet {
        /// Nanoseconds since the epoch.
        unix_nanos: u64,
    },
    /// Somebody else removed a route of protocol 18.
    RouteRemoved(RouteReport),
    /// Somebody else removed a rule of protocol 18.
    RuleRemoved(RuleReport),
    /// Reports of routes and rules may have been lost.
    RoutingReportsLost,
    /// Somebody wants the neighbours to be told the addresses of a router once more; only a master
    /// tells them.
    AnnouncementWanted {
        /// Which router.
        router: RouterId,
    },
    /// A BFD session has been reported to be up or down, which may be news. One that nothing was told
    /// of is down.
    BfdReported {
        /// Its name.
        session: &'a str,
        /// Whether it is up.
        up: bool,
    },
    /// An operator has looked into a fault that stays (`@evervip fault_latch`): when nothing else
    /// keeps the router in FAULT it goes on.
    FaultCleared {
        /// Which router.
        router: RouterId,
    },
    /// The daemon is to end. Everything after it is ignored.
    StopRequested,
}
