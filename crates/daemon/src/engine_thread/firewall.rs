//! The packet filter's tables, made when the first rule is needed.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::time::Instant;

use evervip_model::{Config, Globals, Instance};
use evervip_os::netlink::{Link, NetlinkError};
use evervip_os::nftables::{ClosedAddress, Family, RemovalWatch, TableSettings, Tables};
use evervip_vrrp::{AddressChange, ReportsMoved, needs_packet_filter, refuses_packets};
use nix::errno::Errno;

use super::firewall_guard::Guard;

/// The tables, and what is to be in them.
pub(super) struct Firewall {
    settings: TableSettings,
    tables: Option<Tables>,
    /// A failure was logged: the kernel may have no `nf_tables`, and saying so once is enough.
    complained: bool,
    /// What others take out of the tables.
    guard: Guard,
}

impl Firewall {
    pub(super) fn new(config: &Config) -> Self {
        if needs_packet_filter(config) && config.globals.firewall.table.is_none() {
            tracing::info!(
                "use_vmac or no_accept/strict specified, but no firewall configured - using nftables"
            );
        }
        Self {
            settings: settings(&config.globals, &config.instances),
            tables: None,
            complained: false,
            guard: Guard::new(config),
        }
    }

    /// What to wait for so that removals by others are seen; once, when the tables are first made.
    pub(super) fn new_watch(&mut self) -> Option<&RemovalWatch> {
        self.guard.new_watch()
    }

    /// Looks at what others have removed, and makes it anew.
    pub(super) fn reports(&mut self) {
        let Some(tables) = &mut self.tables else {
            return;
        };
        let Some(removal) = self.guard.read(tables) else {
            return;
        };
        if !self.guard.allows(Instant::now()) {
            if self.guard.gives_up() {
                tracing::error!(
                    "Packet filter: {removal} has removed our rules - they stay away until our next change"
                );
            }
            return;
        }
        if let Err(error) = tables.restore() {
            self.judge(Err(error));
            return;
        }
        tracing::warn!("Packet filter: {removal} has removed our rules; they are there again");
    }

    /// Takes the settings of a new configuration, to which tables that are there change in one step.
    /// If the kernel refuses, the old ones stay until the next reload.
    pub(super) fn reconfigure(&mut self, config: &Config) {
        self.guard.configure(config);
        let wanted = settings(&config.globals, &config.instances);
        if self.settings == wanted {
            return;
        }
        if let Some(tables) = &mut self.tables {
            if let Err(error) = tables.reconfigure(wanted.clone()) {
                tracing::error!("Packet filter: error: {error} - its tables stay as they were");
                return;
            }
        }
        self.settings = wanted;
    }

    /// Packets to and from addresses that are about to be added are dropped.
    pub(super) fn close(&mut self, change: &AddressChange, links: &BTreeMap<u32, Link>) {
        let addresses = listed(change, links);
        self.change(|tables| tables.close(&addresses));
    }

    /// Packets to and from addresses that were removed are no longer dropped.
    pub(super) fn open(&mut self, change: &AddressChange, links: &BTreeMap<u32, Link>) {
        if self.tables.is_some() {
            let addresses = listed(change, links);
            self.undo(|tables| tables.open_again(&addresses));
        }
    }

    /// Membership reports of a virtual interface leave through its base.
    pub(super) fn move_reports(&mut self, moved: ReportsMoved, index: u32, base: u32) {
        for family in families(moved) {
            self.change(|tables| tables.move_reports(family, index, base));
        }
    }

    /// A virtual interface does not claim the address that it has borrowed from its base.
    pub(super) fn shield_base(&mut self, moved: ReportsMoved, link: &Link, address: Ipv6Addr) {
        if moved.ipv6 {
            self.change(|tables| tables.shield_base(link.index, &link.name, address));
        }
    }

    /// A virtual interface is gone.
    pub(super) fn forget_reports(&mut self, moved: ReportsMoved, index: u32) {
        for family in families(moved) {
            self.undo(|tables| tables.forget_reports(family, index));
        }
    }

    /// The end: deletes the tables.
    pub(super) fn delete(&mut self) {
        if self.tables.is_some() {
            self.undo(Tables::delete);
        }
    }

    /// Adds to the tables. What is missing of them is made first.
    fn change(&mut self, change: impl Fn(&mut Tables) -> Result<(), NetlinkError>) {
        let result = self.attempt(&change).or_else(|error| {
            self.restore_after(error)?;
            self.attempt(&change)
        });
        self.judge(result);
    }

    /// Takes something out of the tables, which holds even when the kernel refuses.
    fn undo(&mut self, change: impl Fn(&mut Tables) -> Result<(), NetlinkError>) {
        let result = self.attempt(change);
        let result = result.or_else(|error| self.restore_after(error));
        self.judge(result);
    }

    fn attempt(
        &mut self,
        change: impl Fn(&mut Tables) -> Result<(), NetlinkError>,
    ) -> Result<(), NetlinkError> {
        match &mut self.tables {
            Some(tables) => change(tables),
            None => {
                let tables = Tables::open(self.settings.clone())?;
                self.guard.open(&tables);
                change(self.tables.insert(tables))
            }
        }
    }

    /// Makes the tables anew when the reason is that they are not there: who loads the rules of the
    /// machine again mostly removes all others first.
    fn restore_after(&mut self, error: NetlinkError) -> Result<(), NetlinkError> {
        match &mut self.tables {
            Some(tables) if error.errno() == Some(Errno::ENOENT as i32) => {
                tables.restore()?;
                // It is told of already.
                self.guard.read(tables);
            }
            _ => return Err(error),
        }
        tracing::warn!("Packet filter: somebody has removed our tables; they are there again");
        Ok(())
    }

    fn judge(&mut self, result: Result<(), NetlinkError>) {
        let Err(error) = result else {
            self.complained = false;
            return;
        };
        if !std::mem::replace(&mut self.complained, true) {
            tracing::error!(
                "Packet filter: error: {error} - does the kernel have nf_tables? Packets to the addresses are not dropped"
            );
        }
    }
}

fn settings(globals: &Globals, instances: &[Instance]) -> TableSettings {
    let firewall = &globals.firewall;
    // An interface that may come and go keeps its name, not its index.
    let may_go = |instance: &Instance| {
        let mut addresses = instance
            .addresses
            .iter()
            .chain(&instance.excluded_addresses);
        refuses_packets(instance) && (!instance.track_primary || addresses.any(|a| a.no_track))
    };
    TableSettings {
        name: firewall.table_name().to_owned(),
        priority: firewall.priority,
        counters: firewall.counters,
        interface_indices: firewall.interface_indices || !instances.iter().any(may_go),
    }
}

fn families(moved: ReportsMoved) -> impl Iterator<Item = Family> {
    [(moved.ipv4, Family::Ipv4), (moved.ipv6, Family::Ipv6)]
        .into_iter()
        .filter_map(|(wanted, family)| wanted.then_some(family))
}

fn listed(change: &AddressChange, links: &BTreeMap<u32, Link>) -> Vec<ClosedAddress> {
    let addresses = change.addresses.iter();
    addresses
        .map(|placed| ClosedAddress {
            address: placed.address.address,
            ifindex: placed.interface,
            ifname: links
                .get(&placed.interface)
                .map(|link| link.name.clone())
                .unwrap_or_default(),
        })
        .collect()
}
