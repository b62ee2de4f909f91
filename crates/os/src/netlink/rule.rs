//! The messages that add and remove a routing rule (spec vrrp-runtime 12, vrrp-keywords 9).

use evervip_model::{Network, Range, Rule, RuleAction};

use super::builder::MessageBuilder;
use super::error::NetlinkError;
use super::requests::{Addition, Removal, Requests};
use super::route::{ACKNOWLEDGE, CREATE, EXCLUSIVE, KEEPALIVED, REQUEST, family_number, octets};

impl Requests {
    /// Adds rules, all in one go, in order. The results stand in the same order; one that fails does
    /// not keep the others.
    pub fn add_rules(&mut self, rules: &[&Rule]) -> Vec<Result<Addition, NetlinkError>> {
        let flags = REQUEST | ACKNOWLEDGE | CREATE | EXCLUSIVE;
        let results = self.each_acknowledged(
            ("RTM_NEWRULE", libc::RTM_NEWRULE),
            rules,
            |sequence, rule| Ok(encode(libc::RTM_NEWRULE, flags, sequence, rule)),
        );
        results.into_iter().map(Addition::from_answer).collect()
    }

    /// Removes rules, as [`Self::add_rules`] adds them. Only rules of the same protocol are removed.
    pub fn remove_rules(&mut self, rules: &[&Rule]) -> Vec<Result<Removal, NetlinkError>> {
        let flags = REQUEST | ACKNOWLEDGE;
        let results = self.each_acknowledged(
            ("RTM_DELRULE", libc::RTM_DELRULE),
            rules,
            |sequence, rule| Ok(encode(libc::RTM_DELRULE, flags, sequence, rule)),
        );
        let absent = [libc::ENOENT, libc::ESRCH];
        let removal = |result| Removal::from_answer(result, &absent);
        results.into_iter().map(removal).collect()
    }
}

/// The whole message. A removal names everything, too: the kernel compares what is named.
fn encode(kind: u16, flags: u16, sequence: u32, rule: &Rule) -> Vec<u8> {
    let mut message = MessageBuilder::new(kind, flags, sequence, &header(rule));
    for (kind, network) in [(FRA_DST, rule.to), (FRA_SRC, rule.from)] {
        // Without bits that count it is everybody, whatever the address says.
        if let Some(network) = network.filter(|network| network.prefix > 0) {
            message.attribute(kind, &octets(network.address));
        }
    }
    message.number(FRA_PRIORITY, rule.preference);
    match rule.action {
        RuleAction::Table(table) if u8::try_from(table).is_err() => {
            message.number(FRA_TABLE, table);
        }
        RuleAction::Goto(target) => {
            message.number(FRA_GOTO, target);
        }
        RuleAction::Vrf => {
            message.attribute(FRA_L3MDEV, &[1]);
        }
        _ => {}
    }
    match_packets(&mut message, rule);
    suppress(&mut message, rule);
    message.attribute(FRA_PROTOCOL, &[rule.protocol.unwrap_or(KEEPALIVED)]);
    message.finish()
}

/// `struct fib_rule_hdr`.
fn header(rule: &Rule) -> [u8; 12] {
    let prefix = |network: Option<Network>| network.map_or(0, |network| network.prefix);
    let (action, table) = match rule.action {
        RuleAction::Table(table) => (FR_ACT_TO_TBL, u8::try_from(table).unwrap_or(0)),
        RuleAction::Vrf => (FR_ACT_TO_TBL, 0),
        RuleAction::Goto(_) => (FR_ACT_GOTO, 0),
        RuleAction::Nop => (FR_ACT_NOP, 0),
        RuleAction::Blackhole => (FR_ACT_BLACKHOLE, 0),
        RuleAction::Unreachable => (FR_ACT_UNREACHABLE, 0),
        RuleAction::Prohibit => (FR_ACT_PROHIBIT, 0),
    };
    let flags = if rule.invert { FIB_RULE_INVERT } else { 0 };
    let [f0, f1, f2, f3] = flags.to_ne_bytes();
    [
        family_number(rule.family),
        prefix(rule.to),
        prefix(rule.from),
        rule.tos.unwrap_or(0),
        table,
        0,
        0,
        action,
        f0,
        f1,
        f2,
        f3,
    ]
}

/// What else of a packet has to match.
fn match_packets(message: &mut MessageBuilder, rule: &Rule) {
    if let Some(name) = &rule.input {
        message.text(FRA_IIFNAME, name);
    }
    if let Some(name) = &rule.output {
        message.text(FRA_OIFNAME, name);
    }
    if let Some(mark) = rule.mark {
        message.number(FRA_FWMARK, mark.value);
        if let Some(mask) = mark.mask {
            message.number(FRA_FWMASK, mask);
        }
    }
    if let Some(id) = rule.tunnel_id {
        message.attribute(FRA_TUN_ID, &id.to_be_bytes());
    }
    if let Some(Range { first, last }) = rule.users {
        let range = [first.to_ne_bytes(), last.to_ne_bytes()].concat();
        message.attribute(FRA_UID_RANGE, &range);
    }
    if let Some(protocol) = rule.ip_protocol {
        message.attribute(FRA_IP_PROTO, &[protocol]);
    }
    for (kind, ports) in [
        (FRA_SPORT_RANGE, rule.source_ports),
        (FRA_DPORT_RANGE, rule.destination_ports),
    ] {
        if let Some(Range { first, last }) = ports {
            let range = [first.to_ne_bytes(), last.to_ne_bytes()].concat();
            message.attribute(kind, &range);
        }
    }
}

/// What becomes of a route that was found.
fn suppress(message: &mut MessageBuilder, rule: &Rule) {
    for (kind, number) in [
        (FRA_FLOW, rule.realms),
        (FRA_SUPPRESS_PREFIXLEN, rule.suppress_prefix_length),
        (FRA_SUPPRESS_IFGROUP, rule.suppress_group),
    ] {
        if let Some(number) = number {
            message.number(kind, number);
        }
    }
}

pub(super) const FRA_DST: u16 = 1;
pub(super) const FRA_SRC: u16 = 2;
const FRA_IIFNAME: u16 = 3;
const FRA_GOTO: u16 = 4;
pub(super) const FRA_PRIORITY: u16 = 6;
const FRA_FWMARK: u16 = 10;
const FRA_FLOW: u16 = 11;
const FRA_TUN_ID: u16 = 12;
const FRA_SUPPRESS_IFGROUP: u16 = 13;
const FRA_SUPPRESS_PREFIXLEN: u16 = 14;
const FRA_TABLE: u16 = 15;
const FRA_FWMASK: u16 = 16;
const FRA_OIFNAME: u16 = 17;
const FRA_L3MDEV: u16 = 19;
const FRA_UID_RANGE: u16 = 20;
pub(super) const FRA_PROTOCOL: u16 = 21;
const FRA_IP_PROTO: u16 = 22;
const FRA_SPORT_RANGE: u16 = 23;
const FRA_DPORT_RANGE: u16 = 24;
const FR_ACT_TO_TBL: u8 = 1;
const FR_ACT_GOTO: u8 = 2;
const FR_ACT_NOP: u8 = 3;
const FR_ACT_BLACKHOLE: u8 = 6;
const FR_ACT_UNREACHABLE: u8 = 7;
const FR_ACT_PROHIBIT: u8 = 8;
const FIB_RULE_INVERT: u32 = 2;
