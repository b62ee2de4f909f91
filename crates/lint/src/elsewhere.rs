//! A machine that is not at hand.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use evervip_config::{Host, InterfaceFacts, IprouteFile, ScriptCheck};
use evervip_model::Credentials;

/// The host of a configuration that is read on another machine: what this one does not have is
/// taken to be there, so that only the text decides. What was assumed is remembered.
pub struct Elsewhere<'a> {
    here: &'a dyn Host,
    assumed: RefCell<Assumed>,
}

#[derive(Default)]
struct Assumed {
    interfaces: BTreeSet<String>,
    scripts: BTreeSet<String>,
    users: BTreeMap<String, u32>,
    groups: BTreeMap<String, u32>,
}

impl Assumed {
    /// A number for a user or group that nobody on this machine has.
    fn number(names: &mut BTreeMap<String, u32>, name: &str) -> u32 {
        let next = FIRST_ASSUMED_ID.saturating_add(u32::try_from(names.len()).unwrap_or(0));
        *names.entry(name.to_owned()).or_insert(next)
    }
}

impl<'a> Elsewhere<'a> {
    /// What `here` knows holds there as well.
    #[must_use]
    pub fn new(here: &'a dyn Host) -> Self {
        Self {
            here,
            assumed: RefCell::default(),
        }
    }

    /// What was taken to be there, in words: `interface ens192`, `script /etc/check.sh`.
    #[must_use]
    pub fn assumed(&self) -> Vec<String> {
        let assumed = self.assumed.borrow();
        let of = |kind: &'static str, name: &String| format!("{kind} {name}");
        let interfaces = assumed.interfaces.iter().map(|n| of("interface", n));
        let scripts = assumed.scripts.iter().map(|n| of("script", n));
        let users = assumed.users.keys().map(|n| of("user", n));
        let groups = assumed.groups.keys().map(|n| of("group", n));
        interfaces
            .chain(scripts)
            .chain(users)
            .chain(groups)
            .collect()
    }

    /// Users that only the file knows, by the ids that they got.
    #[must_use]
    pub fn assumed_users(&self) -> Vec<(u32, String)> {
        let assumed = self.assumed.borrow();
        let users = assumed.users.iter();
        users.map(|(name, id)| (*id, name.clone())).collect()
    }
}

impl Host for Elsewhere<'_> {
    fn iproute_names(
        &self,
        file: IprouteFile,
        etc: Option<&Path>,
        usr: Option<&Path>,
    ) -> Vec<(String, u32)> {
        self.here.iproute_names(file, etc, usr)
    }

    fn interface(&self, name: &str) -> Option<InterfaceFacts> {
        self.here.interface(name).or_else(|| {
            self.assumed.borrow_mut().interfaces.insert(name.to_owned());
            Some(InterfaceFacts {
                vrf: false,
                loopback: false,
                multicast: true,
                ethernet: true,
                parent: None,
                mtu: ETHERNET_MTU,
            })
        })
    }

    fn has_interface(&self, name: &str) -> bool {
        self.here.has_interface(name)
    }

    fn interface_names(&self) -> Vec<String> {
        self.here.interface_names()
    }

    fn user(&self, name: &str) -> Option<Credentials> {
        // The name that keepalived looks for by itself must not come into being by asking.
        self.here.user(name).or_else(|| {
            (name != DEFAULT_SCRIPT_USER).then(|| {
                let id = Assumed::number(&mut self.assumed.borrow_mut().users, name);
                Credentials { uid: id, gid: id }
            })
        })
    }

    fn group(&self, name: &str) -> Option<u32> {
        self.here
            .group(name)
            .or_else(|| Some(Assumed::number(&mut self.assumed.borrow_mut().groups, name)))
    }

    fn own_credentials(&self) -> Credentials {
        // The daemon over there runs as root, whoever asks here.
        Credentials { uid: 0, gid: 0 }
    }

    fn check_script(&self, path: &Path, credentials: Credentials) -> ScriptCheck {
        match self.here.check_script(path, credentials) {
            ScriptCheck::NotFound { .. } => {
                let name = path.display().to_string();
                self.assumed.borrow_mut().scripts.insert(name);
                ScriptCheck::Usable {
                    path: path.to_owned(),
                    weakness: None,
                }
            }
            known => known,
        }
    }

    fn search_path(&self, name: &str) -> Option<PathBuf> {
        let found = self.here.search_path(name);
        found.or_else(|| Some(Path::new("/usr/bin").join(name)))
    }

    fn resolves(&self, _: &str) -> bool {
        true
    }

    fn processors(&self) -> u32 {
        self.here.processors()
    }

    fn environment(&self, name: &str) -> Option<Vec<u8>> {
        self.here.environment(name)
    }

    fn random_seed(&self) -> u64 {
        self.here.random_seed()
    }

    fn node_name(&self) -> String {
        self.here.node_name()
    }
}

/// Ids that no real account is likely to have.
const FIRST_ASSUMED_ID: u32 = 4_000_000_000;
const ETHERNET_MTU: u32 = 1500;
/// Scripts run as this user where it exists (spec cli-and-process 9).
const DEFAULT_SCRIPT_USER: &str = "keepalived_script";
