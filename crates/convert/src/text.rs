//! Writing the keepalived.conf.

use std::fmt::Display;

use crate::router::{Network, Router, Setting};

const HEAD: &str = "\
# Made from a configuration of failover.
#
# As failover does it: the addresses are on an interface of their own with the virtual MAC (use_vmac),
# a virtual router begins as BACKUP, and version 3 is the default. Other than there a stop is announced
# with priority 0, so that the other node takes over at once.
";

/// The whole file.
pub(crate) fn of(routers: &[Router]) -> String {
    let mut out = HEAD.to_owned();
    for router in routers {
        for (name, addresses) in router.instances() {
            instance(&mut out, router, &name, addresses);
        }
    }
    out
}

fn instance(out: &mut String, router: &Router, name: &str, addresses: &[Network]) {
    out.push('\n');
    for note in notes(router, name) {
        line(out, &format!("# {note}"));
    }
    let note = if router.name_assumed {
        "  # has no name"
    } else {
        ""
    };
    line(out, &format!("vrrp_instance {name} {{{note}"));
    keyword(out, "state", "BACKUP", "");
    keyword(out, "interface", &router.interface, "");
    keyword(out, "virtual_router_id", router.vrid, "");
    setting(out, "priority", router.priority);
    setting(out, "advert_int", router.interval);
    setting(out, "version", router.version);
    if !router.preempts.value {
        line(out, "    nopreempt");
    }
    line(out, "    use_vmac");
    line(out, "    virtual_ipaddress {");
    for network in addresses {
        line(
            out,
            &format!("        {}/{}", network.address, network.prefix),
        );
    }
    line(out, "    }");
    line(out, "}");
}

fn notes(router: &Router, name: &str) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(name) = &router.original_name {
        notes.push(format!(
            "The name was {name:?}; keepalived takes a single word."
        ));
    }
    if name != router.name {
        notes.push(format!(
            "An instance has one family: the IPv6 addresses of {}.",
            router.name
        ));
    }
    if !router.surplus.is_empty() {
        let surplus: Vec<String> = router.surplus.iter().map(|a| format!("{a:?}")).collect();
        notes.push(format!(
            "Left out as by failover, which takes 16 addresses: {}.",
            surplus.join(", ")
        ));
    }
    if !router.unknown.is_empty() {
        let unknown: Vec<String> = router.unknown.iter().map(|f| format!("{f:?}")).collect();
        notes.push(format!("Fields without a meaning: {}.", unknown.join(", ")));
    }
    notes
}

fn setting<T: Display>(out: &mut String, name: &str, setting: Setting<T>) {
    let note = if setting.assumed {
        "  # failover's default"
    } else {
        ""
    };
    keyword(out, name, setting.value, note);
}

fn keyword(out: &mut String, name: &str, value: impl Display, note: &str) {
    line(out, &format!("    {name} {value}{note}"));
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}
