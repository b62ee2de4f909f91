//! The parent process: small, one thread, no runtime. It owns the pid file, passes signals on and
//! starts the VRRP child again when that dies (spec cli-and-process 2, 3 and 5).

mod bfd;
mod core_dumps;
mod marker;
mod own_script;
mod reload;
mod reload_time;
mod respawn;
mod schedule;
mod service;
mod validation;

use std::collections::BTreeSet;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use evervip_api::socket_of;
use evervip_model::Globals;
use evervip_os::process::{
    Fork, become_child_subreaper, fork_single_threaded, release_free_memory,
};
use evervip_os::signal::{SignalQueue, without_use};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::bfd::Exchange;
use crate::child;
use crate::command_line::{ChildRuns, Options};
use crate::configuration::Accepted;
use crate::logging::Log;
use crate::pid_file::{PidFile, remove_of_dead};
use crate::pid_paths::{PidDirectory, PidPaths};
use crate::status::{Status, StatusReader, status_pipe};
use crate::{dump, identity, service_manager, version};
use bfd::BfdChild;
use core_dumps::Pattern;
use marker::Marker;
use respawn::Respawn;
use schedule::Schedule;
use service::Service;
use validation::Validation;

/// Exit statuses of the child that starting it again cannot mend (spec cli-and-process 5).
const PERMANENT: [(i32, &str); 3] = [(1, "FATAL"), (2, "CONFIG"), (4, "missing permission")];

/// Signals that are taken before any is acted on. Who sends them without end must not keep the others
/// waiting: the kernel hands out those with low numbers first.
const SIGNALS_AT_ONCE: usize = 64;

struct Guardian<'a> {
    options: &'a Options,
    pid_paths: PidPaths,
    /// The last configuration that was accepted: what a new child starts with.
    accepted: Accepted,
    /// What it says of the daemon itself.
    globals: Globals,
    log: Log,
    signals: SignalQueue,
    child: Option<Child>,
    respawn: Respawn,
    bfd: BfdChild,
    stopping: Option<Instant>,
    service: Service,
    marker: Marker,
    /// The test of a configuration that is to be reloaded.
    validation: Option<Validation>,
    /// Reloads at a time that a file names.
    schedule: Schedule,
    /// How many configurations were accepted before the present one.
    reloads: u32,
}

struct Child {
    pid: Pid,
    status: StatusReader,
    started: Instant,
    /// It has told something.
    speaks: bool,
}

/// Runs until the daemon is to end; gives its exit status.
pub(crate) fn run(
    options: &Options,
    pid_paths: PidPaths,
    directory: PidDirectory,
    accepted: Accepted,
    log: Log,
) -> ExitCode {
    // Before the pid file: who reads it may send a signal at once.
    let signals = match SignalQueue::open(&signals()) {
        Ok(signals) => signals,
        Err(error) => {
            tracing::error!("Cannot receive signals: {error}");
            return ExitCode::from(70);
        }
    };
    let pid_file = match PidFile::create(&pid_paths.parent) {
        Ok(Some(pid_file)) => pid_file,
        Ok(None) => {
            tracing::info!(
                "daemon is already running (another process has {} locked)",
                pid_paths.parent.display()
            );
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            tracing::error!(
                "Cannot write the pid file {}: {error}",
                pid_paths.parent.display()
            );
            return ExitCode::from(1);
        }
    };
    let exchange = match Exchange::new() {
        Ok(exchange) => exchange,
        Err(error) => {
            tracing::error!("Cannot make sockets for the child processes: {error}");
            return ExitCode::from(70);
        }
    };
    // Only orphans of a dead child are concerned; without it init takes them.
    let _ = become_child_subreaper();
    let core_pattern = Pattern::of(&options.core_dumps);
    let mut guardian = Guardian {
        options,
        pid_paths,
        accepted,
        globals: Globals::default(),
        log,
        signals,
        child: None,
        respawn: Respawn::default(),
        bfd: BfdChild::new(exchange),
        stopping: None,
        service: Service::new(service_manager::watchdog()),
        marker: Marker::default(),
        validation: None,
        schedule: Schedule::default(),
        reloads: 0,
    };
    guardian.take_globals();
    guardian.marker.sweep(&guardian.globals);
    let scripts = &guardian.globals.scripts;
    if let Some(script) = &scripts.startup {
        own_script::run("startup", script, scripts.startup_timeout);
    }
    let code = guardian.watch();
    let scripts = &guardian.globals.scripts;
    if let Some(script) = &scripts.shutdown {
        own_script::run("shutdown", script, scripts.shutdown_timeout);
    }
    core_pattern.restore();
    // A child that was killed has left its socket.
    let _ = std::fs::remove_file(socket_of(&guardian.pid_paths.parent));
    drop(pid_file);
    drop(directory);
    tracing::info!("Stopped {}", version::banner());
    code
}

