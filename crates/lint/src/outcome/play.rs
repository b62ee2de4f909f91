//! How an election goes.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::time::Duration;

use evervip_model::{Version, master_down_interval, skew_time};

use super::contest::{Contest, Contestant, Place};
use super::failures::{Failures, Standing, standing};

/// What an instance ends as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Its node is gone.
    Gone,
    /// In FAULT, of its own or because of its sync group.
    Fault,
    /// Listens.
    Backup,
    /// Has the addresses.
    Master,
}

/// How an election ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What each instance ends as, with its effective priority.
    pub places: Vec<(Place, Role, u8)>,
    /// The virtual routers, as given to the contest, of which equal priorities were told apart by
    /// addresses that are not known: any of the equal ones may be MASTER.
    pub tied: BTreeSet<usize>,
    /// The masters never cease to change.
    pub unstable: bool,
    /// Time from the event to the last change of each virtual router's master; zero when nothing
    /// changed. Counted from when the event is noticed, and the longest that it may be.
    pub after: Vec<Duration>,
}

impl Outcome {
    /// The instances that end as MASTER.
    pub fn masters(&self) -> impl Iterator<Item = Place> + '_ {
        let masters = self.places.iter().filter(|p| p.1 == Role::Master);
        masters.map(|(place, ..)| *place)
    }

    /// What an instance ends as, and its effective priority.
    #[must_use]
    pub fn of(&self, place: Place) -> Option<(Role, u8)> {
        let found = self.places.iter().find(|p| p.0 == place);
        found.map(|(_, role, priority)| (*role, *priority))
    }
}

impl Contest<'_> {
    /// All daemons are started at once.
    #[must_use]
    pub fn start(&self, failures: &Failures) -> Outcome {
        let mut play = Play::new(self, failures);
        for at in 0..self.contestants.len() {
            if play.roles[at] == Role::Backup {
                play.begin(at, true);
            }
        }
        play.run()
    }

    /// Things break or recover when an earlier election of this contest has long ended.
    #[must_use]
    pub fn change(&self, before: &Outcome, from: &Failures, to: &Failures) -> Outcome {
        let mut play = Play::new(self, to);
        play.take_over_from(before, from, to);
        play.run()
    }
}

/// One election under way.
struct Play<'c, 'a> {
    contest: &'c Contest<'a>,
    standing: Vec<Standing>,
    roles: Vec<Role>,
    now: Duration,
    /// When a backup that hears no master it follows takes over.
    deadlines: Vec<Option<Duration>>,
    /// Advert interval in force: in version 3 a backup has its master's.
    intervals: Vec<Duration>,
    /// End of the running preempt delay.
    preempt_at: Vec<Option<Duration>>,
    /// By how much a deadline may be off, compared with others.
    doubts: Vec<Duration>,
    tied: BTreeSet<usize>,
    after: Vec<Duration>,
}

