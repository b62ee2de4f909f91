//! The packet filter of the daemon: `nf_tables` by nfnetlink, without the help of `nft` or a library
//! (spec vrrp-runtime 15).
//!
//! Everything belongs to two tables, `ip NAME` and `ip6 NAME`, which are made when first needed and
//! deleted as a whole. Each change is one transaction: it is done completely or not at all.

mod answer;
mod batch;
mod expression;
mod left_over;
mod rules;
mod watch;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

pub use batch::Family;
use batch::{Batch, Element};
pub use left_over::{delete_table, families_of_table};
pub use rules::TableSettings;
use rules::{PARENT_LINK_LOCAL, VIPS, VMAC_MAP, VMAC_SET, link_local_set};
pub use watch::{Removal, RemovalWatch};

use crate::netlink::NetlinkError;
use crate::netlink::socket::RouteSocket;
use answer::first_refusal;

/// An address whose packets are to be dropped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClosedAddress {
    /// The address.
    pub address: IpAddr,
    /// Index of its interface; matters for IPv6 link-local addresses.
    pub ifindex: u32,
    /// Name of its interface, at most 15 bytes.
    pub ifname: String,
}

/// What exists in one table.
#[derive(Debug, Default, Clone, Copy)]
struct Parts {
    table: bool,
    reports: bool,
    closed: bool,
}

/// The two tables.
#[derive(Debug)]
pub struct Tables {
    socket: RouteSocket,
    sequence: u32,
    settings: TableSettings,
    parts: [Parts; 2],
    /// How many hold each address closed: routers may share one for a moment.
    closed: BTreeMap<ClosedAddress, u32>,
    /// The base through which the reports of each virtual interface leave.
    moved: BTreeMap<(Family, u32), u32>,
    /// What each virtual interface must not claim, as an element of its set.
    borrowed: BTreeMap<u32, Element>,
}

impl Tables {
    /// Opens the socket. Nothing is made yet.
    ///
    /// # Errors
    /// [`NetlinkError::Socket`] when the kernel has no nfnetlink.
    pub fn open(settings: TableSettings) -> Result<Self, NetlinkError> {
        Ok(Self {
            socket: RouteSocket::netfilter()?,
            sequence: 0,
            settings,
            parts: [Parts::default(); 2],
            closed: BTreeMap::new(),
            moved: BTreeMap::new(),
            borrowed: BTreeMap::new(),
        })
    }

    /// The port number that our changes carry, for [`RemovalWatch::open`].
    ///
    /// # Errors
    /// [`NetlinkError::Socket`].
    pub fn port(&self) -> Result<u32, NetlinkError> {
        self.socket.port()
    }

    /// Whether every table that was made is still there.
    ///
    /// # Errors
    /// [`NetlinkError`]; then nothing can be said about them.
    pub fn are_there(&mut self) -> Result<bool, NetlinkError> {
        let there = left_over::families(&mut self.socket, &self.settings.name)?;
        let missing =
            |family: &Family| self.parts[*family as usize].table && !there.contains(family);
        Ok(![Family::Ipv4, Family::Ipv6].iter().any(missing))
    }

    /// The name of both tables.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// Makes what is there anew with other settings. No packet passes in between.
    ///
    /// # Errors
    /// [`NetlinkError`]; then nothing has changed, and the old settings stay.
    pub fn reconfigure(&mut self, settings: TableSettings) -> Result<(), NetlinkError> {
        let old = std::mem::replace(&mut self.settings, settings);
        let parts = std::mem::take(&mut self.parts);
        let table = self.settings.name.clone();
        let mut batch = Batch::new(&table, self.next_sequence());
        for family in [Family::Ipv4, Family::Ipv6] {
            let parts = parts[family as usize];
            if !parts.table {
                continue;
            }
            self.begin_table(&mut batch, family);
            if parts.reports {
                rules::add_reports(&mut batch, family, &self.settings);
                let moved = self.moved.iter().filter(|((of, _), _)| *of == family);
                for ((_, ifindex), base) in moved {
                    add_moved(&mut batch, family, *ifindex, *base);
                }
                if family == Family::Ipv6 && !self.borrowed.is_empty() {
                    let borrowed: Vec<Element> = self.borrowed.values().cloned().collect();
                    batch.add_elements(family, PARENT_LINK_LOCAL, &borrowed);
                }
            }
            if parts.closed {
                rules::add_closed(&mut batch, family, &self.settings);
                let closed: Vec<&ClosedAddress> = of(family, self.closed.keys()).collect();
                for (set, elements) in self.elements(family, &closed) {
                    batch.add_elements(family, set, &elements);
                }
            }
            if old.name != table {
                batch.delete_table_named(family, &old.name);
            }
        }
        let result = self.commit(batch);
        self.parts = parts;
        if result.is_err() {
            self.settings = old;
        }
        result
    }

