//! A new configuration for a running engine: what did not change is not touched (spec
//! vrrp-runtime 17).

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use evervip_model::{Config, Delivery, Family, Instance, Ipvlan, State, Version, VirtualMac};

use crate::addresses::{AddressDiff, place};
use crate::check::{Check, Verdict};
use crate::router::{Router, named_interface};
use crate::routes::{Routing, place_routes};
use crate::timers::TimerKey;
use crate::transition::Resignation;
use crate::{
    Action, Engine, LogLine, Notification, NotificationKind, RouterId, Subject, Timestamp,
};

/// What makes two configured instances the same router. The name is not part of it.
#[derive(PartialEq, Eq, Hash)]
struct Identity<'a> {
    vrid: u8,
    family: Family,
    interface: Option<&'a str>,
    unicast_source: Option<std::net::IpAddr>,
    group: Option<std::net::IpAddr>,
    virtual_mac: Option<&'a VirtualMac>,
    ipvlan: Option<&'a Ipvlan>,
    transmit_on_base: bool,
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
            interface: named_interface(spec),
            unicast_source,
            group,
            virtual_mac: spec.virtual_mac.as_deref(),
            ipvlan: spec.ipvlan.as_deref(),
            transmit_on_base: spec.transmit_on_base,
        }
    }
}

/// What makes two configured instances the same but for what their virtual interface is called. Such a
/// router hands over and begins anew on the other interface, which is no fault that anybody should hear
/// of.
#[derive(PartialEq, Eq, Hash)]
struct Unnamed<'a> {
    identity: Identity<'a>,
    virtual_mac: Option<VirtualMac>,
    ipvlan: Option<Ipvlan>,
}

impl<'a> Unnamed<'a> {
    /// `None` for an instance without a virtual interface.
    fn of(spec: &'a Instance) -> Option<Self> {
        let virtual_mac = spec.virtual_mac.as_deref().map(|known| VirtualMac {
            name: None,
            ..known.clone()
        });
        let ipvlan = spec.ipvlan.as_deref().map(|known| Ipvlan {
            name: None,
            ..known.clone()
        });
        let identity = Identity {
            virtual_mac: None,
            ipvlan: None,
            ..Identity::of(spec)
        };
        (virtual_mac.is_some() || ipvlan.is_some()).then_some(Self {
            identity,
            virtual_mac,
            ipvlan,
        })
    }
}

/// Whether what a peer's checksums have told still counts: a backup is silent, and while we are
/// MASTER it could not tell again.
fn keeps_old_checksum(old: &Instance, new: &Instance) -> bool {
    let addresses = |spec: &Instance| -> Vec<std::net::IpAddr> {
        match &spec.delivery {
            Delivery::Unicast { peers, .. } => peers.iter().map(|peer| peer.address).collect(),
            Delivery::Multicast { .. } | Delivery::NoPeer => Vec::new(),
        }
    };
    let before: HashSet<_> = addresses(old).into_iter().collect();
    let some_peer_stays = addresses(new).iter().any(|peer| before.contains(peer));
    old.old_unicast_checksum == new.old_unicast_checksum && some_peer_stays
}

impl Engine {
    pub(crate) fn reload_running(&mut self, now: Timestamp, config: Config) {
        self.take_globals(&config);
        self.forget_mails();
        let respace = self.spacing.configure(&config);
        let specs: Vec<Arc<Instance>> = config.instances.into_iter().map(Arc::new).collect();
        let continued = self.continued_by(&specs);
        let latched = self.latched();
        self.remove_missing(&specs, &continued);
        self.remove_gone_fixtures();
        if respace {
            self.respace(now);
        }
        self.reload_checks(now, config.scripts);
        self.files.configure(config.files);
        self.processes.configure(config.processes, &mut self.timers);
        self.bfd.configure(config.bfd_instances);
        let mut order = Vec::new();
        let mut fresh = Vec::new();
        let mut changed = Vec::new();
        for (spec, kept) in specs.into_iter().zip(continued) {
            if let Some(id) = kept {
                order.push(id);
                self.routers[id].forget_first_want();
                if self.change_in_place(now, id, &spec) {
                    changed.push(id);
                }
            } else {
                let revision = self.new_revision();
                let id = self.routers.add(Router::new(spec, None, revision));
                self.inherit_latch(id, &latched);
                order.push(id);
                fresh.push(id);
            }
        }
        self.set_groups(config.sync_groups, &order);
        self.set_guarded(&order);
        self.routers.set_order(order);
        for id in &fresh {
            self.resolve(*id);
        }
        self.start_routers(now, &fresh);
        self.move_addresses(now, &changed);
        self.add_fixtures();
        self.heed_reports_again(now);
        self.log_new_faults();
        self.host_changed(now);
        self.unify_groups(now);
        self.advertise_changes(now, &changed);
        if self.globals.fifos.states_on_reload {
            self.tell_states(&fresh);
        }
    }

    /// Why routers that were running will be in FAULT: what they track now may be down already.
    fn log_new_faults(&mut self) {
        for id in self.routers.ids() {
            let router = &self.routers[id];
            let assessment = self.assess(router);
            let new = assessment.faults.into_iter();
            let new: Vec<_> = new
                .filter(|reason| !router.faults.contains(reason))
                .collect();
            let name = router.name();
            for reason in new {
                let name = Arc::clone(&name);
                self.log(LogLine::FaultReason { name, reason });
            }
        }
    }

