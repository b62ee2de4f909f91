//! Log lines of the engine. Their text is an interface: monitoring greps it (spec cli-and-process 6).

mod address;
mod authentication;
mod bfd;
mod fault;
mod fields;
mod firewall;
mod latch;
mod route;
mod text;
mod track;
mod trap;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{State, UnrunnableScripts};

use crate::complaint::PacketComplaint;

pub use address::AddressLine;
pub use authentication::AuthenticationLine;
pub use bfd::BfdLine;
pub use fault::FaultReason;
pub use firewall::FirewallLine;
pub use latch::LatchLine;
pub use route::RouteLine;
pub use track::TrackLine;
pub use trap::TrapLine;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each variant is documented by the text that it displays, in `text.rs`"
)]
pub enum LogLine {
    Entering {
        name: Arc<str>,
        state: State,
        init: bool,
    },
    FaultReason {
        name: Arc<str>,
        reason: FaultReason,
    },
    AdvertTimeout {
        name: Arc<str>,
    },
    HigherPriority {
        name: Arc<str>,
        from: IpAddr,
        priority: u8,
        ours: u8,
    },
    HigherAddress {
        name: Arc<str>,
        from: IpAddr,
        priority: u8,
    },
    LowerPriority {
        name: Arc<str>,
        from: IpAddr,
        priority: u8,
        ours: u8,
        answered: bool,
    },
    Discarding {
        name: Arc<str>,
        from: IpAddr,
        priority: u8,
    },
    BackupReceivedZero {
        name: Arc<str>,
    },
    MasterReceivedZero {
        name: Arc<str>,
    },
    OwnAddress {
        name: Arc<str>,
    },
    TwoOwners {
        name: Arc<str>,
    },
    StartPreemptDelay {
        name: Arc<str>,
        delay: Duration,
    },
    StopPreemptDelay {
        name: Arc<str>,
    },
    IntervalLearned {
        name: Arc<str>,
        from: Duration,
        to: Duration,
    },
    IntervalRestored {
        name: Arc<str>,
        from: Duration,
        to: Duration,
    },
    SentZero {
        name: Arc<str>,
    },
    SettingAddresses {
        name: Arc<str>,
        excluded: bool,
    },
    RemovingAddresses {
        name: Arc<str>,
        excluded: bool,
    },
    QueueingAnnouncement {
        name: Arc<str>,
        interface: String,
        address: IpAddr,
    },
    AddressGone {
        name: Arc<str>,
        text: String,
    },
    AddressTaken {
        address: IpAddr,
        interface: String,
    },
    AddressPutBack {
        name: Arc<str>,
        address: IpAddr,
        interface: String,
    },
    PriorityChanged {
        name: Arc<str>,
        from: u8,
        to: u8,
    },
    PacketDropped {
        name: Arc<str>,
        from: IpAddr,
        complaint: PacketComplaint,
    },
    UnknownVrid {
        vrid: u8,
        interface: String,
        from: IpAddr,
    },
    LinkUp {
        interface: String,
    },
    LinkDown {
        interface: String,
    },
    LinkAdded {
        interface: String,
    },
    LinkRenamed {
        from: String,
        to: String,
    },
    LinkDeleted {
        interface: String,
    },
    GroupSync {
        group: Arc<str>,
        state: State,
    },
    /// At start, where the original words it differently and names the faulty member.
    GroupFault {
        group: Arc<str>,
        member: Arc<str>,
    },
    /// A unicast router tells the neighbours where its own address is.
    WakingNeighbours {
        name: Arc<str>,
        address: IpAddr,
    },
    ScriptReturning {
        script: Arc<str>,
        status: i32,
    },
    ScriptSucceeded {
        script: Arc<str>,
    },
    ScriptFailed {
        script: Arc<str>,
        status: i32,
    },
    ScriptSignalled {
        script: Arc<str>,
        signal: i32,
    },
    ScriptTimedOut {
        script: Arc<str>,
    },
    ScriptOverrun {
        script: Arc<str>,
    },
    ScriptCannotRun {
        script: Arc<str>,
        error: String,
        counts_as: UnrunnableScripts,
    },
    ScriptNotExecuted {
        script: Arc<str>,
    },
    ScriptKept {
        script: Arc<str>,
        good: bool,
    },
    /// Of something that is tracked.
    Track(TrackLine),
    Authentication(AuthenticationLine),
    /// About the packet filter.
    Firewall(FirewallLine),
    /// About routes, rules and static entries.
    Route(RouteLine),
    Bfd(BfdLine),
    StartupDelayed {
        delay: Duration,
    },
    TimerExpired {
        late: Duration,
    },
    /// About addresses of interfaces.
    Address(AddressLine),
    /// About SNMP notifications.
    Trap(TrapLine),
    /// About faults that stay.
    Latch(LatchLine),
}

impl LogLine {
    /// Whether the line is written only with `-D`.
    #[must_use]
    pub const fn is_detail(&self) -> bool {
        if let Self::Track(line) = self {
            return line.is_detail();
        }
        if let Self::Route(line) = self {
            return line.is_detail();
        }
        if let Self::Address(line) = self {
            return line.is_detail();
        }
        matches!(
            self,
            Self::AdvertTimeout { .. }
                | Self::BackupReceivedZero { .. }
                | Self::MasterReceivedZero { .. }
                | Self::StartPreemptDelay { .. }
                | Self::StopPreemptDelay { .. }
                | Self::IntervalLearned { .. }
                | Self::IntervalRestored { .. }
                | Self::SentZero { .. }
                | Self::SettingAddresses { .. }
                | Self::RemovingAddresses { .. }
                | Self::QueueingAnnouncement { .. }
                | Self::WakingNeighbours { .. }
                | Self::Firewall(_)
                | Self::Trap(_)
        )
    }

    /// Whether the line tells of a fault that somebody has to mend.
    #[must_use]
    pub const fn is_warning(&self) -> bool {
        if let Self::Route(line) = self {
            return line.is_warning();
        }
        if let Self::Latch(line) = self {
            return line.is_warning();
        }
        matches!(
            self,
            Self::OwnAddress { .. }
                | Self::TwoOwners { .. }
                | Self::PacketDropped { .. }
                | Self::AddressPutBack { .. }
                | Self::ScriptCannotRun { .. }
                | Self::ScriptOverrun { .. }
        )
    }
}
