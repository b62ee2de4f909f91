//! The whole configuration.

use crate::{
    BfdInstance, Fixtures, GarpGroup, Globals, Instance, LinkDelays, Linkbeat, LinkbeatMethod,
    SyncGroup, TrackFile, TrackGroup, TrackProcess, VrrpScript,
};

/// A whole configuration: see the crate documentation for its invariants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// `global_defs`.
    pub globals: Globals,
    /// `vrrp_script` blocks in use, in file order.
    pub scripts: Vec<VrrpScript>,
    /// `track_file` blocks, in file order.
    pub files: Vec<TrackFile>,
    /// `vrrp_track_process` blocks, in file order.
    pub processes: Vec<TrackProcess>,
    /// `bfd_instance` blocks, in file order.
    pub bfd_instances: Vec<BfdInstance>,
    /// `garp_group` blocks.
    pub garp_groups: Vec<GarpGroup>,
    /// `interface_up_down_delays`.
    pub link_delays: Vec<LinkDelays>,
    /// `linkbeat_interfaces`.
    pub linkbeat: Vec<Linkbeat>,
    /// What is there as long as the daemon runs.
    pub fixtures: Fixtures,
    /// `track_group` blocks.
    pub track_groups: Vec<TrackGroup>,
    /// `vrrp_instance` blocks, in file order.
    pub instances: Vec<Instance>,
    /// `vrrp_sync_group` blocks, in file order.
    pub sync_groups: Vec<SyncGroup>,
}

impl Config {
    /// The interfaces whose state is asked for instead of being reported: `linkbeat_interfaces`, and
    /// those of instances with `linkbeat_use_polling`; with the global one those of all instances, and
    /// all that they track. Each once.
    #[must_use]
    pub fn polled_links(&self) -> Vec<Linkbeat> {
        let mut links = self.linkbeat.clone();
        let all = self.globals.daemon.linkbeat_polling;
        let polled = || self.instances.iter().filter(|i| all || i.linkbeat_polling);
        let own = polled().filter_map(|instance| instance.interface.as_ref());
        let tracked = polled()
            .filter(|_| all)
            .flat_map(|instance| &instance.track_interfaces)
            .map(|track| &track.interface);
        for interface in own.chain(tracked) {
            if !links.iter().any(|link| link.interface == *interface) {
                links.push(Linkbeat {
                    interface: interface.clone(),
                    method: LinkbeatMethod::Any,
                });
            }
        }
        links
    }
}

impl Config {
    /// Whether there is nothing to run: no instance, and nothing static either (spec vrrp-keywords
    /// 17).
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let Fixtures {
            addresses,
            routes,
            rules,
        } = &self.fixtures;
        let is_static = !(addresses.is_empty() && routes.is_empty() && rules.is_empty());
        self.instances.is_empty() && !is_static
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TrackedInterface, Vrid, Weight};

    fn instance(interface: &str, polled: bool, tracked: &str) -> Instance {
        let track = TrackedInterface {
            interface: tracked.to_owned(),
            weight: Weight::default(),
            reverse: false,
        };
        Instance {
            interface: Some(interface.to_owned()),
            linkbeat_polling: polled,
            track_interfaces: vec![track].into(),
            ..Instance::new(interface.into(), Vrid::new(1).unwrap())
        }
    }

    #[test]
    fn links_are_polled_for_some_instances_or_for_all() {
        let mut config = Config {
            instances: vec![
                instance("eth0", true, "eth8"),
                instance("eth1", false, "eth9"),
            ],
            ..Config::default()
        };
        let names = |config: &Config| -> Vec<String> {
            let links = config.polled_links();
            links.into_iter().map(|link| link.interface).collect()
        };
        assert_eq!(names(&config), ["eth0"]);
        config.globals.daemon.linkbeat_polling = true;
        assert_eq!(names(&config), ["eth0", "eth1", "eth8", "eth9"]);
    }
}
