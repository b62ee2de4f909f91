//! Kernel settings of network interfaces and of IGMP, below `/proc/sys/net` of the namespace.
//!
//! Files of the kernel's own memory: reading and writing them takes no longer than a system call.

use std::io;
use std::path::PathBuf;

/// Which settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tree {
    /// `net.ipv4.conf`.
    Ipv4,
    /// `net.ipv6.conf`.
    Ipv6,
}

/// The value of a setting of an interface, or of `all` or `default`.
///
/// # Errors
/// When there is no such interface or setting, as for IPv6 on kernels without it.
pub fn read(tree: Tree, interface: &str, setting: &str) -> io::Result<u32> {
    let text = std::fs::read_to_string(path(tree, interface, setting))?;
    text.trim().parse().map_err(io::Error::other)
}

/// Changes a setting.
///
/// # Errors
/// As [`read`]; and where `/proc/sys` is read-only, as in most containers.
pub fn write(tree: Tree, interface: &str, setting: &str, value: u32) -> io::Result<()> {
    std::fs::write(path(tree, interface, setting), value.to_string())
}

/// Whether IGMP reports for groups of the link (224.0.0.0/24) are sent.
///
/// # Errors
/// When the kernel has no such setting, or no IPv4.
pub fn link_local_reports() -> io::Result<bool> {
    Ok(std::fs::read_to_string(LINK_LOCAL_REPORTS)?.trim() != "0")
}

/// Changes whether IGMP reports for groups of the link are sent, in the whole network namespace.
///
/// # Errors
/// As [`link_local_reports`]; and where `/proc/sys` is read-only.
pub fn set_link_local_reports(on: bool) -> io::Result<()> {
    std::fs::write(LINK_LOCAL_REPORTS, if on { "1" } else { "0" })
}

const LINK_LOCAL_REPORTS: &str = "/proc/sys/net/ipv4/igmp_link_local_mcast_reports";

fn path(tree: Tree, interface: &str, setting: &str) -> PathBuf {
    let root = match tree {
        Tree::Ipv4 => "/proc/sys/net/ipv4/conf",
        Tree::Ipv6 => "/proc/sys/net/ipv6/conf",
    };
    // Interface names hold neither a slash nor a NUL byte, and are neither "." nor "..".
    [root, interface, setting].iter().collect()
}
