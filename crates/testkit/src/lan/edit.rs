//! Changes of a configuration, small enough to be printed and left out one by one.

use std::sync::Arc;
use std::time::Duration;

use evervip_model::{Config, Instance, InstanceIndex, Priority, Version, Vrid};

use super::design::address;
use crate::sample;

/// One change of a configuration. Where it does not apply it changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// The same text once more.
    Nothing,
    /// The instances in the opposite order.
    Reverse,
    /// This VRID's instance gets another name.
    Rename(u8),
    /// Another check script, which nobody tracks.
    AddScript,
    /// This VRID gets an address that ends so.
    AddAddress(u8, u8),
    /// This VRID loses its first address, unless it is the only one.
    RemoveAddress(u8),
    /// In version 3, this VRID advertises at this interval.
    Interval(u8, Duration),
    /// All instances get this priority.
    Priority(u8),
    /// All instances leave a running master alone, or do not.
    Nopreempt(bool),
    /// An instance of this VRID, like the first one on `eth0`, in no group.
    AddInstance(u8),
    /// No instance of this VRID any more.
    RemoveInstance(u8),
    /// This VRID's instance becomes a member of the first group.
    Join(u8),
    /// This VRID's instance is in no group any more.
    Leave(u8),
}

impl Edit {
    /// The configuration after it.
    #[must_use]
    pub fn of(self, config: &Config) -> Config {
        let mut config = config.clone();
        match self {
            Self::Nothing => {}
            Self::Reverse => regroup(&mut config, |config, _| config.instances.reverse()),
            Self::Rename(vrid) => with(&mut config, vrid, |instance| {
                instance.name = format!("{}x", instance.name).into();
            }),
            Self::AddScript => {
                let name = format!("aux{}", config.scripts.len());
                config.scripts.push(sample::script(&name));
            }
            Self::AddAddress(vrid, last) => with(&mut config, vrid, |instance| {
                let segment = usize::from(instance.interface.as_deref() == Some("eth1"));
                let new = sample::vip(&address(instance.family, segment, last));
                if !instance.addresses.contains(&new) {
                    instance.addresses.push(new);
                }
            }),
            Self::RemoveAddress(vrid) => with(&mut config, vrid, |instance| {
                if instance.addresses.len() > 1 {
                    instance.addresses.remove(0);
                }
            }),
            Self::Interval(vrid, interval) => with(&mut config, vrid, |instance| {
                if instance.version == Version::V3 {
                    instance.advert_interval = interval;
                }
            }),
            Self::Priority(priority) => {
                let priority = Priority::new(priority).unwrap_or(Priority::DEFAULT);
                let instances = config.instances.iter_mut();
                instances.for_each(|instance| instance.priority = priority);
            }
            Self::Nopreempt(nopreempt) => {
                for instance in &mut config.instances {
                    instance.nopreempt = nopreempt;
                    instance.preempt_delay = Duration::ZERO;
                    instance.timer_expired_backup = None;
                }
            }
            Self::AddInstance(vrid) => add_instance(&mut config, vrid),
            Self::RemoveInstance(vrid) => regroup(&mut config, |config, _| {
                config.instances.retain(|known| known.vrid.value() != vrid);
            }),
            Self::Join(vrid) => regroup(&mut config, |config, members| {
                let instance = config.instances.iter().find(|i| i.vrid.value() == vrid);
                let new = instance.filter(|instance| !members.contains(&instance.name));
                members.extend(new.map(|instance| Arc::clone(&instance.name)));
            }),
            Self::Leave(vrid) => regroup(&mut config, |config, members| {
                let mut instances = config.instances.iter();
                let gone = instances.find(|i| i.vrid.value() == vrid);
                members.retain(|member| gone.is_none_or(|gone| gone.name != *member));
            }),
        }
        config
    }

    /// VRIDs whose instances may change their state because of it.
    #[must_use]
    pub fn unsettles(self, config: &Config) -> Vec<u8> {
        let grouped = config.sync_groups.iter().flat_map(|group| &group.members);
        let grouped = grouped.map(|member| config.instances[member.0].vrid.value());
        match self {
            Self::Nothing
            | Self::Reverse
            | Self::Rename(_)
            | Self::AddScript
            | Self::AddAddress(..)
            | Self::RemoveAddress(_)
            | Self::Interval(..) => Vec::new(),
            Self::Priority(_) | Self::Nopreempt(_) => vrids(config),
            Self::AddInstance(vrid) => vec![vrid],
            Self::RemoveInstance(vrid) | Self::Join(vrid) | Self::Leave(vrid) => {
                // What happens to a member concerns all of them.
                let grouped: Vec<u8> = grouped.collect();
                let whole = matches!(self, Self::Join(_)) || grouped.contains(&vrid);
                let rest = if whole { grouped } else { Vec::new() };
                rest.into_iter().chain([vrid]).collect()
            }
        }
    }
}

fn vrids(config: &Config) -> Vec<u8> {
    config.instances.iter().map(|i| i.vrid.value()).collect()
}

fn with(config: &mut Config, vrid: u8, change: impl FnOnce(&mut Instance)) {
    let mut instances = config.instances.iter_mut();
    if let Some(instance) = instances.find(|instance| instance.vrid.value() == vrid) {
        change(instance);
    }
}

fn add_instance(config: &mut Config, vrid: u8) {
    let known = vrids(config).contains(&vrid);
    // All hosts are to take one of the same interface, whatever they have lost before.
    let on_eth0 = |i: &&Instance| i.interface.as_deref() == Some("eth0");
    let first = config.instances.iter().find(on_eth0);
    let (Some(first), Ok(id), false) = (first, Vrid::new(vrid), known) else {
        return;
    };
    config.instances.push(Instance {
        name: format!("N{vrid}").into(),
        vrid: id,
        addresses: vec![sample::vip(&address(first.family, 0, 100 + vrid))].into(),
        track_scripts: Vec::new().into(),
        track_interfaces: Vec::new().into(),
        track_files: Vec::new().into(),
        track_processes: Vec::new().into(),
        routes: Vec::new().into(),
        ..first.clone()
    });
}

/// Changes the list of instances, or that of the members of the first group by name.
fn regroup(config: &mut Config, change: impl FnOnce(&mut Config, &mut Vec<Arc<str>>)) {
    let first = config.sync_groups.first();
    let members = first.map(|group| group.members.clone()).unwrap_or_default();
    let instances = &config.instances;
    let mut names: Vec<Arc<str>> = members
        .iter()
        .map(|member| Arc::clone(&instances[member.0].name))
        .collect();
    change(config, &mut names);
    let places = names.iter().filter_map(|name| {
        let mut instances = config.instances.iter();
        instances.position(|instance| instance.name == *name)
    });
    let members: Vec<InstanceIndex> = places.map(InstanceIndex).collect();
    if let Some(group) = config.sync_groups.first_mut() {
        group.members = members;
    }
    config.sync_groups.retain(|group| !group.members.is_empty());
}
