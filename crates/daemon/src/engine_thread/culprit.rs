//! Who removed an address, as far as the kernel tells (decision "address removed behind our back").
//!
//! The kernel reports the netlink port of the request, which for nearly every program is its process
//! id. A program such as `ip` may have ended by the time the report is read.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// Who removed which address; those of the last batch of reports.
#[derive(Debug, Default)]
pub(super) struct Culprits {
    removals: Vec<(IpAddr, u32)>,
    /// Ports and who they are, each asked once: one program may remove thousands.
    descriptions: BTreeMap<u32, String>,
}

impl Culprits {
    /// A new batch of reports begins.
    pub(super) fn clear(&mut self) {
        self.removals.clear();
        self.descriptions.clear();
    }

    /// Takes note of a removal by this port.
    pub(super) fn note(&mut self, address: IpAddr, port: u32) {
        self.removals.push((address, port));
        self.descriptions
            .entry(port)
            .or_insert_with(|| of_port(port));
    }

    /// Who removed the address.
    pub(super) fn of(&self, address: IpAddr) -> Option<&str> {
        let mut latest = self.removals.iter().rev();
        let (_, port) = latest.find(|(other, _)| *other == address)?;
        self.descriptions.get(port).map(String::as_str)
    }
}

/// Who has this port.
pub(super) fn of_port(port: u32) -> String {
    describe(port, name_of(port))
}

fn describe(port: u32, name: Option<String>) -> String {
    match (port, name) {
        (0, _) => "the kernel itself".to_owned(),
        (port, Some(name)) => format!("process {port} ({name})"),
        // The kernel gives such a port to who has several.
        (port, None) if i32::try_from(port).is_err() => {
            format!("a program with the netlink port {port}")
        }
        (port, None) => format!("process {port}, which has ended"),
    }
}

/// Name of a process; a file of the kernel's own memory.
fn name_of(process: u32) -> Option<String> {
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_who_did_it_is_named() {
        let address = IpAddr::from([10, 0, 0, 1]);
        let mut culprits = Culprits::default();
        assert_eq!(culprits.of(address), None);
        culprits.note(address, 0);
        assert_eq!(culprits.of(address), Some("the kernel itself"));
        culprits.note(address, std::process::id());
        let own = culprits.of(address).unwrap();
        assert!(own.starts_with(&format!("process {} (", std::process::id())));
        culprits.clear();
        assert_eq!(culprits.of(address), None);
    }

    #[test]
    fn who_has_ended_is_named_by_number() {
        assert_eq!(describe(812, None), "process 812, which has ended");
        assert_eq!(
            describe(4_294_963_000, None),
            "a program with the netlink port 4294963000"
        );
        assert_eq!(describe(812, Some("ip".to_owned())), "process 812 (ip)");
    }
}
