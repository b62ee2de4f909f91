//! Sync groups: their members change state together (spec vrrp-runtime 8).

use std::sync::Arc;

use evervip_model::{State, SyncGroup};

use crate::alert::LastMail;
use crate::transition::Resignation;
use crate::{
    Action, Engine, LogLine, Notification, NotificationKind, RouterId, Subject, Timestamp,
};

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) spec: Arc<SyncGroup>,
    pub(crate) members: Vec<RouterId>,
    /// The state that was last notified.
    pub(crate) state: State,
    pub(crate) last_mail: LastMail,
}

impl Engine {
    /// Takes the groups of a configuration whose instances have these ids.
    pub(crate) fn set_groups(&mut self, specs: Vec<SyncGroup>, ids: &[RouterId]) {
        for id in ids {
            self.routers[*id].group = None;
        }
        let old = std::mem::take(&mut self.groups);
        for spec in specs {
            let members: Vec<RouterId> = spec
                .members
                .iter()
                .filter_map(|member| ids.get(member.0).copied())
                .collect();
            let index = self.groups.len();
            for member in &members {
                self.routers[*member].group = Some(index);
            }
            let state = old
                .iter()
                .find(|group| group.spec.name == spec.name)
                .map_or(State::Init, |group| group.state);
            self.groups.push(Group {
                spec: Arc::new(spec),
                members,
                state,
                last_mail: LastMail::default(),
            });
        }
    }

    /// The other members of a router's group, in group order.
    pub(crate) fn mates(&self, id: RouterId) -> Vec<RouterId> {
        let group = self.routers[id]
            .group
            .and_then(|index| self.groups.get(index));
        group.map_or_else(Vec::new, |group| {
            group
                .members
                .iter()
                .copied()
                .filter(|member| *member != id)
                .collect()
        })
    }

    /// A backup has waited long enough. In a group the last member that comes to this takes all.
    pub(crate) fn take_over(&mut self, now: Timestamp, id: RouterId) {
        let router = &mut self.routers[id];
        router.want = State::Master;
        let name = router.name();
        self.log(LogLine::AdvertTimeout { name });
        let mates = self.mates(id);
        if mates
            .iter()
            .any(|mate| self.routers[*mate].want != State::Master)
        {
            let wait = self.routers[id].master_down();
            self.timers
                .set(crate::timers::TimerKey::Router(id), now + wait);
            return;
        }
        self.enter_master(now, id);
        self.sync(id, State::Master, &mates, |engine, mate| {
            engine.enter_master(now, mate);
        });
    }

    /// A master has heard a better one.
    pub(crate) fn step_down(&mut self, now: Timestamp, id: RouterId) {
        let mates = self.mates(id);
        self.enter_backup(now, id, false, None);
        self.sync(id, State::Backup, &mates, |engine, mate| {
            engine.enter_backup(now, mate, false, None);
        });
    }

    /// A fault appeared. Two resignations are sent, as the original does; mates send one.
    pub(crate) fn fail(&mut self, id: RouterId) {
        let mates = self.mates(id);
        self.enter_fault(id, Resignation::Twice);
        self.sync(id, State::Fault, &mates, |engine, mate| {
            engine.enter_fault(mate, Resignation::Silently);
        });
    }

    /// The last fault of a router has gone. Its group recovers when nobody in it has a fault left,
    /// nor a script that has not reported yet. An address owner waits like everybody else.
    pub(crate) fn recover(&mut self, now: Timestamp, id: RouterId) {
        let mates = self.mates(id);
        self.routers[id].want = State::Backup;
        if self.is_held(id, &mates) {
            return;
        }
        self.enter_backup(now, id, false, None);
        self.sync(id, State::Backup, &mates, |engine, mate| {
            engine.enter_backup(now, mate, false, None);
        });
    }

    /// Whether one of these has a fault, or a script that has not reported yet.
    pub(crate) fn is_held(&self, id: RouterId, mates: &[RouterId]) -> bool {
        std::iter::once(&id).chain(mates).any(|member| {
            let router = &self.routers[*member];
            router.waiting || !router.faults.is_empty()
        })
    }

    /// At start: the group of `id` is in FAULT, and because of whom. Said once, for the first faulty
    /// member; when that one has been there before (a reload), for the first of those that start.
    pub(crate) fn log_group_fault(&mut self, id: RouterId, started: &[RouterId]) {
        let Some(group) = self.routers[id].group.and_then(|at| self.groups.get(at)) else {
            return;
        };
        let faulty = |id: &&RouterId| !self.routers[**id].faults.is_empty();
        let Some(member) = group.members.iter().find(faulty) else {
            return;
        };
        let speaker = if started.contains(member) {
            Some(member)
        } else {
            group.members.iter().find(|mate| started.contains(mate))
        };
        if speaker == Some(&id) {
            let line = LogLine::GroupFault {
                group: Arc::clone(&group.spec.name),
                member: self.routers[*member].name(),
            };
            self.log(line);
        }
    }

    /// Notifies the groups whose members all start, and start in this state. Groups that a reload
    /// put together of new and old members are seen to when all have their state.
    pub(crate) fn notify_new_groups(&mut self, first: &[(RouterId, State)], state: State) {
        for index in 0..self.groups.len() {
            let members = &self.groups[index].members;
            if members.iter().all(|id| first.contains(&(*id, state))) {
                self.set_group_state(index, state);
            }
        }
    }

    /// Brings the mates into the state that `id` has just entered, then the group.
    pub(crate) fn sync(
        &mut self,
        id: RouterId,
        state: State,
        mates: &[RouterId],
        mut enter: impl FnMut(&mut Self, RouterId),
    ) {
        let Some(index) = self.routers[id].group else {
            return;
        };
        let late: Vec<RouterId> = mates
            .iter()
            .copied()
            .filter(|mate| self.routers[*mate].state != state)
            .collect();
        if !late.is_empty() {
            let group = Arc::clone(&self.groups[index].spec.name);
            self.log(LogLine::GroupSync { group, state });
        }
        for mate in late {
            enter(self, mate);
        }
        self.set_group_state(index, state);
    }

    /// Gives each group the state that its members have by now.
    pub(crate) fn settle_groups(&mut self) {
        for index in 0..self.groups.len() {
            let states: Vec<State> = self.groups[index]
                .members
                .iter()
                .map(|id| self.routers[*id].state)
                .collect();
            let all = |wanted: State| states.iter().all(|state| *state == wanted);
            let state = if states.contains(&State::Fault) {
                State::Fault
            } else if states.contains(&State::Init) {
                State::Init
            } else if all(State::Master) {
                State::Master
            } else {
                State::Backup
            };
            if state == State::Init {
                continue;
            }
            self.set_group_state(index, state);
        }
    }

    pub(crate) fn set_group_state(&mut self, index: usize, state: State) {
        let Some(group) = self.groups.get_mut(index) else {
            return;
        };
        if std::mem::replace(&mut group.state, state) == state {
            return;
        }
        let subject = Subject::Group(Arc::clone(&group.spec));
        self.push(Action::Notify(Notification {
            subject,
            kind: NotificationKind::Entered(state),
            priority: 0,
        }));
        self.trap_of_group(index);
        self.alert_of_group(index);
    }
}
