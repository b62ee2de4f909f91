//! A machine that is asked each question once.
//!
//! What was accepted must be to be had again, also when the files were changed or a user was removed
//! since: a guardian whose child has died starts another one with the same configuration. Keeping
//! what the loader asked for and was told, the text of the files above all, takes a fraction of the
//! memory of the configuration itself; packed ([`Remembered::pack`]) it takes next to nothing.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use evervip_config::{FileKind, Files, Host, InterfaceFacts, IprouteFile, ScriptCheck};
use evervip_model::Credentials;

/// Passes questions on to files `F` and a host `H`, and gives the same answers for ever after.
#[derive(Debug, Default)]
pub struct Remembered<F, H> {
    files: F,
    host: H,
    kinds: Memory<PathBuf, Result<FileKind, Failure>>,
    contents: Memory<PathBuf, Result<Content, Failure>>,
    shared: Memory<PathBuf, bool>,
    globs: Memory<(PathBuf, String), Vec<PathBuf>>,
    interfaces: Memory<String, Option<InterfaceFacts>>,
    present: Memory<String, bool>,
    users: Memory<String, Option<Credentials>>,
    groups: Memory<String, Option<u32>>,
    memberships: Memory<(u32, u32), Vec<u32>>,
    scripts: Memory<(PathBuf, u32, u32), ScriptCheck>,
    names: Memory<IprouteQuestion, Vec<(String, u32)>>,
    directories: Memory<PathBuf, bool>,
    commands: Memory<String, Option<PathBuf>>,
    environment: Memory<String, Option<Vec<u8>>>,
    seed: Cell<Option<u64>>,
}

/// File, and the directories to look in.
type IprouteQuestion = (IprouteFile, Option<PathBuf>, Option<PathBuf>);

/// Questions with their answers.
#[derive(Debug)]
struct Memory<Q, A>(RefCell<BTreeMap<Q, A>>);

impl<Q, A> Default for Memory<Q, A> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<Q: Ord, A: Clone> Memory<Q, A> {
    fn answer(&self, question: Q, ask: impl FnOnce(&Q) -> A) -> A {
        if let Some(known) = self.0.borrow().get(&question) {
            return known.clone();
        }
        let answer = ask(&question);
        self.0.borrow_mut().insert(question, answer.clone());
        answer
    }
}

/// The content of a file.
#[derive(Debug, Clone)]
enum Content {
    Plain(Box<[u8]>),
    /// As a DEFLATE stream.
    Packed(Box<[u8]>),
}

impl Content {
    fn pack(&mut self) {
        let Self::Plain(bytes) = self else {
            return;
        };
        if bytes.len() >= WORTH_PACKING {
            let packed = miniz_oxide::deflate::compress_to_vec(bytes, PACKING_LEVEL);
            *self = Self::Packed(packed.into_boxed_slice());
        }
    }

    fn unpack(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Plain(bytes) => Ok(bytes.into_vec()),
            Self::Packed(bytes) => miniz_oxide::inflate::decompress_to_vec(&bytes)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string())),
        }
    }
}

/// Packing leaves its own working memory behind, which is as much as a file of this size.
const WORTH_PACKING: usize = 64 * 1024;

/// Configurations repeat themselves: the fastest level leaves a tenth of them.
const PACKING_LEVEL: u8 = 1;

/// An error that can be given again.
#[derive(Debug, Clone, Copy)]
enum Failure {
    System(i32),
    Other(io::ErrorKind),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        error
            .raw_os_error()
            .map_or_else(|| Self::Other(error.kind()), Self::System)
    }
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::System(number) => Self::from_raw_os_error(number),
            Failure::Other(kind) => kind.into(),
        }
    }
}

impl<F, H> Remembered<F, H> {
    /// Takes less memory from now on; reading a file again takes longer.
    pub fn pack(&mut self) {
        for content in self.contents.0.get_mut().values_mut().flatten() {
            content.pack();
        }
    }
}

impl<F: Files, H> Files for Remembered<F, H> {
    fn kind(&self, path: &Path) -> io::Result<FileKind> {
        let ask = |path: &PathBuf| self.files.kind(path).map_err(Failure::from);
        Ok(self.kinds.answer(path.to_owned(), ask)?)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let ask = |path: &PathBuf| {
            let content = self.files.read(path).map_err(Failure::from)?;
            Ok(Content::Plain(content.into_boxed_slice()))
        };
        self.contents.answer(path.to_owned(), ask)?.unpack()
    }

    fn is_shared(&self, path: &Path) -> bool {
        let ask = |path: &PathBuf| self.files.is_shared(path);
        self.shared.answer(path.to_owned(), ask)
    }

    fn glob(&self, directory: &Path, pattern: &str) -> Vec<PathBuf> {
        let question = (directory.to_owned(), pattern.to_owned());
        self.globs.answer(question, |(directory, pattern)| {
            self.files.glob(directory, pattern)
        })
    }
}

