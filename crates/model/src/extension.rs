//! Settings that keepalived does not have: lines beginning with `@evervip`.

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

/// All settings of our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Extensions {
    /// `unrunnable_scripts`.
    pub unrunnable_scripts: UnrunnableScripts,
    /// `reinstate_addresses`.
    pub removed_addresses: RemovedAddresses,
}
