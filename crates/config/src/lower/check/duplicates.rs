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
        let mut known: HashMap<(Family, Vrid, Place), Occupants> = HashMap::new();
        let mut clashes = false;
        for (at, instance) in instances.iter().enumerate() {
            let mut reported = HashSet::new();
            for place in self.places(instance) {
                let earlier = known
                    .entry((instance.family, instance.vrid, place))
                    .or_default();
                let interface = compared_interface(instance);
                for other in earlier.sharing(interface) {
                    if !reported.insert(other) {
                        continue;
                    }
                    let first = &instances[other];
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
                earlier.0.entry(interface).or_default().push(at);
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

/// Who is at a place already, by interface: sites have one VRID and peer on very many interfaces.
#[derive(Default)]
struct Occupants<'a>(HashMap<Option<&'a str>, Vec<usize>>);

impl Occupants<'_> {
    /// Those on this interface and those on any, in the order of the file; all for any.
    fn sharing(&self, interface: Option<&str>) -> Vec<usize> {
        let mut found: Vec<usize> = if interface.is_none() {
            self.0.values().flatten().copied().collect()
        } else {
            [interface, None]
                .iter()
                .filter_map(|key| self.0.get(key))
                .flatten()
                .copied()
                .collect()
        };
        found.sort_unstable();
        found
    }
}

/// What tells unicast instances of one place apart; groups have been compared with theirs.
fn compared_interface(instance: &Instance) -> Option<&str> {
    match instance.delivery {
        Delivery::Unicast { .. } => instance.interface.as_deref(),
        Delivery::Multicast { .. } | Delivery::NoPeer => None,
    }
}
