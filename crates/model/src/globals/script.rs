//! Scripts and FIFOs of the daemon itself (spec config-language 11.2 and 11.3).

use std::path::PathBuf;
use std::time::Duration;

use crate::{Command, Credentials};

/// `startup_script` and `shutdown_script`, and how scripts are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlobalScripts {
    /// `startup_script`: run before anything else.
    pub startup: Option<Command>,
    /// `startup_script_timeout`, 1 to 1000 s.
    pub startup_timeout: Duration,
    /// `shutdown_script`: run when everything has ended.
    pub shutdown: Option<Command>,
    /// `shutdown_script_timeout`, 1 to 1000 s.
    pub shutdown_timeout: Duration,
    /// `use_symlink_paths`: symbolic links in paths stay.
    pub use_symlink_paths: bool,
    /// `set_supplementary_groups`: scripts get the other groups of their user.
    pub supplementary_groups: bool,
}

impl Default for GlobalScripts {
    fn default() -> Self {
        Self {
            startup: None,
            startup_timeout: Duration::from_secs(10),
            shutdown: None,
            shutdown_timeout: Duration::from_secs(10),
            use_symlink_paths: false,
            supplementary_groups: false,
        }
    }
}

/// Where a FIFO is, and who may open it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fifo {
    /// As written.
    pub path: PathBuf,
    /// Its owner.
    pub owner: Credentials,
}

/// A FIFO and the program that reads it. The program alone is possible and does nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotifyFifo {
    /// `notify_fifo`, `vrrp_notify_fifo`.
    pub fifo: Option<Fifo>,
    /// `notify_fifo_script`, `vrrp_notify_fifo_script`; the path of the FIFO is appended.
    pub reader: Option<Command>,
}

/// All FIFOs. Those of LVS are not run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotifyFifos {
    /// For everything.
    pub all: NotifyFifo,
    /// For instances and groups alone.
    pub vrrp: NotifyFifo,
    /// `vrrp_notify_priority_changes`.
    pub priority_changes: bool,
    /// `fifo_write_vrrp_states_on_reload`.
    pub states_on_reload: bool,
}
