//! What the loader wants to know about the machine. Tests give it an invented one.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use evervip_model::Credentials;

use crate::weakness::Weakness;

/// Kind of a file, symbolic links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file.
    Regular {
        /// Whether any of the three execute bits is set; such a file is no configuration file.
        executable: bool,
    },
    /// A directory.
    Directory,
    /// Anything else.
    Other,
}

/// Access to configuration files.
pub trait Files {
    /// What a path is.
    ///
    /// # Errors
    /// As `stat` gives them.
    fn kind(&self, path: &Path) -> io::Result<FileKind>;

    /// The whole content of a file.
    ///
    /// # Errors
    /// As `open` and `read` give them.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Whether group or others have any permission on a file, as they must not on one with keys.
    fn is_shared(&self, path: &Path) -> bool;

    /// The paths that match a pattern with `*`, `?` and `[…]` (no braces), sorted.
    ///
    /// A relative pattern is relative to `directory`, and so are the answers. A pattern without
    /// wildcard matches the path that it names when that exists.
    fn glob(&self, directory: &Path, pattern: &str) -> Vec<PathBuf>;
}

/// What the loader needs to know about a network interface.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InterfaceFacts {
    /// `IFF_LOOPBACK`: cannot carry VRRP.
    pub loopback: bool,
    /// `IFF_MULTICAST`.
    pub multicast: bool,
    /// Ethernet, so that it can have macvlans and ipvlans.
    pub ethernet: bool,
    /// For a macvlan or an ipvlan: the interface that it is on.
    pub parent: Option<String>,
    /// A VRF.
    pub vrf: bool,
    /// MTU in bytes.
    pub mtu: u32,
}

/// A file in which iproute2 gives names to numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IprouteFile {
    /// `rt_tables`.
    Tables,
    /// `rt_scopes`.
    Scopes,
    /// `rt_protos`.
    Protocols,
    /// `rt_realms`.
    Realms,
    /// `rt_dsfield`.
    Dsfields,
    /// `group`.
    Groups,
}

/// What a script path turned out to be for the user who will run it
/// (spec cli-and-process 9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptCheck {
    /// It can be run.
    Usable {
        /// Absolute path in a directory without symbolic links; the file may be a link to another one in
        /// that directory.
        path: PathBuf,
        /// It would run with root's user or group, and by this somebody else could replace it.
        weakness: Option<Weakness>,
    },
    /// It cannot be found or reached.
    NotFound {
        /// The system's reason, for example "No such file or directory".
        reason: String,
    },
    /// It is there, but that user may not execute it.
    NotExecutable,
    /// It is something else than a regular file, such as a directory.
    NotAFile,
}

/// The machine: interfaces, users, scripts, names.
pub trait Host {
    /// Facts of an interface; `None` when the machine has none of that name.
    fn interface(&self, name: &str) -> Option<InterfaceFacts>;

    /// Whether the machine has an interface of that name. Unlike [`Host::interface`], which may
    /// assume one for a file of another machine, this is for names that shall be free.
    fn has_interface(&self, name: &str) -> bool {
        self.interface(name).is_some()
    }

    /// Names of all interfaces, for messages.
    fn interface_names(&self) -> Vec<String>;

    /// Addresses of this machine, for lints; none when nobody knows.
    fn own_addresses(&self) -> Vec<IpAddr> {
        Vec::new()
    }

    /// User id and primary group of a user.
    fn user(&self, name: &str) -> Option<Credentials>;

    /// Ids of the groups that a user belongs to, the given one among them. May ask the same services
    /// as [`Host::user`].
    fn supplementary_groups(&self, _who: Credentials) -> Vec<u32> {
        Vec::new()
    }

    /// Id of a group.
    fn group(&self, name: &str) -> Option<u32>;

    /// The daemon's own identity.
    fn own_credentials(&self) -> Credentials;

    /// Number of processors, at least 1: processor ids lie below it.
    fn processors(&self) -> u32;

    /// Looks at a script, given by an absolute or relative path.
    fn check_script(&self, path: &Path, credentials: Credentials) -> ScriptCheck;

    /// Names and numbers of a file of iproute2 (spec vrrp-keywords 2.4), from directories that the
    /// configuration names or from the usual ones.
    fn iproute_names(
        &self,
        _file: IprouteFile,
        _etc: Option<&Path>,
        _usr: Option<&Path>,
    ) -> Vec<(String, u32)> {
        Vec::new()
    }

    /// Whether a directory exists.
    fn is_directory(&self, _path: &Path) -> bool {
        true
    }

    /// Searches `PATH` for a command name without `/`.
    fn search_path(&self, name: &str) -> Option<PathBuf>;

    /// Whether a host name has an address. May block; asked only by a configuration test.
    fn resolves(&self, name: &str) -> bool;

    /// Node name (`uname`): its part before the first `.` is the default configuration id.
    fn node_name(&self) -> String;

    /// Value of an environment variable, for `${_ENV NAME}`.
    fn environment(&self, name: &str) -> Option<Vec<u8>>;

    /// Where `${_RANDOM}` starts when no `random_seed` says so. The original takes the time.
    fn random_seed(&self) -> u64;
}

/// A machine that has nothing, for tests of what does not need one.
#[cfg(test)]
pub(crate) struct NoMachine;

#[cfg(test)]
impl Host for NoMachine {
    fn interface(&self, _: &str) -> Option<InterfaceFacts> {
        None
    }

    fn interface_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn user(&self, _: &str) -> Option<Credentials> {
        None
    }

    fn group(&self, _: &str) -> Option<u32> {
        None
    }

    fn own_credentials(&self) -> Credentials {
        Credentials { uid: 0, gid: 0 }
    }

    fn check_script(&self, _: &Path, _: Credentials) -> ScriptCheck {
        ScriptCheck::NotExecutable
    }

    fn search_path(&self, _: &str) -> Option<PathBuf> {
        None
    }

    fn resolves(&self, _: &str) -> bool {
        false
    }

    fn node_name(&self) -> String {
        String::new()
    }

    fn environment(&self, name: &str) -> Option<Vec<u8>> {
        (name == "HOME").then(|| b"/root".to_vec())
    }

    fn random_seed(&self) -> u64 {
        0
    }

    fn processors(&self) -> u32 {
        1
    }
}
