//! A new configuration for a running engine: what did not change is not touched (spec
//! vrrp-runtime 17).

use std::sync::Arc;

use evervip_model::{Config, Delivery, Family, Instance, State, VirtualAddress};

use crate::addresses::place;
use crate::check::{Check, Verdict};
use crate::engine::virtual_addresses;
use crate::router::{Router, advertised};
use crate::timers::TimerKey;
use crate::{Action, AddressChange, Engine, LogLine, PlacedAddress, RouterId, Timestamp};

/// What makes two configured instances the same router. The name is not part of it.
#[derive(PartialEq)]
struct Identity<'a> {
    vrid: u8,
    family: Family,
    interface: Option<&'a str>,
    unicast_source: Option<std::net::IpAddr>,
    group: Option<std::net::IpAddr>,
}

impl<'a> Identity<'a> {
    fn of(spec: &'a Instance) -> Self {
        let (unicast_source, group) = match spec.delivery {
            Delivery::Multicast { group } => (None, Some(group)),
            Delivery::Unicast { .. } | Delivery::NoPeer => (spec.source, None),
        };
        Self {
            vrid: spec.vrid.value(),
            family: spec.family,
            interface: spec.interface.as_deref(),
            unicast_source,
            group,
        }
    }
}

impl Engine {
    /// Takes a new configuration. Routers that are in both keep state, timers, addresses and
    /// counters; removed ones hand over; new ones start as at the daemon's start.
    pub fn reload(&mut self, now: Timestamp, config: Config) {
        self.globals = config.globals.clone();
        self.virtual_addresses = virtual_addresses(&config);
        let specs: Vec<Arc<Instance>> = config.instances.into_iter().map(Arc::new).collect();
        self.remove_missing(&specs);
        self.reload_checks(now, config.scripts);
        let mut order = Vec::new();
        let mut fresh = Vec::new();
        for spec in specs {
            let kept = self.routers.iter().find(|(id, router)| {
                !order.contains(id) && Identity::of(&router.spec) == Identity::of(&spec)
            });
            if let Some((id, _)) = kept {
                order.push(id);
                self.change_in_place(now, id, spec);
            } else {
                let revision = self.new_revision();
                let id = self.routers.add(Router::new(spec, None, revision));
                order.push(id);
                fresh.push(id);
            }
        }
        self.set_groups(config.sync_groups, &order);
        self.routers.set_order(order);
        for id in &fresh {
            self.resolve(*id);
        }
        self.start_routers(now, &fresh);
        self.host_changed(now);
        self.unify_groups(now);
    }

    /// Routers without a counterpart: hand over, then forget.
    fn remove_missing(&mut self, specs: &[Arc<Instance>]) {
        let mut counterparts: Vec<Identity<'_>> =
            specs.iter().map(|spec| Identity::of(spec)).collect();
        for id in self.routers.ids() {
            let spec = Arc::clone(&self.routers[id].spec);
            if let Some(found) = counterparts
                .iter()
                .position(|identity| *identity == Identity::of(&spec))
            {
                counterparts.swap_remove(found);
                continue;
            }
            let state = self.routers[id].state;
            if state != State::Fault {
                self.enter_fault(id, 1);
            }
            for key in [
                TimerKey::Router(id),
                TimerKey::Burst(id),
                TimerKey::LowerPriorityBurst(id),
                TimerKey::Refresh(id),
            ] {
                self.timers.clear(key);
            }
            self.forget_announcements(id);
            for group in &mut self.groups {
                group.members.retain(|member| *member != id);
            }
            self.routers.remove(id);
        }
    }

    /// Checks of the same name, command and user keep what they have found.
    fn reload_checks(&mut self, now: Timestamp, scripts: Vec<evervip_model::VrrpScript>) {
        let mut old = std::mem::take(&mut self.checks);
        let due: Vec<Option<Timestamp>> = (0..old.len())
            .map(|slot| self.timers.deadline(TimerKey::Check(slot)))
            .collect();
        for slot in 0..old.len() {
            self.timers.clear(TimerKey::Check(slot));
        }
        let mut starts = Vec::new();
        for spec in scripts {
            let mut check = Check::new(spec);
            let known = old.iter_mut().position(|known| {
                known.spec.name == check.spec.name && known.spec.command == check.spec.command
            });
            let slot = self.checks.len();
            if let Some(position) = known {
                check.adopt(&old[position]);
                // A second block of the same name must not adopt the same run.
                old[position].running = None;
                let verdict = check.hysteresis.verdict();
                if verdict != Verdict::Unknown {
                    let script = Arc::clone(&check.spec.name);
                    self.log(LogLine::ScriptKept {
                        script,
                        good: verdict == Verdict::Good,
                    });
                }
                let latest = now + check.spec.interval;
                let next = due
                    .get(position)
                    .copied()
                    .flatten()
                    .unwrap_or(now)
                    .min(latest);
                self.timers.set(TimerKey::Check(slot), next);
            } else {
                starts.push(slot);
            }
            self.checks.push(check);
        }
        for slot in starts {
            self.check_due(now, slot, now);
        }
    }

