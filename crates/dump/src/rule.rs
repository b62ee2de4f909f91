//! Virtual and static rules, one a line.

use std::fmt::Write as _;

use evervip_model::{PacketMark, Range, Rule, RuleAction};

use crate::route::network;

/// A rule.
pub(crate) fn rule(rule: &Rule) -> String {
    let not = if rule.invert { "not " } else { "" };
    let from = rule.from.map_or_else(|| "all".to_owned(), network);
    let mut text = format!("{not}from {from}");
    let mut say = |what: std::fmt::Arguments<'_>| {
        // Writing into memory does not fail.
        let _ = text.write_fmt(what);
    };
    if let Some(to) = rule.to {
        say(format_args!(" to {}", network(to)));
    }
    let tos = rule.tos.unwrap_or(0);
    say(format_args!(" priority {} tos 0x{tos:x}", rule.preference));
    if let Some(PacketMark { value, mask }) = rule.mark {
        say(format_args!(" fwmark 0x{value:x}"));
        if let Some(mask) = mask {
            say(format_args!("/0x{mask:x}"));
        }
    }
    let names = [("iif", &rule.input), ("oif", &rule.output)];
    for (word, name) in names {
        if let Some(name) = name {
            say(format_args!(" {word} {name}"));
        }
    }
    let numbers = [
        (
            "suppress_prefixlen",
            rule.suppress_prefix_length.map(u64::from),
        ),
        ("suppress_ifgroup", rule.suppress_group.map(u64::from)),
        ("tunnel-id", rule.tunnel_id),
    ];
    for (word, number) in numbers {
        if let Some(number) = number {
            say(format_args!(" {word} {number}"));
        }
    }
    if let Some(Range { first, last }) = rule.users {
        say(format_args!(" uidrange {first}-{last}"));
    }
    if rule.action == RuleAction::Vrf {
        say(format_args!(" l3mdev"));
    }
    if let Some(protocol) = rule.protocol {
        say(format_args!(" protocol {protocol}"));
    }
    if let Some(protocol) = rule.ip_protocol {
        say(format_args!(" ipproto {protocol}"));
    }
    let ports = [
        ("sport", rule.source_ports),
        ("dport", rule.destination_ports),
    ];
    for (word, range) in ports {
        if let Some(Range { first, last }) = range {
            say(format_args!(" {word} {first}-{last}"));
        }
    }
    if let Some(realms) = rule.realms {
        say(format_args!(" realms {}/{}", realms >> 16, realms & 0xffff));
    }
    say(format_args!(" {}", action(rule.action)));
    if rule.no_track {
        say(format_args!(" no_track"));
    }
    text
}

fn action(action: RuleAction) -> String {
    match action {
        RuleAction::Table(table) => format!("lookup {table}"),
        RuleAction::Goto(preference) => format!("goto {preference}"),
        RuleAction::Blackhole => "type blackhole".to_owned(),
        RuleAction::Unreachable => "type unreachable".to_owned(),
        RuleAction::Prohibit => "type prohibit".to_owned(),
        RuleAction::Nop => "nop".to_owned(),
        RuleAction::Vrf => "lookup 0".to_owned(),
    }
}
