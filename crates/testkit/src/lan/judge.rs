//! What must hold on a LAN that has been left alone for a while.

use std::collections::{BTreeMap, BTreeSet};

use evervip_model::State;
use evervip_vrrp::RouterStatus;

use super::Lan;

impl Lan {
    /// What is wrong after a quiet time: on each side of a partition there is exactly one MASTER of
    /// each instance, it is the one that the election must end with, all members of a group are on
    /// one host, and exactly the masters hold addresses.
    ///
    /// `preempts`: whether a better host takes over from a running worse one.
    #[must_use]
    pub fn judge(&self, preempts: bool) -> Vec<String> {
        let mut faults = Vec::new();
        let sides: BTreeSet<u8> = self.sides.iter().copied().collect();
        for side in sides {
            let members: Vec<usize> = (0..self.hosts.len())
                .filter(|host| self.sides[*host] == side)
                .collect();
            self.judge_side(&members, preempts, &mut faults);
        }
        for host in 0..self.hosts.len() {
            self.judge_addresses(host, &mut faults);
        }
        faults
    }

    fn judge_side(&self, members: &[usize], preempts: bool, faults: &mut Vec<String>) {
        let count = members
            .iter()
            .map(|host| self.hosts[*host].config.instances.len())
            .max();
        let mut owners = BTreeSet::new();
        for instance in 0..count.unwrap_or(0) {
            let status = |host: &usize| -> Option<(usize, RouterStatus)> {
                Some((*host, self.hosts[*host].status().get(instance)?.clone()))
            };
            let able: Vec<(usize, RouterStatus)> = members
                .iter()
                .filter_map(status)
                .filter(|(_, status)| matches!(status.state, State::Backup | State::Master))
                .collect();
            let masters: Vec<&(usize, RouterStatus)> = able
                .iter()
                .filter(|(_, status)| status.state == State::Master)
                .collect();
            let [(master, status)] = masters.as_slice() else {
                if !able.is_empty() {
                    faults.push(format!(
                        "instance {instance} has {} masters among hosts {members:?}",
                        masters.len()
                    ));
                }
                continue;
            };
            owners.insert(*master);
            let best = able.iter().map(|(_, status)| status.priority).max();
            if preempts && best != Some(status.priority) {
                faults.push(format!(
                    "instance {instance} is on host {master} with priority {}, another has {best:?}",
                    status.priority
                ));
            }
        }
        let grouped = members
            .iter()
            .any(|host| !self.hosts[*host].config.sync_groups.is_empty());
        if grouped && owners.len() > 1 {
            faults.push(format!("the group is torn over hosts {owners:?}"));
        }
    }

    fn judge_addresses(&self, host: usize, faults: &mut Vec<String>) {
        let host_state = &self.hosts[host];
        if host_state.engine.is_none() {
            return;
        }
        let statuses = host_state.status();
        let masters = statuses.iter().zip(&host_state.config.instances);
        let expected: BTreeSet<_> = masters
            .filter(|(status, _)| status.state == State::Master)
            .flat_map(|(_, instance)| instance.addresses.iter().map(|a| a.address))
            .collect();
        let held: BTreeSet<_> = host_state
            .held
            .iter()
            .map(|(_, address)| *address)
            .collect();
        if held != expected {
            faults.push(format!(
                "host {host} holds {held:?} instead of {expected:?}"
            ));
        }
    }

    /// Notes when hosts that hear each other begin and cease to be MASTER of the same VRID.
    pub(super) fn watch_doubles(&mut self) {
        let mut masters: BTreeMap<(u8, u8), u32> = BTreeMap::new();
        for (host, side) in self.hosts.iter().zip(&self.sides) {
            // Who is asleep does nothing, and who has no link is heard by nobody.
            let deaf = host.paused_until.is_some() || host.links.values().any(|up| !up);
            if deaf {
                continue;
            }
            for (status, instance) in host.status().iter().zip(&host.config.instances) {
                if status.state == State::Master {
                    *masters.entry((*side, instance.vrid.value())).or_default() += 1;
                }
            }
        }
        let now = self.now;
        for since in self.doubles.values() {
            self.longest_double = self.longest_double.max(now.saturating_since(*since));
        }
        self.doubles
            .retain(|key, _| masters.get(key).is_some_and(|count| *count > 1));
        for (key, _) in masters.into_iter().filter(|(_, count)| *count > 1) {
            self.doubles.entry(key).or_insert(now);
        }
    }
}
