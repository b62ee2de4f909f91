//! What an instance owes: to the sender of an advert that it hears, to its peers when it resigns, to
//! the neighbours when it becomes MASTER.

use std::time::Duration;

use evervip_model::{Instance, State};
use evervip_simulation::Heard;
use evervip_vrrp::Timestamp;

use super::{VRIDS, Watch};
use crate::lan::design::own_address;
use crate::lan::segment_of;
use crate::sample;

/// What an instance has to do in this moment, and what it has done of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Debts {
    /// An advert.
    answer: bool,
    /// To be BACKUP.
    yield_to_better: bool,
    /// When it last sent an advert of priority 0.
    resigned: Option<Timestamp>,
    /// When it last told the neighbours of all its addresses.
    announced: Option<Timestamp>,
}

impl Debts {
    pub(super) fn advertised(&mut self, at: Timestamp, priority: u8) {
        self.answer = false;
        if priority == 0 {
            self.resigned = Some(at);
        }
    }
}

/// After a change of a link, adverts may still be sent to where they do not arrive, or not be sent
/// although they would.
const LINK: Duration = Duration::from_millis(1);

impl Watch {
    pub(super) fn linked(&mut self, at: Timestamp, host: usize, interface: u32) {
        let segment = usize::from(interface == sample::ETH1);
        self.hosts[host].linked[segment] = at;
        let seen = &mut self.hosts[host];
        for vrid in 0..VRIDS {
            // Between the change and the news of it.
            if seen.instance(vrid).map(segment_of) == Some(segment) {
                seen.routers[vrid].patience.forget();
            }
        }
    }

    pub(super) fn heard(&mut self, at: Timestamp, heard: &Heard) {
        let (host, vrid) = (heard.host, usize::from(heard.vrid));
        if !self.limits.plain || vrid >= VRIDS {
            return;
        }
        match self.hosts[host].routers[vrid].state {
            Some(State::Master) => self.owe(at, host, vrid, heard),
            Some(State::Backup) => self.wait_again(at, host, vrid, heard),
            _ => self.hosts[host].routers[vrid].patience.excuse(),
        }
    }

    /// A master answers who is worse, and makes way for who is better.
    fn owe(&mut self, at: Timestamp, host: usize, vrid: usize, heard: &Heard) {
        let seen = &self.hosts[host];
        let (Some(instance), Some(own)) = (seen.instance(vrid), heard.own) else {
            return;
        };
        // Of two address owners one gives 255 up.
        if heard.priority == 255 && own == 255 {
            return;
        }
        let better =
            heard.priority > own || (heard.priority == own && heard.from > source(instance, host));
        let answers = heard.priority == 0 || !instance.lower_prio_no_advert;
        // Whoever is worse in one network is to hear of the whole group.
        let mates = if heard.priority == 0 {
            vec![vrid]
        } else {
            seen.company(vrid)
        };
        let seen = &mut self.hosts[host];
        seen.routers[vrid].debts.yield_to_better = better;
        for mate in mates {
            let router = &mut seen.routers[mate];
            router.debts.answer = !better && answers && router.state == Some(State::Master);
        }
        if better {
            self.yields(at, host, vrid, heard);
        }
    }

    pub(super) fn announced(&mut self, at: Timestamp, host: usize, vrid: usize, addresses: usize) {
        let seen = &self.hosts[host];
        let all = seen.instance(vrid).map(|instance| instance.addresses.len());
        if all.is_some_and(|all| addresses >= all) {
            self.hosts[host].routers[vrid].debts.announced = Some(at);
        }
    }

    /// An instance enters a state.
    pub(super) fn settle_debts(&mut self, at: Timestamp, host: usize, vrid: usize, state: State) {
        let seen = &self.hosts[host];
        let segment = seen.instance(vrid).map_or(0, segment_of);
        let reachable = at.saturating_since(seen.linked[segment]) > LINK;
        let router = &seen.routers[vrid];
        let was_master = router.state == Some(State::Master);
        let resigns = was_master && matches!(state, State::Fault | State::Stop);
        let mut faults = Vec::new();
        if resigns && reachable && router.debts.resigned != Some(at) {
            faults.push(format!(
                "host {host} left VRID {vrid} at {at:?} without a word"
            ));
        }
        if state == State::Master && router.debts.announced != Some(at) {
            faults.push(format!(
                "host {host} took over VRID {vrid} at {at:?} and did not tell the neighbours"
            ));
        }
        self.faults.extend(faults);
        let debts = &mut self.hosts[host].routers[vrid].debts;
        debts.yield_to_better = false;
        debts.answer = false;
    }

    pub(super) fn check_debts(&mut self, host: usize) {
        for vrid in 0..VRIDS {
            let debts = &mut self.hosts[host].routers[vrid].debts;
            let owed = [
                (std::mem::take(&mut debts.answer), "an answer"),
                (
                    std::mem::take(&mut debts.yield_to_better),
                    "way to a better one",
                ),
            ];
            for (_, what) in owed.iter().filter(|(owed, _)| *owed) {
                self.faults.push(format!(
                    "host {host} is MASTER of VRID {vrid} and did not give {what} at {:?}",
                    self.now
                ));
            }
        }
    }
}

/// Where the adverts of an instance come from.
fn source(instance: &Instance, host: usize) -> std::net::IpAddr {
    own_address(instance.family, host, segment_of(instance))
}
