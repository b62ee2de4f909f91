//! `promote_secondaries`: when the first address of a subnet goes, the kernel makes the next one
//! first instead of removing all (spec vrrp-runtime 12).

use std::collections::{BTreeMap, BTreeSet};

use evervip_model::Config;
use evervip_os::netlink::Ipv4Setting;
use evervip_os::settings_change::SettingsChange as Change;
use evervip_os::sysctl::{self, Tree};

use super::kernel::Kernel;

/// Which interfaces are to have the setting, and which have got it from us.
#[derive(Default)]
pub(super) struct Promotion {
    wanted: BTreeSet<String>,
    /// Interfaces that were looked at, by index. Each is set once: what somebody else does to it
    /// afterwards is theirs, and a new interface of the same name has another index.
    seen: BTreeSet<u32>,
    /// With the names under which they stand in the ledger.
    changed: BTreeMap<u32, String>,
}

impl Promotion {
    /// Takes what a configuration wants; [`Self::apply`] acts on it.
    pub(super) fn configure(&mut self, config: &Config) {
        let wanting = config
            .instances
            .iter()
            .filter(|instance| instance.promote_secondaries);
        self.wanted = wanting
            .filter_map(|instance| instance.interface.clone())
            .collect();
    }

    /// Sets it where it is wanted, also on interfaces that have just appeared, and puts it back
    /// where it is not wanted any more.
    pub(super) fn apply(&mut self, kernel: &mut Kernel) {
        if self.wanted.is_empty() && self.seen.is_empty() {
            return;
        }
        let links = self
            .wanted
            .iter()
            .filter_map(|name| kernel.link_named(name));
        let wanted: BTreeMap<u32, String> =
            links.map(|link| (link.index, link.name.clone())).collect();
        let gone: Vec<u32> = self
            .changed
            .keys()
            .copied()
            .filter(|index| !wanted.contains_key(index))
            .collect();
        for index in gone {
            self.restore(index, kernel);
        }
        self.seen.retain(|index| wanted.contains_key(index));
        for (index, name) in wanted {
            if !self.seen.insert(index) {
                continue;
            }
            let now = sysctl::read(Tree::Ipv4, &name, SETTING.name());
            if now.is_ok_and(|now| now == 0) {
                self.promote(index, name, kernel);
            }
        }
    }

    /// The end.
    pub(super) fn restore_all(&mut self, kernel: &mut Kernel) {
        let changed: Vec<u32> = self.changed.keys().copied().collect();
        for index in changed {
            self.restore(index, kernel);
        }
    }

    fn promote(&mut self, index: u32, name: String, kernel: &mut Kernel) {
        kernel.ledger.add([Change {
            interface: name.clone(),
            setting: SETTING.name().to_owned(),
            before: 0,
            after: 1,
        }]);
        if set(index, 1, kernel) {
            self.changed.insert(index, name);
        } else {
            forget(&name, kernel);
        }
    }

    fn restore(&mut self, index: u32, kernel: &mut Kernel) {
        if let Some(name) = self.changed.remove(&index) {
            if kernel.links.contains_key(&index) {
                set(index, 0, kernel);
            }
            forget(&name, kernel);
        }
    }
}

const SETTING: Ipv4Setting = Ipv4Setting::PromoteSecondaries;

fn forget(name: &str, kernel: &mut Kernel) {
    let ours = |change: &Change| change.interface == name && change.setting == SETTING.name();
    kernel.ledger.take(ours);
    kernel.ledger.write();
}

/// Gives whether the kernel took it.
fn set(index: u32, value: u32, kernel: &mut Kernel) -> bool {
    let setting = [(SETTING, value)];
    let result = kernel.requests().set_ipv4_settings(index, &setting);
    if let Err(error) = &result {
        let name = kernel.name(index);
        tracing::warn!("Unable to set promote_secondaries of {name} to {value}: {error}");
    }
    result.is_ok()
}
