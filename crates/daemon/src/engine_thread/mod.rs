//! The thread in which the engine meets clock, sockets and kernel. It decides nothing.
//!
//! One epoll loop. A turn of it:
//! 1. wait until a deadline, a packet, a kernel report, a signal or a message is there;
//! 2. hand over the packets that wait, a bounded number from each socket: a process that slept must
//!    see that its peers are alive before its own expired timer acts, so it takes more of them;
//! 3. handle the deadline, so that no flood can delay our adverts;
//! 4. handle reports, messages and signals.
//!
//! In a burst of packets the loop rests a moment before it waits again (see [`pace`]).
//!
//! After each event all actions of the engine are carried out. No runtime stands between the kernel
//! and the engine: a timer of the runtime would round to milliseconds, and a wake-up costs one
//! system call here.

mod actions;
mod agenda;
mod announce;
mod bfd;
mod bus;
mod culprit;
mod dumps;
mod fifo;
mod firewall;
mod hooks;
mod interface_settings;
mod journal;
mod kernel;
mod known_addresses;
mod ledger;
mod local_igmp;
mod observers;
mod pace;
mod poller;
mod promotion;
mod routes;
mod scheduling;
mod shared_sockets;
mod sockets;
mod transmit;
mod virtual_interfaces;
mod wall_clock;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use evervip_model::{Config, Globals, ProcessPattern};
use evervip_os::clock::{boot_time, monotonic_nanos};
use evervip_os::process::release_free_memory;
use evervip_os::signal::SignalQueue;
use evervip_os::timer::DeadlineTimer;
use evervip_script::{Outcome, Report, Request};
use evervip_vrrp::{
    AtStop, CheckOutcome, Engine, Event, ORDINARY_LATENESS, RunId, SocketKey, Timestamp,
    VirtualInterface, virtual_interfaces as wanted_interfaces,
};
use nix::sys::signal::Signal;
use tokio::sync::mpsc::Sender;

use crate::bfd::BfdReports;
use crate::child::{Status, StatusPipe};
use crate::dbus::Bus;
use crate::dump::Job;
use crate::identity;
use crate::inbox::{Inbox, Message, Outlet, Reload};
use crate::mail::Mailer;
use crate::observe;
use crate::snmp::Subagent;
use agenda::Agenda;
use dumps::Dumps;
use fifo::Fifos;
use firewall::Firewall;
use hooks::{DRAIN, Hooks};
use journal::Journal;
use kernel::Kernel;
use local_igmp::LocalIgmp;
use observers::{Observers, Wanted};
use pace::Pace;
use poller::{Poller, Source};
use promotion::Promotion;
pub(crate) use scheduling::Scheduling;
use sockets::Sockets;
use transmit::Transmitter;
use virtual_interfaces::VirtualInterfaces;
use wall_clock::WallClock;

/// What the thread is given.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) scripts: Sender<Request>,
    pub(crate) inbox: Inbox,
    /// The way into the inbox, for the watchers.
    pub(crate) outlet: Outlet,
    /// Tells of BFD sessions.
    pub(crate) bfd: BfdReports,
    /// Asks for the configuration to be read again.
    pub(crate) reload: SyncSender<()>,
    /// Takes snapshots that are to be written down.
    pub(crate) dumps: SyncSender<Job>,
    pub(crate) status: StatusPipe,
    pub(crate) dump: bool,
    pub(crate) detail: bool,
    /// What is left behind.
    pub(crate) at_stop: AtStop,
    /// Addresses that come and go are logged.
    pub(crate) address_monitoring: bool,
    /// Where changed kernel settings are noted down, for the next process should this one be killed.
    pub(crate) ledger: PathBuf,
}

/// Batches that are taken from a socket at most after a deadline was slept through: the adverts of all
/// its routers wait in it. More than the room of a socket that nobody has enlarged holds, and read in
/// some milliseconds.
const CATCH_UP: u32 = 64;

/// Signals that are taken in a turn: adverts do not wait for the end of a storm of them.
const SIGNALS_AT_ONCE: usize = 8;

/// Exit status when the kernel refuses sockets or changes (spec cli-and-process 1).
const MISSING_PERMISSION: u8 = 4;
/// Exit status when the loop itself fails; a new child may fare better.
const INTERNAL_ERROR: u8 = 70;

