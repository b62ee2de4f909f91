//! Reload: a configuration is accepted, or everything stays as it is (spec cli-and-process 4).

use evervip_config::Mode;
use evervip_model::Daemon;
use evervip_os::process::release_free_memory;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;

use super::Guardian;
use super::validation::Test;
use crate::configuration::{self, Accepted, Machine};
use crate::{archive, service_manager};

impl Guardian<'_> {
    /// Somebody asks for a reload; where it is wanted the file is tested first.
    pub(super) fn reload(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        if let Some(validation) = &mut self.validation {
            validation.ask_again();
            return;
        }
        self.marker.put(&self.globals);
        match Test::begin(&self.globals.reload.check, self.options) {
            Test::Unwanted => self.reload_tested(),
            Test::Impossible => self.reload_refused(),
            Test::Runs(validation) => self.validation = Some(validation),
        }
    }

    /// Takes note of the end of a process, if it is that of the test.
    pub(super) fn reap_validation(&mut self, pid: Pid, end: WaitStatus) -> bool {
        let Some(validation) = self.validation.take_if(|test| test.is_process(pid)) else {
            return false;
        };
        if validation.has_passed(end) {
            self.reload_tested();
        } else {
            self.reload_refused();
        }
        if validation.is_to_be_repeated() {
            self.reload();
        }
        true
    }

    /// Reads the file first: a child that dies later must be able to start with what is accepted
    /// now, and a file that is refused must not reach the child at all.
    fn reload_tested(&mut self) {
        tracing::info!("Reloading ...");
        service_manager::reloading();
        let source = &self.options.configuration;
        let machine = Machine::default();
        let mut loaded = configuration::load(source, &machine, Mode::Start);
        let failure = loaded.start_failure();
        let (Some(config), None) = (loaded.config.take(), failure) else {
            configuration::log(&loaded);
            self.reload_refused();
            return;
        };
        if let Some(what) = unchangeable(&config.globals.daemon, &self.globals.daemon) {
            tracing::error!("Cannot change {what} at a reload - please restart keepalived");
            self.reload_refused();
            return;
        }
        self.reloads = self.reloads.wrapping_add(1);
        if let Some(directory) = &config.globals.reload.save_directory {
            archive::keep_configuration(directory, self.reloads, &loaded.sources);
        }
        self.accepted = Accepted::new(source.clone(), machine, config);
        self.take_globals();
        let has_bfd = self.bfd.is_running() || self.wants_bfd();
        if self.bfd.is_running() {
            self.bfd.pass_on(Signal::SIGHUP as i32);
        } else if has_bfd {
            // Started in the next turn.
            self.bfd.respawn.at_once();
        }
        if let Some(child) = &self.child {
            let _ = kill(child.pid, Signal::SIGHUP);
            self.accepted.forget();
        } else if self.is_idle() && has_bfd {
            tracing::info!("Reload complete");
            self.tell_ready();
        } else if self.is_idle() {
            tracing::warn!("Warning - keepalived has no configuration to run");
            self.tell_ready();
        } else {
            configuration::log(&loaded);
            self.respawn.at_once();
        }
        drop(loaded);
        release_free_memory();
    }

    pub(super) fn reload_refused(&mut self) {
        self.marker.remove();
        self.service.reload_refused();
    }

    pub(super) fn tell_ready(&mut self) {
        self.marker.remove();
        self.service.ready();
    }
}

/// What a reload would have to change and cannot (spec cli-and-process 4).
fn unchangeable(new: &Daemon, old: &Daemon) -> Option<&'static str> {
    if new.net_namespace != old.net_namespace {
        Some("network namespace")
    } else if new.instance != old.instance {
        Some("instance name")
    } else {
        None
    }
}
