//! The BFD child: started when there are sessions, and again when it dies (spec cli-and-process 2).

use std::process::ExitCode;
use std::time::{Duration, Instant};

use evervip_os::process::{Fork, fork_single_threaded, release_free_memory};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;

use super::respawn::Respawn;
use super::{Guardian, describe_end};
use crate::bfd::{self, Exchange};
use crate::child;
use crate::command_line::ChildRuns;
use crate::pid_file::remove_of_dead;
use crate::status::{StatusReader, status_pipe};

/// What the guardian knows of the BFD child.
pub(super) struct BfdChild {
    pub(super) exchange: Exchange,
    pub(super) respawn: Respawn,
    process: Option<Process>,
}

struct Process {
    pid: Pid,
    /// Held open: what the child says of its own reload is said by VRRP's as well.
    _status: StatusReader,
    started: Instant,
}

impl BfdChild {
    pub(super) fn new(exchange: Exchange) -> Self {
        Self {
            exchange,
            respawn: Respawn::default(),
            process: None,
        }
    }

    pub(super) const fn is_running(&self) -> bool {
        self.process.is_some()
    }

    pub(super) fn pass_on(&self, number: i32) {
        if let Some(process) = &self.process {
            let _ = evervip_os::signal::send(process.pid, number);
        }
    }

    pub(super) fn stop(&self) {
        self.pass_on(Signal::SIGTERM as i32);
    }

    /// Ends a child that did not end in time.
    pub(super) fn force(&self) {
        if let Some(process) = &self.process {
            tracing::error!("bfd process failed to die - forcing termination");
            let _ = kill(process.pid, Signal::SIGKILL);
        }
    }
}

impl Guardian<'_> {
    /// Whether the accepted configuration wants the BFD child.
    pub(super) fn wants_bfd(&self) -> bool {
        match self.options.bfd {
            ChildRuns::WhenConfigured => self.accepted.has_bfd(),
            ChildRuns::Always => true,
            ChildRuns::Never => false,
        }
    }

    /// Starts the child if it is wanted and is not there; gives an exit status in the child, when it is
    /// done.
    pub(super) fn start_bfd(&mut self) -> Option<ExitCode> {
        self.bfd.respawn.cancel();
        if self.bfd.is_running() || !self.wants_bfd() || !self.accepted.recall() {
            return None;
        }
        let made = status_pipe().and_then(|pipe| Ok((pipe, self.bfd.exchange.for_bfd()?)));
        let ((status, report), reporter) = match made {
            Ok(made) => made,
            Err(error) => {
                tracing::error!("Cannot make a pipe for the BFD child process: {error}");
                self.try_bfd_later();
                return None;
            }
        };
        let parent = Pid::this();
        match fork_single_threaded() {
            Ok(Fork::Parent { child }) => {
                tracing::info!("Starting BFD child process, pid={child}");
                self.bfd.process = Some(Process {
                    pid: child,
                    _status: status,
                    started: Instant::now(),
                });
                self.accepted.forget();
                release_free_memory();
                None
            }
            Ok(Fork::Child) => {
                drop(status);
                let config = self.accepted.take().unwrap_or_default();
                let pid_file = &self.pid_paths.bfd;
                let (options, log) = (self.options, &self.log);
                let code = bfd::run(options, pid_file, config, log, parent, reporter, report);
                // What the guardian would do behind us is not for the child to do.
                child::leave(code)
            }
            Err(error) => {
                let error = anyhow::Error::from(error);
                tracing::error!("Cannot start the BFD child process: {error:#}");
                self.try_bfd_later();
                None
            }
        }
    }

    /// There may be room for another process soon; VRRP goes on without it meanwhile.
    fn try_bfd_later(&mut self) {
        let lived = Duration::ZERO;
        self.bfd.respawn.schedule(Instant::now(), lived);
    }

    /// Takes note of an ended process; false when it was not the BFD child.
    pub(super) fn reap_bfd(&mut self, pid: Pid, status: WaitStatus) -> bool {
        let is_ours = |process: &mut Process| process.pid == pid;
        let Some(process) = self.bfd.process.take_if(is_ours) else {
            return false;
        };
        remove_of_dead(&self.pid_paths.bfd, pid);
        if self.stopping.is_some() {
            return true;
        }
        describe_end(pid, status);
        if !self.options.respawn {
            tracing::error!("BFD child process({pid}) died: Exiting");
            self.stop();
            return true;
        }
        tracing::error!("BFD child process({pid}) died: Respawning");
        let lived = process.started.elapsed();
        if let Some(delay) = self.bfd.respawn.schedule(Instant::now(), lived) {
            tracing::info!(
                "Restart of BFD process delayed {} seconds to limit respawn rate",
                delay.as_secs()
            );
        }
        true
    }

    /// Without VRRP nobody else says that everything has started.
    pub(super) fn tell_started_without_vrrp(&mut self) {
        tracing::info!("Startup complete");
        self.service.ready();
        self.service.idle();
    }
}
