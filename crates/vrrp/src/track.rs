//! What trackers, interfaces and addresses amount to: faults and effective priority.
//!
//! The assessment of a router is computed anew from the facts whenever a fact changes; there are no
//! counters that could drift (spec vrrp-runtime 6 and 7).

use std::sync::Arc;

use evervip_model::{Delivery, Priority, State, TrackedInterface, TrackedScript, contribution};

use crate::check::Verdict;
use crate::dependence::{Dependence, needed_interfaces};
use crate::log::{FaultReason, TrackLine};
use crate::router::{Router, named_interface};
use crate::timers::TimerKey;
use crate::track_file::FileStatus;
use crate::virtual_interface::own_key;
use crate::{AddressLine, Engine, LogLine, NotificationKind, RouterId, Timestamp};

/// What the facts amount to for one router.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Assessment {
    pub(crate) faults: Vec<FaultReason>,
    pub(crate) waiting: bool,
    /// The sum of all weights.
    pub(crate) total: i32,
    pub(crate) priority: u8,
}

/// What is said of an effective priority, and whether it counts already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PriorityNews {
    /// From what to what, if it differs.
    Changed,
    /// What it is.
    Set,
    /// Nothing.
    Unsaid,
    /// It does not count yet: a fault came with it, and the next change says both.
    Kept,
}

impl Engine {
    pub(crate) fn assess(&self, router: &Router) -> Assessment {
        let dependence = Dependence::of(router);
        let mut faults = self.own_faults(router, &dependence);
        let mut total = i32::from(router.base_priority);
        let mut waiting = false;
        for track in &router.spec.track_interfaces {
            if dependence.leaves(track) {
                self.assess_interface(track, &mut faults, &mut total);
            }
        }
        for track in &router.spec.track_scripts {
            waiting |= self.assess_script(track, &mut faults, &mut total);
        }
        for track in &router.spec.track_processes {
            let good = self.processes.has_quorum(track);
            if track.weight != 0 {
                total = total.saturating_add(contribution(good, track.weight, track.reverse));
            } else if good == track.reverse {
                faults.push(FaultReason::Process(self.processes.name(track)));
            }
        }
        for track in &router.spec.track_files {
            match self.files.status(track) {
                FileStatus::Adds(added) => total = total.saturating_add(added),
                FileStatus::Fault => faults.push(FaultReason::File(self.files.name(track))),
            }
        }
        for track in &router.spec.track_bfd {
            self.bfd.assess(track, &mut faults, &mut total);
        }
        if router.is_latched() {
            faults.push(FaultReason::Latched);
        }
        // Who was an address owner and gave 255 up has 254 for good.
        let priority = if router.spec.priority.is_owner() {
            router.base_priority
        } else {
            Priority::clamp_non_owner(total).value()
        };
        Assessment {
            faults,
            waiting,
            total,
            priority,
        }
    }

    /// Faults of the configuration, the interface and the source address.
    fn own_faults(&self, router: &Router, dependence: &Dependence<'_>) -> Vec<FaultReason> {
        let spec = &router.spec;
        if spec.unsupported.is_some() || spec.delivery == Delivery::NoPeer {
            return vec![FaultReason::Configuration];
        }
        let mut faults = Vec::new();
        let own = named_interface(spec);
        if router.base.is_none() {
            let own = own.unwrap_or_default();
            faults.push(FaultReason::InterfaceMissing(own.to_owned()));
            return faults;
        }
        if let Some(own) = own.filter(|own| spec.track_primary && !self.interfaces.is_up(own)) {
            faults.push(FaultReason::InterfaceDown(own.to_owned()));
        }
        self.assess_virtual_interfaces(router, &mut faults);
        for dev in needed_interfaces(router) {
            let relevant = Some(dev) != own && dependence.counts(dev);
            if relevant && !self.interfaces.is_up(dev) {
                let fault = FaultReason::InterfaceDown(dev.to_owned());
                if !faults.contains(&fault) {
                    faults.push(fault);
                }
            }
        }
        if router.source.is_none() {
            faults.push(FaultReason::NoSourceAddress(router.spec.family));
        }
        if self.source_is_missing(router) {
            faults.push(FaultReason::SourceAddressMissing);
        }
        if router
            .socket_key()
            .is_some_and(|key| self.missing_sockets.contains(&key))
        {
            faults.push(FaultReason::SocketMissing);
        }
        faults
    }

    /// Virtual interfaces that are missing or down. While the base is down they are, too, which
    /// need not be said twice.
    fn assess_virtual_interfaces(&self, router: &Router, faults: &mut Vec<FaultReason>) {
        let spec = &router.spec;
        let own = own_key(spec).map(|key| (key, router.interface));
        let mut others: Vec<_> = self.virtual_interfaces.of_addresses(spec).collect();
        others.sort();
        others.dedup();
        for (key, index) in own.into_iter().chain(others) {
            let Some(index) = index else {
                faults.push(FaultReason::VirtualInterfaceMissing(key.base.into()));
                continue;
            };
            let watched = spec.track_primary || Some(index) != router.interface;
            let up = self.interfaces.get(index).is_some_and(|link| link.up);
            if watched && !up && self.interfaces.is_up(&key.base) {
                let name = self.interfaces.name_of(index);
                faults.push(FaultReason::InterfaceDown(name));
            }
        }
    }

