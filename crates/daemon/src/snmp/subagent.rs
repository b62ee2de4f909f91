//! The thread that talks to the SNMP agent.
//!
//! It never keeps the engine waiting, and keeps no more than a bounded number of questions and
//! notifications, whatever the agent does or does not do.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use evervip_agentx::{Identity, Query, Session, Step, Tree};
use evervip_dump::Scene;
use evervip_mib::{Selection, Surroundings};
use evervip_model::{Globals, Mail};
use evervip_os::host_name::canonical_host_name;
use tokio::sync::mpsc::Receiver;
use tokio::time::sleep;

use super::Order;
use super::address::{Address, DEFAULT};
use super::backlog::Backlog;
use super::connection::Connection;
use crate::inbox::{Message, Outlet};
use crate::version::compatible_name;

/// How old answers may be.
const FRESH: Duration = Duration::from_secs(1);
/// Pauses between attempts to connect: the first, and the longest.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Questions that may wait for a snapshot; with more, nothing is read.
const QUESTIONS: usize = 64;
/// Bytes of answers that may wait for the agent; with more, nothing is read.
const ANSWERS: usize = 1024 * 1024;

/// Runs until the engine thread wants no more.
pub(super) fn run(orders: Receiver<Order>, outlet: Outlet) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(Agent::new(orders, outlet).run()),
        Err(error) => tracing::error!("Unable to start the SNMP subagent: {error}"),
    }
}

/// Why nothing more is said to the agent for now.
enum Pause {
    /// Another socket, or other tables.
    Reconfigured,
    /// The agent is gone, or was never there.
    Lost(String),
    /// The daemon ends.
    Finished,
}

/// How the master is tried again while it gives no session.
#[derive(Debug)]
struct Patience {
    pause: Duration,
    is_told: bool,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            pause: PAUSE,
            is_told: false,
        }
    }
}

impl Patience {
    /// Whether the trouble is to be told: the first time.
    const fn is_news(&mut self) -> bool {
        !std::mem::replace(&mut self.is_told, true)
    }

    /// The pause before the next attempt; they become longer.
    fn next(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        pause
    }
}

struct Agent {
    orders: Receiver<Order>,
    outlet: Outlet,
    begun: Instant,
    globals: Globals,
    surroundings: Surroundings,
    backlog: Backlog,
    /// What is served, and since when it is right.
    tree: Option<(Instant, Tree)>,
    /// When a snapshot was asked for that has not come yet.
    asked: Option<Instant>,
    /// Whom to tell that the last notifications have left.
    farewell: Option<SyncSender<()>>,
}