    /// Makes what is there anew: somebody else may have removed it.
    ///
    /// # Errors
    /// [`NetlinkError`]; then nothing has changed.
    pub fn restore(&mut self) -> Result<(), NetlinkError> {
        self.reconfigure(self.settings.clone())
    }

    /// Membership reports of a virtual interface leave through its base from now on.
    ///
    /// # Errors
    /// [`NetlinkError`]; then nothing has changed.
    pub fn move_reports(
        &mut self,
        family: Family,
        ifindex: u32,
        base: u32,
    ) -> Result<(), NetlinkError> {
        let parts = self.parts[family as usize];
        let table = self.settings.name.clone();
        let mut batch = Batch::new(&table, self.next_sequence());
        self.begin_table(&mut batch, family);
        if !parts.reports {
            rules::add_reports(&mut batch, family, &self.settings);
        }
        add_moved(&mut batch, family, ifindex, base);
        self.commit(batch)?;
        self.moved.insert((family, ifindex), base);
        let parts = &mut self.parts[family as usize];
        (parts.table, parts.reports) = (true, true);
        Ok(())
    }

    /// A virtual interface whose reports were moved does not claim an address that it has borrowed
    /// from its base, although it has it.
    ///
    /// # Errors
    /// [`NetlinkError`]; then nothing has changed.
    pub fn shield_base(
        &mut self,
        ifindex: u32,
        ifname: &str,
        address: Ipv6Addr,
    ) -> Result<(), NetlinkError> {
        let table = self.settings.name.clone();
        let mut batch = Batch::new(&table, self.next_sequence());
        let element = Element {
            key: named_key(address, ifname),
            value: None,
        };
        batch.add_elements(
            Family::Ipv6,
            PARENT_LINK_LOCAL,
            std::slice::from_ref(&element),
        );
        self.commit(batch)?;
        self.borrowed.insert(ifindex, element);
        Ok(())
    }

    /// A virtual interface is gone, or will be.
    ///
    /// # Errors
    /// [`NetlinkError`]; then it counts as forgotten all the same.
    pub fn forget_reports(&mut self, family: Family, ifindex: u32) -> Result<(), NetlinkError> {
        if self.moved.remove(&(family, ifindex)).is_none() {
            return Ok(());
        }
        let table = self.settings.name.clone();
        let mut batch = Batch::new(&table, self.next_sequence());
        let element = [Element {
            key: ifindex.to_ne_bytes().to_vec(),
            value: None,
        }];
        batch.remove_elements(family, VMAC_MAP, &element);
        if family == Family::Ipv6 {
            batch.remove_elements(family, VMAC_SET, &element);
            if let Some(borrowed) = self.borrowed.remove(&ifindex) {
                batch.remove_elements(family, PARENT_LINK_LOCAL, &[borrowed]);
            }
        }
        self.commit(batch)
    }

    /// Packets to and from these addresses are dropped from now on.
    ///
    /// # Errors
    /// [`NetlinkError`]; then nothing has changed.
    pub fn close(&mut self, addresses: &[ClosedAddress]) -> Result<(), NetlinkError> {
        let table = self.settings.name.clone();
        let mut batch = Batch::new(&table, self.next_sequence());
        let mut made = [false; 2];
        for family in [Family::Ipv4, Family::Ipv6] {
            let of_family: Vec<&ClosedAddress> = of(family, addresses).collect();
            if of_family.is_empty() {
                continue;
            }
            self.begin_table(&mut batch, family);
            if !self.parts[family as usize].closed {
                rules::add_closed(&mut batch, family, &self.settings);
            }
            made[family as usize] = true;
            for (set, elements) in self.elements(family, &of_family) {
                batch.add_elements(family, set, &elements);
            }
        }
        self.commit(batch)?;
        for (parts, made) in self.parts.iter_mut().zip(made) {
            parts.table |= made;
            parts.closed |= made;
        }
        for address in addresses {
            *self.closed.entry(address.clone()).or_insert(0) += 1;
        }
        Ok(())
    }