    /// A configured source address that is not there is a fault where the file says so. For unicast,
    /// whose socket is bound to it, it has to be there at the beginning; that it goes for a while
    /// later, as when a network manager starts anew, does not disturb a router that runs.
    fn source_is_missing(&self, router: &Router) -> bool {
        let spec = &router.spec;
        let (Some(source), Some(index)) = (spec.source, router.base) else {
            return false;
        };
        let unicast = matches!(spec.delivery, Delivery::Unicast { .. });
        let runs = matches!(router.state, State::Backup | State::Master);
        let tracked = spec.track_source && spec.interface.is_some();
        (tracked && !self.interfaces.has_address(index, source))
            || (unicast
                && !runs
                && !self.foreign_sources
                && !self.interfaces.any_has_address(source))
    }

    fn assess_interface(
        &self,
        track: &TrackedInterface,
        faults: &mut Vec<FaultReason>,
        total: &mut i32,
    ) {
        let up = self.interfaces.is_up(&track.interface);
        if track.weight != 0 {
            *total = total.saturating_add(contribution(up, track.weight, track.reverse));
        } else if up == track.reverse {
            let name = track.interface.clone();
            faults.push(if up {
                FaultReason::InterfaceUp(name)
            } else {
                FaultReason::InterfaceDown(name)
            });
        }
    }

    /// Gives whether the state has to wait for the script's first result.
    fn assess_script(
        &self,
        track: &TrackedScript,
        faults: &mut Vec<FaultReason>,
        total: &mut i32,
    ) -> bool {
        let Some(check) = self.checks.get(track.script.0) else {
            return false;
        };
        let good = match check.hysteresis.verdict() {
            Verdict::Unknown => return track.weight == 0,
            Verdict::Good => true,
            Verdict::Bad => false,
        };
        if track.weight != 0 {
            *total = total.saturating_add(contribution(good, track.weight, track.reverse));
        } else if good == track.reverse {
            faults.push(FaultReason::Script(Arc::clone(&check.spec.name)));
        }
        false
    }

    pub(crate) fn reassess_all(&mut self, now: Timestamp) {
        for id in self.routers.ids() {
            self.reassess(now, id);
        }
    }

    /// Computes the assessment anew and acts on what changed.
    pub(crate) fn reassess(&mut self, now: Timestamp, id: RouterId) {
        self.reassess_with(now, id, PriorityNews::Changed);
    }

    /// As [`Self::reassess`], with something else said of the priority.
    pub(crate) fn reassess_with(&mut self, now: Timestamp, id: RouterId, news: PriorityNews) {
        let assessment = self.assess(&self.routers[id]);
        let router = &mut self.routers[id];
        let before = std::mem::replace(&mut router.faults, assessment.faults);
        router.waiting = assessment.waiting;
        self.log_missing_source(id, &before);
        self.note_latch_alone(id, &before);
        self.set_effective_priority(now, id, assessment.priority, news);
        let router = &self.routers[id];
        match router.state {
            State::Init | State::Backup | State::Master if !router.faults.is_empty() => {
                self.fail(id);
            }
            State::Init => self.leave_init(now, id),
            State::Fault if router.faults.is_empty() => self.recover(now, id),
            _ => {}
        }
    }

    /// A source address may have gone unseen with its interface: says that it alone is missing when
    /// everything else is there again.
    fn log_missing_source(&mut self, id: RouterId, before: &[FaultReason]) {
        let router = &self.routers[id];
        let is_last = router.faults == [FaultReason::SourceAddressMissing];
        if router.state != State::Fault || !is_last || before == router.faults {
            return;
        }
        if let Some(address) = router.spec.source {
            let name = router.name();
            self.log(LogLine::Address(AddressLine::SourceMissing {
                name,
                address,
            }));
        }
    }

    /// A backup's timer moves by as much as its master-down interval does (spec vrrp-runtime 3).
    fn set_effective_priority(
        &mut self,
        now: Timestamp,
        id: RouterId,
        priority: u8,
        news: PriorityNews,
    ) {
        let router = &mut self.routers[id];
        let old = router.effective_priority;
        let name = router.name();
        let line = match news {
            PriorityNews::Kept => return,
            PriorityNews::Set if !router.is_owner() => {
                Some(LogLine::Track(TrackLine::PrioritySet { name, priority }))
            }
            PriorityNews::Changed if old != priority => Some(LogLine::PriorityChanged {
                name,
                from: old,
                to: priority,
            }),
            _ => None,
        };
        let before = router.master_down();
        router.effective_priority = priority;
        let after = router.master_down();
        if old != priority && router.state == State::Backup {
            self.shift_timer(now, TimerKey::Router(id), before, after);
        }
        if let Some(line) = line {
            self.log(line);
        }
        self.notify_priority(id, old);
    }

    /// Tells FIFOs of another effective priority than `old`.
    fn notify_priority(&mut self, id: RouterId, old: u8) {
        let router = &self.routers[id];
        if router.spec.notify_priority_changes && router.effective_priority != old {
            let state = router.state;
            self.notify(id, NotificationKind::PriorityChanged(state));
        }
    }

    /// Moves a deadline from `before` to `after` of its start, never into the past.
    pub(crate) fn shift_timer(
        &mut self,
        now: Timestamp,
        key: TimerKey,
        before: std::time::Duration,
        after: std::time::Duration,
    ) {
        if let Some(deadline) = self.timers.deadline(key) {
            // In this order nothing saturates at a clock that has just started.
            let moved = if after >= before {
                deadline + (after - before)
            } else {
                deadline - (before - after)
            };
            self.timers.set(key, moved.max(now));
        }
    }
}
