//! Settings that keepalived does not have: lines beginning with `@evervip`.

use std::time::Duration;

/// What a check amounts to that cannot be executed (`@evervip unrunnable_scripts`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum UnrunnableScripts {
    /// Success, as for keepalived; one that is not even there is not tracked.
    #[default]
    Succeed,
    /// Failure.
    Fail,
}

/// What a MASTER does when somebody else removes one of its addresses
/// (`@evervip reinstate_addresses`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RemovedAddresses {
    /// Puts it back at once, within limits.
    #[default]
    Reinstate,
    /// Gives its state up, as keepalived does.
    GiveWay,
}

/// How the notify commands of one instance or group stand to each other (`@evervip notify_order`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NotifyOrder {
    /// Each is started at once, as by keepalived.
    #[default]
    SideBySide,
    /// Each waits for the end of the one before.
    Serial,
}

/// How notify commands are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NotifyRules {
    /// `notify_order`.
    pub order: NotifyOrder,
    /// `notify_timeout`: longest run, 1 to 4294 seconds. `None`: for ever side by side, a minute in a
    /// row.
    pub timeout: Option<Duration>,
    /// `notify_retries`: how often one that fails is run again in a row, 0 to 100.
    pub retries: u32,
}

impl NotifyRules {
    /// Longest run of a command that others wait for, unless said otherwise.
    const SERIAL_TIMEOUT: Duration = Duration::from_secs(60);

    /// Longest run of a command.
    #[must_use]
    pub fn limit(&self) -> Option<Duration> {
        match self.order {
            NotifyOrder::SideBySide => self.timeout,
            NotifyOrder::Serial => Some(self.timeout.unwrap_or(Self::SERIAL_TIMEOUT)),
        }
    }
}

/// All settings of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Extensions {
    /// `unrunnable_scripts`.
    pub unrunnable_scripts: UnrunnableScripts,
    /// `reinstate_addresses`.
    pub removed_addresses: RemovedAddresses,
    /// `notify_order`, `notify_timeout`, `notify_retries`.
    pub notify: NotifyRules,
}
