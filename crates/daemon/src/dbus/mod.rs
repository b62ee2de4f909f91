//! The D-Bus interface (`enable_dbus`; spec vrrp-runtime 21).
//!
//! The engine thread leaves its news in a bounded queue and goes on; the bus is served in a thread
//! that is started when a configuration first wants it. That thread keeps a table of instances and
//! states, so that no reader costs the engine anything; what a caller wants done reaches the engine
//! as one message at a time.
//!
//! | part | what it is |
//! |---|---|
//! | `path`, `objects` | which objects there are, and their states; pure |
//! | `answer`, `introspection` | what a call is answered; pure |
//! | `session` | one connection |
//! | `service` | the thread: connects again when the bus was gone |
//!
//! Who may call what is for the bus to decide: the policy file in `packaging/dbus` lets everybody
//! read, and root alone change anything.

mod answer;
mod introspection;
mod objects;
mod path;
mod service;
mod session;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use evervip_model::{Globals, Instance, State};
use evervip_vrrp::{Notification, NotificationKind, Subject};
use nix::unistd::{Pid, getppid};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::{oneshot, watch};

use crate::dump::Wanted;
use crate::inbox::Outlet;
use objects::Status;
use path::Settings;

/// What a caller wants of the engine thread. One is under way at a time.
#[derive(Debug)]
pub(crate) enum Request {
    /// All instances with their states, by [`Bus::tell_instances`].
    Instances,
    /// Gratuitous ARP for the addresses of an instance; answers whether there is one.
    SendGarp {
        instance: Arc<str>,
        done: oneshot::Sender<bool>,
    },
    /// Files; answered when they have been written.
    Print {
        wanted: Wanted,
        done: oneshot::Sender<()>,
    },
}

/// What the configuration wants of the thread.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wish {
    /// No bus.
    Off,
    /// To be on the bus.
    On(Settings),
    /// The daemon ends.
    End,
}

/// What happened, in order.
#[derive(Debug)]
enum News {
    /// All instances as they are now.
    Instances(Vec<(Arc<Instance>, State)>),
    /// A change of one of them.
    Changed(Arc<Instance>, Status),
    /// A new configuration is in force.
    Reloaded,
}

/// The way to the thread.
#[derive(Debug)]
struct Line {
    wish: watch::Sender<Wish>,
    news: mpsc::Sender<News>,
    /// News that found no room since the thread looked last.
    lost: Arc<AtomicU64>,
}

/// The engine thread's side.
#[derive(Debug)]
pub(crate) struct Bus {
    outlet: Outlet,
    line: Option<Line>,
    /// A reload is under way and has not been told yet.
    reloading: bool,
    finished: bool,
}

impl Bus {
    pub(crate) const fn new(outlet: Outlet) -> Self {
        Self {
            outlet,
            line: None,
            reloading: false,
            finished: true,
        }
    }

    /// Takes what a configuration says. The thread is started when it is first wanted.
    pub(crate) fn configure(&mut self, globals: &Globals) {
        let wish = if globals.dbus.enabled {
            Wish::On(Settings::of(globals))
        } else {
            Wish::Off
        };
        if self.line.is_none() && wish != Wish::Off {
            self.line = self.start();
        }
        if let Some(line) = &self.line {
            line.wish(wish);
        }
    }

    /// Passes a change of state on; never waits.
    pub(crate) fn notify(&mut self, notification: &Notification) {
        let (Some(_), Subject::Instance(instance)) = (&self.line, &notification.subject) else {
            return;
        };
        let status = match notification.kind {
            NotificationKind::Entered(state) => Status::In(state),
            NotificationKind::Deleted => Status::Deleted,
            NotificationKind::Removed => Status::In(State::Fault),
            NotificationKind::MasterRxLowerPri
            | NotificationKind::PriorityChanged(_)
            | NotificationKind::StillIn(_) => return,
        };
        let leaves = matches!(
            notification.kind,
            NotificationKind::Deleted | NotificationKind::Removed
        );
        if !leaves {
            self.tell_reload();
        }
        self.tell(News::Changed(Arc::clone(instance), status));
    }

    /// A reload begins: listeners learn of it when the instances that it removes are gone, before
    /// they learn of the states that others enter.
    pub(crate) const fn reload_begins(&mut self) {
        self.reloading = self.line.is_some();
    }

    /// The end of a reload; `false` when nobody wants to know the instances.
    pub(crate) fn reload_ends(&mut self) -> bool {
        self.tell_reload();
        self.line.is_some()
    }

    /// Tells all instances, in the order of the configuration.
    pub(crate) fn tell_instances(&self, instances: Vec<(Arc<Instance>, State)>) {
        self.tell(News::Instances(instances));
    }

