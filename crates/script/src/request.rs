//! What the engine asks for and what it is told.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Command, VrrpScript};

/// One thing to do. Requests are taken strictly in order.
///
/// Every command runs in a process group of its own, with 0, 1 and 2 on `/dev/null`, the
/// daemon's environment, working directory and umask, an empty signal mask, the user and
/// group of its [`Credentials`](evervip_model::Credentials) with the supplementary groups that it
/// names and no others, and gets SIGTERM when the daemon dies (spec vrrp-runtime 9.3).
#[derive(Debug, Clone)]
pub enum Request {
    /// Run the command of a `vrrp_script` once.
    Check(Check),
    /// Start a notify command and forget it: its end is not reported and its exit status
    /// does not matter.
    Hook {
        /// What to run.
        command: Command,
        /// Words appended to the command's own (spec vrrp-runtime 9.2).
        words: Vec<OsString>,
        /// Longest run; then SIGTERM to the group, 2 s later SIGKILL.
        limit: Option<Duration>,
    },
    /// Like [`Request::Hook`], and [`Request::Drain`] waits for its end.
    StopHook {
        /// What to run.
        command: Command,
        /// Words appended to the command's own.
        words: Vec<OsString>,
        /// Longest run.
        limit: Option<Duration>,
    },
    /// Run notify commands one after another, behind those of the same object. [`Request::Drain`]
    /// waits for the end of all.
    Notice(Notice),
    /// Start a program that reads a FIFO until it is told to end. When it ends by itself a line says
    /// so; it is not started again (spec vrrp-runtime 9.4). [`Request::Drain`] waits for its end, and
    /// sends SIGTERM when the time is over.
    Listener {
        /// Identifies it.
        listener: u64,
        /// What to run.
        command: Command,
        /// Words appended to the command's own.
        words: Vec<OsString>,
    },
    /// SIGTERM to a listener, 1 s later SIGKILL.
    StopListener {
        /// As it was started.
        listener: u64,
    },
    /// SIGTERM to the groups of all running checks, 1 s later SIGKILL. Their ends are
    /// reported as usual.
    StopChecks,
    /// Wait until all stop hooks and all checks that [`Request::StopChecks`] reached have
    /// ended, then send [`Report::Drained`].
    Drain {
        /// Longest wait (the original's is 1 s); what still runs then is killed.
        within: Duration,
    },
}

/// What an object has come to, and the commands that are to be told of it.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Name of the object; different ones do not wait for each other.
    pub object: String,
    /// Its state: a notice of a state that waits is replaced by the next one. Others are replaced by
    /// others only.
    pub is_state: bool,
    /// Each with the words appended to its own, in order.
    pub commands: Vec<(Command, Vec<OsString>)>,
    /// Longest run of each; then SIGTERM to its group, 2 s later SIGKILL.
    pub limit: Option<Duration>,
    /// How often a command that fails is run again, unless there is something newer to tell: after
    /// 1 s, and twice as long each further time, 30 s at most.
    pub retries: u32,
}

/// One run of the command of a `vrrp_script`.
#[derive(Debug, Clone)]
pub struct Check {
    /// Identifies the run; handed back in the report.
    pub run: u64,
    /// Whose command and time-out; after the latter SIGTERM to the group, 2 s later SIGKILL.
    pub script: Arc<VrrpScript>,
    /// The exit status that is no news; `None` where every end is.
    pub expected: Option<i32>,
}

/// What the runner tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// A check is over: its leader is gone, it may be started again.
    CheckEnded {
        /// As in the request.
        run: u64,
        /// How it ended.
        outcome: Outcome,
        /// Whether it ended otherwise than [`Check::expected`]: then it is to be handed on at once.
        is_news: bool,
    },
    /// The answer to [`Request::Drain`].
    Drained {
        /// Commands that were still running when the time was over and got SIGKILL.
        killed: usize,
    },
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// By itself with this status, 0 to 255.
    Exited(i32),
    /// By this signal, which was not sent because of a time-out.
    Signalled(i32),
    /// It ran longer than its time-out and was ended for that.
    TimedOut,
    /// It never ran.
    CannotRun {
        /// The system's error number, 0 where there is none.
        errno: i32,
        /// The reason in words, without the number.
        reason: String,
    },
}
