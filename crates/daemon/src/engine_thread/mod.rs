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
mod bulletin;
mod bus;
mod control;
mod culprit;
mod dumps;
mod fifo;
mod firewall;
mod firewall_guard;
mod hooks;
mod interface_settings;
mod journal;
mod kernel;
mod known_addresses;
mod latches;
mod ledger;
mod local_igmp;
mod messages;
mod observers;
mod pace;
mod poller;
mod promotion;
mod reload;
mod routes;
mod scheduling;
mod shared_sockets;
mod signals;
mod sockets;
mod transmit;
mod turn;
mod virtual_interfaces;
mod wall_clock;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::time::Instant;

use evervip_model::{Config, Globals};
use evervip_os::clock::{boot_time, monotonic_nanos};
use evervip_os::signal::SignalQueue;
use evervip_os::timer::DeadlineTimer;
use evervip_script::Request;
use evervip_vrrp::{AtStop, Engine, Event, SocketKey, Timestamp, VirtualInterface};
use tokio::sync::mpsc::Sender;

use crate::bfd::BfdReports;
use crate::dbus::Bus;
use crate::dump::Job;
use crate::identity;
use crate::inbox::{Inbox, Outlet};
use crate::mail::Mailer;
use crate::observe;
use crate::snmp::Subagent;
use crate::status::{Status, StatusPipe};
use agenda::Agenda;
use bulletin::Bulletin;
use dumps::Dumps;
use fifo::Fifos;
use firewall::Firewall;
use hooks::Hooks;
use journal::Journal;
use kernel::Kernel;
use latches::LatchFile;
use local_igmp::LocalIgmp;
use observers::{Observers, Wanted};
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
    /// Where instances that are held in FAULT are noted down.
    pub(crate) latches: PathBuf,
}

/// Exit status when the kernel refuses sockets or changes (spec cli-and-process 1).
const MISSING_PERMISSION: u8 = 4;
/// Exit status when the loop itself fails; a new child may fare better.
const INTERNAL_ERROR: u8 = 70;

/// Runs until a signal ends it; gives the exit status of the process.
pub(crate) fn run(parts: Parts) -> anyhow::Result<u8> {
    let signals = signals::queue()?;
    let dump = parts.dump;
    match Kernel::open(parts.ledger.clone(), parts.address_monitoring) {
        Err(error) if is_permission(&error) => Ok(permission_missing()),
        kernel => Ok(EngineThread::new(parts, signals, kernel?)?.run(dump)),
    }
}

/// Waits for all that is there from the beginning; sockets come later.
fn poller(
    timer: &DeadlineTimer,
    kernel: &Kernel,
    parts: &Parts,
    signals: &SignalQueue,
) -> anyhow::Result<Poller> {
    let mut poller = Poller::new()?;
    poller.add(timer, Source::Deadline)?;
    poller.add(kernel.monitor(), Source::Kernel)?;
    poller.add(&parts.inbox, Source::Inbox)?;
    poller.add(signals, Source::Signal)?;
    poller.add(&parts.bfd, Source::Bfd)?;
    Ok(poller)
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
    bulletin: Bulletin,
    journal: Journal,
    virtual_interfaces: VirtualInterfaces,
    firewall: Firewall,
    promotion: Promotion,
    local_igmp: LocalIgmp,
    latches: LatchFile,
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
    /// All parts, put together; nothing has begun to run.
    fn new(parts: Parts, signals: SignalQueue, mut kernel: Kernel) -> anyhow::Result<Self> {
        let timer = DeadlineTimer::new()?;
        let poller = poller(&timer, &kernel, &parts, &signals)?;
        let config = parts.config;
        observe::initialise(&config.files);
        let wanted = Wanted::by(&config);
        let firewall = Firewall::new(&config);
        let mut promotion = Promotion::default();
        promotion.configure(&config);
        promotion.apply(&mut kernel);
        let globals = config.globals.clone();
        let mut engine = Engine::new(config, kernel.links(), &kernel.addresses());
        wanted.tell(&mut engine);
        engine.set_at_stop(parts.at_stop);
        engine.allow_foreign_sources(foreign_sources_allowed());
        engine.set_uptime(boot_time());
        let latches = LatchFile::resume(parts.latches, &mut engine);
        let mut observers = Observers::new(parts.outlet.clone());
        observers.watch(wanted);
        let mut thread = Self {
            engine,
            kernel,
            observers,
            hooks: Hooks::new(parts.scripts),
            fifos: Fifos::default(),
            mailer: Mailer::new(parts.outlet.clone()),
            bus: Bus::new(parts.outlet.clone()),
            subagent: Subagent::new(parts.outlet),
            scheduling: Scheduling::new("vrrp"),
            sockets: Sockets::default(),
            transmitter: Transmitter::default(),
            wall_clock: WallClock::default(),
            poller,
            timer,
            signals,
            inbox: parts.inbox,
            bfd: parts.bfd,
            reload: parts.reload,
            dumps: Dumps::new(parts.dumps),
            bulletin: Bulletin::new(parts.status),
            journal: Journal::new(parts.detail),
            virtual_interfaces: VirtualInterfaces::default(),
            firewall,
            promotion,
            local_igmp: LocalIgmp::default(),
            latches,
            agenda: Agenda::default(),
            is_carrying_out: false,
            missing_sockets: None,
            at_stop: parts.at_stop,
            ending: None,
        };
        thread.configure(&globals);
        Ok(thread)
    }

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
        self.bulletin.tell(Status::Started);
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
}
