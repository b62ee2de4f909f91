//! Makes and removes the interfaces of our own that the engine wants: virtual MACs and ipvlans.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use evervip_model::{AddressLifetime, Family, IpvlanMode, VirtualAddress};
use evervip_os::netlink::{IpVlanMode, Link, NetlinkError, VirtualLink, VirtualLinkKind};
use evervip_vrrp::{
    Candidate, Choice, Event, Existing, LinkLocal, ReportsMoved, VirtualInterface,
    VirtualInterfaceKey, VirtualInterfaceKind,
};
use nix::errno::Errno;

use super::firewall::Firewall;
use super::interface_settings::InterfaceSettings;
use super::kernel::Kernel;

/// How soon an interface that could not be made is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// An interface that exists.
struct Made {
    index: u32,
    name: String,
    configured: Configured,
    instance: Arc<str>,
    base: u32,
    family: Family,
    reports: ReportsMoved,
}

/// What the file says of an interface, and cannot be changed while it is there.
#[derive(PartialEq)]
struct Configured {
    name: Option<String>,
    group: Option<u32>,
    ipvlan_mode: IpvlanMode,
    address: Option<(IpAddr, u8)>,
}

impl Configured {
    fn of(wanted: &VirtualInterface) -> Self {
        Self {
            name: wanted.name.clone(),
            group: wanted.group,
            ipvlan_mode: wanted.ipvlan_mode,
            address: wanted.address,
        }
    }
}

/// All interfaces of our own.
#[derive(Default)]
pub(super) struct VirtualInterfaces {
    made: BTreeMap<VirtualInterfaceKey, Made>,
    settings: InterfaceSettings,
    /// What has failed already and was logged.
    failing: BTreeSet<VirtualInterfaceKey>,
    retry_at: Option<Instant>,
}

