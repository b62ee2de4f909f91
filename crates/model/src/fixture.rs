//! What the daemon holds as long as it runs (spec vrrp-keywords 17).

use crate::{Route, Rule, TrackGroupIndex, VirtualAddress};

/// An entry of a `static_*` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixture<T> {
    /// What it is.
    pub entry: T,
    /// The group whose instances guard it.
    pub track_group: Option<TrackGroupIndex>,
}

/// All of them, in file order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fixtures {
    /// `static_ipaddress`; every address has a `dev`.
    pub addresses: Vec<Fixture<VirtualAddress>>,
    /// `static_routes`.
    pub routes: Vec<Fixture<Route>>,
    /// `static_rules`.
    pub rules: Vec<Fixture<Rule>>,
}
