//! The loop in which sessions meet clock and sockets.
//!
//! A turn of it: wait until a deadline, a packet, a question, a signal or a configuration is there;
//! take the packets that wait, so that a process that slept takes no healthy neighbour for dead; then
//! the deadline; then the rest.

use std::os::fd::AsFd as _;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use evervip_bfd::{Action, Detail, Event, Line, Report, SessionId, Sessions, Timestamp};
use evervip_dump::{BfdFacts, BfdScene};
use evervip_model::{Config, Globals};
use evervip_os::clock::monotonic_nanos;
use evervip_os::process::release_free_memory;
use evervip_os::signal::{SignalQueue, without_use};
use evervip_os::timer::DeadlineTimer;
use evervip_wire::BFD_CONTROL_LEN;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use super::exchange::BfdReporter;
use super::sockets::{Ports, Senders};
use crate::engine_thread::Scheduling;
use crate::inbox::{Inbox, Message};
use crate::status::{Status, StatusPipe};
use crate::{dump, identity};

/// What the loop is given.
pub(super) struct Parts {
    pub(super) config: Config,
    pub(super) reporter: BfdReporter,
    pub(super) inbox: Inbox,
    /// Asks for the configuration to be read again.
    pub(super) reload: SyncSender<()>,
    pub(super) status: StatusPipe,
    pub(super) detail: Detail,
    /// The state goes to the log at the start (`-d`).
    pub(super) dump: bool,
    pub(super) seed: u64,
}

/// Packets that are taken from a port at once: as many as wait in it after a long sleep. More than
/// these do not hold up a deadline.
const PACKETS_AT_ONCE: usize = 8192;
/// Signals that are taken in a turn: packets do not wait for the end of a storm of them.
const SIGNALS_AT_ONCE: usize = 8;
/// When VRRP, which had not read for long, is told everything anew.
const TELL_AGAIN: Duration = Duration::from_millis(100);

pub(super) struct BfdProcess {
    sessions: Sessions,
    ports: Ports,
    senders: Senders,
    reporter: BfdReporter,
    /// Reports were lost.
    tell_again_at: Option<Instant>,
    timer: DeadlineTimer,
    signals: SignalQueue,
    inbox: Inbox,
    reload: SyncSender<()>,
    status: StatusPipe,
    scheduling: Scheduling,
    globals: Globals,
    detail: Detail,
    /// Writes the dump file.
    writer: Option<JoinHandle<()>>,
    ending: bool,
}

impl BfdProcess {
    pub(super) fn new(parts: Parts) -> anyhow::Result<Self> {
        let named = [
            Signal::SIGTERM,
            Signal::SIGINT,
            Signal::SIGHUP,
            Signal::SIGUSR1,
            Signal::SIGXCPU,
        ];
        let mut signals = named.map(|signal| signal as i32).to_vec();
        signals.extend(without_use());
        let mut process = Self {
            sessions: Sessions::new(parts.seed),
            ports: Ports::new(),
            senders: Senders::default(),
            reporter: parts.reporter,
            tell_again_at: None,
            timer: DeadlineTimer::new()?,
            signals: SignalQueue::open(&signals)?,
            inbox: parts.inbox,
            reload: parts.reload,
            status: parts.status,
            scheduling: Scheduling::new("bfd"),
            globals: Globals::default(),
            detail: parts.detail,
            writer: None,
            ending: false,
        };
        process.configure(parts.config);
        if parts.dump {
            process
                .state()
                .lines()
                .for_each(|line| tracing::info!("{line}"));
        }
        Ok(process)
    }

    pub(super) fn run(mut self) -> anyhow::Result<()> {
        self.status.tell(Status::Started);
        while !self.ending {
            self.turn()?;
        }
        if let Some(writer) = self.writer.take() {
            // It has nothing to say.
            let _ = writer.join();
        }
        tracing::info!("Stopped");
        Ok(())
    }

    fn configure(&mut self, config: Config) {
        identity::of_bfd_child(&config.globals.processes);
        let processes = &config.globals.processes;
        self.scheduling.apply(processes, &processes.bfd);
        self.sessions.configure(now(), &config.bfd_instances);
        self.globals = config.globals;
        self.senders.forget_gone(&self.sessions);
        self.ports.update(&self.sessions);
        self.carry_out();
    }

    fn turn(&mut self) -> anyhow::Result<()> {
        let deadline = self.sessions.next_deadline().map(Timestamp::as_nanos);
        self.timer.set(deadline)?;
        self.wait();
        self.take_packets();
        let late = deadline.map_or(0, |deadline| monotonic_nanos().saturating_sub(deadline));
        if late > 0 {
            self.timer.acknowledge()?;
            self.scheduling.late(Duration::from_nanos(late));
        }
        self.handle(&Event::DeadlineReached);
        let lost = self.tell_again_at.is_some_and(|at| at <= Instant::now());
        if self.reporter.was_asked() || lost {
            self.tell_again_at = None;
            self.handle(&Event::ReportsWanted);
        }
        if self.ports.retry_at().is_some_and(|at| at <= Instant::now()) {
            self.ports.update(&self.sessions);
        }
        self.messages();
        self.read_signals()
    }

