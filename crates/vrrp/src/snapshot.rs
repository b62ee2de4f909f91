//! What an engine knows at one moment, for whoever writes it down (spec vrrp-runtime 19 and 20).
//!
//! It is taken on the protocol's path and therefore copies as little as it can: configured blocks
//! are shared, and nothing is turned into text here.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{
    BfdInstance, Fixtures, GarpGroup, Globals, Instance, InstanceIndex, State, SyncGroup,
    TrackFile, TrackGroup, TrackProcess, VrrpScript,
};

use crate::check::Verdict;
use crate::log::FaultReason;
use crate::router::Router;
use crate::statistics::Counters;
use crate::timers::TimerKey;
use crate::{Engine, MasterReason, PlacedAddress, ProtocolError, SocketKey, Statistics, Timestamp};

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// When it was taken.
    pub taken: Timestamp,
    /// `global_defs`.
    pub globals: Globals,
    /// All routers, in configuration order.
    pub routers: Vec<RouterSnapshot>,
    /// All sync groups.
    pub groups: Vec<GroupSnapshot>,
    /// All check scripts.
    pub checks: Vec<CheckSnapshot>,
    /// All tracked files.
    pub files: Vec<FileSnapshot>,
    /// All tracked processes.
    pub processes: Vec<ProcessSnapshot>,
    /// All BFD sessions that may be tracked.
    pub bfd_sessions: Vec<BfdSnapshot>,
    /// All interfaces of the host, by index.
    pub interfaces: Vec<InterfaceSnapshot>,
    /// `garp_group` blocks.
    pub garp_groups: Vec<GarpGroup>,
    /// What is there as long as the daemon runs.
    pub fixtures: Fixtures,
    /// The addresses of it that were added.
    pub fixed_addresses: Vec<PlacedAddress>,
    /// `track_group` blocks.
    pub track_groups: Vec<TrackGroup>,
}

/// One router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterSnapshot {
    /// As configured.
    pub spec: Arc<Instance>,
    /// Its sync group, an index into [`Snapshot::groups`].
    pub group: Option<usize>,
    /// Its state.
    pub state: State,
    /// When it was entered; `None` before the first one.
    pub since: Option<Timestamp>,
    /// What the state would be without the sync group.
    pub want: State,
    /// Configured priority, or 254 after a second address owner was met.
    pub base_priority: u8,
    /// With all that trackers add, within 1 to 254.
    pub effective_priority: u8,
    /// The same without bounds.
    pub total_priority: i32,
    /// Own interval, or in version 3 as a backup the master's.
    pub interval: Duration,
    /// Silence after which the master counts as gone.
    pub master_down: Duration,
    /// The end of its waiting: for its next advert, or for one of the master.
    pub deadline: Option<Timestamp>,
    /// End of the running preempt delay.
    pub preempt_at: Option<Timestamp>,
    /// The configured interface, if it exists.
    pub base: Option<u32>,
    /// The interface that it runs on.
    pub interface: Option<u32>,
    /// The address that it sends from.
    pub source: Option<IpAddr>,
    /// The master that it follows, and its priority.
    pub master: Option<(IpAddr, u8)>,
    /// Where its addresses belong.
    pub placed: Arc<[PlacedAddress]>,
    /// Those that it has added.
    pub installed: Arc<[PlacedAddress]>,
    /// Its sockets.
    pub socket: Option<SocketKey>,
    /// Faults of its configuration.
    pub configuration_faults: usize,
    /// Faults of what it depends on.
    pub other_faults: usize,
    /// It stays in FAULT until an operator clears it.
    pub latched: bool,
    /// Check scripts without weight that have not reported yet.
    pub awaited_scripts: usize,
    /// A unicast peer was heard to use the checksum of old.
    pub old_checksum_heard: bool,
    /// When it left INIT or FAULT.
    pub up_since: Option<Timestamp>,
    /// Why it became master last.
    pub master_reason: Option<MasterReason>,
    /// What was wrong with the last advert that broke the protocol.
    pub protocol_error: Option<ProtocolError>,
    /// Its counters.
    pub statistics: Statistics,
}

/// One sync group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSnapshot {
    /// As configured.
    pub spec: Arc<SyncGroup>,
    /// Its members, in its order: indices into [`Snapshot::routers`].
    pub members: Vec<usize>,
    /// Its state.
    pub state: State,
}

/// One check script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckSnapshot {
    /// As configured.
    pub spec: Arc<VrrpScript>,
    /// What is known of it.
    pub verdict: Verdict,
    /// 0 to rise + fall - 1; good from rise on.
    pub level: u64,
    /// Whether it runs now.
    pub running: bool,
}

/// One tracked file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSnapshot {
    /// As configured.
    pub spec: TrackFile,
    /// Its number.
    pub value: i32,
}

/// One tracked process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessSnapshot {
    /// As configured.
    pub spec: TrackProcess,
    /// How many there are.
    pub count: u32,
    /// Whether they are enough, as far as it counts by now.
    pub quorum: bool,
    /// Whether a change is waiting for its delay to end.
    pub delayed: bool,
}

/// One BFD session, as far as VRRP knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BfdSnapshot {
    /// As configured.
    pub spec: BfdInstance,
    /// Whether it is up.
    pub up: bool,
}