/// Runs until a signal ends it; gives the exit status of the process.
pub(crate) fn run(parts: Parts) -> anyhow::Result<u8> {
    let Parts {
        config,
        scripts,
        inbox,
        outlet,
        bfd,
        reload,
        dumps,
        status,
        dump,
        detail,
        at_stop,
        address_monitoring,
        ledger,
    } = parts;
    let signals = SignalQueue::open(&signals())?;
    let timer = DeadlineTimer::new()?;
    let mut kernel = match Kernel::open(ledger, address_monitoring) {
        Err(error) if is_permission(&error) => return Ok(permission_missing()),
        kernel => kernel?,
    };
    observe::initialise(&config.files);
    let wanted = Wanted::by(&config);
    let firewall = Firewall::new(&config);
    let mut promotion = Promotion::default();
    promotion.configure(&config);
    promotion.apply(&mut kernel);
    let globals = config.globals.clone();
    let mut engine = Engine::new(config, kernel.links(), &kernel.addresses());
    wanted.tell(&mut engine);
    let mailer = Mailer::new(outlet.clone());
    let bus = Bus::new(outlet.clone());
    let subagent = Subagent::new(outlet.clone());
    let mut observers = Observers::new(outlet);
    observers.watch(wanted);
    engine.set_at_stop(at_stop);
    engine.allow_foreign_sources(foreign_sources_allowed());
    engine.set_uptime(boot_time());
    let mut poller = Poller::new()?;
    poller.add(&timer, Source::Deadline)?;
    poller.add(kernel.monitor(), Source::Kernel)?;
    poller.add(&inbox, Source::Inbox)?;
    poller.add(&signals, Source::Signal)?;
    poller.add(&bfd, Source::Bfd)?;
    let mut thread = EngineThread {
        engine,
        kernel,
        observers,
        hooks: Hooks::new(scripts),
        fifos: Fifos::default(),
        mailer,
        bus,
        subagent,
        scheduling: Scheduling::new("vrrp"),
        sockets: Sockets::default(),
        transmitter: Transmitter::default(),
        wall_clock: WallClock::default(),
        poller,
        timer,
        signals,
        inbox,
        bfd,
        reload,
        dumps: Dumps::new(dumps),
        status,
        journal: Journal::new(detail),
        virtual_interfaces: VirtualInterfaces::default(),
        firewall,
        promotion,
        local_igmp: LocalIgmp::default(),
        agenda: Agenda::default(),
        is_carrying_out: false,
        missing_sockets: None,
        at_stop,
        ending: None,
    };
    thread.configure(&globals);
    Ok(thread.run(dump))
}

/// What the thread listens to.
fn signals() -> Vec<i32> {
    let named = [
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGHUP,
        Signal::SIGXCPU,
    ];
    let mut signals = named.map(|signal| signal as i32).to_vec();
    signals.extend(dumps::signals());
    signals
}

/// The kernel's setting that lets a program send from an address that the host does not have.
fn foreign_sources_allowed() -> bool {
    std::fs::read_to_string("/proc/sys/net/ipv4/ip_nonlocal_bind")
        .is_ok_and(|text| text.trim() != "0")
}

fn permission_missing() -> u8 {
    tracing::error!(
        "Missing permission for raw sockets or addresses: run as root or with CAP_NET_RAW and CAP_NET_ADMIN"
    );
    MISSING_PERMISSION
}

fn is_permission(error: &anyhow::Error) -> bool {
    let cause = error.root_cause().downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::PermissionDenied)
}

struct EngineThread {
    engine: Engine,
    kernel: Kernel,
    observers: Observers,
    hooks: Hooks,
    fifos: Fifos,
    mailer: Mailer,
    bus: Bus,
    subagent: Subagent,
    scheduling: Scheduling,
    sockets: Sockets,
    transmitter: Transmitter,
    wall_clock: WallClock,
    poller: Poller,
    timer: DeadlineTimer,
    signals: SignalQueue,
    inbox: Inbox,
    bfd: BfdReports,
    reload: SyncSender<()>,
    dumps: Dumps,
    status: StatusPipe,
    journal: Journal,
    virtual_interfaces: VirtualInterfaces,
    firewall: Firewall,
    promotion: Promotion,
    local_igmp: LocalIgmp,
    agenda: Agenda,
    /// An event that comes meanwhile adds to what is to be done.
    is_carrying_out: bool,
    /// News for the engine, told when its actions have been carried out.
    missing_sockets: Option<BTreeSet<SocketKey>>,
    at_stop: AtStop,
    /// Set once the engine has stopped; the thread then waits for the last hooks.
    ending: Option<Instant>,
}

