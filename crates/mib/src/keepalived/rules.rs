//! Virtual and static rules.

use evervip_agentx::{TreeBuilder, Value};
use evervip_dump::Scene;
use evervip_model::{Network, Rule, RuleAction, State};

use super::table;
use crate::parts::{STATIC, address, address_type, gauge, index};
use crate::rows::Rows;

pub(super) fn write(builder: &mut TreeBuilder, scene: &Scene) {
    let mut rows = Rows::new(builder, table(8), 2..=32);
    let fixtures = &scene.snapshot.fixtures.rules;
    for (place, fixture) in fixtures.iter().enumerate() {
        one(&mut rows, &[STATIC, index(place)], &fixture.entry, true);
    }
    for (at, router) in scene.snapshot.routers.iter().enumerate() {
        let is_set = router.state == State::Master;
        for (place, rule) in router.spec.rules.iter().enumerate() {
            one(&mut rows, &[index(at), index(place)], rule, is_set);
        }
    }
}

fn one(rows: &mut Rows<'_>, row: &[u32], rule: &Rule, is_set: bool) {
    addresses(rows, row, rule);
    rows.put(7, row, Value::truth(is_set));
    selectors(rows, row, rule);
    action(rows, row, rule.action);
    rows.put(25, row, gauge(rule.preference));
}

fn addresses(rows: &mut Rows<'_>, row: &[u32], rule: &Rule) {
    // Columns of a time when a rule had one address.
    let direction = match (rule.from, rule.to) {
        (None, None) => "",
        (Some(_), None) => "from",
        (None, Some(_)) => "to",
        (Some(_), Some(_)) => "both",
    };
    rows.put(2, row, Value::text(direction));
    network(rows, row, [3, 4, 5], rule.to.or(rule.from));
    network(rows, row, [9, 10, 11], rule.to);
    network(rows, row, [12, 13, 14], rule.from);
}

/// Type, address and length.
fn network(rows: &mut Rows<'_>, row: &[u32], columns: [u32; 3], network: Option<Network>) {
    if let Some(network) = network {
        rows.put(columns[0], row, address_type(network.address));
        rows.put(columns[1], row, address(network.address));
        rows.put(columns[2], row, gauge(network.prefix));
    }
}

fn selectors(rows: &mut Rows<'_>, row: &[u32], rule: &Rule) {
    rows.put(8, row, Value::truth(rule.invert));
    rows.put(15, row, gauge(rule.tos.unwrap_or(0)));
    if let Some(mark) = rule.mark {
        rows.put(16, row, gauge(mark.value));
        rows.put_if(17, row, mark.mask.map(gauge));
    }
    if let Some(realms) = rule.realms {
        rows.put(18, row, gauge(realms & 0xffff));
        rows.put_if(19, row, Some(realms >> 16).filter(|r| *r != 0).map(gauge));
    }
    rows.put_if(20, row, rule.input.as_deref().map(Value::text));
    rows.put_if(21, row, rule.output.as_deref().map(Value::text));
    rows.put_if(26, row, rule.suppress_prefix_length.map(gauge));
    let group = rule.suppress_group.map(|group| group.to_string());
    rows.put_if(27, row, group.as_deref().map(Value::text));
    if let Some(tunnel) = rule.tunnel_id {
        rows.put(28, row, gauge(tunnel >> 32));
        rows.put(29, row, gauge(tunnel & u64::from(u32::MAX)));
    }
    if let Some(users) = rule.users {
        rows.put(30, row, gauge(users.first));
        rows.put(31, row, gauge(users.last));
    }
    if rule.action == RuleAction::Vrf {
        rows.put(32, row, Value::truth(true));
    }
}

fn action(rows: &mut Rows<'_>, row: &[u32], action: RuleAction) {
    let number = match action {
        RuleAction::Table(_) | RuleAction::Vrf => 1,
        RuleAction::Goto(_) => 2,
        RuleAction::Nop => 3,
        RuleAction::Blackhole => 6,
        RuleAction::Unreachable => 7,
        RuleAction::Prohibit => 8,
    };
    rows.put(23, row, Value::Integer(number));
    let looked_up = match action {
        RuleAction::Table(table) => Some(table),
        RuleAction::Vrf => Some(0),
        _ => None,
    };
    rows.put_if(6, row, looked_up.map(gauge));
    rows.put_if(24, row, looked_up.map(gauge));
    if let RuleAction::Goto(target) = action {
        rows.put(22, row, gauge(target));
    }
}
