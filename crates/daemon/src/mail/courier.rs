//! The thread that has mails taken to the relay. Whatever the relay does, only sessions wait.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError};
use std::sync::{Arc, Weak};
use std::time::{Instant, SystemTime};

use chrono::{DateTime, Local};
use evervip_model::Mail;
use evervip_os::host_name::canonical_host_name;
use evervip_vrrp::Alert;
use nix::unistd::{User, getuid};

use super::dialogue::{Envelope, Refusal, Verdict};
use super::losses::Losses;
use super::message::{Letterhead, render};
use super::outbox::{Outbox, Waiting};
use super::relay::{Named, Relay, Trouble, refused};
use super::session::{Outcome, Pace, Session, Sessions};
use crate::inbox::{Message, Outlet};

/// What the engine thread and sessions send here.
#[derive(Debug)]
pub(super) enum Order {
    /// Mails go to this relay from now on, also those that wait.
    Configure(Arc<Settings>),
    /// A mail, and when what it tells has happened.
    Send(Alert, SystemTime),
    /// The daemon ends: everything is tried once more, then [`Message::MailFinished`] is said.
    Finish,
    /// The session of this number is over.
    Ended(u64, Outcome),
}

/// What the configuration says about mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) mail: Mail,
    /// `router_id`.
    pub(super) router_id: Option<String>,
}

/// A mail that waits.
#[derive(Debug)]
struct Letter {
    alert: Alert,
    at: SystemTime,
    /// Who has not got it yet; `None` is everybody.
    missing: Option<Vec<String>>,
}

/// What is made of the settings: names are looked up here, where it does no harm.
#[derive(Debug)]
struct Office {
    relay: Relay,
    head: Letterhead,
    helo: String,
}

impl Office {
    /// `None` when there is no relay or nobody to write to.
    fn of(settings: &Settings) -> Option<Self> {
        let mail = &settings.mail;
        let (host, port) = mail.server.clone().filter(|_| mail.is_possible())?;
        let host_name = canonical_host_name();
        let from = mail.from.clone().unwrap_or_else(|| {
            let user = User::from_uid(getuid()).ok().flatten();
            let user = user.map_or_else(|| getuid().to_string(), |user| user.name);
            format!("{user}@{host_name}")
        });
        Some(Self {
            relay: Relay {
                host,
                port,
                limit: mail.connect_timeout,
            },
            head: Letterhead {
                router_id: settings
                    .router_id
                    .clone()
                    .unwrap_or_else(|| host_name.clone()),
                from,
                recipients: mail.recipients.clone(),
            },
            helo: mail.helo_name.clone().unwrap_or(host_name),
        })
    }

    fn envelope(&self, letter: &Letter) -> Envelope {
        let at: DateTime<Local> = letter.at.into();
        Envelope {
            helo: self.helo.clone(),
            from: self.head.from.clone(),
            recipients: letter
                .missing
                .clone()
                .unwrap_or_else(|| self.head.recipients.clone()),
            text: render(&self.head, &letter.alert, &at),
        }
    }
}

/// The thread's state.
pub(super) struct Courier {
    orders: Receiver<Order>,
    outlet: Outlet,
    office: Option<Office>,
    outbox: Outbox<Letter>,
    sessions: Sessions<Letter>,
    pace: Pace,
    /// When the relay did its work last.
    worked_at: Option<Instant>,
    /// The trouble that was logged last, until the relay works again.
    trouble: Option<String>,
    losses: Losses,
    finishing: bool,
}

impl Courier {
    /// `back` is the other end of `orders`: sessions tell of their ends there.
    pub(super) fn new(
        orders: Receiver<Order>,
        back: Weak<SyncSender<Order>>,
        outlet: Outlet,
        pace: Pace,
    ) -> Self {
        Self {
            orders,
            outlet,
            office: None,
            outbox: Outbox::default(),
            sessions: Sessions::new(back),
            pace,
            worked_at: None,
            trouble: None,
            losses: Losses::default(),
            finishing: false,
        }
    }

    /// Works until the engine thread is gone.
    pub(super) fn run(mut self) {
        while self.take_orders() {
            let now = Instant::now();
            let expired = self.outbox.expire(now);
            if expired > 0 {
                tracing::error!("{expired} SMTP alerts were given up after an hour");
            }
            if self.next_begin().is_some_and(|at| at <= now) {
                if let Some(waiting) = self.outbox.take(now) {
                    self.begin(waiting);
                }
            }
            if self.finishing && self.sessions.is_empty() && self.outbox.len() == 0 {
                self.finishing = false;
                self.outlet.send(Message::MailFinished);
            }
        }
    }

    /// When the next mail can be begun, if nothing else happens.
    fn next_begin(&self) -> Option<Instant> {
        let pace = if self.finishing {
            self.pace.at_the_end
        } else {
            self.pace.usual
        };
        self.sessions.room(self.outbox.next_due()?, pace)
    }