    /// Tells FIFOs the state of every group, and of every router that is not MASTER, but for those
    /// that have just entered their first state (spec vrrp-runtime 9.4).
    fn tell_states(&mut self, fresh: &[RouterId]) {
        for group in 0..self.groups.len() {
            let group = &self.groups[group];
            let notification = Notification {
                subject: Subject::Group(Arc::clone(&group.spec)),
                kind: NotificationKind::StillIn(group.state),
                priority: 0,
            };
            self.push(Action::Notify(notification));
        }
        for id in self.routers.ids() {
            let state = self.routers[id].state;
            if !matches!(state, State::Master | State::Init) && !fresh.contains(&id) {
                self.notify(id, NotificationKind::StillIn(state));
            }
        }
    }

    /// First everything that is to go, then everything that is to come: an address may move from
    /// one router to another.
    fn move_addresses(&mut self, now: Timestamp, changed: &[RouterId]) {
        for id in changed {
            self.alter_kept(*id);
        }
        let differences: Vec<(RouterId, AddressDiff)> = changed
            .iter()
            .map(|id| (*id, AddressDiff::of(&self.routers[*id])))
            .filter(|(_, difference)| !difference.is_empty())
            .collect();
        for id in changed {
            self.remove_gone_routing(*id);
        }
        for (id, difference) in &differences {
            self.remove_gone(*id, difference);
        }
        for (id, difference) in &differences {
            self.add_new(now, *id, difference);
        }
        for (id, difference) in &differences {
            self.add_new_routing(*id, difference.removes());
        }
        for id in changed {
            self.add_new_routing(*id, false);
        }
    }

    /// Backups learn at once what a master has changed.
    fn advertise_changes(&mut self, now: Timestamp, changed: &[RouterId]) {
        for id in changed {
            if self.routers[*id].state == State::Master {
                self.send_advert_now(now, *id);
            }
        }
    }

    /// The router that each instance goes on with; `None` for a new one.
    fn continued_by(&self, specs: &[Arc<Instance>]) -> Vec<Option<RouterId>> {
        let mut running: HashMap<Identity<'_>, VecDeque<RouterId>> = HashMap::new();
        for (id, router) in self.routers.iter() {
            let identity = Identity::of(&router.spec);
            running.entry(identity).or_default().push_back(id);
        }
        specs
            .iter()
            .map(|spec| running.get_mut(&Identity::of(spec))?.pop_front())
            .collect()
    }

    /// Routers without a counterpart: hand over, then forget.
    fn remove_missing(&mut self, specs: &[Arc<Instance>], continued: &[Option<RouterId>]) {
        let kept: HashSet<RouterId> = continued.iter().copied().flatten().collect();
        let pairs = specs.iter().zip(continued);
        let fresh = pairs.filter(|(_, kept)| kept.is_none());
        let renamed: HashSet<_> = fresh.filter_map(|(spec, _)| Unnamed::of(spec)).collect();
        for id in self.routers.ids() {
            if kept.contains(&id) {
                continue;
            }
            let spec = Arc::clone(&self.routers[id].spec);
            let goes_on = Unnamed::of(&spec).is_some_and(|unnamed| renamed.contains(&unnamed));
            self.retire(id, goes_on);
            self.timers.clear(TimerKey::Router(id));
            for key in TimerKey::of_announcements(id) {
                self.timers.clear(key);
            }
            self.forget_announcements(id);
            for group in &mut self.groups {
                group.members.retain(|member| *member != id);
            }
            if let Some(router) = self.routers.remove(id) {
                self.retired.insert(id, router);
            }
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
                known.spec.name == check.spec.name
                    && known.spec.command == check.spec.command
                    && known.spec.unusable == check.spec.unusable
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
            self.begin_check(now, slot);
        }
    }

    /// Applies new parameters to a router that goes on. Gives whether there are any.
    fn change_in_place(&mut self, now: Timestamp, id: RouterId, spec: &Arc<Instance>) -> bool {
        if self.routers[id].spec == *spec {
            return false;
        }
        let revision = self.new_revision();
        let placed = place(spec, &self.interfaces, &self.virtual_interfaces);
        let routes = place_routes(&spec.routes, &self.interfaces);
        let router = &mut self.routers[id];
        let before = router.master_down();
        let old = std::mem::replace(&mut router.spec, Arc::clone(spec));
        router.placed = placed;
        Routing::place(&mut router.routing, routes);
        router.revision = revision;
        if let Some(signatures) = router.signatures.get_mut() {
            signatures.keep_peers(spec);
        }
        if !keeps_old_checksum(&old, spec) {
            router.old_checksum_heard = false;
        }
        if old.priority != spec.priority {
            router.base_priority = spec.priority.value();
        }
        if spec.preempt_delay.is_zero() {
            router.preempt_at = None;
        }
        // A backup of version 3 goes by the interval of its master, even if its own was the same.
        let follows = router.state == State::Backup && router.master.is_some();
        let learned =
            spec.version == Version::V3 && (follows || router.interval != old.advert_interval);
        if !learned {
            router.interval = spec.advert_interval;
        }
        let after = router.master_down();
        // An address owner waits for the end of the startup delay, whatever its interval.
        if router.state == State::Backup && !router.is_owner() {
            self.shift_timer(now, TimerKey::Router(id), before, after);
        }
        if self.routers[id].state == State::Master {
            self.change_refresh(now, id, &old);
            self.change_extra_announcements(now, id, &old);
        }
        self.change_closure(id, &old);
        self.drop_unwanted_latch(id);
        true
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
                    self.enter_fault(id, Resignation::Once);
                } else if !faulty && router.state == State::Master {
                    self.resign(id, Resignation::Once);
                    self.enter_backup(now, id, false, None);
                }
            }
        }
        self.settle_groups();
    }
}
