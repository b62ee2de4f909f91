//! An invented machine for the targets that read a configuration.

use std::io;
use std::path::{Path, PathBuf};

use evervip_config::{FileKind, Files, Host, InterfaceFacts, ScriptCheck};
use evervip_model::Credentials;

pub const MAIN: &str = "/etc/keepalived/keepalived.conf";
const OTHER: &str = "/etc/keepalived/other.conf";

/// The main file, and one that an `include` may name.
pub struct Disk<'a> {
    pub main: &'a [u8],
    pub other: &'a [u8],
}

impl Files for Disk<'_> {
    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        self.read(path)
            .map(|_| FileKind::Regular { executable: false })
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match path.to_str() {
            Some(MAIN) => Ok(self.main.to_vec()),
            Some(OTHER) => Ok(self.other.to_vec()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn is_shared(&self, _: &Path) -> bool {
        false
    }

    fn glob(&self, directory: &Path, _: &str) -> Vec<PathBuf> {
        vec![directory.join("other.conf")]
    }
}

/// A machine with two interfaces and one user.
pub struct Machine;

impl Host for Machine {
    fn interface(&self, name: &str) -> Option<InterfaceFacts> {
        let facts = InterfaceFacts {
            vrf: false,
            loopback: name == "lo",
            multicast: name != "lo",
            ethernet: name != "lo",
            parent: None,
            mtu: 1500,
        };
        ["lo", "eth0", "eth1"].contains(&name).then_some(facts)
    }

    fn interface_names(&self) -> Vec<String> {
        ["lo", "eth0", "eth1"].map(str::to_owned).to_vec()
    }

    fn user(&self, name: &str) -> Option<Credentials> {
        (name == "root").then(|| self.own_credentials())
    }

    fn group(&self, name: &str) -> Option<u32> {
        (name == "root").then_some(0)
    }

    fn processors(&self) -> u32 {
        2
    }

    fn own_credentials(&self) -> Credentials {
        Credentials { uid: 0, gid: 0 }
    }

    fn check_script(&self, path: &Path, _: Credentials) -> ScriptCheck {
        match path.as_os_str().len() % 3 {
            0 => ScriptCheck::NotExecutable,
            1 => ScriptCheck::NotFound {
                reason: "No such file or directory".to_owned(),
            },
            _ => ScriptCheck::Usable {
                path: path.to_owned(),
                weakness: None,
            },
        }
    }

    fn search_path(&self, name: &str) -> Option<PathBuf> {
        (name == "true").then(|| PathBuf::from("/bin/true"))
    }

    fn resolves(&self, _: &str) -> bool {
        false
    }

    fn environment(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn random_seed(&self) -> u64 {
        1
    }

    fn node_name(&self) -> String {
        "node1.example".to_owned()
    }
}
