//! What an engine knows at one moment, as SNMP's tables (spec vrrp-runtime 22): those of keepalived
//! (`KEEPALIVED-MIB`, VRRP part), of RFC 2787 (`VRRP-MIB`) and of RFC 6527 (`VRRPv3-MIB`), and the
//! notifications that belong to them.
//!
//! Pure: a [`Scene`] goes in, a [`Tree`] comes out. Numbers and gaps of the tables are those that
//! keepalived 2.2.7 was seen to give; where it gives less than the truth, `docs/deviations.md` says
//! so. Nothing can be written, and no password is part of it.
#![forbid(unsafe_code)]

mod keepalived;
mod parts;
mod rfc2787;
mod rfc6527;
mod rows;
mod trap;

use std::net::IpAddr;

use evervip_agentx::{Oid, Subtree, Tree, TreeBuilder};
use evervip_dump::Scene;
use evervip_model::Snmp;

pub use trap::{Notification, notification};

/// Where the three begin.
pub(crate) const KEEPALIVED: [u32; 9] = [1, 3, 6, 1, 4, 1, 9586, 100, 5];
pub(crate) const VRRP: [u32; 7] = [1, 3, 6, 1, 2, 1, 68];
pub(crate) const VRRPV3: [u32; 7] = [1, 3, 6, 1, 2, 1, 207];

/// Which of them are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Selection {
    /// Keepalived's.
    pub keepalived: bool,
    /// That of RFC 2787.
    pub rfc2787: bool,
    /// That of RFC 6527.
    pub rfc6527: bool,
}

impl Selection {
    /// What a configuration asks for.
    #[must_use]
    pub const fn of(snmp: &Snmp) -> Self {
        Self {
            keepalived: snmp.vrrp,
            rfc2787: snmp.rfc_v2,
            rfc6527: snmp.rfc_v3,
        }
    }

    /// Whether there is nothing to serve.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        !(self.keepalived || self.rfc2787 || self.rfc6527)
    }

    /// What is to be registered with the master agent, with the descriptions that keepalived gives.
    #[must_use]
    pub fn subtrees(self) -> Vec<Subtree> {
        let keepalived = Oid::new(&KEEPALIVED);
        let all = [
            (
                self.keepalived,
                keepalived.join(&[1]),
                "The MIB module for Keepalived",
            ),
            (
                self.keepalived,
                keepalived.join(&[2]),
                "The MIB module for KEEPALIVED-VRRP",
            ),
            (self.rfc2787, Oid::new(&VRRP), "The MIB module for VRRP"),
            (self.rfc6527, Oid::new(&VRRPV3), "The MIB module for VRRPV3"),
        ];
        let wanted = all.into_iter().filter(|(wanted, ..)| *wanted);
        wanted
            .map(|(_, root, description)| Subtree {
                root,
                description: description.to_owned(),
            })
            .collect()
    }
}

/// What is known beside the scene.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// What the daemon calls itself, in the form that clients of keepalived parse.
    pub version: String,
    /// The name of the host.
    pub host_name: String,
    /// The address of the mail relay.
    pub relay: Option<IpAddr>,
}

/// All objects of a moment.
#[must_use]
pub fn tree(scene: &Scene, selection: Selection, surroundings: &Surroundings) -> Tree {
    let mut builder = TreeBuilder::default();
    if selection.keepalived {
        keepalived::write(&mut builder, scene, surroundings);
    }
    if selection.rfc2787 {
        rfc2787::write(&mut builder, scene);
    }
    if selection.rfc6527 {
        rfc6527::write(&mut builder, scene);
    }
    builder.build()
}
