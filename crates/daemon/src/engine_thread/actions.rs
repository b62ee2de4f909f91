//! Doing what the engine wants done.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use evervip_os::clock::monotonic_nanos;
use evervip_script::Check;
use evervip_vrrp::{Action, CheckOutcome, Event, LogLine, RunId, Timestamp};

use super::EngineThread;
use super::transmit::Sending;

/// How long timers are seen to in the midst of actions. Then the loop gets its turn again, with
/// signals and reports, however many events go on adding to what is to be done.
const LONGEST: Duration = Duration::from_millis(250);

/// News for the engine that wait until its actions have been carried out.
#[derive(Debug, Default)]
struct Left {
    /// Checks that could not be started.
    refused: Vec<RunId>,
    interfaces_missing: bool,
}

impl EngineThread {
    /// Carries out what the engine wants done. Adverts are collected while nothing but log lines
    /// comes between them, and leave in one system call per socket; log lines are written at the end.
    ///
    /// Timers that expire while there is still much to do are seen to between two actions; their
    /// actions join those that wait.
    pub(super) fn carry_out(&mut self) {
        let actions = std::iter::from_fn(|| self.engine.poll_action()).collect();
        self.agenda.extend(actions);
        if std::mem::replace(&mut self.is_carrying_out, true) {
            return;
        }
        let mut left = Left::default();
        let started = Instant::now();
        while let Some(action) = self.agenda.next() {
            if !matches!(action, Action::SendAdvert { .. } | Action::Log(_)) {
                self.transmitter.flush(&self.sockets);
            }
            self.carry_out_one(action, &mut left);
            if !self.agenda.is_empty() && started.elapsed() < LONGEST {
                self.see_to_timers();
            }
        }
        self.is_carrying_out = false;
        self.transmitter.flush(&self.sockets);
        self.journal.write(&self.kernel.links);
        self.tell_what_is_left(left);
    }

    fn carry_out_one(&mut self, action: Action, left: &mut Left) {
        match action {
            Action::SendAdvert {
                router,
                priority,
                revision,
                sequence,
            } => {
                let advert = Sending {
                    priority,
                    revision,
                    sequence,
                };
                self.transmitter
                    .queue(&self.engine, &self.sockets, router, advert);
            }
            Action::AddAddresses(change) => self.kernel.add(&change.addresses),
            Action::RemoveAddresses(change) => self.kernel.remove(&change.addresses),
            Action::Announce(announcement) => {
                let name = self
                    .engine
                    .router_name(announcement.router)
                    .unwrap_or_default();
                self.kernel.announce(&announcement, &name);
                self.journal.announced(name, announcement);
            }
            Action::Notify(notification) => {
                self.hooks.notify(&notification);
                self.fifos.notify(&notification);
                self.bus.notify(&notification);
                self.bulletin.states_changed();
            }
            Action::Mail(alert) => self.mailer.send(alert),
            Action::Trap(trap) => self.subagent.trap(trap),
            Action::UpdateLatches => self.latches.keep(self.engine.latched()),
            Action::StartCheck {
                run,
                script,
                expected,
            } => {
                let check = Check {
                    run: run.0,
                    script,
                    expected,
                };
                if !self.hooks.start_check(check) {
                    left.refused.push(run);
                }
            }
            Action::UpdateSockets => self.update_sockets(),
            Action::UpdateVirtualInterfaces => left.interfaces_missing = true,
            Action::CloseAddresses(change) => {
                self.firewall.close(&change, &self.kernel.links);
            }
            Action::OpenAddresses(change) => self.firewall.open(&change, &self.kernel.links),
            Action::AddStaticAddresses(addresses) => self.kernel.add(&addresses),
            Action::RemoveStaticAddresses(addresses) => self.kernel.remove(&addresses),
            Action::AlterAddresses(addresses) => self.kernel.alter(&addresses),
            Action::AddRoutes(change) => self.kernel.add_routes(&change),
            Action::RemoveRoutes(change) => self.kernel.remove_routes(&change),
            Action::AddRules(change) => self.kernel.add_rules(&change),
            Action::RemoveRules(change) => self.kernel.remove_rules(&change),
            Action::Log(line) => {
                if let LogLine::AddressPutBack { address, .. } = line {
                    self.name_culprit(address);
                }
                self.journal.line(line);
            }
        }
    }

    /// Lets the engine have what is due now: packets first, as in every turn of the loop.
    fn see_to_timers(&mut self) {
        let Some(next) = self.next_deadline() else {
            return;
        };
        let Some(late) = monotonic_nanos().checked_sub(next) else {
            return;
        };
        let ready = self.poller.ready_now();
        self.waiting_packets(&ready, Duration::from_nanos(late));
        self.script_reports();
        self.see_to_deadlines();
    }

    /// When the engine wants to be called next, in nanoseconds.
    pub(super) fn next_deadline(&self) -> Option<u64> {
        let deadlines = self.engine.next_deadline().into_iter();
        let next = deadlines.chain(self.engine.vigil()).min();
        next.map(Timestamp::as_nanos)
    }

    pub(super) fn see_to_deadlines(&mut self) {
        let vigil = self.engine.vigil().map(Timestamp::as_nanos);
        if vigil.is_some_and(|at| at <= monotonic_nanos()) {
            self.handle(Event::Awake);
        }
        self.handle(Event::DeadlineReached);
    }

    fn tell_what_is_left(&mut self, left: Left) {
        for run in left.refused {
            // Without room for the request the run counts as one that took too long.
            self.handle(Event::CheckEnded {
                run,
                outcome: CheckOutcome::TimedOut,
            });
        }
        if let Some(missing) = self.missing_sockets.take() {
            self.handle(Event::SocketsMissing(missing));
        }
        if left.interfaces_missing {
            self.make_virtual_interfaces();
        }
    }

    /// Says who removed an address that is put back.
    fn name_culprit(&self, address: IpAddr) {
        if let Some(culprit) = self.kernel.culprits.of(address) {
            tracing::warn!("{address} was removed by {culprit}");
        }
    }

    pub(super) fn update_sockets(&mut self) {
        let before = self.sockets.missing();
        self.sockets
            .update(&self.engine, &self.kernel, &mut self.poller);
        let missing = self.sockets.missing();
        if missing != before {
            self.missing_sockets = Some(missing);
        }
    }
}