/// One interface of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceSnapshot {
    /// Its index.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Whether it counts as up.
    pub up: bool,
    /// Whether it has ever been up.
    pub seen_up: bool,
    /// A change of its state is waiting for its delay to end.
    pub delayed: bool,
    /// Its addresses, in the kernel's order.
    pub addresses: Vec<IpAddr>,
    /// For one of ours, the name of the interface that it is on.
    pub base: Option<Box<str>>,
}

impl Engine {
    /// What is known now.
    #[must_use]
    pub fn snapshot(&self, now: Timestamp) -> Snapshot {
        Snapshot {
            taken: now,
            globals: self.globals.clone(),
            routers: self.router_snapshots(),
            groups: self.group_snapshots(),
            checks: self.check_snapshots(),
            files: self.file_snapshots(),
            processes: self.process_snapshots(),
            bfd_sessions: self.bfd_snapshots(),
            interfaces: self.interface_snapshots(),
            garp_groups: self.spacing.groups().to_vec(),
            fixtures: self.fixtures.wanted().clone(),
            fixed_addresses: self.fixtures.added_addresses().to_vec(),
            track_groups: self.fixtures.track_groups().to_vec(),
        }
    }

    /// Sets all counters to 0.
    pub fn clear_statistics(&mut self) {
        for id in self.routers.ids() {
            self.routers[id].statistics = Counters::default();
        }
    }

    fn router_snapshots(&self) -> Vec<RouterSnapshot> {
        let snapshot = |(id, router): (crate::RouterId, &Router)| {
            let configuration = router
                .faults
                .iter()
                .filter(|fault| **fault == FaultReason::Configuration)
                .count();
            RouterSnapshot {
                spec: Arc::clone(&router.spec),
                group: router.group,
                state: router.state,
                since: router.since,
                want: router.want,
                base_priority: router.base_priority,
                effective_priority: router.effective_priority,
                total_priority: self.assess(router).total,
                interval: router.interval,
                master_down: router.master_down(),
                deadline: self.timers.deadline(TimerKey::Router(id)),
                preempt_at: router.preempt_at,
                base: router.base,
                interface: router.interface,
                source: router.source,
                master: router
                    .master
                    .map(|master| (master.address, master.priority)),
                placed: Arc::clone(&router.placed),
                installed: Arc::clone(&router.installed),
                socket: router.socket_key(),
                configuration_faults: configuration,
                other_faults: router.passing_faults().count() - configuration,
                latched: router.is_latched(),
                awaited_scripts: self.awaited_scripts(router),
                old_checksum_heard: router.old_checksum_heard,
                up_since: router.standing.up_since,
                master_reason: router.standing.reason,
                protocol_error: router.standing.error,
                statistics: router.statistics.read(),
            }
        };
        self.routers.iter().map(snapshot).collect()
    }

    fn awaited_scripts(&self, router: &Router) -> usize {
        let tracks = router.spec.track_scripts.iter();
        let awaited = tracks.filter(|track| {
            let check = self.checks.get(track.script.0);
            track.weight == 0 && check.is_some_and(|c| c.hysteresis.verdict() == Verdict::Unknown)
        });
        awaited.count()
    }

    fn group_snapshots(&self) -> Vec<GroupSnapshot> {
        let groups = self.groups.iter();
        groups
            .map(|group| GroupSnapshot {
                spec: Arc::clone(&group.spec),
                members: group
                    .spec
                    .members
                    .iter()
                    .map(|InstanceIndex(at)| *at)
                    .collect(),
                state: group.state,
            })
            .collect()
    }

    fn check_snapshots(&self) -> Vec<CheckSnapshot> {
        let checks = self.checks.iter();
        checks
            .map(|check| CheckSnapshot {
                spec: Arc::clone(&check.spec),
                verdict: check.hysteresis.verdict(),
                level: check.hysteresis.level(),
                running: check.running.is_some(),
            })
            .collect()
    }

    fn file_snapshots(&self) -> Vec<FileSnapshot> {
        let snapshot = |(spec, value): (&TrackFile, i32)| FileSnapshot {
            spec: spec.clone(),
            value,
        };
        self.files.all().map(snapshot).collect()
    }

    fn process_snapshots(&self) -> Vec<ProcessSnapshot> {
        let processes = self.processes.all().enumerate();
        processes
            .map(|(slot, (spec, count, quorum))| ProcessSnapshot {
                spec: spec.clone(),
                count,
                quorum,
                delayed: self.timers.deadline(TimerKey::Process(slot)).is_some(),
            })
            .collect()
    }

    fn bfd_snapshots(&self) -> Vec<BfdSnapshot> {
        let sessions = self.bfd.all();
        sessions
            .map(|(spec, up)| BfdSnapshot {
                spec: spec.clone(),
                up,
            })
            .collect()
    }

    fn interface_snapshots(&self) -> Vec<InterfaceSnapshot> {
        let interfaces = self.interfaces.iter();
        interfaces
            .map(|(index, interface)| InterfaceSnapshot {
                index,
                name: interface.name.clone(),
                up: interface.up,
                seen_up: interface.seen_up,
                delayed: self.timers.deadline(TimerKey::Link(index)).is_some(),
                addresses: interface.addresses.clone(),
                base: self.virtual_interfaces.base_of(index).map(Box::from),
            })
            .collect()
    }
}
