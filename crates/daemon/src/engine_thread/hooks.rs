//! Commands of the configuration, handed to the script runner without waiting for it.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use evervip_model::{Command, Globals, NotifyCommands, NotifyOrder, NotifyRules, State};
use evervip_script::{Check, Notice, Request};
use evervip_vrrp::{Notification, NotificationKind, Subject};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

/// Longest wait for stop hooks and running checks (spec vrrp-runtime 18).
pub(super) const DRAIN: Duration = Duration::from_secs(1);
/// What the end of this process takes besides.
const RESERVE: Duration = Duration::from_millis(500);

/// The way to the script runner.
pub(super) struct Hooks {
    requests: Sender<Request>,
    drained: bool,
    rules: NotifyRules,
    stop_patience: Duration,
}

impl Hooks {
    pub(super) const fn new(requests: Sender<Request>) -> Self {
        Self {
            requests,
            drained: false,
            rules: NotifyRules {
                order: NotifyOrder::SideBySide,
                timeout: None,
                retries: 0,
            },
            stop_patience: DRAIN,
        }
    }

    /// Heeds what the configuration says, from the next notification on.
    pub(super) fn configure(&mut self, globals: &Globals) {
        self.rules = globals.extensions.notify;
        self.stop_patience = match self.rules.limit() {
            // The guardian does not wait longer for this process.
            Some(limit) if self.rules.order == NotifyOrder::Serial => limit
                .min(globals.daemon.child_wait_time.saturating_sub(RESERVE))
                .max(DRAIN),
            _ => DRAIN,
        };
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
                if let Some(command) = commands.master_rx_lower_pri.as_deref() {
                    let told = vec![(command.clone(), Vec::new())];
                    self.tell(notification, &format!("{kind} {name}"), told);
                }
                return;
            }
            NotificationKind::PriorityChanged(_) | NotificationKind::StillIn(_) => return,
        };
        let mut told: Vec<(Command, Vec<OsString>)> = Vec::new();
        told.extend(specific.map(|command| (command.clone(), Vec::new())));
        if let Some(command) = commands.any.as_deref() {
            let priority = notification.priority.to_string();
            let words = [kind, name, word, &priority].map(OsString::from);
            told.push((command.clone(), words.to_vec()));
        }
        if !told.is_empty() {
            self.tell(notification, &format!("{kind} {name}"), told);
        }
    }

    fn tell(
        &self,
        notification: &Notification,
        object: &str,
        commands: Vec<(Command, Vec<OsString>)>,
    ) {
        let limit = self.rules.limit();
        if self.rules.order == NotifyOrder::Serial {
            let notice = Notice {
                object: object.to_owned(),
                is_state: notification.kind != NotificationKind::MasterRxLowerPri,
                commands,
                limit,
                retries: self.rules.retries,
            };
            self.request(Request::Notice(notice));
            return;
        }
        let last = notification.kind == NotificationKind::Entered(State::Stop);
        for (command, words) in commands {
            self.request(if last {
                Request::StopHook {
                    command,
                    words,
                    limit,
                }
            } else {
                Request::Hook {
                    command,
                    words,
                    limit,
                }
            });
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

    fn request(&self, request: Request) {
        let Err(TrySendError::Full(refused)) = self.requests.try_send(request) else {
            return;
        };
        let what = match refused {
            Request::Notice(notice) => format!("scripts of {} were", notice.object),
            Request::Hook { command, .. } | Request::StopHook { command, .. } => {
                format!("script {} was", command.path.display())
            }
            _ => return,
        };
        tracing::error!(
            "notify {what} not started: thousands of scripts wait to be started already"
        );
    }

    /// Asks for a run of a check; `false` when there is no room for the request.
    pub(super) fn start_check(&self, check: Check) -> bool {
        self.requests.try_send(Request::Check(check)).is_ok()
    }

    /// Asks for the end of running checks and to be told when they and the stop hooks have ended.
    pub(super) fn drain(&mut self) {
        let within = self.stop_patience;
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

    /// How long the last commands may take.
    pub(super) const fn stop_patience(&self) -> Duration {
        self.stop_patience
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