impl EngineThread {
    fn run(mut self, dump: bool) -> u8 {
        self.kernel.log_addresses();
        for (address, interface) in self.engine.own_addresses() {
            tracing::debug!("Assigned address {address} for interface {interface}");
        }
        self.make_virtual_interfaces();
        self.handle(Event::Started);
        if dump {
            self.log_start();
        }
        if self.sockets.permission_missing() || self.kernel.permission_missing() {
            self.handle(Event::StopRequested);
            self.tidy_up();
            return permission_missing();
        }
        self.bfd.ask();
        self.status.tell(Status::Started);
        if let Err(error) = self.turn_until_finished() {
            tracing::error!("VRRP process cannot go on: {error:#}");
            // The peers take over while the guardian starts another child.
            self.handle(Event::StopRequested);
            self.tidy_up();
            return INTERNAL_ERROR;
        }
        self.tidy_up();
        tracing::info!("Stopped");
        0
    }

    /// Does what the file says beyond its routers.
    fn configure(&mut self, globals: &Globals) {
        identity::of_child(&globals.processes);
        // Before this thread is raised: their own threads are to be ordinary ones.
        self.mailer.configure(globals);
        self.bus.configure(globals);
        self.subagent.configure(globals);
        self.scheduling
            .apply(&globals.processes, &globals.processes.vrrp);
        self.hooks.configure(globals);
        self.fifos.configure(&globals.fifos, &self.hooks);
        self.kernel.set_receive_buffers(&globals.buffers);
        self.local_igmp
            .set_disabled(globals.vrrp.disable_local_igmp, &mut self.kernel.ledger);
    }

    /// Takes back what was made for the routers, when the last of them is done.
    fn tidy_up(&mut self) {
        self.mailer.give_up();
        self.subagent.finish();
        if self.at_stop != AtStop::Keep {
            self.virtual_interfaces
                .remove_all(&mut self.kernel, &mut self.firewall);
            self.firewall.delete();
        }
        self.promotion.restore_all(&mut self.kernel);
        self.local_igmp.restore(&mut self.kernel.ledger);
    }

    /// Makes the interfaces that the engine wants and that are not there.
    fn make_virtual_interfaces(&mut self) {
        let wanted = self.engine.virtual_interfaces().to_vec();
        self.make_interfaces(&wanted);
    }

    fn make_interfaces(&mut self, wanted: &[VirtualInterface]) {
        let made = self
            .virtual_interfaces
            .make(wanted, &mut self.kernel, &mut self.firewall);
        for event in made {
            self.handle(event);
        }
    }

    fn turn_until_finished(&mut self) -> anyhow::Result<()> {
        let mut ready = Vec::new();
        let mut pace = Pace::default();
        while !self.is_finished() {
            let deadline = self.next_deadline();
            if self.agenda.take_upheaval() {
                release_free_memory();
            }
            pace.rest(deadline);
            self.timer.set(deadline)?;
            self.poller.wait(&mut ready, self.patience())?;
            self.turn(&ready)?;
        }
        Ok(())
    }

    /// How long to wait when nothing happens; a deadline wakes by its own descriptor.
    fn patience(&self) -> Option<Duration> {
        let until = [
            self.ending.map(|since| {
                since
                    + if self.hooks.is_drained() {
                        DRAIN
                    } else {
                        DRAIN + self.hooks.stop_patience()
                    }
            }),
            self.sockets.retry_at(),
            self.kernel.reread_at(),
            self.virtual_interfaces.retry_at(),
        ];
        let first = until.into_iter().flatten().min()?;
        Some(first.saturating_duration_since(Instant::now()))
    }