    fn wait(&self) {
        let mut descriptors = vec![
            PollFd::new(self.timer.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.inbox.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.reporter.as_fd(), PollFlags::POLLIN),
        ];
        for listener in self.ports.ports.iter().filter_map(|p| p.listener.as_ref()) {
            descriptors.push(PollFd::new(listener.as_fd(), PollFlags::POLLIN));
        }
        let until = [self.tell_again_at, self.ports.retry_at()];
        let patience = until.into_iter().flatten().min();
        let timeout = patience.map_or(PollTimeout::NONE, |at| {
            let millis = at.saturating_duration_since(Instant::now()).as_millis() + 1;
            PollTimeout::from(u16::try_from(millis).unwrap_or(u16::MAX))
        });
        // An interrupted wait is as good as one that is over.
        let _ = poll(&mut descriptors, timeout);
    }

    fn take_packets(&mut self) {
        for port in &mut self.ports.ports {
            let Some(listener) = &mut port.listener else {
                continue;
            };
            for _ in 0..PACKETS_AT_ONCE {
                // An error of the socket is that of a packet sent: nothing is to be done about it.
                let Ok(Some(datagram)) = listener.receive() else {
                    break;
                };
                let event = Event::PacketReceived {
                    source: datagram.source.ip(),
                    port: datagram.source.port(),
                    destination: datagram.destination,
                    ttl: datagram.ttl,
                    multihop: port.is_multihop,
                    bytes: datagram.bytes,
                };
                self.sessions.handle(now(), &event);
            }
        }
        self.carry_out();
    }

    fn handle(&mut self, event: &Event<'_>) {
        self.sessions.handle(now(), event);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(action) = self.sessions.poll_action() {
            match action {
                Action::Send { session, bytes } => self.send(session, &bytes),
                Action::Report(report) => self.report(&report),
                Action::Log(line) => self.log(&line),
            }
        }
    }

    fn send(&mut self, session: SessionId, bytes: &[u8; BFD_CONTROL_LEN]) {
        let Some(sender) = self.sessions.sender(session) else {
            return;
        };
        // Our discriminator is a number as good as any for the port.
        let choice = u16::from_be_bytes([bytes[6], bytes[7]]);
        match self.senders.send(session, sender, bytes, choice) {
            None => {}
            Some(Ok(())) => tracing::info!("({}) Packets can be sent again", self.name(session)),
            Some(Err(error)) => tracing::warn!(
                "({}) Cannot send packets: {error} - trying again",
                self.name(session)
            ),
        }
    }

    fn name(&self, session: SessionId) -> String {
        let mut all = self.sessions.snapshots();
        let found = all.find(|snapshot| snapshot.id == session);
        found.map_or_else(String::new, |snapshot| snapshot.spec.name.to_string())
    }

    fn report(&mut self, report: &Report) {
        if !self.reporter.tell(report, monotonic_nanos()) {
            self.tell_again_at = Some(Instant::now() + TELL_AGAIN);
        }
    }

    fn log(&self, line: &Line) {
        if line.detail() <= self.detail {
            tracing::info!("{line}");
        }
    }

    fn messages(&mut self) {
        self.inbox.acknowledge();
        while let Some(message) = self.inbox.next() {
            if let Message::Reload(reload) = message {
                let start = Instant::now();
                self.configure(reload.config);
                release_free_memory();
                tracing::info!("Reload finished in {} usec", start.elapsed().as_micros());
                self.status.tell(Status::Reloaded);
            }
        }
    }

    fn read_signals(&mut self) -> anyhow::Result<()> {
        for _ in 0..SIGNALS_AT_ONCE {
            let Some(signal) = self.signals.read()? else {
                break;
            };
            match Signal::try_from(signal.number) {
                Ok(Signal::SIGTERM | Signal::SIGINT) => self.ending = true,
                Ok(Signal::SIGHUP) => {
                    // One that waits already will read what is there then.
                    let _ = self.reload.try_send(());
                }
                Ok(Signal::SIGUSR1) => self.write_state(),
                Ok(Signal::SIGXCPU) => tracing::warn!(
                    "BFD process has used too much CPU time, bfd_rlimit_rttime may need to be increased"
                ),
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes the dump file, in a thread: disks may be slow. While one is written another is not
    /// begun.
    fn write_state(&mut self) {
        if self
            .writer
            .as_ref()
            .is_some_and(|writer| !writer.is_finished())
        {
            return;
        }
        let (globals, text) = (self.globals.clone(), self.state());
        self.writer = std::thread::Builder::new()
            .name("dump".to_owned())
            .spawn(move || dump::write_bfd(&globals, &text))
            .inspect_err(|error| tracing::error!("Cannot write BFD data: {error}"))
            .ok();
    }

    fn state(&self) -> String {
        let facts = self.sessions.snapshots().map(|session| {
            let (socket, send_error) = self.senders.facts(session.id);
            BfdFacts {
                session,
                socket,
                send_error,
            }
        });
        evervip_dump::bfd(&BfdScene {
            globals: &dump::named_at_once(&self.globals),
            sessions: facts.collect(),
            socket: self.ports.descriptor(),
            clock: dump::clock(now()),
        })
    }
}

fn now() -> Timestamp {
    Timestamp::from_nanos(monotonic_nanos())
}