    /// Packets to and from these addresses are no longer dropped. Addresses that are not closed are
    /// left alone.
    ///
    /// # Errors
    /// [`NetlinkError`]; then the addresses count as open all the same.
    pub fn open_again(&mut self, addresses: &[ClosedAddress]) -> Result<(), NetlinkError> {
        let mut last = Vec::new();
        for address in addresses {
            let Some(holders) = self.closed.get_mut(address) else {
                continue;
            };
            *holders -= 1;
            if *holders == 0 {
                self.closed.remove(address);
                last.push(address.clone());
            }
        }
        let table = self.settings.name.clone();
        let mut batch = Batch::new(&table, self.next_sequence());
        for family in [Family::Ipv4, Family::Ipv6] {
            let of_family: Vec<&ClosedAddress> = of(family, &last).collect();
            for (set, elements) in self.elements(family, &of_family) {
                batch.remove_elements(family, set, &elements);
            }
        }
        self.commit(batch)
    }

    /// Deletes the tables with all that is in them.
    ///
    /// # Errors
    /// [`NetlinkError`]; then they may still be there.
    pub fn delete(&mut self) -> Result<(), NetlinkError> {
        let table = self.settings.name.clone();
        let mut batch = Batch::new(&table, self.next_sequence());
        for family in [Family::Ipv4, Family::Ipv6] {
            if std::mem::take(&mut self.parts[family as usize]).table {
                // Somebody else may have removed it, which must not keep the other one.
                batch.add_table(family);
                batch.delete_table(family);
            }
        }
        self.closed.clear();
        self.moved.clear();
        self.borrowed.clear();
        self.commit(batch)
    }

    /// Makes the table unless it is there. One that an earlier process has left goes first: adding it
    /// makes sure that it can be deleted.
    fn begin_table(&self, batch: &mut Batch<'_>, family: Family) {
        if !self.parts[family as usize].table {
            batch.add_table(family);
            batch.delete_table(family);
            batch.add_table(family);
            rules::add_output(batch, family, &self.settings);
        }
    }

    /// The elements of addresses, by set; no empty lists.
    fn elements(
        &self,
        family: Family,
        addresses: &[&ClosedAddress],
    ) -> impl Iterator<Item = (&'static str, Vec<Element>)> + use<> {
        let (local, global): (Vec<_>, Vec<_>) = addresses
            .iter()
            .map(|address| {
                (
                    is_link_local(address.address),
                    element(address, &self.settings),
                )
            })
            .partition(|(link_local, _)| *link_local && family == Family::Ipv6);
        let strip = |list: Vec<(bool, Element)>| list.into_iter().map(|(_, e)| e).collect();
        [
            (VIPS, strip(global)),
            (link_local_set(&self.settings), strip(local)),
        ]
        .into_iter()
        .filter(|(_, elements): &(_, Vec<Element>)| !elements.is_empty())
    }

    fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }

    /// Sends a transaction.
    fn commit(&mut self, batch: Batch<'_>) -> Result<(), NetlinkError> {
        if batch.is_empty() {
            return Ok(());
        }
        let (bytes, last) = batch.finish();
        self.sequence = last;
        self.socket.send(&bytes)?;
        first_refusal(&mut self.socket, "NFT_BATCH")
    }
}

fn add_moved(batch: &mut Batch<'_>, family: Family, ifindex: u32, base: u32) {
    let key = ifindex.to_ne_bytes().to_vec();
    let value = Some(base.to_ne_bytes().to_vec());
    let pair = Element {
        key: key.clone(),
        value,
    };
    batch.add_elements(family, VMAC_MAP, &[pair]);
    if family == Family::Ipv6 {
        batch.add_elements(family, VMAC_SET, &[Element { key, value: None }]);
    }
}

fn of<'a>(
    family: Family,
    addresses: impl IntoIterator<Item = &'a ClosedAddress>,
) -> impl Iterator<Item = &'a ClosedAddress> {
    let of_family =
        move |closed: &&ClosedAddress| closed.address.is_ipv4() == (family == Family::Ipv4);
    addresses.into_iter().filter(of_family)
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn element(closed: &ClosedAddress, settings: &TableSettings) -> Element {
    let mut key = match closed.address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    if is_link_local(closed.address) {
        if settings.interface_indices {
            key.extend(closed.ifindex.to_ne_bytes());
        } else {
            key.extend(closed.ifname.as_bytes());
            key.resize(32, 0);
        }
    }
    Element { key, value: None }
}

/// An IPv6 address on an interface of this name.
fn named_key(address: Ipv6Addr, ifname: &str) -> Vec<u8> {
    let mut key = address.octets().to_vec();
    key.extend(ifname.as_bytes());
    key.resize(32, 0);
    key
}