    /// The daemon ends: what waits is told first. The end is told by
    /// [`Message::BusLeft`](crate::inbox::Message::BusLeft).
    pub(crate) fn finish(&mut self) {
        if let Some(line) = &self.line {
            self.finished = false;
            line.wish(Wish::End);
        }
    }

    /// The thread has left the bus.
    pub(crate) const fn set_finished(&mut self) {
        self.finished = true;
    }

    pub(crate) const fn is_finished(&self) -> bool {
        self.finished
    }

    fn tell_reload(&mut self) {
        if std::mem::take(&mut self.reloading) {
            self.tell(News::Reloaded);
        }
    }

    fn tell(&self, news: News) {
        let Some(line) = &self.line else {
            return;
        };
        if let Err(TrySendError::Full(_)) = line.news.try_send(news) {
            line.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn start(&self) -> Option<Line> {
        let (news, received) = mpsc::channel(NEWS);
        let (wish, wishes) = watch::channel(Wish::Off);
        let lost = Arc::default();
        let started = service::start(service::Parts {
            wishes,
            news: received,
            lost: Arc::clone(&lost),
            outlet: self.outlet.clone(),
            guardian: Guardian(getppid()),
        });
        started
            .inspect_err(|error| tracing::error!("Unable to use D-Bus: {error}"))
            .ok()?;
        Some(Line { wish, news, lost })
    }
}

impl Line {
    fn wish(&self, wish: Wish) {
        self.wish.send_if_modified(|current| {
            let differs = *current != wish;
            *current = wish;
            differs
        });
    }
}

/// The process that reloads when it is told to.
#[derive(Debug, Clone, Copy)]
struct Guardian(Pid);

impl Guardian {
    /// Asks for a reload, as `systemctl reload` does. When the guardian is gone this process is
    /// ending, too, and its parent is somebody else.
    fn reload(self) {
        if getppid() == self.0 {
            let _ = nix::sys::signal::kill(self.0, nix::sys::signal::Signal::SIGHUP);
        }
    }
}

/// News that there is room for: several of each of a thousand instances.
const NEWS: usize = 4096;

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use evervip_model::Vrid;

    use super::*;
    use crate::inbox::inbox;

    fn instance() -> Arc<Instance> {
        Arc::new(Instance::new("V".into(), Vrid::new(1).unwrap()))
    }

    fn notification(kind: NotificationKind) -> Notification {
        Notification {
            subject: Subject::Instance(instance()),
            kind,
            priority: 100,
        }
    }

    /// A bus whose thread is somebody who reads nothing.
    fn bus_and_reader() -> (Bus, mpsc::Receiver<News>) {
        let (news, received) = mpsc::channel(NEWS);
        let (wish, _) = watch::channel(Wish::Off);
        let mut bus = Bus::new(inbox().unwrap().0);
        bus.line = Some(Line {
            wish,
            news,
            lost: Arc::default(),
        });
        (bus, received)
    }

    #[test]
    fn without_the_keyword_no_thread_is_started() {
        let mut bus = Bus::new(inbox().unwrap().0);
        bus.configure(&Globals::default());
        bus.notify(&notification(NotificationKind::Entered(State::Master)));
        bus.reload_begins();
        assert!(!bus.reload_ends());
        bus.finish();
        assert!(bus.line.is_none());
        assert!(bus.is_finished());
    }

    #[test]
    fn nobody_waits_for_a_bus_that_does_not_read() {
        let (mut bus, _received) = bus_and_reader();
        let begun = Instant::now();
        for _ in 0..10 * NEWS {
            bus.notify(&notification(NotificationKind::Entered(State::Master)));
        }
        assert!(begun.elapsed() < Duration::from_secs(10));
        let lost = bus.line.unwrap().lost.load(Ordering::Relaxed);
        assert_eq!(lost, 9 * NEWS as u64);
    }

    #[test]
    fn a_reload_is_told_between_what_goes_and_what_comes() {
        let (mut bus, mut received) = bus_and_reader();
        bus.reload_begins();
        bus.notify(&notification(NotificationKind::Removed));
        bus.notify(&notification(NotificationKind::Deleted));
        bus.notify(&notification(NotificationKind::Entered(State::Backup)));
        assert!(bus.reload_ends());
        let mut told = Vec::new();
        while let Ok(news) = received.try_recv() {
            told.push(match news {
                News::Changed(_, status) => status.number(),
                News::Reloaded => 1000,
                News::Instances(_) => 2000,
            });
        }
        assert_eq!(told, [3, 97, 1000, 1]);
    }

    #[test]
    fn what_is_no_change_of_state_is_not_told() {
        let (mut bus, mut received) = bus_and_reader();
        for kind in [
            NotificationKind::MasterRxLowerPri,
            NotificationKind::PriorityChanged(State::Master),
            NotificationKind::StillIn(State::Backup),
        ] {
            bus.notify(&notification(kind));
        }
        assert!(received.try_recv().is_err());
    }
}