impl Agent {
    fn new(orders: Receiver<Order>, outlet: Outlet) -> Self {
        Self {
            orders,
            outlet,
            begun: Instant::now(),
            globals: Globals::default(),
            surroundings: Surroundings {
                version: compatible_name(),
                host_name: canonical_host_name(),
                relay: None,
            },
            backlog: Backlog::default(),
            tree: None,
            asked: None,
            farewell: None,
        }
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    async fn run(mut self) {
        let mut patience = Patience::default();
        loop {
            if Selection::of(&self.globals.snmp).is_empty() {
                match self.idle(None).await {
                    Some(Pause::Finished) => return self.bid_farewell(),
                    _ => continue,
                }
            }
            let end = match self.connect().await {
                Ok(connection) => {
                    let (end, was_open) = self.serve(&connection).await;
                    // One that takes the connection and ends it at once is no master that is back.
                    if was_open {
                        patience = Patience::default();
                    }
                    if let Pause::Lost(why) = &end {
                        if patience.is_news() {
                            let seconds = patience.pause.as_secs();
                            tracing::info!(
                                "AgentX master disconnected us, reconnecting in {seconds} ({why})"
                            );
                        }
                    }
                    end
                }
                Err(why) => {
                    if patience.is_news() {
                        let socket = self.socket();
                        tracing::warn!(
                            "Warning: Failed to connect to the agentx master agent ({socket}): {why}"
                        );
                    }
                    Pause::Lost(why)
                }
            };
            let end = match end {
                Pause::Lost(_) => {
                    let pause = patience.next();
                    self.idle(Some(pause)).await
                }
                other => Some(other),
            };
            match end {
                Some(Pause::Finished) => return self.bid_farewell(),
                Some(Pause::Reconfigured) => patience = Patience::default(),
                Some(Pause::Lost(_)) | None => {}
            }
        }
    }

    /// The end is told when everything has been sent, also when that was nothing.
    fn bid_farewell(mut self) {
        if let Some(farewell) = self.farewell.take() {
            let _ = farewell.send(());
        }
    }

    fn socket(&self) -> &str {
        self.globals.snmp.socket.as_deref().unwrap_or(DEFAULT)
    }

    async fn connect(&self) -> Result<Connection, String> {
        let address = Address::parse(self.socket())?;
        let opened = Connection::open(&address).await;
        opened.map_err(|error| error.to_string())
    }

    /// Takes orders for a while, or until one changes something; `None` when the time is over.
    async fn idle(&mut self, time: Option<Duration>) -> Option<Pause> {
        let end = sleep(time.unwrap_or(Duration::MAX));
        tokio::pin!(end);
        loop {
            tokio::select! {
                order = self.orders.recv() => {
                    if let Some(pause) = self.take(order) {
                        return Some(pause);
                    }
                }
                () = &mut end, if time.is_some() => return None,
            }
        }
    }

    /// Does what an order says; gives what that changes.
    fn take(&mut self, order: Option<Order>) -> Option<Pause> {
        match order {
            Some(Order::Configure(globals)) => {
                let changed = globals.snmp != self.globals.snmp;
                if self.globals.mail.server != globals.mail.server {
                    self.surroundings.relay = relay(&globals.mail);
                }
                self.globals = *globals;
                self.tree = None;
                if changed && !Selection::of(&self.globals.snmp).is_empty() {
                    tracing::info!("Starting SNMP subagent");
                }
                changed.then_some(Pause::Reconfigured)
            }
            Some(Order::Scene(scene)) => {
                self.show(&scene);
                None
            }
            Some(Order::Trap(trap)) => {
                self.backlog.push(self.now(), trap);
                // What is served tells of a time before this.
                self.tree = None;
                None
            }
            Some(Order::Finish(farewell)) => {
                self.farewell = Some(farewell);
                Some(Pause::Finished)
            }
            None => Some(Pause::Finished),
        }
    }

    fn show(&mut self, scene: &Scene) {
        self.asked = None;
        let selection = Selection::of(&self.globals.snmp);
        let tree = evervip_mib::tree(scene, selection, &self.surroundings);
        self.tree = Some((Instant::now(), tree));
    }

    /// What is served, if it is fresh; else it is asked for.
    fn fresh_tree(&mut self) -> Option<&Tree> {
        let is_fresh = |(since, _): &(Instant, Tree)| since.elapsed() < FRESH;
        if !self.tree.as_ref().is_some_and(is_fresh) {
            // One that found no room in the queue never comes.
            if self.asked.is_none_or(|since| since.elapsed() > FRESH) {
                self.asked = Some(Instant::now());
                self.outlet.send(Message::SceneWanted);
            }
            return None;
        }
        self.tree.as_ref().map(|(_, tree)| tree)
    }

    /// Talks to the agent until something ends that; says also whether there was a session.
    async fn serve(&mut self, connection: &Connection) -> (Pause, bool) {
        let identity = Identity {
            description: "Keepalived".to_owned(),
            subtrees: Selection::of(&self.globals.snmp).subtrees(),
        };
        let mut talk = Talk {
            session: Session::new(identity, self.now()),
            questions: VecDeque::new(),
            unsent: Vec::new(),
            was_open: false,
        };
        let end = loop {
            match self.turn(connection, &mut talk).await {
                Ok(None) => {}
                Ok(Some(Pause::Finished)) => {
                    self.say_last(connection, &mut talk).await;
                    break Pause::Finished;
                }
                Ok(Some(pause)) => break pause,
                Err(error) => break Pause::Lost(error.to_string()),
            }
        };
        (end, talk.was_open)
    }

    async fn turn(
        &mut self,
        connection: &Connection,
        talk: &mut Talk,
    ) -> anyhow::Result<Option<Pause>> {
        self.tell(talk);
        talk.take_steps();
        self.answer(talk);
        talk.write(connection)?;
        let mut rest = talk.session.deadline().saturating_sub(self.now());
        if !talk.questions.is_empty() {
            rest = rest.min(FRESH);
        }
        let is_reading = talk.questions.len() < QUESTIONS && talk.unsent.len() < ANSWERS;
        tokio::select! {
            order = self.orders.recv() => return Ok(self.take(order)),
            ready = connection.ready(is_reading, !talk.unsent.is_empty()) => {
                ready?;
                if is_reading {
                    talk.read(connection, self.begun.elapsed())?;
                }
            }
            () = sleep(rest) => talk.session.elapse(self.now())?,
        }
        Ok(None)
    }

    /// Hands the notifications that wait to the session.
    fn tell(&mut self, talk: &mut Talk) {
        let now = self.now();
        while talk.session.is_open() && talk.unsent.len() < ANSWERS {
            let Some(trap) = self.backlog.pop(now) else {
                return;
            };
            let notification = evervip_mib::notification(&trap, &self.globals, &self.surroundings);
            talk.session
                .notify(notification.trap, &notification.values, now);
            talk.take_steps();
        }
    }

    fn answer(&mut self, talk: &mut Talk) {
        while talk.unsent.len() < ANSWERS {
            let Some(question) = talk.questions.front() else {
                return;
            };
            let Some(tree) = self.fresh_tree() else {
                return;
            };
            talk.unsent.extend(question.answer(tree));
            talk.questions.pop_front();
        }
    }

    /// Sends what waits and takes leave. The engine thread does not wait long for it.
    async fn say_last(&mut self, connection: &Connection, talk: &mut Talk) {
        self.tell(talk);
        talk.take_steps();
        talk.unsent.extend(talk.session.close().unwrap_or_default());
        while !talk.unsent.is_empty() {
            if talk.write(connection).is_err() || connection.ready(false, true).await.is_err() {
                return;
            }
        }
    }
}

/// A session and what it waits for.
struct Talk {
    session: Session,
    questions: VecDeque<Query>,
    unsent: Vec<u8>,
    /// The master has opened the session.
    was_open: bool,
}

impl Talk {
    fn take_steps(&mut self) {
        while let Some(step) = self.session.step() {
            match step {
                Step::Connected => {
                    self.was_open = true;
                    tracing::info!("NET-SNMP version 5.9.3 AgentX subagent connected");
                }
                Step::Refused(root, why) => {
                    tracing::warn!("The AgentX master does not let us serve {root}: {why}");
                }
                Step::Send(bytes) => self.unsent.extend(bytes),
                Step::Query(query) => self.questions.push_back(query),
            }
        }
    }

