//! Interfaces, users and names.

use std::net::ToSocketAddrs;
use std::path::{Path, PathBuf};

use evervip_config::{Host, InterfaceFacts, ScriptCheck};
use evervip_model::Credentials;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use nix::unistd::{Group, User, getegid, geteuid, gethostname};

use crate::script;

/// This machine, in the network namespace of the calling thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemHost;

impl Host for SystemHost {
    fn interface(&self, name: &str) -> Option<InterfaceFacts> {
        let flags = interfaces()
            .find(|(n, _)| n == name)
            .map(|(_, flags)| flags)?;
        Some(InterfaceFacts {
            loopback: flags.contains(InterfaceFlags::IFF_LOOPBACK),
            multicast: flags.contains(InterfaceFlags::IFF_MULTICAST),
            mtu: mtu(name),
        })
    }

    fn interface_names(&self) -> Vec<String> {
        let mut names: Vec<_> = interfaces().map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        names
    }

    fn user(&self, name: &str) -> Option<Credentials> {
        let user = User::from_name(name).ok()??;
        Some(Credentials {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
        })
    }

    fn group(&self, name: &str) -> Option<u32> {
        Some(Group::from_name(name).ok()??.gid.as_raw())
    }

    fn own_credentials(&self) -> Credentials {
        Credentials {
            uid: geteuid().as_raw(),
            gid: getegid().as_raw(),
        }
    }

    fn check_script(&self, path: &Path, credentials: Credentials) -> ScriptCheck {
        script::check(path, credentials)
    }

    fn search_path(&self, name: &str) -> Option<PathBuf> {
        script::search(name, std::env::var_os("PATH").as_deref())
    }

    fn resolves(&self, name: &str) -> bool {
        (name, 0)
            .to_socket_addrs()
            .is_ok_and(|mut a| a.next().is_some())
    }

    fn node_name(&self) -> String {
        gethostname().map_or_else(|_| String::new(), |n| n.to_string_lossy().into_owned())
    }
}

/// Every interface at least once: the kernel lists each with its link-layer address.
fn interfaces() -> impl Iterator<Item = (String, InterfaceFlags)> {
    getifaddrs()
        .into_iter()
        .flatten()
        .map(|a| (a.interface_name, a.flags))
}

/// Needed only to see how many addresses fit into a packet; Ethernet's when it cannot be read.
fn mtu(name: &str) -> u32 {
    std::fs::read_to_string(format!("/sys/class/net/{name}/mtu"))
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(1500)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_interface_is_found() {
        let lo = SystemHost.interface("lo").unwrap();
        assert!(lo.loopback);
        assert!(lo.mtu > 1500);
        assert!(SystemHost.interface_names().contains(&"lo".to_owned()));
        assert_eq!(SystemHost.interface("no-such-if"), None);
    }

    #[test]
    fn users_and_groups_are_looked_up() {
        let root = SystemHost.user("root").unwrap();
        assert_eq!((root.uid, root.gid), (0, 0));
        assert_eq!(SystemHost.group("root"), Some(0));
        assert_eq!(SystemHost.user("no-such-user"), None);
        assert_eq!(SystemHost.group("no-such-group"), None);
        assert!(!SystemHost.node_name().is_empty());
    }

    #[test]
    fn numeric_addresses_resolve_without_a_name_service() {
        assert!(SystemHost.resolves("127.0.0.1"));
        assert!(!SystemHost.resolves("**"));
    }
}