impl VirtualInterfaces {
    /// When interfaces that could not be made are to be tried again.
    pub(super) const fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Makes what is wanted and not there, and gives what the engine has to know of it. One whose
    /// base does not exist is left out: the base's coming is what it waits for.
    pub(super) fn make(
        &mut self,
        wanted: &[VirtualInterface],
        kernel: &mut Kernel,
        firewall: &mut Firewall,
    ) -> Vec<Event<'static>> {
        self.retry_at = None;
        let mut events = Vec::new();
        for interface in wanted {
            if self.is_there(interface, kernel) {
                continue;
            }
            let old = self.made.get(&interface.key).map(|made| made.index);
            self.forget(&interface.key, kernel, firewall);
            // That the old one has gone: its name may be the one that is wanted.
            let reports = kernel.read().unwrap_or_default();
            // The end of the old one is told last: nobody misses it when there is the new one.
            let (left, reports): (Vec<_>, Vec<_>) =
                reports.into_iter().partition(|event| is_end_of(event, old));
            events.extend(reports);
            let Some(base) = kernel.link_named(&interface.key.base).cloned() else {
                events.extend(left);
                continue;
            };
            match self.make_one(interface, &base, kernel, firewall) {
                Ok((index, fresh)) => {
                    self.failing.remove(&interface.key);
                    // What the kernel has reported of the steps so far is out of date for who
                    // depends on the interface: the engine shall have it before.
                    events.extend(kernel.read().unwrap_or_default());
                    events.push(Event::VirtualInterfaceMade {
                        key: interface.key.clone(),
                        index,
                        fresh,
                    });
                    events.extend(left);
                }
                Err(error) => {
                    events.extend(left);
                    self.forget(&interface.key, kernel, firewall);
                    self.failed(interface, &error);
                }
            }
        }
        events
    }

    /// Whether an interface was made for this purpose, under whatever name.
    pub(super) fn knows(&self, key: &VirtualInterfaceKey) -> bool {
        self.made.contains_key(key)
    }

    fn is_there(&self, wanted: &VirtualInterface, kernel: &Kernel) -> bool {
        self.made.get(&wanted.key).is_some_and(|made| {
            made.configured == Configured::of(wanted) && kernel.links.contains_key(&made.index)
        })
    }

    fn failed(&mut self, wanted: &VirtualInterface, error: &NetlinkError) {
        // The base is just going away: its return starts another attempt.
        if error.errno() == Some(Errno::ENODEV as i32) {
            return;
        }
        self.retry_at = Some(Instant::now() + RETRY);
        if self.failing.insert(wanted.key.clone()) {
            tracing::error!(
                "({}): Unable to create {} interface on {} - {error}; trying again every second",
                wanted.instance,
                kind_name(wanted.key.kind),
                wanted.key.base
            );
        }
    }

    /// Takes one over or makes one, and sets it up. Gives its index, and whether it is new.
    fn make_one(
        &mut self,
        wanted: &VirtualInterface,
        base: &Link,
        kernel: &mut Kernel,
        firewall: &mut Firewall,
    ) -> Result<(u32, bool), NetlinkError> {
        let choice = wanted
            .choose(|name| self.existing(name, wanted, base, kernel))
            .ok_or(NetlinkError::Rejected {
                errno: Errno::EEXIST as i32,
                name: "RTM_NEWLINK",
                kind: 16,
                sequence: 0,
                port: 0,
                detail: None,
            })?;
        let (link, fresh) = obtain(choice, wanted, base, kernel)?;
        self.made.insert(
            wanted.key.clone(),
            Made {
                index: link.index,
                name: link.name.clone(),
                configured: Configured::of(wanted),
                instance: Arc::clone(&wanted.instance),
                base: base.index,
                family: wanted.family,
                reports: wanted.reports,
            },
        );
        if matches!(wanted.key.kind, VirtualInterfaceKind::MacVlan(_)) {
            self.settings.apply(&link, base, wanted, kernel);
        }
        firewall.move_reports(wanted.reports, link.index, base.index);
        if let Some(address) = borrowed(wanted, base, kernel) {
            firewall.shield_base(wanted.reports, &link, address);
        }
        kernel.requests().set_link_up(link.index, true)?;
        add_own_addresses(wanted, link.index, base, kernel);
        Ok((link.index, fresh))
    }

    /// What has a name now, seen with the eyes of who would like the name.
    fn existing(
        &self,
        name: &str,
        wanted: &VirtualInterface,
        base: &Link,
        kernel: &Kernel,
    ) -> Option<Existing> {
        let link = kernel.link_named(name)?;
        Some(wanted.compare(&Candidate {
            index: link.index,
            kind: link.kind.as_deref(),
            private_macvlan: link.private_macvlan,
            hardware_address: link.hardware_address.as_bytes(),
            on_base: link.base == Some(base.index),
            taken: self.made.values().any(|made| made.index == link.index),
        }))
    }

    /// Puts our interfaces into the VRF that their base is in, and out of any that it is not in.
    pub(super) fn follow_bases(&self, kernel: &mut Kernel) {
        for made in self.made.values() {
            let (Some(link), Some(base)) =
                (kernel.links.get(&made.index), kernel.links.get(&made.base))
            else {
                continue;
            };
            let wanted = kernel.vrf_of(base);
            if link.master == wanted {
                continue;
            }
            if let Err(error) = kernel.requests().set_link_master(made.index, wanted) {
                tracing::warn!("Unable to move {} along with its base: {error}", made.name);
            }
        }
    }

    /// Removes what is not wanted any more.
    pub(super) fn remove_unwanted(
        &mut self,
        wanted: &[VirtualInterface],
        kernel: &mut Kernel,
        firewall: &mut Firewall,
    ) {
        let wanted: BTreeSet<&VirtualInterfaceKey> = wanted.iter().map(|w| &w.key).collect();
        let gone: Vec<VirtualInterfaceKey> = self
            .made
            .keys()
            .filter(|key| !wanted.contains(key))
            .cloned()
            .collect();
        for key in gone {
            self.remove(&key, kernel, firewall);
        }
    }

    /// The end: removes everything and restores all settings.
    pub(super) fn remove_all(&mut self, kernel: &mut Kernel, firewall: &mut Firewall) {
        self.remove_unwanted(&[], kernel, firewall);
    }

    fn remove(&mut self, key: &VirtualInterfaceKey, kernel: &mut Kernel, firewall: &mut Firewall) {
        let Some(made) = self.made.remove(key) else {
            return;
        };
        let (instance, name, kind) = (&made.instance, &made.name, kind_name(key.kind));
        match kernel.requests().delete_link(made.index) {
            Ok(()) => tracing::info!("({instance}) Success removing {kind} interface {name}"),
            Err(error) => {
                tracing::error!("({instance}): Error removing {kind} interface {name} - {error}");
            }
        }
        self.release(key.kind, &made, kernel, firewall);
    }

    /// Gives up what belonged to an interface that is gone, or is to be made anew.
    fn forget(&mut self, key: &VirtualInterfaceKey, kernel: &mut Kernel, firewall: &mut Firewall) {
        let Some(made) = self.made.remove(key) else {
            return;
        };
        if kernel.links.contains_key(&made.index) {
            // It is to be another one: two of one hardware address cannot be.
            if let Err(error) = kernel.requests().delete_link(made.index) {
                tracing::error!("Cannot remove interface {}: {error}", made.name);
            }
        }
        self.release(key.kind, &made, kernel, firewall);
    }

    /// What was done elsewhere for an interface.
    fn release(
        &mut self,
        kind: VirtualInterfaceKind,
        made: &Made,
        kernel: &mut Kernel,
        firewall: &mut Firewall,
    ) {
        firewall.forget_reports(made.reports, made.index);
        if made.family == Family::Inet && matches!(kind, VirtualInterfaceKind::MacVlan(_)) {
            self.settings.release(made.base, kernel);
        }
    }
}

