//! Disturbances as they befall a [`Lan`].

use std::time::Duration;

use evervip_vrrp::{Event, Timestamp};

use crate::host::Notice;
use crate::queue::{Item, NOTICE_DELAY};
use crate::tracked::Fact;
use crate::{Disturbance, Doing, Lan, Sleep, What};

impl Lan {
    /// Lets something happen now.
    pub fn disturb(&mut self, disturbance: Disturbance) {
        self.note(|| What::Disturbed(disturbance.to_string()));
        if !disturbance.is_deed() {
            self.keep(|_| Doing::Disturbed);
        }
        match disturbance {
            // A process that is stopped hears of it when it goes on.
            Disturbance::Stop(host)
            | Disturbance::Reload(host, _)
            | Disturbance::ClearFault(host, _)
                if self.hosts[host].paused_until.is_some() =>
            {
                self.hosts[host].waiting.push(Item::Disturb(disturbance));
            }
            Disturbance::Crash(host) => self.crash(host),
            Disturbance::Start(host) => self.start(host),
            Disturbance::Stop(host) => {
                self.handle(host, Event::StopRequested);
                self.crash(host);
            }
            Disturbance::Link(host, interface, up) => {
                self.keep(|_| Doing::Linked(host, interface, up));
                if self.hosts[host].set_link(interface, up) {
                    self.notice(host, Notice::Link(interface));
                }
            }
            Disturbance::Partition(sides) => {
                self.keep(|_| Doing::Divided(sides.clone()));
                self.sides = sides;
                self.doubles.clear();
            }
            Disturbance::Sever(segment, sides) => {
                self.keep(|_| Doing::Severed(segment, sides.clone()));
                self.severed.insert(segment, sides);
                self.doubles.clear();
            }
            Disturbance::Script(host, good) => self.hosts[host].script_good = good,
            Disturbance::Pause(host, time, sleep) => self.pause(host, time, sleep),
            Disturbance::Steal(host) => {
                for (interface, address) in self.hosts[host].steal() {
                    self.notice(host, Notice::Removed(interface, address, false));
                }
            }
            Disturbance::StealRoutes(host) => {
                for report in self.hosts[host].steal_routes() {
                    self.notice(host, Notice::RouteRemoved(report));
                }
            }
            Disturbance::Forge(host, interface, bytes) => self.forge(host, interface, &bytes),
            Disturbance::Reload(host, config) => {
                let now = self.now;
                self.hosts[host].config = *config;
                self.tell_tracked(host);
                self.hosts[host].reload(now);
                self.keep(|lan| Doing::Reloaded(host, lan.loaded(host)));
                self.execute(host);
            }
            Disturbance::TrackedFile(host, path, text) => {
                self.change_tracked(host, Fact::File(path, text));
            }
            Disturbance::TrackedProcesses(host, pattern, count) => {
                self.change_tracked(host, Fact::Processes(pattern, count));
            }
            Disturbance::Bfd(host, session, up) => {
                self.change_tracked(host, Fact::Bfd(session, up));
            }
            Disturbance::ClearFault(host, instance) => self.clear_fault(host, &instance),
            Disturbance::Clock(host, ahead) => {
                self.hosts[host].clock_ahead = ahead;
                self.tell_clock(host);
            }
            Disturbance::OneScript(host, script, good) => {
                self.hosts[host].set_script(script, good);
            }
            Disturbance::PowerOff(host) => self.power_off(host),
        }
        self.watch_doubles();
    }

    fn start(&mut self, host: usize) {
        if self.hosts[host].boot() {
            self.keep(|lan| Doing::Started(host, lan.loaded(host)));
            self.tell_tracked(host);
            self.tell_clock(host);
            self.handle(host, Event::Started);
        }
    }

    fn crash(&mut self, host: usize) {
        self.hosts[host].crash();
        self.keep(|_| Doing::Ended(host));
    }

    fn power_off(&mut self, host: usize) {
        self.crash(host);
        self.hosts[host].held.clear();
        self.hosts[host].routes.clear();
        self.hosts[host].latched.clear();
        self.note(|| What::Held { host });
    }

    fn clear_fault(&mut self, host: usize, instance: &str) {
        let engine = self.hosts[host].engine.as_ref();
        if let Some(router) = engine.and_then(|engine| engine.router_named(instance)) {
            self.handle(host, Event::FaultCleared { router });
        }
    }

    fn pause(&mut self, host: usize, time: Duration, sleep: Sleep) {
        if !self.is_running(host) {
            return;
        }
        let now = self.now;
        self.hosts[host].fall_asleep(now, time, sleep);
        self.push(now + time, Item::Resume(host));
        self.keep(|_| Doing::Paused(host, sleep));
    }

    /// Tells it of something that its watchers see.
    fn change_tracked(&mut self, host: usize, fact: Fact) {
        self.hosts[host].tracked.learn(&fact);
        let life = self.hosts[host].life;
        self.push(self.now + NOTICE_DELAY, Item::Fact(host, life, fact));
    }

    /// Tells a daemon that is about to start or to reload of all that its configuration tracks.
    fn tell_tracked(&mut self, host: usize) {
        for fact in self.hosts[host].tracked_facts() {
            self.handle(host, fact.event());
        }
    }

    /// A host goes on, if its time has come, with what has waited for it.
    pub(crate) fn resume(&mut self, host: usize) {
        let now = self.now;
        let is_due = |until: Timestamp| until <= now;
        if !self.hosts[host].paused_until.is_some_and(is_due) {
            return;
        }
        self.hosts[host].wake(now);
        self.keep(|_| Doing::Resumed(host));
        self.tell_clock(host);
        for item in std::mem::take(&mut self.hosts[host].waiting) {
            self.happen(item);
        }
        self.watch_doubles();
    }

    /// Tells a daemon what its wall clock shows, if it does not know; one that sleeps finds out when
    /// it wakes.
    pub(crate) fn tell_clock(&mut self, host: usize) {
        if self.hosts[host].learns_of_clock() {
            let unix_nanos = self.hosts[host].wall_clock(self.now);
            self.handle(host, Event::WallClockSet { unix_nanos });
        }
    }
}
