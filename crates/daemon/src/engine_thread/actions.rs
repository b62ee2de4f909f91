//! Doing what the engine wants done.

use std::collections::VecDeque;
use std::net::IpAddr;

use evervip_vrrp::{Action, CheckOutcome, Event, LogLine};

use super::EngineThread;
use super::order::adverts_first;
use super::transmit::Sending;

/// Actions of one event from which their order matters.
const CROWD: usize = 32;

impl EngineThread {
    /// Carries out all actions in order. Adverts are collected while nothing but log lines comes
    /// between them, and leave in one system call per socket; log lines are written at the end.
    pub(super) fn carry_out(&mut self) {
        let mut refused = Vec::new();
        let mut interfaces_missing = false;
        for action in self.actions() {
            if !matches!(action, Action::SendAdvert { .. } | Action::Log(_)) {
                self.transmitter.flush(&self.sockets);
            }
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
                }
                Action::StartCheck { run, script } => {
                    if !self.hooks.start_check(run, script) {
                        refused.push(run);
                    }
                }
                Action::UpdateSockets => self.update_sockets(),
                Action::UpdateVirtualInterfaces => interfaces_missing = true,
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
        self.transmitter.flush(&self.sockets);
        self.journal.write(&self.kernel.links);
        for run in refused {
            // Without room for the request the run counts as one that took too long.
            self.handle(Event::CheckEnded {
                run,
                outcome: CheckOutcome::TimedOut,
            });
        }
        if let Some(missing) = self.missing_sockets.take() {
            self.handle(Event::SocketsMissing(missing));
        }
        if interfaces_missing {
            self.make_virtual_interfaces();
        }
    }

    /// Says who removed an address that is put back.
    fn name_culprit(&self, address: IpAddr) {
        if let Some(culprit) = self.kernel.culprits.of(address) {
            tracing::warn!("{address} was removed by {culprit}");
        }
    }

    /// Everything that the engine wants done now, in the order in which it is done.
    fn actions(&mut self) -> VecDeque<Action> {
        let actions: VecDeque<Action> = std::iter::from_fn(|| self.engine.poll_action()).collect();
        if actions.len() < CROWD {
            return actions;
        }
        adverts_first(actions)
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
