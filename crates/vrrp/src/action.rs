//! What the engine wants done. Actions are imperative and are carried out in order.

use std::sync::Arc;

use evervip_model::{Instance, State, SyncGroup, VrrpScript};

use crate::{Alert, LogLine, PlacedAddress, RouteChange, RouterId, RuleChange, RunId, Trap};

/// Addresses to be added or removed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressChange {
    /// For which router.
    pub router: RouterId,
    /// Its addresses, in the order in which the kernel is to be told.
    pub addresses: Arc<[PlacedAddress]>,
}

/// Whether an announcement opens a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnnouncementPart {
    /// A whole burst.
    Burst,
    /// A single frame, sent later because frames are spaced, or for another reason.
    Single,
}

/// Gratuitous ARP or unsolicited neighbour advertisements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// For which router.
    pub router: RouterId,
    /// The addresses of one round.
    pub addresses: Arc<[PlacedAddress]>,
    /// How many rounds follow each other without pause.
    pub rounds: u32,
    /// Whether it opens a burst.
    pub part: AnnouncementPart,
}

/// Whom a notification is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An instance.
    Instance(Arc<Instance>),
    /// A sync group.
    Group(Arc<SyncGroup>),
}

/// What a notification says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationKind {
    /// The subject is now in this state.
    Entered(State),
    /// A master received an advert of lower priority.
    MasterRxLowerPri,
    /// The effective priority changed in this state; for FIFOs alone, and only where the
    /// configuration wants it (`notify_priority_changes`).
    PriorityChanged(State),
    /// A reload has removed the instance (`notify_deleted`).
    Deleted,
    /// A reload has left the subject in this state; for FIFOs alone
    /// (`fifo_write_vrrp_states_on_reload`).
    StillIn(State),
    /// A reload has removed the instance, which listeners see as FAULT; there is no hook for it but
    /// the one for everything.
    Removed,
}

/// A state change that hooks and other listeners are told of (spec vrrp-runtime 9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Whom it is about.
    pub subject: Subject,
    /// What happened.
    pub kind: NotificationKind,
    /// Effective priority; 0 for groups.
    pub priority: u8,
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send one advert: to the group, or a copy to every peer. What is in it:
    /// [`Engine::advert_spec`](crate::Engine::advert_spec), unchanged while `revision` is unchanged.
    SendAdvert {
        /// Which router.
        router: RouterId,
        /// Priority on the wire; 0 resigns.
        priority: u8,
        /// Changes whenever anything else in the packet changes.
        revision: u64,
        /// What [`AdvertSpec::proof`](crate::AdvertSpec::proof) is made with this time.
        sequence: u64,
    },
    /// Put addresses on interfaces; one that is already there is a success.
    AddAddresses(AddressChange),
    /// Take addresses off interfaces; one that is not there is a success.
    RemoveAddresses(AddressChange),
    /// Tell the neighbours.
    Announce(Announcement),
    /// Run hooks.
    Notify(Notification),
    /// Start a check script; its end is reported as
    /// [`Event::CheckEnded`](crate::Event::CheckEnded) with the same run.
    StartCheck {
        /// Identifies this run.
        run: RunId,
        /// What to run.
        script: Arc<VrrpScript>,
        /// The exit status that would change nothing: such an end may be reported late, but before
        /// the next deadline is. `None` where every result counts.
        expected: Option<i32>,
    },
    /// The result of [`Engine::sockets`](crate::Engine::sockets) has changed.
    UpdateSockets,
    /// [`Engine::virtual_interfaces`](crate::Engine::virtual_interfaces) may not all be there: make
    /// those that are missing.
    UpdateVirtualInterfaces,
    /// From now on packets to and from these addresses are dropped; they are about to be added.
    CloseAddresses(AddressChange),
    /// Packets to and from these addresses are no longer dropped; they have been removed.
    OpenAddresses(AddressChange),
    /// Add routes; one that is already there is a success.
    AddRoutes(RouteChange),
    /// Remove routes; one that is not there is a success.
    RemoveRoutes(RouteChange),
    /// Add rules; one that is already there is a success.
    AddRules(RuleChange),
    /// Remove rules; one that is not there is a success.
    RemoveRules(RuleChange),
    /// Put static addresses on interfaces; one that is already there is a success.
    AddStaticAddresses(Vec<PlacedAddress>),
    /// Take static addresses off interfaces; one that is not there is a success.
    RemoveStaticAddresses(Vec<PlacedAddress>),
    /// Change flags and lifetimes of addresses that are there, and nothing else of them.
    AlterAddresses(Vec<PlacedAddress>),
    /// Write a line to the log.
    Log(LogLine),
    /// Send a mail; only where [`Mail::is_possible`](evervip_model::Mail::is_possible).
    Mail(Alert),
    /// Send an SNMP notification; only where `enable_traps` is on.
    Trap(Trap),
    /// The result of [`Engine::latched`](crate::Engine::latched) has changed: keep it for the daemon
    /// after this one.
    UpdateLatches,
}