/// Every signal that anybody sends to keepalived. Those without an effect are taken all the same:
/// their default would end the process.
fn signals() -> Vec<i32> {
    let mut signals = vec![Signal::SIGTERM as i32, Signal::SIGINT as i32];
    signals.extend(deferrable_signals());
    signals
}

/// Keeps the signals that do not ask for the end waiting until the guardian reads them. Until then
/// SIGTERM ends the process as ever: nothing runs yet that would have to be put in order.
pub(crate) fn defer_signals() -> std::io::Result<SignalQueue> {
    SignalQueue::open(&deferrable_signals())
}

fn deferrable_signals() -> Vec<i32> {
    let named = [
        Signal::SIGHUP,
        Signal::SIGCHLD,
        Signal::SIGUSR1,
        Signal::SIGUSR2,
        Signal::SIGPIPE,
        // Of the engine's real-time scheduling: its thread reads it, no other may die of it.
        Signal::SIGXCPU,
    ];
    named
        .into_iter()
        .map(|signal| signal as i32)
        .chain(without_use())
        .collect()
}

impl Guardian<'_> {
    /// Takes from the accepted configuration what concerns this process.
    fn take_globals(&mut self) {
        if let Some(globals) = self.accepted.globals() {
            identity::of_guardian(&globals.processes);
            self.schedule.configure(&globals.reload);
            self.globals = globals.clone();
        }
    }

    /// Whether no child is to run.
    fn is_idle(&self) -> bool {
        match self.options.vrrp {
            ChildRuns::WhenConfigured => self.accepted.is_empty(),
            ChildRuns::Always => false,
            ChildRuns::Never => true,
        }
    }

    fn watch(&mut self) -> ExitCode {
        if self.is_idle() {
            if self.wants_bfd() {
                self.tell_started_without_vrrp();
            } else {
                tracing::warn!("Warning - keepalived has no configuration to run");
                self.service.ready();
                self.service.idle();
            }
        } else if let Some(code) = self.start_child() {
            return code;
        }
        if let Some(code) = self.start_bfd() {
            return code;
        }
        loop {
            if let Some(code) = self.turn() {
                return code;
            }
        }
    }

    /// Waits for something and deals with it; gives the exit status when that was the end.
    fn turn(&mut self) -> Option<ExitCode> {
        self.wait();
        self.read_status();
        if self.ping_due().is_some_and(|at| at <= Instant::now()) {
            self.service.alive();
        }
        self.take_signals();
        self.schedule.look();
        if self.schedule.is_due() {
            self.reload();
        }
        if let Some(validation) = &mut self.validation {
            validation.enforce_limit();
        }
        if let Some(code) = self.reap() {
            return Some(code);
        }
        if self.respawn.due(Instant::now()) && self.stopping.is_none() {
            if let Some(code) = self.start_child() {
                return Some(code);
            }
        }
        if self.bfd.respawn.due(Instant::now()) && self.stopping.is_none() {
            if let Some(code) = self.start_bfd() {
                return Some(code);
            }
        }
        self.enforce_stop()
    }

    /// Does what the signals ask for that have come, each once: in a storm the same would be done over
    /// and over. The end comes first, whatever else is asked for.
    fn take_signals(&mut self) {
        let mut numbers = BTreeSet::new();
        for _ in 0..SIGNALS_AT_ONCE {
            let Ok(Some(signal)) = self.signals.read() else {
                break;
            };
            numbers.insert(signal.number);
        }
        let end = [Signal::SIGTERM, Signal::SIGINT].map(|signal| signal as i32);
        if end.iter().any(|number| numbers.remove(number)) {
            self.stop();
        }
        for number in numbers {
            self.take_signal(number);
        }
    }

    fn take_signal(&mut self, number: i32) {
        match Signal::try_from(number) {
            Ok(Signal::SIGHUP) => self.reload(),
            Ok(Signal::SIGUSR1) => {
                self.pass_on(number);
                self.bfd.pass_on(number);
                dump::write_configuration(&self.globals);
            }
            Ok(Signal::SIGUSR2) => self.pass_on(number),
            // Children are looked after elsewhere.
            Ok(_) => {}
            // A real-time one: the child knows which it writes a file for.
            Err(_) => self.pass_on(number),
        }
    }

    fn wait(&self) {
        let now = Instant::now();
        let deadlines = [
            self.respawn.at(),
            self.bfd.respawn.at(),
            self.ping_due(),
            self.validation.as_ref().and_then(Validation::until),
            self.stopping
                .map(|since| since + self.globals.daemon.child_wait_time),
        ];
        let timeout = deadlines
            .into_iter()
            .flatten()
            .map(|at| at.saturating_duration_since(now))
            .chain(self.schedule.wait())
            .min()
            .map_or(PollTimeout::NONE, |wait| {
                let millis = wait.as_millis() + 1;
                PollTimeout::from(u16::try_from(millis).unwrap_or(u16::MAX))
            });
        let mut descriptors = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        if let Some(child) = &self.child {
            descriptors.push(PollFd::new(child.status.as_fd(), PollFlags::POLLIN));
        }
        let schedule = self.schedule.descriptor();
        descriptors.extend(schedule.map(|file| PollFd::new(file, PollFlags::POLLIN)));
        // An interrupted wait is as good as one that is over.
        let _ = poll(&mut descriptors, timeout);
    }

    /// Forks the child; gives an exit status in the child, when it is done, or when nothing can run.
    fn start_child(&mut self) -> Option<ExitCode> {
        self.respawn.cancel();
        if !self.accepted.recall() {
            tracing::error!("The configuration that was accepted cannot be read again");
            return Some(ExitCode::from(2));
        }
        let (status, report) = match status_pipe() {
            Ok(pipe) => pipe,
            Err(error) => {
                tracing::error!("Cannot make a pipe for the VRRP child process: {error}");
                return self.try_again_later();
            }
        };
        let reports = match self.bfd.exchange.for_vrrp() {
            Ok(reports) => reports,
            Err(error) => {
                tracing::error!("Cannot make a socket for the VRRP child process: {error}");
                return self.try_again_later();
            }
        };
        let parent = Pid::this();
        match fork_single_threaded() {
            Ok(Fork::Parent { child }) => {
                tracing::info!("Starting VRRP child process, pid={child}");
                self.child = Some(Child {
                    pid: child,
                    status,
                    started: Instant::now(),
                    speaks: false,
                });
                self.accepted.forget();
                release_free_memory();
                None
            }
            Ok(Fork::Child) => {
                drop(status);
                let config = self.accepted.take().unwrap_or_default();
                let code = child::run(
                    self.options,
                    &self.pid_paths,
                    config,
                    &self.log,
                    parent,
                    reports,
                    report.with_pulse(self.service.pulse()),
                );
                // What the guardian would do behind us, such as removing its pid file, is not for
                // the child to do.
                child::leave(code)
            }
            Err(error) => {
                let error = anyhow::Error::from(error);
                tracing::error!("Cannot start the VRRP child process: {error:#}");
                self.try_again_later()
            }
        }
    }

    /// There may be room for another process soon: a child that cannot be started is treated as one that
    /// has died at once. Where none is to be started again this is the end.
    fn try_again_later(&mut self) -> Option<ExitCode> {
        if !self.options.respawn {
            return Some(ExitCode::from(70));
        }
        self.schedule_restart(Duration::ZERO);
        None
    }

    fn schedule_restart(&mut self, lived: Duration) {
        if let Some(delay) = self.respawn.schedule(Instant::now(), lived) {
            tracing::info!(
                "Restart of VRRP process delayed {} seconds to limit respawn rate",
                delay.as_secs()
            );
        }
    }

    /// The child tells when it has started and when it has reloaded.
    fn read_status(&mut self) {
        let Some(child) = &mut self.child else { return };
        let told = child.status.read();
        child.speaks |= !told.is_empty();
        for status in told {
            match status {
                Status::Started => {
                    tracing::info!("Startup complete");
                    self.tell_ready();
                }
                Status::Reloaded => {
                    tracing::info!("Reload complete");
                    self.tell_ready();
                }
                Status::Refused => self.reload_refused(),
                Status::Alive => self.service.alive(),
                Status::States(census) => self.service.states(census),
            }
        }
    }

    /// When the watchdog is to be told that this process is alive while no other can say so.
    fn ping_due(&self) -> Option<Instant> {
        match &self.child {
            Some(child) if child.speaks => None,
            Some(child) => self.service.due(Some(child.started)),
            None => self.service.due(None),
        }
    }

    fn pass_on(&self, number: i32) {
        if let Some(child) = &self.child {
            let _ = evervip_os::signal::send(child.pid, number);
        }
    }

    fn stop(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        tracing::info!("Stopping");
        service_manager::notify("STOPPING=1");
        self.stopping = Some(Instant::now());
        if let Some(validation) = self.validation.take() {
            validation.abandon();
        }
        if let Some(child) = &self.child {
            let _ = kill(child.pid, Signal::SIGTERM);
        }
        self.bfd.stop();
    }

    /// Ends when there is no child left; kills one that does not end in time.
    fn enforce_stop(&mut self) -> Option<ExitCode> {
        let since = self.stopping?;
        if self.child.is_none() && !self.bfd.is_running() {
            return Some(ExitCode::SUCCESS);
        }
        if since.elapsed() >= self.globals.daemon.child_wait_time {
            if let Some(child) = &self.child {
                tracing::error!("vrrp process failed to die - forcing termination");
                let _ = kill(child.pid, Signal::SIGKILL);
            }
            self.bfd.force();
            // The next SIGCHLD brings the end.
            self.stopping = Some(Instant::now());
        }
        None
    }

    /// Takes note of ended processes; gives the daemon's exit status when the child's end is final.
    fn reap(&mut self) -> Option<ExitCode> {
        loop {
            let status = waitpid(None, Some(WaitPidFlag::WNOHANG)).ok()?;
            let pid = status.pid()?;
            if self.reap_validation(pid, status) {
                continue;
            }
            if self.child.as_ref().is_none_or(|child| child.pid != pid) {
                // The BFD child, or an orphaned script.
                self.reap_bfd(pid, status);
                continue;
            }
            self.read_status();
            let started = self.child.take().map(|child| child.started);
            remove_of_dead(&self.pid_paths.vrrp, pid);
            if self.stopping.is_some() {
                continue;
            }
            self.service.lost();
            let permanent = PERMANENT
                .iter()
                .find(|(code, _)| matches!(status, WaitStatus::Exited(_, c) if c == *code));
            if let Some((code, name)) = permanent {
                tracing::error!("pid {pid} exited with permanent error {name}. Terminating");
                service_manager::notify(if *code == 4 { "ERRNO=1" } else { "ERRNO=22" });
                return Some(ExitCode::from(u8::try_from(*code).unwrap_or(1)));
            }
            describe_end(pid, status);
            if !self.options.respawn {
                tracing::error!("VRRP child process({pid}) died: Exiting");
                self.stop();
                continue;
            }
            let lived = started.map_or(Duration::ZERO, |at| at.elapsed());
            tracing::error!("VRRP child process({pid}) died: Respawning");
            self.schedule_restart(lived);
        }
    }
}

fn describe_end(pid: Pid, status: WaitStatus) {
    match status {
        WaitStatus::Signaled(_, signal, _) => {
            let words = match signal {
                Signal::SIGKILL => "Killed",
                Signal::SIGSEGV => "Segmentation fault",
                Signal::SIGABRT => "Aborted",
                other => other.as_str(),
            };
            let hint = match signal {
                Signal::SIGKILL => " - has rlimit_rttime been exceeded?",
                _ => "",
            };
            let number = signal as i32;
            tracing::info!("pid {pid} exited due to signal {number} ({words}){hint}");
        }
        WaitStatus::Exited(_, code) if code != 0 => {
            tracing::info!("pid {pid} exited with status {code}");
        }
        _ => {}
    }
}
