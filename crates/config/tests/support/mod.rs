//! An invented machine for the tests.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use evervip_config::{FileKind, Files, Host, InterfaceFacts, IprouteFile, ScriptCheck, Weakness};
use evervip_model::Credentials;

/// Files in memory; `x.sh` is executable, `x.dangling` a link to nothing.
#[derive(Default)]
pub(crate) struct MemoryFiles(pub(crate) BTreeMap<PathBuf, Vec<u8>>);

impl MemoryFiles {
    /// Files of `auth_hmac` keys, good and bad.
    pub(crate) fn with_keys() -> Self {
        let digits = "0123456789abcdef".repeat(4);
        Self::default()
            .with("good.key", "from a file, 32 bytes and then some")
            .with("hex.key", format!("hex:{digits}"))
            .with("newline.key", format!("hex:{digits}\r\n"))
            .with("open.key", format!("hex:{digits}"))
            .with("short.key", "short")
            .with("large.key", "x".repeat(100_000))
            .with("chain.key", "file:good.key")
            .with("directory/good.key", "")
    }

    pub(crate) fn with(mut self, path: &str, text: impl Into<Vec<u8>>) -> Self {
        self.0.insert(PathBuf::from(path), text.into());
        self
    }
}

impl Files for MemoryFiles {
    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        if path.extension().is_some_and(|e| e == "dangling") {
            Err(io::Error::from_raw_os_error(2))
        } else if self.0.contains_key(path) {
            Ok(FileKind::Regular {
                executable: path.extension().is_some_and(|e| e == "sh"),
            })
        } else if self.0.keys().any(|k| k.starts_with(path)) {
            Ok(FileKind::Directory)
        } else {
            Err(io::Error::from_raw_os_error(2))
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0
            .get(path)
            .cloned()
            .ok_or_else(|| io::Error::from_raw_os_error(2))
    }

    fn is_shared(&self, path: &Path) -> bool {
        path.to_string_lossy().contains("open")
    }

    /// Knows `*` only as "anything before this end".
    fn glob(&self, directory: &Path, pattern: &str) -> Vec<PathBuf> {
        let full = directory.join(pattern);
        let full = full.to_string_lossy();
        let matches = |path: &str| match full.split_once('*') {
            Some((start, end)) => path.starts_with(start) && path.ends_with(end),
            None => path == full,
        };
        self.0
            .keys()
            .filter(|p| matches(&p.to_string_lossy()))
            .map(|p| p.strip_prefix(directory).unwrap_or(p).to_owned())
            .collect()
    }
}

/// A machine with the given interfaces, users and scripts.
pub(crate) struct FakeHost {
    pub(crate) interfaces: Vec<String>,
    pub(crate) users: Vec<(String, u32)>,
    /// `None`: every script is there.
    pub(crate) scripts: Option<Vec<String>>,
    pub(crate) insecure: Vec<String>,
    pub(crate) mtu: u32,
}

impl Default for FakeHost {
    fn default() -> Self {
        Self {
            interfaces: [
                "lo", "eth0", "eth1", "eth2", "eth3", "ens192", "ens33", "enp0s3", "bond0",
            ]
            .map(str::to_owned)
            .to_vec(),
            users: vec![
                ("root".into(), 0),
                ("nobody".into(), 65534),
                ("adminuser".into(), 1000),
            ],
            scripts: None,
            insecure: vec!["/insecure.sh".into()],
            mtu: 1500,
        }
    }
}

impl Host for FakeHost {
    fn interface(&self, name: &str) -> Option<InterfaceFacts> {
        self.interfaces
            .iter()
            .find(|n| *n == name)
            .map(|n| InterfaceFacts {
                vrf: n.starts_with("vrf"),
                loopback: n == "lo",
                multicast: n != "lo" && n != "unicast0",
                ethernet: n != "lo" && n != "tun0",
                parent: (n == "macvlan0").then(|| "eth1".to_owned()),
                mtu: self.mtu,
            })
    }

    fn interface_names(&self) -> Vec<String> {
        self.interfaces.clone()
    }

    fn user(&self, name: &str) -> Option<Credentials> {
        let (_, id) = self.users.iter().find(|(n, _)| n == name)?;
        Some(Credentials { uid: *id, gid: *id })
    }

    fn group(&self, name: &str) -> Option<u32> {
        self.users
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, id)| *id)
    }

    fn own_credentials(&self) -> Credentials {
        Credentials { uid: 0, gid: 0 }
    }

    fn processors(&self) -> u32 {
        2
    }

    fn check_script(&self, path: &Path, _: Credentials) -> ScriptCheck {
        let name = path.to_string_lossy();
        if self
            .scripts
            .as_ref()
            .is_some_and(|s| !s.iter().any(|x| *x == name))
            || name.contains("absent")
        {
            return ScriptCheck::NotFound {
                reason: "No such file or directory".to_owned(),
            };
        }
        if name.contains("plain") {
            return ScriptCheck::NotExecutable;
        }
        ScriptCheck::Usable {
            weakness: self.insecure.iter().any(|x| *x == name).then(|| Weakness {
                path: name.as_ref().into(),
                owner: 0,
                group: 4,
                mode: 0o775,
                is_link: false,
            }),
            path: if name.contains("symlink") {
                PathBuf::from("/behind/the/link")
            } else {
                path.to_owned()
            },
        }
    }

    fn supplementary_groups(&self, who: Credentials) -> Vec<u32> {
        vec![who.gid, 4321]
    }

    fn search_path(&self, name: &str) -> Option<PathBuf> {
        (!name.contains("absent")).then(|| PathBuf::from("/usr/bin").join(name))
    }

    fn resolves(&self, name: &str) -> bool {
        !name.is_empty() && !name.contains("invalid") && !name.contains(['*', '/'])
    }

    fn environment(&self, name: &str) -> Option<Vec<u8>> {
        (name == "HOME").then(|| b"/root".to_vec())
    }

    fn random_seed(&self) -> u64 {
        1
    }

    fn iproute_names(
        &self,
        file: IprouteFile,
        _: Option<&Path>,
        _: Option<&Path>,
    ) -> Vec<(String, u32)> {
        let names: &[(&str, u32)] = match file {
            IprouteFile::Dsfields => &[("CS1", 0x20), ("EF", 0xb8)],
            IprouteFile::Realms => &[("cosmos", 0)],
            IprouteFile::Groups => &[("default", 0)],
            _ => &[],
        };
        names.iter().map(|(n, i)| ((*n).to_owned(), *i)).collect()
    }

    fn node_name(&self) -> String {
        "node1.example.com".to_owned()
    }
}
