//! Mails about changes of state, to a relay (`smtp_alert`; spec vrrp-runtime 10).
//!
//! The engine says what is to be mailed. Its thread puts that into a bounded queue and goes on; the
//! rest happens in a thread that is started when mails are configured for the first time.
//!
//! | part | what it is |
//! |---|---|
//! | `message`, `address` | what a mail says; pure |
//! | `dialogue` | what is said to the relay; pure |
//! | `outbox` | which mail is tried when; pure |
//! | `relay` | sockets and time limits |
//! | `session` | mails on their way, side by side |
//! | `courier` | the thread that decides |
//!
//! The client is our own: the original greets with HELO and some relays of old know nothing else,
//! where lettre always sends EHLO.

mod address;
mod courier;
mod dialogue;
mod losses;
mod message;
mod outbox;
mod relay;
mod session;

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::SystemTime;

use evervip_model::Globals;
use evervip_vrrp::Alert;

use crate::inbox::Outlet;
use courier::{Courier, Order, Settings};
use losses::Losses;
use session::Pace;

/// The engine thread's side.
#[derive(Debug)]
pub(crate) struct Mailer {
    outlet: Outlet,
    courier: Option<Arc<SyncSender<Order>>>,
    settings: Option<Arc<Settings>>,
    /// Whether the courier has the settings.
    told: bool,
    losses: Losses,
    /// Whether nothing is to be waited for at the end.
    finished: bool,
}

impl Mailer {
    pub(crate) fn new(outlet: Outlet) -> Self {
        Self {
            outlet,
            courier: None,
            settings: None,
            told: true,
            losses: Losses::default(),
            finished: true,
        }
    }

    /// Takes what a configuration says; mails that still wait go where it says.
    pub(crate) fn configure(&mut self, globals: &Globals) {
        let wanted = Settings {
            mail: globals.mail.clone(),
            router_id: globals.router_id.clone(),
        };
        if self.courier.is_none() && wanted.mail.is_possible() {
            self.courier = self.start();
        }
        if self.settings.as_deref() != Some(&wanted) {
            self.settings = Some(Arc::new(wanted));
            self.told = false;
            self.tell_settings();
        }
    }

    /// Sends a mail some time; never waits.
    pub(crate) fn send(&mut self, alert: Alert) {
        self.tell_settings();
        let Some(courier) = &self.courier else {
            return;
        };
        match courier.try_send(Order::Send(alert, SystemTime::now())) {
            Ok(()) => self.losses.end(),
            Err(TrySendError::Full(_)) => self.losses.lost(ORDERS),
            // The thread ends with this one only.
            Err(TrySendError::Disconnected(_)) => {}
        }
    }

    /// Has everything that waits tried once more. The end is told by
    /// [`Message::MailFinished`](crate::inbox::Message::MailFinished).
    pub(crate) fn finish(&mut self) {
        let Some(courier) = &self.courier else {
            return;
        };
        self.finished = courier.try_send(Order::Finish).is_err();
        if self.finished {
            tracing::error!("{ORDERS} SMTP alerts were not sent: the daemon ends");
        }
    }

    /// The daemon waits no longer: says so if something was to be waited for.
    pub(crate) fn give_up(&self) {
        if !self.finished {
            tracing::error!("SMTP alerts were not sent in time: the daemon ends");
        }
    }

    /// The last mail has been sent or given up.
    pub(crate) const fn set_finished(&mut self) {
        self.finished = true;
    }

    pub(crate) const fn is_finished(&self) -> bool {
        self.finished
    }

    /// Without room in the queue this is tried again before the next mail.
    fn tell_settings(&mut self) {
        if let (false, Some(courier), Some(settings)) = (self.told, &self.courier, &self.settings) {
            let order = Order::Configure(Arc::clone(settings));
            self.told = courier.try_send(order).is_ok();
        }
    }

    fn start(&self) -> Option<Arc<SyncSender<Order>>> {
        let (sender, orders) = sync_channel(ORDERS);
        let sender = Arc::new(sender);
        let back = Arc::downgrade(&sender);
        let courier = Courier::new(orders, back, self.outlet.clone(), Pace::default());
        let started = std::thread::Builder::new()
            .name("mail".to_owned())
            .stack_size(STACK)
            .spawn(move || courier.run());
        started
            .inspect_err(|error| tracing::error!("Unable to send SMTP alerts: {error}"))
            .ok()?;
        Some(sender)
    }
}

/// Orders that there is room for.
const ORDERS: usize = 1024;
/// Bytes of stack: names of the machine and of its user are looked up there.
const STACK: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use evervip_model::{Instance, State, Vrid};
    use evervip_vrrp::{AlertNews, Subject};

    use super::*;
    use crate::inbox::inbox;

    #[test]
    fn nobody_waits_for_a_relay_that_says_nothing() {
        let relay = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = relay.local_addr().unwrap().port();
        let (outlet, _inbox) = inbox().unwrap();
        let mut mailer = Mailer::new(outlet);
        let mut globals = Globals::default();
        globals.mail.recipients = vec!["a@x".to_owned()];
        globals.mail.server = Some(("127.0.0.1".to_owned(), port));
        mailer.configure(&globals);
        let instance = Instance::new("V".into(), Vrid::new(1).unwrap());
        let instance = Arc::new(instance);
        let begun = Instant::now();
        for _ in 0..10 * ORDERS {
            mailer.send(Alert {
                subject: Subject::Instance(Arc::clone(&instance)),
                news: AlertNews::Entered(State::Master),
            });
        }
        globals.router_id = Some("R".to_owned());
        mailer.configure(&globals);
        mailer.finish();
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn the_end_does_not_wait_for_a_courier_that_takes_nothing() {
        let (outlet, _inbox) = inbox().unwrap();
        let (courier, orders) = sync_channel(1);
        let mut mailer = Mailer::new(outlet);
        mailer.courier = Some(Arc::new(courier));
        mailer.finish();
        assert!(!mailer.is_finished(), "there is room for one order");
        mailer.finish();
        assert!(mailer.is_finished(), "there is no room for another");
        drop(orders);
    }

    #[test]
    fn without_a_relay_there_is_nothing_to_wait_for() {
        let (outlet, _inbox) = inbox().unwrap();
        let mut mailer = Mailer::new(outlet);
        mailer.configure(&Globals::default());
        mailer.finish();
        assert!(mailer.is_finished());
    }
}