impl<'c, 'a> Play<'c, 'a> {
    fn new(contest: &'c Contest<'a>, failures: &Failures) -> Self {
        let all = &contest.contestants;
        let standing: Vec<Standing> = all
            .iter()
            .map(|c| standing(c.config, c.instance, c.place.node, failures))
            .collect();
        let role = |c: &Contestant<'_>| {
            let mut members = contest.units[c.unit].members.iter();
            if failures.is_gone(c.place.node) {
                Role::Gone
            } else if members.any(|member| standing[*member].fault) {
                Role::Fault
            } else {
                Role::Backup
            }
        };
        let roles = all.iter().map(role).collect();
        Self {
            contest,
            standing,
            roles,
            now: Duration::ZERO,
            deadlines: vec![None; all.len()],
            intervals: all.iter().map(|c| c.instance.advert_interval).collect(),
            preempt_at: vec![None; all.len()],
            doubts: vec![Duration::ZERO; all.len()],
            tied: BTreeSet::new(),
            after: vec![Duration::ZERO; contest.routers],
        }
    }

    /// A contestant becomes BACKUP without having heard anybody.
    fn begin(&mut self, at: usize, daemon_starts: bool) {
        let unit = &self.contest.units[self.contest.contestants[at].unit];
        if daemon_starts && unit.members.iter().any(|m| self.awaits_scripts(*m)) {
            self.doubts[at] = FIRST_RESULT;
        }
        let owner = |at: &usize| {
            let instance = self.contest.contestants[*at].instance;
            instance.priority.is_owner()
        };
        if !daemon_starts || !unit.members.iter().all(owner) {
            self.deadlines[at] = Some(self.now + self.master_down(at));
        } else if unit.grouped {
            // Owners in a group are BACKUP for one interval; the first timer takes all of them.
            let members = unit.members.iter();
            let intervals = members.map(|m| self.contest.contestants[*m].instance.advert_interval);
            self.deadlines[at] = intervals.min();
            // Whether they hear a running master in so short a time is a matter of milliseconds.
            self.doubts[at] = self.intervals[at];
            if self.contest.contestants[at].instance.nopreempt {
                self.tied.insert(self.contest.contestants[at].router);
            }
        } else {
            self.roles[at] = Role::Master;
            self.touch(at);
        }
    }

    fn awaits_scripts(&self, at: usize) -> bool {
        let mut tracks = self.contest.contestants[at].instance.track_scripts.iter();
        tracks.any(|track| track.weight == 0)
    }

    fn take_over_from(&mut self, before: &Outcome, from: &Failures, to: &Failures) {
        let all = &self.contest.contestants;
        let was: Vec<Role> = before.places.iter().map(|p| p.1).collect();
        for at in 0..all.len() {
            if self.is_latched(at, &was) {
                self.roles[at] = Role::Fault;
            }
        }
        for at in 0..all.len() {
            match (was[at], self.roles[at]) {
                (Role::Master, Role::Backup) => self.roles[at] = Role::Master,
                (Role::Gone | Role::Fault, Role::Backup) => {
                    self.begin(at, from.is_gone(all[at].place.node));
                }
                _ => {}
            }
        }
        for at in 0..all.len() {
            if was[at] == Role::Backup && self.roles[at] == Role::Backup {
                self.lose_masters(at, &was, to);
            }
        }
    }

    /// Whether it stays in FAULT because of a failure of before, its own or one of its group's
    /// (`@evervip fault_latch`). A daemon that has ended in order remembers it, too.
    fn is_latched(&self, at: usize, was: &[Role]) -> bool {
        let unit = &self.contest.units[self.contest.contestants[at].unit];
        let latched = |member: &usize| {
            was[*member] == Role::Fault && self.contest.contestants[*member].instance.fault_latch
        };
        self.roles[at] != Role::Gone && unit.members.iter().any(latched)
    }

    /// A backup of before: when its master has gone, it waits from the last advert on.
    fn lose_masters(&mut self, at: usize, was: &[Role], to: &Failures) {
        let all = &self.contest.contestants;
        let old = all[at]
            .hears
            .iter()
            .copied()
            .filter(|m| was[*m] == Role::Master);
        for master in old.collect::<Vec<_>>() {
            if all[at].instance.version == Version::V3 {
                self.intervals[at] = all[master].instance.advert_interval;
            }
            if self.roles[master] == Role::Master {
                continue;
            }
            let silent = to.dead.contains(&all[master].place.node) || !self.standing[master].linked;
            let wait = if silent {
                // Members of a group may lose their masters in different ways; then it counts when
                // the last advert came.
                if self.contest.units[all[at].unit].members.len() > 1 {
                    self.doubts[at] = self.intervals[at];
                }
                self.master_down(at)
            } else {
                self.skew(at)
            };
            self.deadlines[at] = Some(wait);
        }
    }

    fn run(mut self) -> Outcome {
        // Every takeover in a contest that settles brings a better master, so there are few.
        let limit = 16 + 4 * self.contest.units.len();
        let mut unstable = true;
        for _ in 0..limit {
            self.yield_to_better();
            self.follow_masters();
            if !self.promote_next() {
                unstable = false;
                break;
            }
        }
        let contestants = self.contest.contestants.iter();
        Outcome {
            places: contestants
                .enumerate()
                .map(|(at, c)| (c.place, self.roles[at], self.standing[at].priority))
                .collect(),
            tied: self.tied,
            unstable,
            after: self.after,
        }
    }

    /// Masters whose adverts reach a contestant.
    fn heard_masters(&self, at: usize) -> Vec<usize> {
        if !self.standing[at].linked {
            return Vec::new();
        }
        let hears = self.contest.contestants[at].hears.iter().copied();
        hears
            .filter(|other| self.roles[*other] == Role::Master && self.standing[*other].linked)
            .collect()
    }

    /// Of masters that hear each other the best stays. With a better master of one member the
    /// whole unit yields.
    fn yield_to_better(&mut self) {
        let mut yielding = BTreeSet::new();
        let mut owners = Vec::new();
        for at in 0..self.roles.len() {
            if self.roles[at] != Role::Master {
                continue;
            }
            for other in self.heard_masters(at) {
                let unit = self.contest.contestants[at].unit;
                // Two address owners: whoever hears of the other first is none any more.
                let both = [at, other].map(|a| self.standing[a].priority);
                if both == [255, 255] && self.order(at, other) != Some(Ordering::Equal) {
                    self.tied.insert(self.contest.contestants[at].router);
                    owners.push(at);
                    yielding.insert(unit);
                } else if self.loses(at, other) {
                    yielding.insert(unit);
                }
            }
        }
        for at in owners {
            self.standing[at].priority = 254;
        }
        for unit in yielding {
            for member in &self.contest.units[unit].members {
                self.roles[*member] = Role::Backup;
                self.preempt_at[*member] = None;
                self.deadlines[*member] = Some(self.now + self.master_down(*member));
                self.touch(*member);
            }
        }
    }

    fn loses(&mut self, at: usize, other: usize) -> bool {
        let [ours, theirs] = [at, other].map(|a| self.standing[a].priority);
        match theirs.cmp(&ours) {
            Ordering::Greater => true,
            Ordering::Less => false,
            Ordering::Equal => self.order(at, other).map_or_else(
                || {
                    self.tied.insert(self.contest.contestants[at].router);
                    at > other
                },
                |order| order == Ordering::Less,
            ),
        }
    }

    /// By source address, the last resort among equals; `None` when that is not known.
    fn order(&self, at: usize, other: usize) -> Option<Ordering> {
        let all = &self.contest.contestants;
        Some(all[at].source?.cmp(&all[other].source?))
    }

    /// Backups follow a master that is not worse than they are, or any with `nopreempt`.
    fn follow_masters(&mut self) {
        for at in 0..self.roles.len() {
            if self.roles[at] != Role::Backup {
                continue;
            }
            let masters = self.heard_masters(at);
            let instance = self.contest.contestants[at].instance;
            let ours = self.standing[at].priority;
            let better = |m: &usize| instance.nopreempt || self.standing[*m].priority >= ours;
            if let Some(master) = masters.iter().copied().find(better) {
                self.learn_interval(at, master);
                self.deadlines[at] = None;
                self.preempt_at[at] = None;
            } else if let Some(master) = masters.first().copied() {
                self.endure(at, master);
            } else if self.deadlines[at].is_none() {
                self.deadlines[at] = Some(self.now + self.master_down(at));
            }
        }
    }

    /// A worse master is ignored, after the preempt delay.
    fn endure(&mut self, at: usize, master: usize) {
        let delay = self.contest.contestants[at].instance.preempt_delay;
        if !delay.is_zero() && self.preempt_at[at].is_none() {
            self.learn_interval(at, master);
            let end = self.now + delay;
            self.preempt_at[at] = Some(end);
            self.deadlines[at] = Some(end + self.master_down(at));
        } else if self.deadlines[at].is_none() {
            self.deadlines[at] = Some(self.now + self.master_down(at));
        }
    }

    fn learn_interval(&mut self, at: usize, master: usize) {
        if self.contest.contestants[at].instance.version == Version::V3 {
            self.intervals[at] = self.contest.contestants[master].instance.advert_interval;
        }
    }

    /// Lets the units whose time comes first take over; whether there was one.
    fn promote_next(&mut self) -> bool {
        let due: Vec<Option<Duration>> = (0..self.contest.units.len())
            .map(|unit| self.unit_deadline(unit))
            .collect();
        let Some(next) = due.iter().flatten().min().copied() else {
            return false;
        };
        self.now = self.now.max(next);
        for (unit, at) in due.iter().enumerate() {
            if *at == Some(next) {
                self.doubt_order(unit, next, &due);
            }
        }
        let units = 0..due.len();
        let due: Vec<usize> = units.filter(|unit| due[*unit] == Some(next)).collect();
        for unit in due {
            for member in &self.contest.units[unit].members {
                self.roles[*member] = Role::Master;
                self.deadlines[*member] = None;
                self.preempt_at[*member] = None;
                self.intervals[*member] =
                    self.contest.contestants[*member].instance.advert_interval;
                self.touch(*member);
            }
        }
        true
    }

    /// Marks the virtual routers of which another unit might as well be the first, and would stay
    /// what it became.
    fn doubt_order(&mut self, unit: usize, deadline: Duration, due: &[Option<Duration>]) {
        let doubt = |unit: &usize| {
            let members = self.contest.units[*unit].members.iter();
            members.map(|m| self.doubts[*m]).max().unwrap_or_default()
        };
        let rivals = due.iter().enumerate().filter(|(rival, at)| {
            let spread = doubt(&unit) + doubt(rival);
            let differ = doubt(&unit) != doubt(rival) || **at != Some(deadline);
            *rival != unit && differ && at.is_some_and(|at| at <= deadline + spread)
        });
        let members = |unit: usize| self.contest.units[unit].members.iter().copied();
        let all = &self.contest.contestants;
        let mut tied = Vec::new();
        for rival in rivals.flat_map(|(rival, _)| members(rival)) {
            for ours in members(unit).filter(|ours| all[*ours].router == all[rival].router) {
                let order = self.standing[ours]
                    .priority
                    .cmp(&self.standing[rival].priority);
                // The better one corrects a wrong order, unless it leaves running masters alone.
                let stays = match order {
                    Ordering::Equal => true,
                    Ordering::Greater => all[ours].instance.nopreempt,
                    Ordering::Less => all[rival].instance.nopreempt,
                };
                if stays {
                    tied.push(all[ours].router);
                }
            }
        }
        self.tied.extend(tied);
    }

    /// A unit takes over when the last of its members has waited long enough.
    fn unit_deadline(&self, unit: usize) -> Option<Duration> {
        let members = &self.contest.units[unit].members;
        let mut latest = None;
        for member in members {
            if self.roles[*member] != Role::Backup {
                return None;
            }
            latest = latest.max(Some(self.deadlines[*member]?));
        }
        latest
    }

    fn touch(&mut self, at: usize) {
        self.after[self.contest.contestants[at].router] = self.now;
    }

    fn master_down(&self, at: usize) -> Duration {
        let instance = self.contest.contestants[at].instance;
        master_down_interval(
            instance.version,
            self.standing[at].priority,
            self.intervals[at],
            instance.down_timer_adverts,
        )
    }

    fn skew(&self, at: usize) -> Duration {
        let instance = self.contest.contestants[at].instance;
        skew_time(
            instance.version,
            self.standing[at].priority,
            self.intervals[at],
        )
    }
}

/// Time that the first run of a check may take, to compare nodes by.
const FIRST_RESULT: Duration = Duration::from_secs(1);
