//! What strict mode brings that people do not ask for (spec vrrp-keywords 19).

use std::collections::HashMap;

use evervip_config::{Code, Diagnostic, Node, Span};

use crate::merge::finding;
use crate::section::{Section, is_on};
use crate::subject::Subject;

/// Lints of strict mode, at the line that switches it on.
pub(crate) fn consequences(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let global = subject
        .globals()
        .filter(|line| line.keyword().text == "vrrp_strict")
        .last();
    let global = global.filter(|line| is_on(line));
    let (mut blocked, mut unicast) = (Vec::new(), Vec::new());
    for instance in subject.instances.iter().copied() {
        let own = instance.line("strict_mode");
        let Some(line) = own.map_or(global, |line| Some(line).filter(|line| is_on(line))) else {
            continue;
        };
        if is_blocked(instance) {
            blocked.push((line, instance));
        }
        if instance.entries("unicast_peer").next().is_some() {
            unicast.push((line, instance));
        }
    }
    let blocked = by_line(&blocked)
        .into_iter()
        .map(|(line, names)| unreachable(line, &names));
    let unicast = by_line(&unicast)
        .into_iter()
        .map(|(line, names)| refused(line, &names));
    blocked.chain(unicast).collect()
}

/// Owners keep their addresses, and version 3 may accept.
fn is_blocked(instance: Section<'_>) -> bool {
    instance.priority() != 255
        && !instance.has("accept")
        && instance.virtual_addresses().next().is_some()
}

/// The instances that a line makes strict, in the order of the first of each line.
fn by_line<'a>(found: &[(&'a Node, Section<'a>)]) -> Vec<(&'a Node, Vec<&'a str>)> {
    let mut index: HashMap<Span, usize> = HashMap::new();
    let mut lines: Vec<(&Node, Vec<&str>)> = Vec::new();
    for (line, instance) in found {
        let at = *index.entry(line.span()).or_insert(lines.len());
        match lines.get_mut(at) {
            Some((_, names)) => names.push(instance.name()),
            None => lines.push((line, vec![instance.name()])),
        }
    }
    lines
}

fn unreachable(line: &Node, names: &[&str]) -> Diagnostic {
    finding(
        Code::StrictBlocksAddresses,
        line.span(),
        format!("strict mode makes the addresses of {} unreachable", list(names)),
    )
    .note("keepalived drops every packet to them, ping included; only traffic that is routed through the machine passes")
    .help("remove it, unless the machine is only a router")
}

fn refused(line: &Node, names: &[&str]) -> Diagnostic {
    finding(
        Code::StrictWithUnicast,
        line.span(),
        format!("strict mode with unicast peers in {}", list(names)),
    )
    .note("keepalived 2.2.7 runs it; from 2.4 on it refuses to start with this file")
    .help("remove strict mode or the peers")
}

fn list(names: &[&str]) -> String {
    let shown: Vec<_> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("'{name}'"))
        .collect();
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown.join(", "),
        Some(more) => format!("{} and {more} more", shown.join(", ")),
    }
}

const SHOWN: usize = 3;
