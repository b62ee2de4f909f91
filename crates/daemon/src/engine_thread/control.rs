//! What operators want of the engine.

use evervip_api::{Answer, Cleared, Problem, Request};
use evervip_vrrp::{Event, LatchStatus};

use super::EngineThread;
use crate::control::Order;

impl EngineThread {
    /// An operator wants something.
    pub(super) fn control(&mut self, order: Order) {
        let answer = match order.request {
            Request::ClearFault { instance } => self.clear_fault(&instance),
            Request::ClearAllFaults => self.clear_all_faults(),
        };
        // Who has waited for too long is gone.
        let _ = order.done.try_send(answer);
    }

    fn clear_fault(&mut self, instance: &str) -> Answer {
        if self.engine.router_named(instance).is_none() {
            return Answer::Refused(Problem::UnknownInstance);
        }
        match self.latch_of(instance) {
            None => Answer::Refused(Problem::NoLatch),
            Some(status) if !status.latched => Answer::Refused(Problem::NotLatched),
            Some(status) => match self.unlatch(&status) {
                Some(cleared) => Answer::Cleared(vec![cleared]),
                None => Answer::Refused(Problem::Busy),
            },
        }
    }

    fn clear_all_faults(&mut self) -> Answer {
        let latched = self.engine.latches().into_iter().filter(|one| one.latched);
        Answer::Cleared(latched.filter_map(|one| self.unlatch(&one)).collect())
    }

    /// `None` when the engine does not take it any more: the daemon ends.
    fn unlatch(&mut self, status: &LatchStatus) -> Option<Cleared> {
        let router = status.router;
        self.handle(Event::FaultCleared { router });
        let after = self.latch_of(&status.name).filter(|now| !now.latched)?;
        Some(Cleared {
            instance: after.name.to_string(),
            state: after.state.keepalived_name().to_owned(),
            reasons: after.faults.iter().map(ToString::to_string).collect(),
        })
    }

    fn latch_of(&self, instance: &str) -> Option<LatchStatus> {
        let mut latches = self.engine.latches().into_iter();
        latches.find(|status| &*status.name == instance)
    }
}
