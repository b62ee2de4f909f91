//! An invented machine for the tests.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use evervip_config::{
    Code, FileKind, Files, Host, InterfaceFacts, Loaded, Mode, Options, ScriptCheck, Tree,
    load_with_tree,
};
use evervip_host::SystemFiles;
use evervip_lint::Input;
use evervip_model::Credentials;

/// The examples, and a key file that others can read.
pub(crate) struct ExampleFiles;

const SHARED_KEY: &str = "/etc/keepalived/shared.key";

impl Files for ExampleFiles {
    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        if path == Path::new(SHARED_KEY) {
            return Ok(FileKind::Regular { executable: false });
        }
        SystemFiles.kind(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if path == Path::new(SHARED_KEY) {
            return Ok(vec![b'k'; 32]);
        }
        SystemFiles.read(path)
    }

    fn is_shared(&self, path: &Path) -> bool {
        path == Path::new(SHARED_KEY)
    }

    fn glob(&self, directory: &Path, pattern: &str) -> Vec<PathBuf> {
        SystemFiles.glob(directory, pattern)
    }
}

/// The machine that the examples are for.
pub(crate) struct ExampleHost;

impl Host for ExampleHost {
    fn interface(&self, name: &str) -> Option<InterfaceFacts> {
        self.interface_names()
            .contains(&name.to_owned())
            .then_some(InterfaceFacts {
                vrf: false,
                loopback: name == "lo",
                multicast: name != "lo",
                ethernet: name != "lo",
                parent: None,
                mtu: 1500,
            })
    }

    fn interface_names(&self) -> Vec<String> {
        ["lo", "eth0", "eth1"].map(str::to_owned).to_vec()
    }

    fn user(&self, name: &str) -> Option<Credentials> {
        (name == "root").then_some(Credentials { uid: 0, gid: 0 })
    }

    fn group(&self, name: &str) -> Option<u32> {
        (name == "root").then_some(0)
    }

    fn own_credentials(&self) -> Credentials {
        Credentials { uid: 0, gid: 0 }
    }

    fn processors(&self) -> u32 {
        1
    }

    fn environment(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn random_seed(&self) -> u64 {
        0
    }

    fn check_script(&self, path: &Path, _: Credentials) -> ScriptCheck {
        if path.to_string_lossy().contains("missing") {
            return ScriptCheck::NotFound {
                reason: "No such file or directory".to_owned(),
            };
        }
        ScriptCheck::Usable {
            path: path.to_owned(),
            weakness: None,
        }
    }

    fn search_path(&self, name: &str) -> Option<PathBuf> {
        Some(Path::new("/usr/bin").join(name))
    }

    fn resolves(&self, _: &str) -> bool {
        true
    }

    fn node_name(&self) -> String {
        "lb1".to_owned()
    }
}

/// One file in memory, whatever it is called.
pub(crate) struct Text(pub(crate) String);

impl Files for Text {
    fn kind(&self, _: &Path) -> io::Result<FileKind> {
        Ok(FileKind::Regular { executable: false })
    }

    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Ok(self.0.clone().into_bytes())
    }

    fn is_shared(&self, _: &Path) -> bool {
        false
    }

    fn glob(&self, _: &Path, _: &str) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// Reads a configuration for the invented machine.
pub(crate) fn read(files: &dyn Files, file: &Path) -> (Loaded, Tree) {
    load_with_tree(file, files, &ExampleHost, Mode::Test, &Options::default())
}

pub(crate) fn input((loaded, tree): &(Loaded, Tree)) -> Input<'_> {
    Input {
        loaded,
        tree,
        host: &ExampleHost,
    }
}

/// The codes of everything there is to say about a file.
pub(crate) fn codes_of(files: &dyn Files, file: &Path) -> BTreeSet<Code> {
    let read = read(files, file);
    let found = evervip_lint::check(&input(&read));
    found.iter().map(|d| d.code).collect()
}
