//! Kernel settings that virtual MACs need, and their restoration (spec vrrp-runtime 14).
//!
//! A virtual MAC answers ARP for its own addresses only and takes packets that come from addresses
//! of this machine; its base must not answer for it. What is changed on interfaces that are not ours
//! is put back when the last virtual MAC that needs it goes (decision "sysctls changed for virtual
//! MACs"), unless somebody else has changed it meanwhile.

use std::collections::BTreeMap;

use evervip_model::Family;
use evervip_os::netlink::{Ipv4Setting, Link};
use evervip_os::settings_change::SettingsChange as Change;
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

/// What virtual MACs have made us change on interfaces that are not ours. The values are in the
/// kernel's ledger.
#[derive(Default)]
pub(super) struct InterfaceSettings {
    /// How many virtual MACs of IPv4 routers each base has, with its name.
    bases: BTreeMap<u32, (String, usize)>,
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
        if let Some((_, users)) = self.bases.get_mut(&base.index) {
            *users += 1;
            return;
        }
        let changes = OF_BASE.into_iter().filter_map(|(setting, after)| {
            let before = sysctl::read(Tree::Ipv4, &base.name, setting.name()).ok()?;
            (before != after).then(|| Change {
                interface: base.name.clone(),
                setting: setting.name().to_owned(),
                before,
                after,
            })
        });
        kernel.ledger.add(changes);
        set(base, &OF_BASE, kernel);
        self.bases.insert(base.index, (base.name.clone(), 1));
    }

    /// A virtual MAC of an IPv4 router on this base is gone.
    pub(super) fn release(&mut self, base: u32, kernel: &mut Kernel) {
        let Some((name, users)) = self.bases.get_mut(&base) else {
            return;
        };
        *users -= 1;
        if *users > 0 {
            return;
        }
        let name = std::mem::take(name);
        self.bases.remove(&base);
        self.restore_base(base, &name, kernel);
        if self.bases.is_empty() {
            self.restore_rp_filter(kernel);
        }
        kernel.ledger.write();
    }

    fn restore_base(&mut self, index: u32, name: &str, kernel: &mut Kernel) {
        let changes = kernel
            .ledger
            .take(|change| change.interface == name && of_base(&change.setting).is_some());
        // It may have got another name, or be gone.
        let Some(now) = kernel.links.get(&index).map(|link| link.name.clone()) else {
            return;
        };
        let before: Vec<(Ipv4Setting, u32)> = changes
            .into_iter()
            .filter_map(|change| {
                let setting = of_base(&change.setting)?;
                let interface = now.clone();
                let renamed = Change {
                    interface,
                    ..change
                };
                renamed.stands().then_some((setting, renamed.before))
            })
            .collect();
        if before.is_empty() {
            return;
        }
        if let Err(error) = kernel.requests().set_ipv4_settings(index, &before) {
            tracing::warn!("Unable to restore settings of {now}: {error}");
        }
    }

    /// The kernel takes the greater of `all.rp_filter` and an interface's own, so that the general
    /// one has to be 0; the others get its value instead.
    fn free_rp_filter(&mut self, kernel: &mut Kernel) {
        let all = sysctl::read(Tree::Ipv4, "all", RP_FILTER).unwrap_or(0);
        if all == 0 {
            return;
        }
        let names = kernel.links.values().map(|link| link.name.as_str());
        let change = |name: &str, before: u32, after: u32| Change {
            interface: name.to_owned(),
            setting: RP_FILTER.to_owned(),
            before,
            after,
        };
        let lower = ["default"].into_iter().chain(names).filter_map(|name| {
            let before = sysctl::read(Tree::Ipv4, name, RP_FILTER).ok()?;
            (before < all).then(|| change(name, before, all))
        });
        let changes: Vec<Change> = lower.chain([change("all", all, 0)]).collect();
        kernel.ledger.add(changes.iter().cloned());
        for change in changes {
            self.write(Tree::Ipv4, &change.interface, RP_FILTER, change.after);
        }
    }

    fn restore_rp_filter(&mut self, kernel: &mut Kernel) {
        // The last change first: with the general one back no interface is ever unfiltered.
        for change in kernel.ledger.take(|change| change.setting == RP_FILTER) {
            if change.stands() {
                self.write(Tree::Ipv4, &change.interface, RP_FILTER, change.before);
            }
        }
    }

    /// Only the first refusal is logged.
    fn write(&mut self, tree: Tree, interface: &str, setting: &str, value: u32) {
        let result = sysctl::write(tree, interface, setting, value);
        if let Err(error) = &result {
            if !std::mem::replace(&mut self.warned, true) {
                tracing::warn!("Unable to set {setting} of {interface} to {value}: {error}");
            }
        }
    }
}

/// The setting of this name, if it is one that bases get.
fn of_base(name: &str) -> Option<Ipv4Setting> {
    let settings = OF_BASE.into_iter().map(|(setting, _)| setting);
    settings.into_iter().find(|setting| setting.name() == name)
}

fn set(link: &Link, settings: &[(Ipv4Setting, u32)], kernel: &mut Kernel) {
    if let Err(error) = kernel.requests().set_ipv4_settings(link.index, settings) {
        tracing::warn!("Unable to change settings of {}: {error}", link.name);
    }
}

const RP_FILTER: &str = "rp_filter";
