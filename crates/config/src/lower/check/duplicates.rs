//! Instances that cannot share a network (spec vrrp-keywords 18-33).

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use evervip_model::{Delivery, Family, Instance, Vrid};

use super::Fatal;
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;

/// What two instances must not have in common.
#[derive(PartialEq, Eq, Hash)]
enum Place {
    /// A group on an interface, which is the one below for a macvlan.
    Group(IpAddr, Option<String>),
    /// A source and a peer.
    Peer(Option<IpAddr>, IpAddr),
}

impl Lower<'_> {
    /// Every pair is reported, as the original does, up to the limit of messages.
    pub(super) fn check_duplicates(
        &mut self,
        instances: &[Instance],
        drafts: &[InstanceDraft],
    ) -> Result<(), Fatal> {
        let mut known: HashMap<(Family, Vrid, Place), Vec<usize>> = HashMap::new();
        let mut clashes = false;
        for (at, instance) in instances.iter().enumerate() {
            let mut reported = HashSet::new();
            for place in self.places(instance) {
                let earlier = known
                    .entry((instance.family, instance.vrid, place))
                    .or_default();
                for other in earlier.iter().copied() {
                    let first = &instances[other];
                    if !share_interface(first, instance) || !reported.insert(other) {
                        continue;
                    }
                    clashes = true;
                    let diagnostic = Diagnostic::new(
                        Code::VridReused,
                        Class::General,
                        self.clash(first, instance),
                    )
                    .error()
                    .label(drafts[at].span, "the second one")
                    .help("give each virtual router an id of its own");
                    self.say(diagnostic);
                    if self.diagnostics.is_full() {
                        return Err(Fatal);
                    }
                }
                earlier.push(at);
            }
        }
        if clashes { Err(Fatal) } else { Ok(()) }
    }

    fn places(&self, instance: &Instance) -> Vec<Place> {
        let group = match &instance.delivery {
            Delivery::Unicast { peers, .. } => {
                return peers
                    .iter()
                    .map(|peer| Place::Peer(instance.source, peer.address))
                    .collect();
            }
            Delivery::Multicast { group } => *group,
            // The original compares it like multicast.
            Delivery::NoPeer => self.default_group(instance.family),
        };
        vec![Place::Group(group, self.base_interface(instance))]
    }

    /// The interface that the network is on: the one below a macvlan.
    fn base_interface(&self, instance: &Instance) -> Option<String> {
        let name = instance.interface.clone();
        let parent = name.as_deref().and_then(|n| self.host.interface(n)?.parent);
        parent.or(name)
    }

    fn clash(&self, a: &Instance, b: &Instance) -> String {
        if matches!(a.delivery, Delivery::Unicast { .. }) {
            return format!(
                "({}) duplicate VRID conflict with {} VRID {}",
                a.name, b.name, a.vrid
            );
        }
        let version = match a.family {
            Family::Inet => 4,
            Family::Inet6 => 6,
        };
        format!(
            "{} and {} both use VRID {} with IPv{version} on interface {}",
            a.name,
            b.name,
            a.vrid,
            self.base_interface(a).as_deref().unwrap_or("(none)")
        )
    }
}

/// Whether both run on one interface, or one of them on any. Groups have been compared with theirs.
fn share_interface(a: &Instance, b: &Instance) -> bool {
    let is_unicast = matches!(a.delivery, Delivery::Unicast { .. });
    !is_unicast || a.interface == b.interface || a.interface.is_none() || b.interface.is_none()
}