    /// Takes what has come; waits for it when nothing else is to be done. `false` is the end.
    fn take_orders(&mut self) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(order) => self.obey(order),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        let nothing_left = self.sessions.is_empty() && self.outbox.len() == 0;
        if self.finishing && nothing_left {
            return true;
        }
        let order = match self.next_begin() {
            None => self
                .orders
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
            Some(due) => {
                let wait = due.saturating_duration_since(Instant::now());
                self.orders.recv_timeout(wait)
            }
        };
        match order {
            Ok(order) => self.obey(order),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        true
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Configure(settings) => {
                self.office = Office::of(&settings);
                self.outbox.release(Instant::now());
                if self.office.is_none() {
                    let unsent = self.outbox.clear();
                    self.give_up(unsent, "there is no relay or no recipient any more");
                }
            }
            Order::Send(alert, at) => {
                let letter = Letter {
                    alert,
                    at,
                    missing: None,
                };
                if self.outbox.put(letter, Instant::now()) {
                    self.losses.end();
                } else {
                    self.losses.lost(self.outbox.len());
                }
            }
            Order::Finish => {
                self.finishing = true;
                self.outbox.release(Instant::now());
            }
            Order::Ended(number, outcome) => {
                if let Some(session) = self.sessions.end(number) {
                    self.end(session, outcome);
                }
            }
        }
    }

    fn begin(&mut self, waiting: Waiting<Letter>) {
        let Some(office) = &self.office else {
            self.give_up(1, "there is no relay or no recipient any more");
            return;
        };
        let envelope = office.envelope(&waiting.letter);
        if let Err((waiting, error)) = self.sessions.begin(waiting, &office.relay, envelope) {
            self.hold(waiting, format!("Unable to send SMTP alerts: {error}"));
        }
    }

    fn end(&mut self, session: Session<Letter>, outcome: Outcome) {
        match outcome {
            Ok((relay, verdict)) => {
                self.relay_works(relay);
                self.judge(relay, session, verdict);
            }
            Err(trouble) => self.suffer(session, &trouble),
        }
    }

    /// A session met trouble. It is the relay's, unless another mail was taken meanwhile.
    fn suffer(&mut self, session: Session<Letter>, trouble: &Trouble) {
        let Session {
            waiting,
            relay,
            begun,
            ..
        } = session;
        let current = self.office.as_ref().map(|office| &office.relay);
        if current.is_some_and(|current| *current != relay) && !self.finishing {
            // The configuration names another one by now.
            tracing::warn!("{trouble}");
            self.outbox.put_back(waiting);
        } else if self.worked_at.is_some_and(|at| at > begun) && !self.finishing {
            tracing::warn!("{trouble}");
            self.outbox.put_off(waiting, Instant::now());
        } else {
            self.hold(waiting, trouble.to_string());
        }
    }

    fn relay_works(&mut self, relay: SocketAddr) {
        self.outbox.relay_works();
        self.worked_at = Some(Instant::now());
        if self.trouble.take().is_some() {
            let (relay, count) = (Named(relay), self.outbox.len());
            tracing::info!("SMTP server {relay} works again, {count} more alerts wait");
        }
    }

    /// The relay has said what it does with a mail.
    fn judge(&mut self, relay: SocketAddr, session: Session<Letter>, verdict: Verdict) {
        let Session {
            mut waiting,
            recipients,
            ..
        } = session;
        let refusals: Vec<(String, Refusal)> = match verdict {
            Verdict::Taken(refusals) => refusals,
            Verdict::Refused(refusal) => {
                let all = recipients.iter();
                all.map(|recipient| (recipient.clone(), refusal.clone()))
                    .collect()
            }
        };
        if refusals.len() < recipients.len() {
            tracing::debug!("SMTP alert successfully sent.");
        }
        let mut logged: Option<&Refusal> = None;
        for (_, refusal) in &refusals {
            // A refusal of the mail stands there for each recipient.
            if logged != Some(refusal) {
                tracing::warn!("{}", refused(relay, refusal));
            }
            logged = Some(refusal);
        }
        let later = refusals
            .into_iter()
            .filter(|(_, refusal)| refusal.is_temporary());
        let missing: Vec<String> = later.map(|(recipient, _)| recipient).collect();
        if !missing.is_empty() && !self.finishing {
            waiting.letter.missing = Some(missing);
            self.outbox.put_off(waiting, Instant::now());
        }
    }

    /// Keeps everything until the relay works again. The same trouble is said once.
    fn hold(&mut self, waiting: Waiting<Letter>, line: String) {
        if self.trouble.as_ref() == Some(&line) {
            tracing::debug!("{line}");
        } else {
            tracing::warn!("{line}");
        }
        self.trouble = Some(line);
        self.outbox.hold(waiting, Instant::now());
        if self.finishing {
            let unsent = self.outbox.clear();
            self.give_up(unsent, "the daemon ends");
        }
    }

    fn give_up(&self, unsent: usize, why: &str) {
        if unsent > 0 {
            tracing::error!("{unsent} SMTP alerts were not sent: {why}");
        }
    }
}

#[cfg(test)]
mod tests;
