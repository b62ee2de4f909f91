//! `promote_secondaries`: when the first address of a subnet goes, the kernel makes the next one
//! first instead of removing all (spec vrrp-runtime 12).

use std::collections::{BTreeMap, BTreeSet};

use evervip_model::Config;
use evervip_os::netlink::Ipv4Setting;
use evervip_os::sysctl::{self, Tree};

use super::kernel::Kernel;

/// The interfaces whose setting was changed, by index.
#[derive(Default)]
pub(super) struct Promotion {
    changed: BTreeSet<u32>,
}

impl Promotion {
    /// Sets it where a configuration wants it, and puts it back where none does any more.
    pub(super) fn update(&mut self, config: &Config, kernel: &mut Kernel) {
        let names = config
            .instances
            .iter()
            .filter(|instance| instance.promote_secondaries)
            .filter_map(|instance| instance.interface.as_deref());
        let wanted: BTreeMap<u32, String> = names
            .filter_map(|name| kernel.link_named(name))
            .map(|link| (link.index, link.name.clone()))
            .collect();
        let gone: Vec<u32> = self
            .changed
            .iter()
            .copied()
            .filter(|index| !wanted.contains_key(index))
            .collect();
        for index in gone {
            self.restore(index, kernel);
        }
        for (index, name) in wanted {
            let now = sysctl::read(Tree::Ipv4, &name, Ipv4Setting::PromoteSecondaries.name());
            if now.is_ok_and(|now| now == 0) && set(index, 1, kernel) {
                self.changed.insert(index);
            }
        }
    }

    /// The end.
    pub(super) fn restore_all(&mut self, kernel: &mut Kernel) {
        for index in std::mem::take(&mut self.changed) {
            self.restore(index, kernel);
        }
    }

    fn restore(&mut self, index: u32, kernel: &mut Kernel) {
        self.changed.remove(&index);
        if kernel.links.contains_key(&index) {
            set(index, 0, kernel);
        }
    }
}

/// Gives whether the kernel took it.
fn set(index: u32, value: u32, kernel: &mut Kernel) -> bool {
    let setting = [(Ipv4Setting::PromoteSecondaries, value)];
    let result = kernel.requests().set_ipv4_settings(index, &setting);
    if let Err(error) = &result {
        let name = kernel.name(index);
        tracing::warn!("Unable to set promote_secondaries of {name} to {value}: {error}");
    }
    result.is_ok()
}
