//! What an instance makes of the kernel beside its addresses: interfaces of its own with their settings,
//! routes, rules, and packets that are dropped.

use evervip_config::print::{route, rule};
use evervip_model::{Config, Family, Instance, VirtualAddress, standard_hardware_address};

use super::Section;
use super::phrase::list;

/// Longest name of an interface, in bytes.
const NAME_MAX: usize = 15;

/// Adds what there is to say.
pub(super) fn add(section: &mut Section, config: &Config, instance: &Instance) {
    section.add("own interface", own_interface(config, instance));
    section.add("kernel settings", settings(config, instance));
    let routes = instance.routes.iter().map(route).collect();
    section.add("as MASTER adds the routes", routes);
    let rules = instance.rules.iter().map(rule).collect();
    section.add("as MASTER adds the rules", rules);
    section.add("packets to its addresses", closed(config, instance));
}

/// The interface that an address goes on, by its name as far as that is known.
pub(super) fn place(config: &Config, instance: &Instance, address: &VirtualAddress) -> String {
    let own = instance.interface.as_deref();
    let base = address.dev.as_deref().or(own).unwrap_or_default();
    let family = family_of(address);
    if own == Some(base) && family == instance.family {
        if let Some(name) = own_name(config, instance) {
            return name;
        }
    }
    if address.use_vmac || instance.virtual_mac_for_addresses {
        let globals = &config.globals.vrrp;
        let prefix = globals.vmac_addr_prefix.as_ref();
        let name = free_name(prefix.unwrap_or(&globals.vmac_prefix), instance);
        let mac = hardware_address(standard_hardware_address(instance.vrid.value(), family));
        return format!("{name}, a virtual MAC on {base} with {mac}");
    }
    base.to_owned()
}

/// The interface that the instance runs on, when it is not the configured one.
fn own_name(config: &Config, instance: &Instance) -> Option<String> {
    let configured = match (&instance.virtual_mac, &instance.ipvlan) {
        (Some(vmac), _) => &vmac.name,
        (None, Some(ipvlan)) => &ipvlan.name,
        (None, None) => return None,
    };
    let prefix = &config.globals.vrrp.vmac_prefix;
    let free = || free_name(prefix, instance);
    Some(configured.clone().unwrap_or_else(free))
}

fn free_name(prefix: &str, instance: &Instance) -> String {
    let name = format!("{prefix}.{}", instance.vrid);
    if name.len() > NAME_MAX {
        return format!("an interface whose name begins as {prefix}");
    }
    name
}

fn own_interface(config: &Config, instance: &Instance) -> Vec<String> {
    let (Some(name), Some(base)) = (own_name(config, instance), &instance.interface) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    if let Some(vmac) = &instance.virtual_mac {
        let standard = standard_hardware_address(instance.vrid.value(), instance.family);
        let mac = hardware_address(vmac.address.unwrap_or(standard));
        lines.push(format!("{name}, a virtual MAC on {base} with {mac}"));
        lines.push(if instance.transmit_on_base {
            format!("adverts leave through {base} with its own address (vmac_xmit_base)")
        } else {
            format!("adverts leave through {name}, membership reports through {base}")
        });
    } else {
        lines.push(format!("{name}, an ipvlan on {base}"));
    }
    let named = match (&instance.virtual_mac, &instance.ipvlan) {
        (Some(vmac), _) => vmac.name.is_some(),
        (None, ipvlan) => ipvlan.as_ref().is_some_and(|ipvlan| ipvlan.name.is_some()),
    };
    if !named {
        lines.push("another number in its name when another interface has it".to_owned());
    }
    lines
}

/// Bases of virtual MACs over IPv4, and what they and those are set to.
fn settings(config: &Config, instance: &Instance) -> Vec<String> {
    let own = instance.interface.as_deref();
    let inet = instance.family == Family::Inet;
    let mut bases: Vec<&str> = own
        .filter(|_| instance.virtual_mac.is_some() && inet)
        .into_iter()
        .collect();
    let addresses = instance
        .addresses
        .iter()
        .chain(&instance.excluded_addresses);
    for address in addresses {
        let wanted = address.use_vmac || instance.virtual_mac_for_addresses;
        let base = address.dev.as_deref().or(own);
        if wanted && family_of(address) == Family::Inet {
            bases.extend(base);
        }
    }
    bases.sort_unstable();
    bases.dedup();
    let mut lines = Vec::new();
    if !bases.is_empty() {
        let bases = list(&bases);
        lines.push(
            "virtual MACs over IPv4: arp_ignore 1, accept_local 1, rp_filter 0, promote_secondaries 1"
                .to_owned(),
        );
        lines.push(format!("{bases}: arp_ignore 1, arp_filter 1"));
        lines.push("all.rp_filter: 0; other interfaces get its value instead".to_owned());
    }
    if instance.promote_secondaries {
        let own = own_name(config, instance).or_else(|| instance.interface.clone());
        let own = own.unwrap_or_default();
        lines.push(format!(
            "{own}: promote_secondaries 1 (promote_secondaries)"
        ));
    }
    if !lines.is_empty() {
        lines.push("all are put back at the end, after a crash by the next start".to_owned());
    }
    lines
}

fn closed(config: &Config, instance: &Instance) -> Vec<String> {
    if instance.accept || instance.priority.is_owner() {
        return Vec::new();
    }
    let table = config.globals.firewall.table_name();
    vec![format!(
        "dropped by the nf_tables tables `ip {table}` and `ip6 {table}` (no_accept)"
    )]
}

fn family_of(address: &VirtualAddress) -> Family {
    if address.address.is_ipv4() {
        Family::Inet
    } else {
        Family::Inet6
    }
}

fn hardware_address(octets: [u8; 6]) -> String {
    octets.map(|octet| format!("{octet:02x}")).join(":")
}
