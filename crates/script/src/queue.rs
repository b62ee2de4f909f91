//! Notify commands one after another: a queue for each object (`@evervip notify_order serial`).
//!
//! What an object has come to replaces what waits: while a slow command runs, or is tried again, only
//! the newest state is kept. So a queue holds two entries at most, and nothing in it is overtaken.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use evervip_os::spawn::Spawner;
use nix::sys::signal::Signal;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::launch::{Group, Running, launch};
use crate::request::Notice;
use crate::runner::not_executed;

/// From SIGTERM to SIGKILL for a command that has run too long.
const GRACE: Duration = Duration::from_secs(2);
/// Before the first repetition; each further one waits twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause between two repetitions.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How a step of an object has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Succeeded,
    Failed,
    TimedOut,
    /// The pause before a repetition is over.
    Rested,
}

/// The queues of all objects that have something to do.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    objects: HashMap<String, Queue>,
    steps: JoinSet<(String, End)>,
}

#[derive(Debug, Default)]
struct Queue {
    current: Option<Current>,
    waiting: VecDeque<Notice>,
}

/// What an object is at.
#[derive(Debug)]
struct Current {
    notice: Notice,
    /// Which of its commands.
    command: usize,
    /// How often that one has failed.
    failures: u32,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Due,
    Running(Group),
    Pausing(AbortHandle),
}

impl Queues {
    /// Whether nothing runs or waits.
    pub(crate) fn is_idle(&self) -> bool {
        self.objects.is_empty()
    }

    /// Adds what is to be told, and starts it if nothing of its object runs.
    pub(crate) fn put(&mut self, notice: Notice, spawner: &mut Spawner) {
        let object = notice.object.clone();
        let queue = self.objects.entry(object.clone()).or_default();
        if notice.is_state {
            queue.give_up_repetition();
        }
        let before = queue.waiting.len();
        queue.waiting.retain(|w| w.is_state != notice.is_state);
        if queue.waiting.len() < before {
            tracing::info!("{object} has changed again: what waited to be told is not told");
        }
        queue.waiting.push_back(notice);
        self.advance(&object, spawner);
    }

    /// Waits for the end of a step and takes the next one; `None` when there is none.
    pub(crate) async fn step_ended(&mut self) -> Option<Ended> {
        loop {
            // A pause that was given up has no news.
            if let Ok((object, end)) = self.steps.join_next().await? {
                return Some(Ended { object, end });
            }
        }
    }

    /// Goes on after a step.
    pub(crate) fn go_on(&mut self, ended: &Ended, spawner: &mut Spawner) {
        let Ended { object, end } = ended;
        let Some(queue) = self.objects.get_mut(object) else {
            return;
        };
        if let Some(pause) = queue.settle(*end) {
            let rest = object.clone();
            let handle = self.steps.spawn(async move {
                sleep(pause).await;
                (rest, End::Rested)
            });
            if let Some(current) = &mut queue.current {
                current.step = Step::Pausing(handle);
            }
            return;
        }
        self.advance(object, spawner);
    }

    /// Starts what is due.
    fn advance(&mut self, object: &str, spawner: &mut Spawner) {
        let Some(queue) = self.objects.get_mut(object) else {
            return;
        };
        while let Some(current) = queue.next() {
            if !matches!(current.step, Step::Due) {
                return;
            }
            let Some((command, words)) = current.notice.commands.get(current.command) else {
                queue.current = None;
                continue;
            };
            match launch(spawner, command, words) {
                Ok(running) => {
                    current.step = Step::Running(running.group);
                    let (object, limit) = (object.to_owned(), current.notice.limit);
                    self.steps
                        .spawn(async move { (object, run(running, limit).await) });
                    return;
                }
                // It would not run the next time either.
                Err(error) => {
                    not_executed(command, &error);
                    current.command += 1;
                }
            }
        }
        self.objects.remove(object);
    }

    /// Kills what runs and forgets what waits; gives how many commands were killed.
    pub(crate) fn give_up(&mut self) -> usize {
        let mut killed = 0;
        for (object, queue) in self.objects.drain() {
            if let Some(Step::Running(group)) = queue.current.as_ref().map(|c| &c.step) {
                group.signal(Signal::SIGKILL);
                killed += 1;
            }
            if !queue.waiting.is_empty() {
                tracing::error!("The end has come before {object} could be told everything");
            }
        }
        killed
    }
}

/// A step that is over.
#[derive(Debug)]
pub(crate) struct Ended {
    object: String,
    end: End,
}

impl Queue {
    /// What is being done, or the next thing to do.
    fn next(&mut self) -> Option<&mut Current> {
        if self.current.is_none() {
            self.current = self.waiting.pop_front().map(|notice| Current {
                notice,
                command: 0,
                failures: 0,
                step: Step::Due,
            });
        }
        self.current.as_mut()
    }

    /// A command that has failed is not run again once there is something newer to tell.
    fn give_up_repetition(&mut self) {
        if let Some(Step::Pausing(pause)) = self.current.as_ref().map(|current| &current.step) {
            pause.abort();
            self.current = None;
        }
    }

    /// Takes the end of a step into account; gives the pause before a repetition, if there is to be
    /// one.
    fn settle(&mut self, end: End) -> Option<Duration> {
        let newer = self.waiting.iter().any(|notice| notice.is_state);
        let current = self.current.as_mut()?;
        current.step = Step::Due;
        if end == End::Rested {
            return None;
        }
        if end == End::Succeeded {
            current.command += 1;
            current.failures = 0;
            return None;
        }
        current.failures += 1;
        let again = current.failures <= current.notice.retries && !newer;
        report(current, end, again);
        if again {
            let doublings = (current.failures - 1).min(8);
            return Some((FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE));
        }
        current.command += 1;
        current.failures = 0;
        None
    }
}

fn report(current: &Current, end: End, again: bool) {
    let Some((command, _)) = current.notice.commands.get(current.command) else {
        return;
    };
    let what = if end == End::TimedOut {
        "timed out"
    } else {
        "failed"
    };
    let next = if again {
        "it is run again"
    } else {
        "it is not run again"
    };
    tracing::warn!(
        "notify script {} of {} {what} ({} times) - {next}",
        command.path.display(),
        current.notice.object,
        current.failures
    );
}

async fn run(mut running: Running, limit: Option<Duration>) -> End {
    match within(&mut running, limit).await {
        None => End::TimedOut,
        Some(Ok(status)) if status.success() => End::Succeeded,
        Some(_) => End::Failed,
    }
}

/// Waits for a command, and ends it with its group when it takes longer than `limit`; `None` then.
pub(crate) async fn within(
    running: &mut Running,
    limit: Option<Duration>,
) -> Option<io::Result<ExitStatus>> {
    let Some(limit) = limit else {
        return Some(running.leader.wait().await);
    };
    if let Ok(ended) = timeout(limit, running.leader.wait()).await {
        return Some(ended);
    }
    running.group.signal(Signal::SIGTERM);
    let _ = timeout(GRACE, running.leader.wait()).await;
    // Also for members that outlive their leader. One that even this does not end, because the
    // kernel holds it, is not waited for.
    running.group.signal(Signal::SIGKILL);
    let _ = timeout(GRACE, running.leader.wait()).await;
    None
}
