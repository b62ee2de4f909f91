//! The daemon and its processes (spec config-language 10 and 11.2).

use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the single keywords of the top level say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daemon {
    /// `instance`: suffix of pid files and of the log ident.
    pub instance: Option<String>,
    /// `net_namespace`: the network namespace to run in.
    pub net_namespace: Option<String>,
    /// `namespace_with_ipsets`.
    pub namespace_with_ipsets: bool,
    /// `use_pid_dir`; implied by `instance` and `net_namespace`.
    pub use_pid_dir: bool,
    /// `linkbeat_use_polling`: link states are asked for, not reported.
    pub linkbeat_polling: bool,
    /// `child_wait_time`: how long children may take to end, whole seconds.
    pub child_wait_time: Duration,
}

impl Default for Daemon {
    fn default() -> Self {
        Self {
            instance: None,
            net_namespace: None,
            namespace_with_ipsets: false,
            use_pid_dir: false,
            linkbeat_polling: false,
            child_wait_time: Duration::from_secs(5),
        }
    }
}

impl Daemon {
    /// Where the pid file of a process is unless the command line says otherwise, as the daemon sees
    /// it: `process` is `keepalived`, `vrrp` or `bfd` (spec cli-and-process 2).
    #[must_use]
    pub fn pid_file(&self, process: &str) -> PathBuf {
        match &self.instance {
            Some(instance) => format!("{PID_DIRECTORY}/{process}_{instance}.pid").into(),
            None if self.use_pid_dir || self.net_namespace.is_some() => {
                format!("{PID_DIRECTORY}/{process}.pid").into()
            }
            None => format!("/run/{process}.pid").into(),
        }
    }

    /// The same file as everybody else sees it: a daemon of a network namespace has a directory of
    /// its own in the place of the common one.
    #[must_use]
    pub fn pid_file_seen_from_outside(&self, process: &str) -> PathBuf {
        let path = self.pid_file(process);
        match (&self.net_namespace, path.file_name()) {
            (Some(namespace), Some(name)) => Path::new(PID_DIRECTORY).join(namespace).join(name),
            _ => path,
        }
    }
}

/// keepalived's own directory of pid files.
pub const PID_DIRECTORY: &str = "/run/keepalived";

/// One process (`vrrp_*`, `bfd_*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// `*_process_name`, at most 15 bytes.
    pub name: Option<String>,
    /// `*_priority`: nice value, -20 to 19.
    pub nice: i8,
    /// `*_rt_priority`: real-time priority, 1 to 99.
    pub realtime: Option<u8>,
    /// `*_rlimit_rttime`: processor time without sleep while real-time, at least 2 µs.
    pub realtime_limit: Duration,
    /// `*_no_swap`: all memory is locked.
    pub no_swap: bool,
    /// `*_cpu_affinity`; empty means all processors. Sorted, without duplicates.
    pub processors: Vec<u32>,
}

impl Default for Process {
    fn default() -> Self {
        Self {
            name: None,
            nice: 0,
            realtime: None,
            realtime_limit: Duration::from_millis(10),
            no_swap: false,
            processors: Vec::new(),
        }
    }
}

/// All processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processes {
    /// `process_names`: each process gets a name of its own.
    pub own_names: bool,
    /// `process_name`: name of the parent, at most 15 bytes.
    pub parent_name: Option<String>,
    /// The process that runs VRRP.
    pub vrrp: Process,
    /// The process that runs BFD.
    pub bfd: Process,
    /// `max_auto_priority`: bound of the real-time priority that late timers raise, 1 to 99; 0 is
    /// off, -1 is off without a notice at start.
    pub max_auto_priority: i8,
    /// `min_auto_priority_delay`: lateness that raises it, 1 µs to 10 s.
    pub min_auto_priority_delay: Duration,
    /// `umask`: permissions withheld from created files, 0 to 0777.
    pub umask: u16,
}

impl Default for Processes {
    fn default() -> Self {
        Self {
            own_names: false,
            parent_name: None,
            vrrp: Process::default(),
            bfd: Process::default(),
            max_auto_priority: 0,
            min_auto_priority_delay: Duration::from_secs(1),
            umask: 0o177,
        }
    }
}