    fn read(&mut self, connection: &Connection, now: Duration) -> anyhow::Result<()> {
        let mut buffer = [0; 8192];
        match connection.read(&mut buffer) {
            Ok(0) => anyhow::bail!("it has closed the connection"),
            Ok(length) => self.session.receive(&buffer[..length], now)?,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Writes what there is room for.
    fn write(&mut self, connection: &Connection) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match connection.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The address of the mail relay. A name is looked up once for each configuration, as the original
/// does; answers wait for that meanwhile, and nothing else does.
fn relay(mail: &Mail) -> Option<IpAddr> {
    let (host, port) = mail.server.as_ref()?;
    if let Ok(address) = host.parse() {
        return Some(address);
    }
    let mut found = (host.as_str(), *port).to_socket_addrs().ok()?;
    found.next().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::inbox::inbox;

    #[test]
    fn pauses_become_longer_and_the_trouble_is_told_once() {
        let mut patience = Patience::default();
        let told: Vec<bool> = (0..3).map(|_| patience.is_news()).collect();
        assert_eq!(told, [true, false, false]);
        let pauses: Vec<u64> = (0..6).map(|_| patience.next().as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 15, 15]);
    }

    #[test]
    fn a_master_that_ends_the_connection_at_once_has_given_no_session() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master");
        let listener = UnixListener::bind(&path).unwrap();
        let (_orders, received) = tokio::sync::mpsc::channel(1);
        let mut agent = Agent::new(received, inbox().unwrap().0);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (end, was_open) = runtime.block_on(async {
            let connection = Connection::open(&Address::Unix(path)).await.unwrap();
            drop(listener.accept().unwrap());
            agent.serve(&connection).await
        });
        assert!(matches!(end, Pause::Lost(_)));
        assert!(!was_open, "the next attempt would follow after a second");
    }
}
