//! Hosts that are MASTER at the same time.

use std::collections::BTreeMap;

use evervip_model::State;

use crate::{Lan, Side};

impl Lan {
    /// Notes when hosts that hear each other begin and cease to be MASTER of the same VRID.
    pub(super) fn watch_doubles(&mut self) {
        let mut masters: BTreeMap<(Side, u8), u32> = BTreeMap::new();
        for (number, host) in self.hosts.iter().enumerate() {
            // Who is asleep does nothing, and who has no link is heard by nobody.
            let deaf = host.paused_until.is_some() || host.links.values().any(|up| !up);
            if deaf {
                continue;
            }
            for (status, instance) in host.status().iter().zip(&host.config.instances) {
                if status.state == State::Master {
                    let own = instance.interface.as_deref();
                    let mut ports = host.ports.iter();
                    let port = ports.find(|port| Some(port.name.as_str()) == own);
                    let side = self.side(number, port.map_or(0, |port| port.segment));
                    *masters.entry((side, instance.vrid.value())).or_default() += 1;
                }
            }
        }
        let now = self.now;
        for since in self.doubles.values() {
            self.longest_double = self.longest_double.max(now.saturating_since(*since));
        }
        self.doubles
            .retain(|key, _| masters.get(key).is_some_and(|count| *count > 1));
        for (key, _) in masters.into_iter().filter(|(_, count)| *count > 1) {
            self.doubles.entry(key).or_insert(now);
        }
    }
}