impl<F, H: Host> Host for Remembered<F, H> {
    fn interface(&self, name: &str) -> Option<InterfaceFacts> {
        let ask = |name: &String| self.host.interface(name);
        self.interfaces.answer(name.to_owned(), ask)
    }

    fn has_interface(&self, name: &str) -> bool {
        let ask = |name: &String| self.host.has_interface(name);
        self.present.answer(name.to_owned(), ask)
    }

    /// For messages only, hence not remembered.
    fn interface_names(&self) -> Vec<String> {
        self.host.interface_names()
    }

    fn own_addresses(&self) -> Vec<IpAddr> {
        self.host.own_addresses()
    }

    fn user(&self, name: &str) -> Option<Credentials> {
        let ask = |name: &String| self.host.user(name);
        self.users.answer(name.to_owned(), ask)
    }

    fn group(&self, name: &str) -> Option<u32> {
        let ask = |name: &String| self.host.group(name);
        self.groups.answer(name.to_owned(), ask)
    }

    fn supplementary_groups(&self, who: Credentials) -> Vec<u32> {
        let ask = |_: &(u32, u32)| self.host.supplementary_groups(who);
        self.memberships.answer((who.uid, who.gid), ask)
    }

    fn own_credentials(&self) -> Credentials {
        self.host.own_credentials()
    }

    fn processors(&self) -> u32 {
        self.host.processors()
    }

    fn check_script(&self, path: &Path, credentials: Credentials) -> ScriptCheck {
        let question = (path.to_owned(), credentials.uid, credentials.gid);
        self.scripts.answer(question, |(path, ..)| {
            self.host.check_script(path, credentials)
        })
    }

    fn iproute_names(
        &self,
        file: IprouteFile,
        etc: Option<&Path>,
        usr: Option<&Path>,
    ) -> Vec<(String, u32)> {
        let question = (file, etc.map(Path::to_owned), usr.map(Path::to_owned));
        self.names
            .answer(question, |_| self.host.iproute_names(file, etc, usr))
    }

    fn is_directory(&self, path: &Path) -> bool {
        let ask = |path: &PathBuf| self.host.is_directory(path);
        self.directories.answer(path.to_owned(), ask)
    }

    fn search_path(&self, name: &str) -> Option<PathBuf> {
        let ask = |name: &String| self.host.search_path(name);
        self.commands.answer(name.to_owned(), ask)
    }

    /// Asked only by a configuration test, hence not remembered.
    fn resolves(&self, name: &str) -> bool {
        self.host.resolves(name)
    }

    fn node_name(&self) -> String {
        self.host.node_name()
    }

    fn environment(&self, name: &str) -> Option<Vec<u8>> {
        let ask = |name: &String| self.host.environment(name);
        self.environment.answer(name.to_owned(), ask)
    }

    fn random_seed(&self) -> u64 {
        let seed = self.seed.get().unwrap_or_else(|| self.host.random_seed());
        self.seed.set(Some(seed));
        seed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SystemFiles, SystemHost};

    #[test]
    fn what_was_packed_is_told_again() {
        let directory = tempfile::tempdir().unwrap();
        let text = "vrrp_instance VI_1 {\n    virtual_router_id 51\n}\n".repeat(2000);
        let file = directory.path().join("keepalived.conf");
        std::fs::write(&file, &text).unwrap();
        let mut machine: Remembered<SystemFiles, SystemHost> = Remembered::default();
        assert_eq!(machine.read(&file).unwrap(), text.as_bytes());
        std::fs::write(&file, "second").unwrap();
        for _ in 0..2 {
            machine.pack();
            assert_eq!(machine.read(&file).unwrap(), text.as_bytes());
        }
        for content in machine.contents.0.get_mut().values() {
            assert!(matches!(content, Ok(Content::Packed(bytes)) if bytes.len() < text.len() / 10));
        }
    }

    #[test]
    fn what_was_told_once_is_told_again() {
        let directory = std::env::temp_dir().join(format!("evervip-host-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join("keepalived.conf");
        std::fs::write(&file, "first").unwrap();
        let machine: Remembered<SystemFiles, SystemHost> = Remembered::default();
        let missing = directory.join("missing");
        assert_eq!(machine.read(&file).unwrap(), b"first");
        let before = machine.read(&missing).unwrap_err();
        let seed = machine.random_seed();
        std::fs::write(&file, "second").unwrap();
        std::fs::write(&missing, "there").unwrap();
        assert_eq!(machine.read(&file).unwrap(), b"first");
        let after = machine.read(&missing).unwrap_err();
        assert_eq!(after.raw_os_error(), before.raw_os_error());
        assert_eq!(machine.random_seed(), seed);
        let fresh: Remembered<SystemFiles, SystemHost> = Remembered::default();
        assert_eq!(fresh.read(&file).unwrap(), b"second");
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