    /// Applies new parameters to a router that goes on.
    fn change_in_place(&mut self, now: Timestamp, id: RouterId, spec: Arc<Instance>) {
        if self.routers[id].spec == spec {
            return;
        }
        let revision = self.new_revision();
        let placed = place(&spec, &self.interfaces);
        let router = &mut self.routers[id];
        let old = std::mem::replace(&mut router.spec, Arc::clone(&spec));
        let old_placed = std::mem::replace(&mut router.placed, placed);
        router.revision = revision;
        router.advertised = advertised(&spec);
        if old.priority != spec.priority {
            router.base_priority = spec.priority.value();
        }
        if spec.preempt_delay.is_zero() {
            router.preempt_at = None;
        }
        let before = router.master_down_of(&old);
        let learned = router.interval != old.advert_interval;
        if !learned {
            router.interval = spec.advert_interval;
        }
        let after = router.master_down();
        match router.state {
            State::Master if old.advert_interval != spec.advert_interval => {
                self.timers
                    .set(TimerKey::Router(id), now + spec.advert_interval);
            }
            State::Backup => self.shift_timer(now, TimerKey::Router(id), before, after),
            _ => {}
        }
        if self.routers[id].state == State::Master {
            self.change_addresses(now, id, &old_placed);
            self.change_refresh(now, id, &old);
        }
    }

    /// Removes single addresses and adds others; those in both are not touched.
    fn change_addresses(&mut self, now: Timestamp, id: RouterId, old: &[PlacedAddress]) {
        let new = Arc::clone(&self.routers[id].placed);
        let missing = |from: &[PlacedAddress], to: &[PlacedAddress]| -> Arc<[PlacedAddress]> {
            from.iter()
                .filter(|a| !to.iter().any(|b| same_entry(a, b)))
                .cloned()
                .collect()
        };
        let (gone, added) = (missing(old, &new), missing(&new, old));
        let name = self.routers[id].name();
        for placed in gone.iter() {
            let interface = self.interfaces.name_of(placed.interface);
            let text = format!(
                "{}/{} dev {interface}",
                placed.address.address, placed.address.prefix
            );
            self.log(LogLine::AddressGone {
                name: Arc::clone(&name),
                text,
            });
        }
        let changed = !gone.is_empty() || !added.is_empty();
        if !gone.is_empty() {
            self.push(Action::RemoveAddresses(AddressChange {
                router: id,
                addresses: gone,
            }));
        }
        if !added.is_empty() {
            self.log(LogLine::SettingAddresses {
                name,
                excluded: false,
            });
            self.push(Action::AddAddresses(AddressChange {
                router: id,
                addresses: added,
            }));
        }
        if changed {
            let garp = self.routers[id].spec.garp;
            self.announce_all(now, id, garp.repeat);
            if !garp.delay.is_zero() {
                self.timers.set(TimerKey::Burst(id), now + garp.delay);
            }
        }
    }

    fn change_refresh(&mut self, now: Timestamp, id: RouterId, old: &Instance) {
        let refresh = self.routers[id].spec.garp.refresh;
        if refresh == old.garp.refresh {
            return;
        }
        self.timers.clear(TimerKey::Refresh(id));
        if !refresh.is_zero() {
            self.timers.set(TimerKey::Refresh(id), now + refresh);
        }
    }

    /// A group that was put together anew may have members in different states: nobody stays MASTER
    /// unless all are.
    fn unify_groups(&mut self, now: Timestamp) {
        for index in 0..self.groups.len() {
            let members = self.groups[index].members.clone();
            let masters = members
                .iter()
                .filter(|id| self.routers[**id].state == State::Master)
                .count();
            let faulty = members
                .iter()
                .any(|id| self.routers[*id].state == State::Fault);
            if (masters == 0 || masters == members.len()) && !faulty {
                continue;
            }
            for id in members {
                let router = &self.routers[id];
                if faulty && router.state != State::Fault {
                    self.enter_fault(id, 1);
                } else if !faulty && router.state == State::Master {
                    self.resign(id, 1);
                    self.enter_backup(now, id, false, None);
                }
            }
        }
        self.settle_groups();
    }
}

/// Identity of an address entry over a reload (spec vrrp-keywords 7).
fn same_entry(left: &PlacedAddress, right: &PlacedAddress) -> bool {
    let key = |address: &VirtualAddress| {
        (
            address.address,
            address.prefix,
            address.scope,
            address.label.clone(),
        )
    };
    left.interface == right.interface && key(&left.address) == key(&right.address)
}

impl Router {
    /// Master-down interval under an earlier configuration.
    fn master_down_of(&self, old: &Instance) -> std::time::Duration {
        crate::master_down_interval(
            old.version,
            self.effective_priority,
            self.interval,
            old.down_timer_adverts,
        )
    }
}
