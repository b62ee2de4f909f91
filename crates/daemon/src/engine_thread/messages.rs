//! What other threads tell the engine thread.

use std::path::Path;

use evervip_model::ProcessPattern;
use evervip_script::{Outcome, Report};
use evervip_vrrp::{CheckOutcome, Event, RunId};

use super::EngineThread;
use crate::inbox::Message;

impl EngineThread {
    pub(super) fn messages(&mut self) {
        self.inbox.acknowledge();
        self.script_reports();
        while let Some(message) = self.inbox.next() {
            match message {
                Message::Reload(reload) => self.reload(*reload),
                Message::Observed => self.observed(),
                Message::MailFinished => self.mailer.set_finished(),
                Message::DumpWritten => self.dump_written(),
                #[cfg(feature = "dbus")]
                Message::Bus(request) => self.bus_request(request),
                #[cfg(feature = "dbus")]
                Message::BusLeft => self.bus.set_finished(),
                Message::Control(order) => self.control(order),
                Message::SceneWanted => {
                    let scene = self.scene();
                    self.subagent.show(scene);
                }
            }
        }
    }

    /// What the script runner tells, also what it has wakened nobody for.
    pub(super) fn script_reports(&mut self) {
        while let Some(report) = self.inbox.next_report() {
            match report {
                Report::CheckEnded { run, outcome, .. } => {
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
                Report::Drained { .. } => self.hooks.drained(),
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

    pub(super) fn file_read(&mut self, path: &Path, text: &[u8]) {
        self.handle(Event::FileRead { path, text });
    }

    pub(super) fn link_polled(&mut self, interface: &str, up: bool) {
        self.handle(Event::LinkPolled { interface, up });
    }

    pub(super) fn processes_counted(&mut self, pattern: &ProcessPattern, count: u32) {
        self.handle(Event::ProcessesCounted { pattern, count });
    }
}
