//! Commands of the configuration, handed to the script runner without waiting for it.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Command, NotifyCommands, State, VrrpScript};
use evervip_script::{Check, Request};
use evervip_vrrp::{Notification, NotificationKind, RunId, Subject};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

/// The way to the script runner.
pub(super) struct Hooks {
    requests: Sender<Request>,
    drained: bool,
}

impl Hooks {
    pub(super) const fn new(requests: Sender<Request>) -> Self {
        Self {
            requests,
            drained: false,
        }
    }

    /// Starts the commands of a notification: the specific one, then the generic one
    /// (spec vrrp-runtime 9.1).
    pub(super) fn notify(&self, notification: &Notification) {
        let (kind, name, commands) = match &notification.subject {
            Subject::Instance(spec) => ("INSTANCE", &spec.name, &spec.notify),
            Subject::Group(spec) => ("GROUP", &spec.name, &spec.notify),
        };
        let (specific, word) = match notification.kind {
            NotificationKind::Entered(state) => {
                (specific(commands, state), state.keepalived_name())
            }
            NotificationKind::Deleted => (commands.deleted.as_deref(), "DELETED"),
            NotificationKind::Removed => (None, State::Fault.keepalived_name()),
            NotificationKind::MasterRxLowerPri => {
                if let Some(command) = &commands.master_rx_lower_pri {
                    self.start(command, Vec::new(), false);
                }
                return;
            }
            NotificationKind::PriorityChanged(_) | NotificationKind::StillIn(_) => return,
        };
        let last = notification.kind == NotificationKind::Entered(State::Stop);
        if let Some(command) = specific {
            self.start(command, Vec::new(), last);
        }
        if let Some(command) = &commands.any {
            let priority = notification.priority.to_string();
            let words = [kind, name, word, &priority].map(OsString::from);
            self.start(command, words.to_vec(), last);
        }
    }

    /// Starts the program that reads a FIFO.
    pub(super) fn listen(&self, listener: u64, command: &Command, fifo: &Path) {
        let request = Request::Listener {
            listener,
            command: command.clone(),
            words: vec![fifo.into()],
        };
        if self.requests.try_send(request).is_err() {
            tracing::error!(
                "notify fifo script {} was not started: thousands of scripts wait to be started already",
                command.path.display()
            );
        }
    }

    /// Ends it.
    pub(super) fn stop_listener(&self, listener: u64) {
        // Without room for the request it ends with the daemon.
        let _ = self.requests.try_send(Request::StopListener { listener });
    }

    fn start(&self, command: &Command, words: Vec<OsString>, last: bool) {
        let command = command.clone();
        let request = if last {
            Request::StopHook { command, words }
        } else {
            Request::Hook { command, words }
        };
        if let Err(TrySendError::Full(
            Request::Hook { command, .. } | Request::StopHook { command, .. },
        )) = self.requests.try_send(request)
        {
            tracing::error!(
                "notify script {} was not started: thousands of scripts wait to be started already",
                command.path.display()
            );
        }
    }

    /// Asks for a run of a check; `false` when there is no room for the request.
    pub(super) fn start_check(&self, run: RunId, script: Arc<VrrpScript>) -> bool {
        self.requests
            .try_send(Request::Check(Check { run: run.0, script }))
            .is_ok()
    }

    /// Asks for the end of running checks and to be told when they and the stop hooks have ended.
    pub(super) fn drain(&mut self, within: Duration) {
        let asked = self.requests.try_send(Request::StopChecks).is_ok()
            && self.requests.try_send(Request::Drain { within }).is_ok();
        self.drained = !asked;
    }

    pub(super) fn drained(&mut self) {
        self.drained = true;
    }

    pub(super) const fn is_drained(&self) -> bool {
        self.drained
    }
}

fn specific(commands: &NotifyCommands, state: State) -> Option<&Command> {
    match state {
        State::Master => commands.master.as_deref(),
        State::Backup => commands.backup.as_deref(),
        State::Fault => commands.fault.as_deref(),
        State::Stop => commands.stop.as_deref(),
        State::Init => None,
    }
}
