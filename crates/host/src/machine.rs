//! Interfaces, users and names.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::ffi::CString;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use evervip_config::{Host, InterfaceFacts, IprouteFile, ScriptCheck};
use evervip_model::Credentials;
use evervip_os::netlink::{Link, Requests};
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;
use nix::unistd::{Gid, Group, Uid, User, getegid, geteuid, getgrouplist, gethostname};

use crate::{iproute, script};

/// This machine, in the network namespace of the calling thread.
///
/// Interfaces and users are asked for once and remembered: a configuration with thousands of
/// instances asks for the same ones again and again. Every load takes a new one.
#[derive(Debug, Default)]
pub struct SystemHost {
    interfaces: OnceCell<BTreeMap<String, InterfaceFacts>>,
    users: RefCell<BTreeMap<String, Option<Credentials>>>,
    groups: RefCell<BTreeMap<String, Option<u32>>>,
}

impl SystemHost {
    fn interfaces(&self) -> &BTreeMap<String, InterfaceFacts> {
        self.interfaces.get_or_init(interfaces)
    }
}

impl Host for SystemHost {
    fn interface(&self, name: &str) -> Option<InterfaceFacts> {
        self.interfaces().get(name).cloned()
    }

    fn interface_names(&self) -> Vec<String> {
        self.interfaces().keys().cloned().collect()
    }

    fn own_addresses(&self) -> Vec<IpAddr> {
        let listed = getifaddrs().into_iter().flatten();
        listed.filter_map(|a| ip_address(&a.address?)).collect()
    }

    fn user(&self, name: &str) -> Option<Credentials> {
        remembered(&self.users, name, || {
            let user = User::from_name(name).ok()??;
            Some(Credentials {
                uid: user.uid.as_raw(),
                gid: user.gid.as_raw(),
            })
        })
    }

    fn supplementary_groups(&self, who: Credentials) -> Vec<u32> {
        let groups = || -> Option<Vec<u32>> {
            let user = User::from_uid(Uid::from_raw(who.uid)).ok()??;
            let name = CString::new(user.name).ok()?;
            let groups = getgrouplist(&name, Gid::from_raw(who.gid)).ok()?;
            Some(groups.into_iter().map(Gid::as_raw).collect())
        };
        groups().unwrap_or_default()
    }

    fn group(&self, name: &str) -> Option<u32> {
        remembered(&self.groups, name, || {
            Some(Group::from_name(name).ok()??.gid.as_raw())
        })
    }

    fn processors(&self) -> u32 {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        u32::try_from(count).unwrap_or(u32::MAX)
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

    fn iproute_names(
        &self,
        file: IprouteFile,
        etc: Option<&Path>,
        usr: Option<&Path>,
    ) -> Vec<(String, u32)> {
        iproute::names(file, etc, usr)
    }

    fn is_directory(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn search_path(&self, name: &str) -> Option<PathBuf> {
        script::search(name, std::env::var_os("PATH").as_deref())
    }

    fn resolves(&self, name: &str) -> bool {
        (name, 0)
            .to_socket_addrs()
            .is_ok_and(|mut a| a.next().is_some())
    }

    fn environment(&self, name: &str) -> Option<Vec<u8>> {
        Some(std::env::var_os(name)?.into_encoded_bytes())
    }

    fn random_seed(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(0, |since| since.as_secs())
    }

    fn node_name(&self) -> String {
        gethostname().map_or_else(|_| String::new(), |n| n.to_string_lossy().into_owned())
    }
}

fn ip_address(address: &SockaddrStorage) -> Option<IpAddr> {
    let inet = address.as_sockaddr_in().map(|a| IpAddr::V4(a.ip()));
    inet.or_else(|| address.as_sockaddr_in6().map(|a| IpAddr::V6(a.ip())))
}

/// What was found under a name before, or is found now.
fn remembered<T: Copy>(
    known: &RefCell<BTreeMap<String, Option<T>>>,
    name: &str,
    find: impl FnOnce() -> Option<T>,
) -> Option<T> {
    if let Some(found) = known.borrow().get(name) {
        return *found;
    }
    let found = find();
    known.borrow_mut().insert(name.to_owned(), found);
    found
}

/// All interfaces. The kernel is asked, not sysfs, which shows those of the network namespace that it
/// was mounted in.
fn interfaces() -> BTreeMap<String, InterfaceFacts> {
    let links = Requests::open().and_then(|mut kernel| kernel.links());
    let links = links.unwrap_or_default();
    let names: BTreeMap<u32, &str> = links.iter().map(|l| (l.index, l.name.as_str())).collect();
    let facts = |link: &Link| InterfaceFacts {
        loopback: link.loopback,
        multicast: link.multicast,
        ethernet: link.hardware_type == ARPHRD_ETHER,
        parent: parent(link, &names),
        vrf: link.kind.as_deref() == Some("vrf"),
        mtu: link.mtu,
    };
    links
        .iter()
        .map(|link| (link.name.clone(), facts(link)))
        .collect()
}

/// What a macvlan or ipvlan stands on. VLANs and others stand on something, too, and count as
/// interfaces of their own.
fn parent(link: &Link, names: &BTreeMap<u32, &str>) -> Option<String> {
    let kind = link.kind.as_deref()?;
    if !["macvlan", "macvtap", "ipvlan", "ipvtap"].contains(&kind) {
        return None;
    }
    Some((*names.get(&link.base?)?).to_owned())
}

/// Hardware type of Ethernet (`linux/if_arp.h`).
const ARPHRD_ETHER: u16 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_interface_is_found() {
        let lo = SystemHost::default().interface("lo").unwrap();
        assert!(lo.loopback);
        assert!(lo.mtu > 1500);
        assert!(
            SystemHost::default()
                .interface_names()
                .contains(&"lo".to_owned())
        );
        assert_eq!(SystemHost::default().interface("no-such-if"), None);
        let own = SystemHost::default().own_addresses();
        // In a new network namespace no interface is up.
        assert!(own.is_empty() || own.contains(&IpAddr::from([127, 0, 0, 1])));
    }

    #[test]
    fn users_and_groups_are_looked_up() {
        let root = SystemHost::default().user("root").unwrap();
        assert_eq!((root.uid, root.gid), (0, 0));
        assert_eq!(SystemHost::default().group("root"), Some(0));
        assert_eq!(SystemHost::default().user("no-such-user"), None);
        assert_eq!(SystemHost::default().group("no-such-group"), None);
        assert!(!SystemHost::default().node_name().is_empty());
    }

    #[test]
    fn numeric_addresses_resolve_without_a_name_service() {
        assert!(SystemHost::default().resolves("127.0.0.1"));
        assert!(!SystemHost::default().resolves("**"));
    }
}
