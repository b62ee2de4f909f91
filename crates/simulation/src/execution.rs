//! Actions of engines, carried out in their order as the daemon does.

use std::sync::Arc;
use std::time::Duration;

use evervip_vrrp::{Action, Event};

use crate::host::Notice;
use crate::queue::{Item, NOTICE_DELAY};
use crate::{Doing, Lan, What};

/// How long a check script runs.
const CHECK_TIME: Duration = Duration::from_millis(10);

impl Lan {
    pub(crate) fn handle(&mut self, host: usize, event: Event<'_>) {
        let now = self.now;
        self.hosts[host].handle(now, event);
        self.execute(host);
    }

    /// Carries out the actions of a host, in order.
    pub(crate) fn execute(&mut self, host: usize) {
        let mut actions = std::mem::take(&mut self.buffer);
        if let Some(engine) = &mut self.hosts[host].engine {
            actions.extend(std::iter::from_fn(|| engine.poll_action()));
        }
        let mut changed = false;
        for action in actions.drain(..) {
            self.chronicle(host, &action);
            match action {
                Action::SendAdvert {
                    router,
                    priority,
                    sequence,
                    ..
                } => self.send(host, router, priority, sequence),
                Action::AddAddresses(change) => {
                    for (interface, address) in self.hosts[host].hold(&change.addresses) {
                        self.notice(host, Notice::Added(interface, address));
                    }
                    self.note(|| What::Held { host });
                }
                Action::RemoveAddresses(change) => {
                    for (interface, address) in self.hosts[host].drop(&change.addresses) {
                        self.notice(host, Notice::Removed(interface, address, true));
                    }
                    self.note(|| What::Held { host });
                }
                Action::AddRoutes(change) => self.hosts[host].add_routes(change.routes),
                Action::RemoveRoutes(change) => self.hosts[host].remove_routes(&change.routes),
                Action::StartCheck { run, script, .. } => {
                    let life = self.hosts[host].life;
                    self.push(
                        self.now + CHECK_TIME,
                        Item::CheckEnded(host, life, run, Arc::clone(&script.name)),
                    );
                }
                Action::Notify(_) => changed = true,
                Action::Announce(_)
                | Action::UpdateSockets
                | Action::UpdateVirtualInterfaces
                | Action::CloseAddresses(_)
                | Action::OpenAddresses(_)
                | Action::AddRules(_)
                | Action::RemoveRules(_)
                | Action::AddStaticAddresses(_)
                | Action::RemoveStaticAddresses(_)
                | Action::AlterAddresses(_)
                | Action::Log(_)
                | Action::Mail(_)
                | Action::UpdateLatches
                | Action::Trap(_) => {}
            }
        }
        self.buffer = actions;
        if changed {
            self.watch_doubles();
        }
    }

    /// Takes note of an action where somebody wants to know.
    fn chronicle(&mut self, host: usize, action: &Action) {
        if self.records.is_some() {
            if let Some(engine) = &self.hosts[host].engine {
                let text = crate::render(engine, action);
                let action = action.clone();
                self.note(|| What::Acted { host, action, text });
            }
        }
        if self.history.is_some() {
            let engine = self.hosts[host].engine.as_ref();
            if let Some(doing) = engine.and_then(|engine| Doing::of(host, engine, action)) {
                self.keep(|_| doing);
            }
        }
    }

    /// Tells a host's daemon what happened to its host.
    pub(crate) fn notice(&mut self, host: usize, notice: Notice) {
        let life = self.hosts[host].life;
        self.push(self.now + NOTICE_DELAY, Item::Notice(host, life, notice));
    }
}