    /// Whether the last hooks have ended and the last mails have left, or were waited for long
    /// enough.
    fn is_finished(&self) -> bool {
        self.ending.is_some_and(|since| {
            let waited = since.elapsed();
            (self.hooks.is_drained() || waited > DRAIN + self.hooks.stop_patience())
                && (self.mailer.is_finished() && self.bus.is_finished() || waited > DRAIN)
        })
    }

    fn turn(&mut self, ready: &[Source]) -> anyhow::Result<()> {
        self.waiting_packets(ready, self.lateness());
        if ready.contains(&Source::Deadline) {
            let late = self.lateness();
            self.timer.acknowledge()?;
            self.see_to_deadlines();
            self.scheduling.late(late);
        }
        if ready.contains(&Source::Bfd) {
            self.bfd_reports();
        }
        if ready.contains(&Source::Kernel) {
            self.kernel_reports()?;
        }
        if ready.contains(&Source::Inbox) {
            self.messages();
        }
        if ready.contains(&Source::Signal) {
            self.read_signals()?;
        }
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= Instant::now());
        if is_due(self.sockets.retry_at()) {
            self.update_sockets();
            self.carry_out();
        }
        if is_due(self.virtual_interfaces.retry_at()) {
            self.make_virtual_interfaces();
        }
        if is_due(self.kernel.reread_at()) {
            for event in self.kernel.reread() {
                self.handle(event);
            }
        }
        Ok(())
    }

    /// Gives the engine an event and does what it wants done.
    fn handle(&mut self, event: Event<'_>) {
        let now = self.now();
        self.engine.handle(now, event);
        self.carry_out();
    }

    /// The engine's time; where adverts are signed the engine knows the wall clock's, too.
    fn now(&mut self) -> Timestamp {
        let now = monotonic_nanos();
        if self.engine.wants_wall_clock() {
            self.tell_wall_clock(now);
        }
        Timestamp::from_nanos(now)
    }

    fn tell_wall_clock(&mut self, now: u64) {
        if let Some(unix_nanos) = self.wall_clock.news(now) {
            let event = Event::WallClockSet { unix_nanos };
            self.engine.handle(Timestamp::from_nanos(now), event);
        }
    }

    /// How long ago the deadline was that the timer is set for.
    fn lateness(&self) -> Duration {
        let due = self.timer.deadline().unwrap_or(u64::MAX);
        Duration::from_nanos(monotonic_nanos().saturating_sub(due))
    }

    /// Takes packets from the sockets that are ready, when a deadline is so late; what is left makes
    /// a socket ready again.
    fn waiting_packets(&mut self, ready: &[Source], late: Duration) {
        let batches = if late > ORDINARY_LATENESS {
            CATCH_UP
        } else {
            1
        };
        for source in ready {
            if let Source::Packets(token) = source {
                let mut left = batches;
                while left > 0 && self.packets(*token) {
                    left -= 1;
                }
            }
        }
    }

    /// Takes one batch of packets from a socket; false when none waited.
    fn packets(&mut self, token: u32) -> bool {
        let Some((listener, batch)) = self.sockets.receive(token) else {
            return false;
        };
        for packet in batch.packets() {
            self.handle(Event::PacketReceived {
                socket: listener.key(&packet),
                bytes: packet.bytes,
            });
        }
        self.sockets.give_back(batch);
        true
    }

    fn kernel_reports(&mut self) -> anyhow::Result<()> {
        for event in self.kernel.read()? {
            self.handle(event);
        }
        self.promotion.apply(&mut self.kernel);
        if self.kernel.take_masters_changed() {
            self.virtual_interfaces.follow_bases(&mut self.kernel);
            self.update_sockets();
            self.carry_out();
        }
        Ok(())
    }

    fn messages(&mut self) {
        self.inbox.acknowledge();
        while let Some(message) = self.inbox.next() {
            match message {
                Message::Script(Report::CheckEnded { run, outcome }) => {
                    let outcome = match outcome {
                        Outcome::Exited(status) => CheckOutcome::Exited(status),
                        Outcome::Signalled(signal) => CheckOutcome::Signalled(signal),
                        Outcome::TimedOut => CheckOutcome::TimedOut,
                        Outcome::CannotRun { reason, .. } => CheckOutcome::CannotRun(reason),
                    };
                    self.handle(Event::CheckEnded {
                        run: RunId(run),
                        outcome,
                    });
                }
                Message::Script(Report::Drained { .. }) => self.hooks.drained(),
                Message::Reload(reload) => self.reload(*reload),
                Message::Observed => self.observed(),
                Message::MailFinished => self.mailer.set_finished(),
                Message::DumpWritten => self.dump_written(),
                #[cfg(feature = "dbus")]
                Message::Bus(request) => self.bus_request(request),
                #[cfg(feature = "dbus")]
                Message::BusLeft => self.bus.set_finished(),
                Message::SceneWanted => {
                    let scene = self.scene();
                    self.subagent.show(scene);
                }
            }
        }
    }

    /// News of tracked objects.
    fn observed(&mut self) {
        let news = self.observers.news();
        for (path, text) in news.files {
            self.file_read(&path, &text);
        }
        for (interface, up) in news.links {
            self.link_polled(&interface, up);
        }
        for (pattern, count) in news.processes {
            self.processes_counted(&pattern, count);
        }
    }

    fn file_read(&mut self, path: &Path, text: &[u8]) {
        self.handle(Event::FileRead { path, text });
    }

    fn link_polled(&mut self, interface: &str, up: bool) {
        self.handle(Event::LinkPolled { interface, up });
    }

    fn processes_counted(&mut self, pattern: &ProcessPattern, count: u32) {
        self.handle(Event::ProcessesCounted { pattern, count });
    }

    fn reload(&mut self, reload: Reload) {
        let archive = reload.config.globals.reload.save_directory.clone();
        self.count_reload();
        self.keep_state(archive.as_deref(), "pre");
        for (path, text) in &reload.files {
            // Of a file that is watched already the watcher knows best.
            if !self.observers.watches_file(path) {
                self.file_read(path, text);
            }
        }
        for (interface, up) in &reload.links {
            self.link_polled(interface, *up);
        }
        for (pattern, count) in &reload.processes {
            if !self.observers.watches_processes(pattern) {
                self.processes_counted(pattern, *count);
            }
        }
        self.configure(&reload.config.globals);
        self.firewall.reconfigure(&reload.config);
        let wanted = Wanted::by(&reload.config);
        // New routers shall find their interfaces when they start. One that is to have another name
        // keeps it until the router that it serves now has handed over.
        let mut fresh = wanted_interfaces(&reload.config);
        fresh.retain(|interface| !self.virtual_interfaces.knows(&interface.key));
        self.make_interfaces(&fresh);
        self.promotion.configure(&reload.config);
        self.promotion.apply(&mut self.kernel);
        self.bus.reload_begins();
        let now = monotonic_nanos();
        // Adverts may be signed from now on.
        self.tell_wall_clock(now);
        self.engine
            .reload(Timestamp::from_nanos(now), reload.config);
        self.carry_out();
        self.virtual_interfaces.remove_unwanted(
            self.engine.virtual_interfaces(),
            &mut self.kernel,
            &mut self.firewall,
        );
        self.make_virtual_interfaces();
        // The interface filter depends on the VRIDs and on a setting.
        self.update_sockets();
        self.carry_out();
        self.transmitter.forget_gone(&self.engine, &self.sockets);
        self.observers.watch(wanted);
        self.keep_state(archive.as_deref(), "post");
        self.reload_told();
        self.bfd.ask();
        self.status.tell(Status::Reloaded);
    }

    fn read_signals(&mut self) -> anyhow::Result<()> {
        for _ in 0..SIGNALS_AT_ONCE {
            let Some(signal) = self.signals.read()? else {
                break;
            };
            match Signal::try_from(signal.number) {
                Ok(Signal::SIGTERM | Signal::SIGINT) => self.end(),
                Ok(Signal::SIGXCPU) => tracing::warn!(
                    "VRRP process has used too much CPU time, vrrp_rlimit_rttime may need to be increased"
                ),
                Ok(Signal::SIGHUP) => {
                    // One that waits already will read what is there then.
                    let _ = self.reload.try_send(());
                }
                _ => self.dump_on(signal.number),
            }
        }
        Ok(())
    }

    fn end(&mut self) {
        if self.ending.is_some() {
            return;
        }
        self.handle(Event::StopRequested);
        self.fifos.close();
        self.hooks.drain();
        self.mailer.finish();
        self.bus.finish();
        self.ending = Some(Instant::now());
    }
}
