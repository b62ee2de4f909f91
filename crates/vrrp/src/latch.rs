//! Faults that stay until an operator has looked (`@evervip fault_latch`).
//!
//! An instance that goes from BACKUP or MASTER into FAULT, for a reason of its own or with its sync
//! group, is latched: it has a fault more, which only [`Event::FaultCleared`](crate::Event) takes
//! away. One that starts in FAULT is not: it has served nobody yet, and after a power failure no node
//! would come back by itself because its links were slow.

use std::sync::Arc;

use evervip_model::State;

use crate::log::{FaultReason, LatchLine};
use crate::router::Router;
use crate::{Action, Engine, LogLine, RouterId, Timestamp};

/// What a latch amounts to for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatchStatus {
    /// Which router.
    pub router: RouterId,
    /// Its name.
    pub name: Arc<str>,
    /// Its state.
    pub state: State,
    /// Whether it stays in FAULT until it is cleared.
    pub latched: bool,
    /// What else keeps it in FAULT.
    pub faults: Vec<FaultReason>,
}

impl Router {
    pub(crate) fn is_latched(&self) -> bool {
        self.latched
    }

    /// Faults that go by themselves.
    pub(crate) fn passing_faults(&self) -> impl Iterator<Item = &FaultReason> {
        let faults = self.faults.iter();
        faults.filter(|fault| **fault != FaultReason::Latched)
    }

    fn latch_status(&self, router: RouterId) -> LatchStatus {
        LatchStatus {
            router,
            name: self.name(),
            state: self.state,
            latched: self.latched,
            faults: self.passing_faults().cloned().collect(),
        }
    }
}

impl Engine {
    /// Tells which instances a daemon before this one has left latched, by name. Call it before
    /// [`Event::Started`](crate::Event::Started).
    pub fn restore_latches(&mut self, names: &[String]) {
        for id in self.routers.ids() {
            let router = &mut self.routers[id];
            let left = names.iter().any(|name| **name == *router.spec.name);
            router.latched = router.spec.fault_latch && left;
        }
    }

    /// Every instance that has a latch (`@evervip fault_latch`), in configuration order.
    #[must_use]
    pub fn latches(&self) -> Vec<LatchStatus> {
        let routers = self.routers.iter();
        routers
            .filter(|(_, router)| router.spec.fault_latch)
            .map(|(id, router)| router.latch_status(id))
            .collect()
    }

    /// Names of the instances that are latched now.
    #[must_use]
    pub fn latched(&self) -> Vec<Arc<str>> {
        let routers = self.routers.iter();
        routers
            .filter(|(_, router)| router.is_latched())
            .map(|(_, router)| router.name())
            .collect()
    }

    /// A router has left `was` for FAULT.
    pub(crate) fn latch_after(&mut self, id: RouterId, was: State) {
        let router = &mut self.routers[id];
        let served = matches!(was, State::Backup | State::Master);
        if !router.spec.fault_latch || router.latched || !served {
            return;
        }
        router.latched = true;
        router.faults.push(FaultReason::Latched);
        let name = router.name();
        self.log(LogLine::Latch(LatchLine::Latched { name }));
        self.push(Action::UpdateLatches);
    }

    /// A router that was latched before the start waits for the operator: said once.
    pub(crate) fn log_first_latch(&mut self, id: RouterId) {
        let router = &self.routers[id];
        if router.is_latched() {
            let name = router.name();
            self.log(LogLine::Latch(LatchLine::Latched { name }));
        }
    }

    /// The reasons of a latched router have gone, but for the latch itself.
    pub(crate) fn note_latch_alone(&mut self, id: RouterId, before: &[FaultReason]) {
        let alone = |faults: &[FaultReason]| *faults == [FaultReason::Latched];
        let router = &self.routers[id];
        if alone(&router.faults) && before.contains(&FaultReason::Latched) && !alone(before) {
            let name = router.name();
            self.log(LogLine::Latch(LatchLine::ReasonGone { name }));
        }
    }

    /// An operator has looked.
    pub(crate) fn clear_fault(&mut self, now: Timestamp, id: RouterId) {
        let is_latched = self.routers.get(id).is_some_and(Router::is_latched);
        if !is_latched {
            return;
        }
        self.routers[id].latched = false;
        let name = self.routers[id].name();
        self.log(LogLine::Latch(LatchLine::Cleared { name }));
        self.push(Action::UpdateLatches);
        self.reassess(now, id);
    }

    /// A reload has taken the latch out of the configuration, and with it the reason to stay.
    pub(crate) fn drop_unwanted_latch(&mut self, id: RouterId) {
        let router = &mut self.routers[id];
        if router.latched && !router.spec.fault_latch {
            router.latched = false;
            let name = router.name();
            self.log(LogLine::Latch(LatchLine::Dropped { name }));
        }
    }

    /// A router that a reload makes anew, with another interface for example, inherits the latch of
    /// the one of its name.
    pub(crate) fn inherit_latch(&mut self, id: RouterId, latched: &[Arc<str>]) {
        let router = &mut self.routers[id];
        router.latched = router.spec.fault_latch && latched.contains(&router.spec.name);
    }
}
