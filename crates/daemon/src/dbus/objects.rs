//! The objects and their states, as listeners know them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use evervip_model::{Instance, State};

use super::path::Settings;

/// What an instance is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// This state.
    In(State),
    /// Removed by a reload.
    Deleted,
}

impl Status {
    pub(super) const fn number(self) -> u32 {
        match self {
            Self::In(State::Init) => 0,
            Self::In(State::Backup) => 1,
            Self::In(State::Master) => 2,
            Self::In(State::Fault) => 3,
            Self::Deleted => 97,
            Self::In(State::Stop) => 98,
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::In(State::Init) => "Init",
            Self::In(State::Backup) => "Backup",
            Self::In(State::Master) => "Master",
            Self::In(State::Fault) => "Fault",
            Self::Deleted => "Deleted",
            Self::In(State::Stop) => "Stop",
        }
    }
}

/// An instance as an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: Arc<str>,
    pub(super) status: Status,
}

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object<'a> {
    /// The daemon.
    Daemon,
    /// An instance.
    Instance(&'a Entry),
}

/// All objects.
#[derive(Debug)]
pub(super) struct Objects {
    settings: Settings,
    daemon: String,
    instances: BTreeMap<String, Entry>,
}

impl Objects {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            daemon: settings.daemon(),
            settings,
            instances: BTreeMap::new(),
        }
    }

    /// The path of the daemon's object.
    pub(super) fn daemon(&self) -> &str {
        &self.daemon
    }

    /// Takes a change of state; gives the path of the object.
    pub(super) fn set(&mut self, instance: &Instance, status: Status) -> String {
        let path = self.settings.instance(instance);
        let name = Arc::clone(&instance.name);
        self.instances.insert(path.clone(), Entry { name, status });
        path
    }

    /// Takes all instances; gives those that listeners do not know, or believe to be in another
    /// state.
    pub(super) fn replace(
        &mut self,
        instances: Vec<(Arc<Instance>, State)>,
    ) -> Vec<(String, Status)> {
        let old = std::mem::take(&mut self.instances);
        let mut news = Vec::new();
        for (instance, state) in instances {
            let status = Status::In(state);
            let path = self.set(&instance, status);
            let known = old.get(&path).map(|entry| entry.status);
            if known != Some(status) {
                news.push((path, status));
            }
        }
        news
    }

    /// What is at a path.
    pub(super) fn find(&self, path: &str) -> Option<Object<'_>> {
        if path == self.daemon {
            return Some(Object::Daemon);
        }
        self.instances.get(path).map(Object::Instance)
    }

    /// The elements that follow this path in those of objects.
    pub(super) fn children(&self, path: &str) -> BTreeSet<&str> {
        let prefix = match path {
            "/" => String::from("/"),
            path => format!("{path}/"),
        };
        let below = self.instances.range(prefix.clone()..);
        let paths = below.map(|(path, _)| path.as_str());
        paths
            .take_while(|path| path.starts_with(&prefix))
            .chain([self.daemon()])
            .filter_map(|path| path.strip_prefix(&prefix))
            .map(|rest| rest.split('/').next().unwrap_or(rest))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use evervip_model::{Globals, Vrid};

    use super::*;

    fn instance(name: &str, interface: &str, vrid: u8) -> Arc<Instance> {
        let mut instance = Instance::new(name.into(), Vrid::new(vrid).unwrap());
        instance.interface = Some(interface.to_owned());
        Arc::new(instance)
    }

    fn path(rest: &str) -> String {
        format!("/org/keepalived/Vrrp1/Instance/{rest}/IPv4")
    }

    #[test]
    fn what_differs_from_what_was_told_is_told() {
        let mut objects = Objects::new(Settings::of(&Globals::default()));
        let all = |states: [State; 3]| {
            let instances = [
                instance("C", "eth1", 3),
                instance("A", "eth0", 1),
                instance("B", "eth0", 2),
            ];
            instances.into_iter().zip(states).collect::<Vec<_>>()
        };
        let told = objects.replace(all([State::Backup, State::Init, State::Fault]));
        let expected = [
            (path("eth1/3"), Status::In(State::Backup)),
            (path("eth0/1"), Status::In(State::Init)),
            (path("eth0/2"), Status::In(State::Fault)),
        ];
        assert_eq!(told, expected);
        objects.set(&instance("A", "eth0", 1), Status::In(State::Master));
        let told = objects.replace(all([State::Backup, State::Master, State::Backup]));
        assert_eq!(told, [(path("eth0/2"), Status::In(State::Backup))]);
        assert_eq!(objects.replace(Vec::new()), []);
        assert_eq!(objects.find(&path("eth0/2")), None);
    }

    #[test]
    fn the_tree_has_no_gaps() {
        let mut objects = Objects::new(Settings::of(&Globals::default()));
        for (interface, vrid) in [("eth0", 1), ("eth0", 12), ("eth0.5", 1)] {
            objects.set(&instance("V", interface, vrid), Status::In(State::Backup));
        }
        let children = |path: &str| objects.children(path).into_iter().collect::<Vec<_>>();
        assert_eq!(children("/"), ["org"]);
        assert_eq!(children("/org/keepalived"), ["Vrrp1"]);
        let root = "/org/keepalived/Vrrp1";
        assert_eq!(children(root), ["Instance", "Vrrp"]);
        assert_eq!(children(&format!("{root}/Instance")), ["eth0", "eth0_5"]);
        assert_eq!(children(&format!("{root}/Instance/eth0")), ["1", "12"]);
        assert_eq!(children(&format!("{root}/Instance/eth0/1")), ["IPv4"]);
        assert!(children(&path("eth0/1")).is_empty());
        assert!(children("/or").is_empty());
        assert_eq!(objects.find(objects.daemon()), Some(Object::Daemon));
        assert_eq!(objects.find("/org"), None);
    }
}