/// Whether an event tells how an interface goes that was to be made anew.
fn is_end_of(event: &Event<'_>, old: Option<u32>) -> bool {
    match event {
        Event::LinkChanged(link) => Some(link.index) == old,
        Event::LinkRemoved { index } | Event::AddressRemoved { index, .. } => Some(*index) == old,
        _ => false,
    }
}

/// Comes by the interface as chosen.
fn obtain(
    choice: Choice,
    wanted: &VirtualInterface,
    base: &Link,
    kernel: &mut Kernel,
) -> Result<(Link, bool), NetlinkError> {
    let name = match choice {
        Choice::TakeOver(index) => {
            let link = kernel.links.get(&index).cloned();
            let link = link.ok_or(NetlinkError::NoAnswer)?;
            tracing::info!(
                "({}) Found matching interface {}",
                wanted.instance,
                link.name
            );
            return Ok((link, false));
        }
        Choice::Replace(index, name) => {
            kernel.requests().delete_link(index)?;
            name
        }
        Choice::Create(name) => name,
    };
    let master = kernel.vrf_of(base);
    let link = kernel.requests().create_link(&VirtualLink {
        name: &name,
        base: base.index,
        kind: match wanted.key.kind {
            VirtualInterfaceKind::MacVlan(address) => VirtualLinkKind::MacVlan(address),
            VirtualInterfaceKind::IpVlan { .. } => {
                VirtualLinkKind::IpVlan(match wanted.ipvlan_mode {
                    IpvlanMode::Bridge => IpVlanMode::Bridge,
                    IpvlanMode::Private => IpVlanMode::Private,
                    IpvlanMode::Vepa => IpVlanMode::Vepa,
                })
            }
        },
        group: wanted.group.unwrap_or(base.group),
        master,
    })?;
    tracing::info!(
        "({}): Success creating {} interface {name}",
        wanted.instance,
        kind_name(wanted.key.kind)
    );
    Ok((link, true))
}

/// The link-local address that the interface has in common with its base.
fn borrowed(wanted: &VirtualInterface, base: &Link, kernel: &Kernel) -> Option<Ipv6Addr> {
    (wanted.link_local == Some(LinkLocal::OfBase)).then_some(())?;
    kernel
        .link_local_of(base.index)
        .or_else(|| modified_eui64(base.hardware_address.as_bytes()))
}

/// The addresses that the interface sends from: an ipvlan's own, and an IPv6 link-local one.
fn add_own_addresses(wanted: &VirtualInterface, index: u32, base: &Link, kernel: &mut Kernel) {
    let mut addresses = Vec::new();
    if let Some((address, prefix)) = wanted.address {
        addresses.push(VirtualAddress::new(address, prefix));
    }
    let configured = match wanted.link_local {
        Some(LinkLocal::Configured(address)) => Some(address),
        Some(LinkLocal::OfBase) | None => None,
    };
    if let Some(address) = configured.or_else(|| borrowed(wanted, base, kernel)) {
        // Not preferred: nothing but adverts shall leave from it.
        addresses.push(VirtualAddress {
            preferred_lifetime: AddressLifetime::Seconds(0),
            ..VirtualAddress::new(IpAddr::V6(address), 64)
        });
    }
    let listed: Vec<(u32, &VirtualAddress)> =
        addresses.iter().map(|address| (index, address)).collect();
    for result in kernel.requests().add_addresses(&listed) {
        if let Err(error) = result {
            tracing::error!("({}) Netlink: error: {error}", wanted.instance);
        }
    }
}

/// The link-local address that follows from a hardware address (RFC 4291 appendix A).
fn modified_eui64(hardware: &[u8]) -> Option<Ipv6Addr> {
    let [a, b, c, d, e, f] = *<&[u8; 6]>::try_from(hardware).ok()?;
    let word = |high, low| u16::from_be_bytes([high, low]);
    Some(Ipv6Addr::new(
        0xfe80,
        0,
        0,
        0,
        word(a ^ 2, b),
        word(c, 0xff),
        word(0xfe, d),
        word(e, f),
    ))
}

const fn kind_name(kind: VirtualInterfaceKind) -> &'static str {
    match kind {
        VirtualInterfaceKind::MacVlan(_) => "VMAC",
        VirtualInterfaceKind::IpVlan { .. } => "ipvlan",
    }
}

#[cfg(test)]
mod tests {
    use super::modified_eui64;

    #[test]
    fn a_link_local_address_follows_from_the_hardware_address() {
        let address = modified_eui64(&[2, 0, 0, 0, 0, 1]).unwrap();
        assert_eq!(address.to_string(), "fe80::ff:fe00:1");
        assert_eq!(modified_eui64(&[0; 20]), None);
    }
}
