//! The future that takes requests and owns all running commands.

use std::collections::HashMap;
use std::ffi::OsString;
use std::time::Duration;

use evervip_model::Command;
use evervip_os::spawn::Spawner;
use nix::sys::signal::Signal;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

use crate::launch::{Group, launch};
use crate::queue::{Queues, within};
use crate::watch::{cannot_run, reason, watch_check};
use crate::{Check, Outcome, Report, Request};

/// Requests that may wait for the runner. The engine must not block on a full channel: a
/// check that finds no room is skipped until its next turn, a hook is kept by the sender.
pub const REQUEST_CAPACITY: usize = 4096;

/// Reports that may wait for the engine; beyond that the tasks of ended commands wait.
pub const REPORT_CAPACITY: usize = 256;

/// Time that a listener has to end when it is told to.
const LISTENER_PATIENCE: Duration = Duration::from_secs(1);

/// Makes a runner with the two channels that lead to and from it.
#[must_use]
pub fn runner() -> (mpsc::Sender<Request>, Runner, mpsc::Receiver<Report>) {
    let (request_sender, requests) = mpsc::channel(REQUEST_CAPACITY);
    let (reports, report_receiver) = mpsc::channel(REPORT_CAPACITY);
    let runner = Runner {
        requests,
        reports,
        spawner: Spawner::default(),
        stop: watch::Sender::new(0),
        tasks: JoinSet::new(),
        queues: Queues::default(),
        awaited: HashMap::new(),
        listeners: HashMap::new(),
        checks: HashMap::new(),
        drain: None,
    };
    (request_sender, runner, report_receiver)
}

/// Owns all running commands. Made by [`runner`], driven by [`Runner::run`].
#[derive(Debug)]
pub struct Runner {
    requests: mpsc::Receiver<Request>,
    reports: mpsc::Sender<Report>,
    spawner: Spawner,
    /// Counts the calls to stop the checks; each check's task has a receiver.
    stop: watch::Sender<u64>,
    tasks: JoinSet<()>,
    /// Notify commands that run one after another.
    queues: Queues,
    /// What a drain waits for: stop hooks, checks that were told to stop, and listeners; and how each
    /// is ended when the time is over.
    awaited: HashMap<Id, (Group, Signal)>,
    /// Running listeners that nobody told to end.
    listeners: HashMap<u64, (Id, Group)>,
    /// Running checks that nobody told to stop.
    checks: HashMap<Id, Group>,
    /// End of the drain that was asked for.
    drain: Option<Instant>,
}

impl Runner {
    /// Takes requests until every sender is gone. Commands still running then are left alone:
    /// they get SIGTERM when the daemon ends.
    ///
    /// Must be polled by one thread that lives as long as the process: the kernel ties "the
    /// parent died" to the thread which started a command.
    pub async fn run(mut self) {
        loop {
            let drain = self.drain;
            let drain_over = async {
                match drain {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                Some(ended) = self.tasks.join_next_with_id() => self.forget(ended),
                Some(ended) = self.queues.step_ended() => {
                    self.queues.go_on(&ended, &mut self.spawner);
                    self.end_drain_when_idle();
                }
                () = drain_over => self.end_drain(),
                request = self.requests.recv() => match request {
                    Some(request) => self.take(request),
                    None => return,
                },
            }
        }
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Check(check) => self.check(check),
            Request::Hook {
                command,
                words,
                limit,
            } => self.hook(&command, &words, limit, false),
            Request::StopHook {
                command,
                words,
                limit,
            } => self.hook(&command, &words, limit, true),
            Request::Notice(notice) => self.queues.put(notice, &mut self.spawner),
            Request::Listener {
                listener,
                command,
                words,
            } => self.listen(listener, &command, &words),
            Request::StopListener { listener } => self.stop_listener(listener),
            Request::StopChecks => {
                self.stop.send_modify(|calls| *calls += 1);
                let checks = self.checks.drain();
                self.awaited
                    .extend(checks.map(|(task, group)| (task, (group, Signal::SIGKILL))));
            }
            Request::Drain { within } => self.begin_drain(within),
        }
    }

