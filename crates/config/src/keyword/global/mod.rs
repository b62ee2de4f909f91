//! Keywords of `global_defs`, a file for each theme.

mod identity;
mod lvs;
mod monitoring;
mod network;
mod process;
mod reload;
mod script;
mod vrrp;

use super::{Keyword, flag};

/// All of them, in the order of the documentation.
pub(super) const GLOBAL: &[Keyword] = &joined();

const PARTS: &[&[Keyword]] = &[
    identity::IDENTITY,
    process::PROCESS,
    script::SCRIPT,
    vrrp::VRRP,
    network::NETWORK,
    reload::RELOAD,
    monitoring::MONITORING,
    lvs::LVS,
];

const fn count() -> usize {
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
}

const fn joined() -> [Keyword; count()] {
    let mut all = [flag("", ""); count()];
    let (mut filled, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut at = 0;
        while at < PARTS[part].len() {
            all[filled] = PARTS[part][at];
            filled += 1;
            at += 1;
        }
        part += 1;
    }
    all
}

/// Help of several keywords.
const RECEIVE_BUFFER: &str = "Receive buffer of a netlink socket.";
