//! Kernel settings that virtual MACs need, and their restoration (spec vrrp-runtime 14).
//!
//! A virtual MAC answers ARP for its own addresses only and takes packets that come from addresses
//! of this machine; its base must not answer for it. What is changed on interfaces that are not ours
//! is put back when the last virtual MAC that needs it goes (decision "sysctls changed for virtual
//! MACs"), unless somebody else has changed it meanwhile.

use std::collections::BTreeMap;

use evervip_model::Family;
use evervip_os::netlink::{Ipv4Setting, Link};
use evervip_os::sysctl::{self, Tree};
use evervip_vrrp::VirtualInterface;

use super::kernel::Kernel;

/// What a virtual MAC of an IPv4 router is set to.
const OF_VIRTUAL_MAC: [(Ipv4Setting, u32); 4] = [
    (Ipv4Setting::ArpIgnore, 1),
    (Ipv4Setting::AcceptLocal, 1),
    (Ipv4Setting::RpFilter, 0),
    (Ipv4Setting::PromoteSecondaries, 1),
];
/// What its base is set to.
const OF_BASE: [(Ipv4Setting, u32); 2] = [(Ipv4Setting::ArpIgnore, 1), (Ipv4Setting::ArpFilter, 1)];

/// A base whose settings were changed.
struct Base {
    name: String,
    users: usize,
    /// What was changed, and from which value.
    before: Vec<(Ipv4Setting, u32)>,
}

/// A changed `rp_filter` of an interface, of `default` or of `all`.
struct Changed {
    interface: String,
    before: u32,
    after: u32,
}

/// Everything that was changed on interfaces that are not ours.
#[derive(Default)]
pub(super) struct InterfaceSettings {
    bases: BTreeMap<u32, Base>,
    rp_filter: Vec<Changed>,
    warned: bool,
}

impl InterfaceSettings {
    /// Sets a virtual MAC and, for IPv4, its base.
    pub(super) fn apply(
        &mut self,
        link: &Link,
        base: &Link,
        wanted: &VirtualInterface,
        kernel: &mut Kernel,
    ) {
        let disable_ipv6 = u32::from(!wanted.ipv6);
        // Without IPv6 in the kernel there is nothing to disable.
        if sysctl::read(Tree::Ipv6, &link.name, "disable_ipv6").is_ok_and(|now| now != disable_ipv6)
        {
            self.write(Tree::Ipv6, &link.name, "disable_ipv6", disable_ipv6);
        }
        if wanted.family == Family::Inet {
            self.free_rp_filter(kernel);
            set(link, &OF_VIRTUAL_MAC, kernel);
            self.take_base(base, kernel);
        }
    }

    fn take_base(&mut self, base: &Link, kernel: &mut Kernel) {
        if let Some(known) = self.bases.get_mut(&base.index) {
            known.users += 1;
            return;
        }
        let before: Vec<(Ipv4Setting, u32)> = OF_BASE
            .into_iter()
            .filter_map(|(setting, wanted)| {
                let now = sysctl::read(Tree::Ipv4, &base.name, setting.name()).ok()?;
                (now != wanted).then_some((setting, now))
            })
            .collect();
        set(base, &OF_BASE, kernel);
        self.bases.insert(
            base.index,
            Base {
                name: base.name.clone(),
                users: 1,
                before,
            },
        );
    }

    /// A virtual MAC of an IPv4 router on this base is gone.
    pub(super) fn release(&mut self, base: u32, kernel: &mut Kernel) {
        let Some(known) = self.bases.get_mut(&base) else {
            return;
        };
        known.users -= 1;
        if known.users > 0 {
            return;
        }
        if let Some(known) = self.bases.remove(&base) {
            restore_base(base, &known, kernel);
        }
        if self.bases.is_empty() {
            self.restore_rp_filter();
        }
    }

    /// The kernel takes the greater of `all.rp_filter` and an interface's own, so that the general
    /// one has to be 0; the others get its value instead.
    fn free_rp_filter(&mut self, kernel: &Kernel) {
        let all = sysctl::read(Tree::Ipv4, "all", RP_FILTER).unwrap_or(0);
        if all == 0 {
            return;
        }
        let names = kernel.links.values().map(|link| link.name.as_str());
        let lower: Vec<Changed> = ["default"]
            .into_iter()
            .chain(names)
            .filter_map(|name| {
                let before = sysctl::read(Tree::Ipv4, name, RP_FILTER).ok()?;
                (before < all).then(|| Changed {
                    interface: name.to_owned(),
                    before,
                    after: all,
                })
            })
            .collect();
        let general = Changed {
            interface: "all".to_owned(),
            before: all,
            after: 0,
        };
        for changed in lower.into_iter().chain([general]) {
            if self.write(Tree::Ipv4, &changed.interface, RP_FILTER, changed.after) {
                self.rp_filter.push(changed);
            }
        }
    }

    fn restore_rp_filter(&mut self) {
        // In the opposite order: the general one first, so that no interface is ever unfiltered.
        for changed in std::mem::take(&mut self.rp_filter).into_iter().rev() {
            let ours = sysctl::read(Tree::Ipv4, &changed.interface, RP_FILTER)
                .is_ok_and(|now| now == changed.after);
            if ours {
                self.write(Tree::Ipv4, &changed.interface, RP_FILTER, changed.before);
            }
        }
    }

    /// Gives whether the kernel took it. Only the first refusal is logged.
    fn write(&mut self, tree: Tree, interface: &str, setting: &str, value: u32) -> bool {
        let result = sysctl::write(tree, interface, setting, value);
        if let Err(error) = &result {
            if !std::mem::replace(&mut self.warned, true) {
                tracing::warn!("Unable to set {setting} of {interface} to {value}: {error}");
            }
        }
        result.is_ok()
    }
}

fn set(link: &Link, settings: &[(Ipv4Setting, u32)], kernel: &mut Kernel) {
    if let Err(error) = kernel.requests().set_ipv4_settings(link.index, settings) {
        tracing::warn!("Unable to change settings of {}: {error}", link.name);
    }
}

/// Puts back what is still as we have set it.
fn restore_base(index: u32, base: &Base, kernel: &mut Kernel) {
    // It may have got another name, or be gone.
    let name = kernel
        .links
        .get(&index)
        .map_or_else(|| base.name.clone(), |link| link.name.clone());
    let ours = |setting: Ipv4Setting| {
        let wanted = OF_BASE.iter().find(|(other, _)| *other == setting);
        let now = sysctl::read(Tree::Ipv4, &name, setting.name()).ok();
        now.is_some() && now == wanted.map(|(_, value)| *value)
    };
    let before: Vec<(Ipv4Setting, u32)> = base
        .before
        .iter()
        .copied()
        .filter(|(setting, _)| ours(*setting))
        .collect();
    if before.is_empty() {
        return;
    }
    if let Err(error) = kernel.requests().set_ipv4_settings(index, &before) {
        tracing::warn!("Unable to restore settings of {name}: {error}");
    }
}

const RP_FILTER: &str = "rp_filter";
