//! What the command line may ask for, and what holds when it does not.

use std::path::PathBuf;

use evervip_vrrp::AtStop;

use crate::configuration::Source;
use crate::logging::Facility;

/// Where the configuration is without `-f`.
pub(crate) const DEFAULT_CONFIGURATION: &str = "/etc/keepalived/keepalived.conf";

/// What the daemon is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Task {
    Run,
    /// `-t`; complaints go to this file instead of standard error.
    Test(Option<PathBuf>),
    Version,
    Help,
    /// `--signum`: the number of a signal, by what it asks for.
    SignalNumber(String),
}

/// When a child runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChildRuns {
    WhenConfigured,
    /// `--all`
    Always,
    /// `-C` for VRRP, `-B` for BFD
    Never,
}

/// Core dumps of the daemon's processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CoreDumps {
    /// The limit stays as it is.
    AsInherited,
    /// `-m`: of any size.
    Allowed,
    /// `-M`: of any size, and the kernel is told where they go.
    To(String),
}

/// Where the log goes, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogOptions {
    /// `-l`
    pub(crate) console: bool,
    /// `-D`
    pub(crate) detail: bool,
    /// `-D` twice: more of BFD
    pub(crate) extra_detail: bool,
    /// Not `-G`.
    pub(crate) syslog: bool,
    /// `-S`
    pub(crate) facility: Facility,
    /// `-g`
    pub(crate) file: Option<PathBuf>,
}

/// The command line, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) task: Task,
    pub(crate) configuration: Source,
    pub(crate) foreground: bool,
    pub(crate) log: LogOptions,
    pub(crate) dump: bool,
    pub(crate) vrrp: ChildRuns,
    pub(crate) bfd: ChildRuns,
    /// Not `-R`: a child that dies is started again.
    pub(crate) respawn: bool,
    pub(crate) at_stop: AtStop,
    /// `-a`: addresses that come and go are logged.
    pub(crate) address_monitoring: bool,
    /// `-p`
    pub(crate) parent_pid_file: Option<PathBuf>,
    /// `-r`
    pub(crate) vrrp_pid_file: Option<PathBuf>,
    /// `-b`
    pub(crate) bfd_pid_file: Option<PathBuf>,
    /// `-m`, `-M`
    pub(crate) core_dumps: CoreDumps,
    /// An option had a value that was not understood: a test of the configuration does not pass.
    pub(crate) is_doubtful: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            task: Task::Run,
            configuration: Source {
                path: DEFAULT_CONFIGURATION.into(),
                options: evervip_config::Options::default(),
                namespace: None,
                umask: None,
                all_snmp: false,
            },
            foreground: false,
            log: LogOptions {
                console: false,
                detail: false,
                extra_detail: false,
                syslog: true,
                facility: Facility::default(),
                file: None,
            },
            dump: false,
            vrrp: ChildRuns::WhenConfigured,
            bfd: ChildRuns::WhenConfigured,
            respawn: true,
            at_stop: AtStop::Release,
            address_monitoring: false,
            parent_pid_file: None,
            vrrp_pid_file: None,
            bfd_pid_file: None,
            core_dumps: CoreDumps::AsInherited,
            is_doubtful: false,
        }
    }
}

impl Task {
    /// Whether it is a question to the program, answered as soon as it is read.
    pub(super) const fn is_answer(&self) -> bool {
        matches!(self, Self::Version | Self::Help | Self::SignalNumber(_))
    }
}

impl Options {
    /// The same with paths that stay right when the working directory changes.
    pub(crate) fn with_absolute_paths(&self) -> Self {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        Self {
            configuration: Source {
                path: absolute(&self.configuration.path),
                ..self.configuration.clone()
            },
            parent_pid_file: self.parent_pid_file.as_ref().map(absolute),
            vrrp_pid_file: self.vrrp_pid_file.as_ref().map(absolute),
            bfd_pid_file: self.bfd_pid_file.as_ref().map(absolute),
            ..self.clone()
        }
    }
}
