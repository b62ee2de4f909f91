//! Commands that the daemon runs for the user.

use std::ffi::OsString;
use std::path::PathBuf;

/// Identity under which a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Credentials {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// A command of the configuration, split into words (spec config-language 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Command {
    /// What is executed: an absolute path, resolved when the configuration was read.
    pub path: PathBuf,
    /// Words, the first being the path as the user wrote it.
    pub argv: Vec<OsString>,
    /// Who runs it.
    pub credentials: Credentials,
    /// Ids of the other groups that it runs with (`set_supplementary_groups`); none by default.
    pub supplementary_groups: Box<[u32]>,
}

/// The `notify*` commands of an instance or a group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotifyCommands {
    /// `notify_master`: no words appended.
    pub master: Option<Box<Command>>,
    /// `notify_backup`.
    pub backup: Option<Box<Command>>,
    /// `notify_fault`.
    pub fault: Option<Box<Command>>,
    /// `notify_stop`.
    pub stop: Option<Box<Command>>,
    /// `notify`: kind, name, state and priority are appended (spec vrrp-runtime 9.2).
    pub any: Option<Box<Command>>,
    /// `notify_master_rx_lower_pri`; instances only.
    pub master_rx_lower_pri: Option<Box<Command>>,
    /// `notify_deleted`; instances only.
    pub deleted: Option<Box<Command>>,
}

impl NotifyCommands {
    /// Whether no command is configured at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.master.is_none()
            && self.backup.is_none()
            && self.fault.is_none()
            && self.stop.is_none()
            && self.any.is_none()
            && self.master_rx_lower_pri.is_none()
            && self.deleted.is_none()
    }
}
