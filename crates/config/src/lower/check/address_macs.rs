//! Addresses on virtual MACs of their own: where `use_vmac` behind an address means nothing, and where
//! two instances would hold one MAC (spec vrrp-keywords 18-D30 and 18-34).

use std::collections::HashMap;

use evervip_model::{
    Config, Family, Instance, UnsupportedReason, VirtualAddress, VirtualMac, Vrid,
};

use crate::diagnostic::{Class, Code, Diagnostic};
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;

impl Lower<'_> {
    /// `use_vmac` of an address that is on a virtual MAC without it.
    pub(super) fn check_address_macs(&mut self, draft: &mut InstanceDraft) {
        let mut complaints = Vec::new();
        let InstanceDraft {
            name,
            interface,
            family,
            virtual_mac,
            virtual_mac_for_addresses,
            addresses,
            excluded,
            ..
        } = draft;
        let marked = addresses.iter_mut().chain(excluded).filter(|a| a.use_vmac);
        for address in marked {
            let at_home = is_at_home(address, interface.as_deref(), *family);
            let shown = shown(address);
            if at_home && virtual_mac.is_some() {
                complaints.push(format!(
                    "({name}) use_vmac specified for VIP/eVIP {shown} and vrrp instance"
                ));
                address.use_vmac = false;
            } else if !at_home && *virtual_mac_for_addresses {
                complaints.push(format!(
                    "({name}) use_vmac_addr specified and use_vmac specified for VIP/eVIP {shown}"
                ));
                address.use_vmac = false;
            }
        }
        for text in complaints {
            self.after_text(draft, Code::Conflict, text).help = Some(
                "remove use_vmac behind the address: it is on a virtual MAC anyway".to_owned(),
            );
        }
    }

    /// Two instances that may be MASTER on different nodes cannot share a MAC: switches would send
    /// all packets to either. As in the original the second one is held in FAULT; members of one
    /// group are always together.
    pub(super) fn check_shared_macs(&mut self, config: &mut Config, drafts: &[InstanceDraft]) {
        let groups = config.sync_groups.iter().enumerate();
        let group_of: HashMap<usize, usize> = groups
            .flat_map(|(at, group)| group.members.iter().map(move |member| (member.0, at)))
            .collect();
        let mut first_of: HashMap<MacKey, (usize, &VirtualAddress)> = HashMap::new();
        let mut held = Vec::new();
        for (at, instance) in config.instances.iter().enumerate() {
            for (key, address) in macs(instance) {
                let (first, other) = *first_of.entry(key).or_insert((at, address));
                let group = group_of.get(&first);
                let together = group.is_some() && group == group_of.get(&at);
                if first != at && !together {
                    let (first, second) = (&config.instances[first].name, &instance.name);
                    let text = format!(
                        "({first}) VIP/eVIP {} uses same VMAC as VRRP instance {second} \
                         VIP/eVIP {}, disabling {second}",
                        shown(address),
                        shown(other)
                    );
                    held.push((at, text));
                    break;
                }
            }
        }
        for (at, text) in held {
            config.instances[at].unsupported = Some(UnsupportedReason::SharedVirtualMac);
            self.say(
                Diagnostic::new(Code::Conflict, Class::Log, text)
                    .label(drafts[at].span, "in this instance")
                    .help("put both instances into one sync group, or give them different ids"),
            );
        }
    }
}

/// Whether an address is where its instance runs.
fn is_at_home(address: &VirtualAddress, own: Option<&str>, family: Option<Family>) -> bool {
    let base = address.dev.as_deref().or(own);
    base == own && address.address.is_ipv6() == (family == Some(Family::Inet6))
}

/// A virtual MAC on an interface: two with the same key are one.
#[derive(PartialEq, Eq, Hash)]
struct MacKey<'a> {
    base: &'a str,
    mac: Mac,
}

#[derive(PartialEq, Eq, Hash)]
enum Mac {
    /// That of RFC 9568 for an id.
    Standard(Vrid, Family),
    /// A configured one.
    Own([u8; 6]),
}

/// The virtual MACs that addresses of an instance are on.
fn macs(instance: &Instance) -> impl Iterator<Item = (MacKey<'_>, &VirtualAddress)> {
    let own = instance.interface.as_deref();
    let addresses = instance.addresses.iter();
    addresses
        .chain(&instance.excluded_addresses)
        .filter_map(move |address| {
            let base = address.dev.as_deref().or(own)?;
            let family = if address.address.is_ipv6() {
                Family::Inet6
            } else {
                Family::Inet
            };
            let standard = Mac::Standard(instance.vrid, family);
            let mac = match &instance.virtual_mac {
                Some(vmac) if is_at_home(address, own, Some(instance.family)) => {
                    configured(vmac).unwrap_or(standard)
                }
                _ if address.use_vmac || instance.virtual_mac_for_addresses => standard,
                _ => return None,
            };
            Some((MacKey { base, mac }, address))
        })
}

fn configured(vmac: &VirtualMac) -> Option<Mac> {
    vmac.address.map(Mac::Own)
}

/// As the original prints it: a prefix of full length is not shown.
fn shown(address: &VirtualAddress) -> String {
    let full = if address.address.is_ipv6() { 128 } else { 32 };
    if address.prefix == full {
        address.address.to_string()
    } else {
        format!("{}/{}", address.address, address.prefix)
    }
}
