//! What can be asked of a [`Lan`]: its hosts, and what has happened so far.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use evervip_model::{Config, ProcessPattern, State};
use evervip_vrrp::{PlacedRoute, RouterStatus, Timestamp};

use crate::{Lan, Record};

/// Where a host is on a segment: its side of the partition, and its side of the segment's own. Who is
/// at the same place hears each other.
pub type Side = (u8, u8);

impl Lan {
    /// What was recorded.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        self.records.as_deref().unwrap_or_default()
    }

    /// The same, which is then forgotten: a long run has more than memory should hold.
    #[must_use]
    pub fn take_records(&mut self) -> Vec<Record> {
        self.records
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// The same, one line each.
    #[must_use]
    pub fn trace(&self) -> Vec<String> {
        self.records().iter().map(Record::to_string).collect()
    }

    /// How many hosts there are.
    #[must_use]
    pub fn size(&self) -> usize {
        self.hosts.len()
    }

    /// Where a host is on a segment.
    #[must_use]
    pub fn side(&self, host: usize, segment: usize) -> Side {
        let severed = self.severed.get(&segment);
        let own = severed.and_then(|sides| sides.get(host).copied());
        (self.sides[host], own.unwrap_or(0))
    }

    /// Where a host is on the segment of one of its interfaces.
    pub(crate) fn side_of(&self, host: usize, interface: u32) -> Side {
        let port = self.hosts[host].port(interface);
        self.side(host, port.map_or(0, |port| port.segment))
    }

    /// What a host's daemon runs, or would run.
    #[must_use]
    pub fn config(&self, host: usize) -> &Config {
        &self.hosts[host].config
    }

    /// Whether a host has a daemon.
    #[must_use]
    pub fn is_running(&self, host: usize) -> bool {
        self.hosts[host].engine.is_some()
    }

    /// Whether an interface of a host is up.
    #[must_use]
    pub fn is_up(&self, host: usize, interface: u32) -> bool {
        self.hosts[host].is_up(interface)
    }

    /// Whether a run of this script succeeds now on a host.
    #[must_use]
    pub fn succeeds(&self, host: usize, script: &str) -> bool {
        self.hosts[host].succeeds(script)
    }

    /// The routers of a host; none while it runs no daemon.
    #[must_use]
    pub fn status(&self, host: usize) -> Vec<RouterStatus> {
        self.hosts[host].status()
    }

    /// The index of the interface of a host that has this name.
    #[must_use]
    pub fn port(&self, host: usize, name: &str) -> Option<u32> {
        let mut ports = self.hosts[host].ports.iter();
        Some(ports.find(|port| port.name == name)?.index)
    }

    /// Virtual addresses on the interfaces of a host.
    pub fn held(&self, host: usize) -> impl Iterator<Item = (u32, IpAddr)> + '_ {
        self.hosts[host].held.iter().copied()
    }

    /// Routes of its instances that a host has.
    #[must_use]
    pub fn routes(&self, host: usize) -> &[PlacedRoute] {
        &self.hosts[host].routes
    }

    /// The text of a tracked file of a host; empty if it is missing.
    #[must_use]
    pub fn file(&self, host: usize, path: &Path) -> &str {
        self.hosts[host].tracked.file(path)
    }

    /// How many processes of a pattern run on a host; `None` is as many as are wanted.
    #[must_use]
    pub fn processes(&self, host: usize, pattern: &ProcessPattern) -> Option<u32> {
        self.hosts[host].tracked.processes(pattern)
    }

    /// Virtual time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Promises that were broken at some moment: a deadline left behind, a dropped packet that
    /// moved a timer, a packet sent by the dead, a run that does not come to an end.
    #[must_use]
    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// The longest time that two hosts which heard each other were both MASTER of a VRID.
    #[must_use]
    pub fn longest_double(&self) -> Duration {
        self.longest_double
    }

    /// The state of an instance; `None` while the host runs no daemon.
    #[must_use]
    pub fn state(&self, host: usize, instance: usize) -> Option<State> {
        Some(self.hosts[host].status().get(instance)?.state)
    }
}