    /// Starts a check; its task reports the end.
    fn check(&mut self, check: Check) {
        let reports = self.reports.clone();
        let report = move |outcome| Report::CheckEnded {
            run: check.run,
            is_news: check.expected.map(Outcome::Exited).as_ref() != Some(&outcome),
            outcome,
        };
        match launch(&mut self.spawner, &check.script.command, &[]) {
            Ok(running) => {
                let group = running.group;
                let stop = self.stop.subscribe();
                let task = self.tasks.spawn(async move {
                    let outcome =
                        watch_check(running, &check.script.name, check.script.timeout, stop).await;
                    deliver(&reports, report(outcome)).await;
                });
                self.checks.insert(task.id(), group);
            }
            Err(error) => self.report(report(cannot_run(&error))),
        }
    }

    /// Sends a report without waiting for room in the channel.
    fn report(&mut self, report: Report) {
        let reports = self.reports.clone();
        self.tasks
            .spawn(async move { deliver(&reports, report).await });
    }

    /// Starts a notify command; its task only reaps it.
    fn hook(
        &mut self,
        command: &Command,
        words: &[OsString],
        limit: Option<Duration>,
        awaited: bool,
    ) {
        match launch(&mut self.spawner, command, words) {
            Ok(mut running) => {
                let group = running.group;
                let task = self.tasks.spawn(async move {
                    // Nobody looks at the status of a hook.
                    let _ = within(&mut running, limit).await;
                });
                if awaited {
                    self.awaited.insert(task.id(), (group, Signal::SIGKILL));
                }
            }
            Err(error) => not_executed(command, &error),
        }
    }

    /// Starts the reader of a FIFO; its task only reaps it.
    fn listen(&mut self, listener: u64, command: &Command, words: &[OsString]) {
        match launch(&mut self.spawner, command, words) {
            Ok(mut running) => {
                let group = running.group;
                let task = self.tasks.spawn(async move {
                    // Nobody looks at the status of a listener.
                    let _ = running.leader.wait().await;
                });
                self.listeners.insert(listener, (task.id(), group));
            }
            Err(error) => not_executed(command, &error),
        }
    }

    /// Its end is not waited for, and no news.
    fn stop_listener(&mut self, listener: u64) {
        if let Some((_, group)) = self.listeners.remove(&listener) {
            group.signal(Signal::SIGTERM);
            self.tasks.spawn(async move {
                sleep(LISTENER_PATIENCE).await;
                group.signal(Signal::SIGKILL);
            });
        }
    }

    fn begin_drain(&mut self, within: Duration) {
        let listeners = self.listeners.drain();
        self.awaited
            .extend(listeners.map(|(_, (task, group))| (task, (group, Signal::SIGTERM))));
        self.drain = Some(Instant::now() + within);
        self.end_drain_when_idle();
    }

    fn end_drain_when_idle(&mut self) {
        if self.drain.is_some() && self.awaited.is_empty() && self.queues.is_idle() {
            self.end_drain();
        }
    }

    /// Kills what still runs and says so. The ends of the killed are not waited for: the
    /// daemon is about to leave, and init reaps.
    fn end_drain(&mut self) {
        self.drain = None;
        let killed = self.awaited.len() + self.queues.give_up();
        for (_, (group, signal)) in self.awaited.drain() {
            group.signal(signal);
        }
        self.report(Report::Drained { killed });
    }

    /// A task is over.
    fn forget(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => error.id(),
        };
        self.checks.remove(&id);
        let before = self.listeners.len();
        self.listeners.retain(|_, (task, _)| *task != id);
        if self.listeners.len() < before {
            tracing::info!("vrrp notify fifo script terminated");
        }
        if self.awaited.remove(&id).is_some() {
            self.end_drain_when_idle();
        }
    }
}

pub(crate) fn not_executed(command: &Command, error: &std::io::Error) {
    tracing::error!(
        "Error exec-ing command '{}', error {}: {}",
        command.path.display(),
        error.raw_os_error().unwrap_or_default(),
        reason(error)
    );
}

/// Sends a report. When the receiver is gone nobody wants to know any more.
async fn deliver(reports: &mpsc::Sender<Report>, report: Report) {
    let _ = reports.send(report).await;
}
