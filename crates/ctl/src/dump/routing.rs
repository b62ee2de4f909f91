//! Routes, rules, and what stays.

use evervip_model::{
    Config, Encapsulation, Family, Fixture, Fixtures, Insertion, IpEncapsulation, Metric, Network,
    NextHop, PacketMark, Range, Route, RouteMetrics, Rule, RuleAction, TrackGroupIndex,
};
use serde_json::{Map, Value, json};

use super::value::{address, seconds};

/// The `static_*` blocks as members of the whole.
pub(super) fn fixtures(config: &Config) -> Vec<(String, Value)> {
    let Fixtures {
        addresses,
        routes,
        rules,
    } = &config.fixtures;
    fn all<T>(config: &Config, list: &[Fixture<T>], show: fn(&T) -> Value) -> Value {
        list.iter()
            .map(|Fixture { entry, track_group }| {
                let mut value = show(entry);
                if let (Value::Object(members), Some(group)) =
                    (&mut value, group(config, *track_group))
                {
                    members.insert("track_group".to_owned(), json!(group));
                }
                value
            })
            .collect()
    }
    vec![
        (
            "static_ipaddress".to_owned(),
            all(config, addresses, address),
        ),
        ("static_routes".to_owned(), all(config, routes, route)),
        ("static_rules".to_owned(), all(config, rules, rule)),
    ]
}

fn group(config: &Config, at: Option<TrackGroupIndex>) -> Option<&str> {
    Some(&*config.track_groups.get(at?.0)?.name)
}

/// A route; what is not said is left out.
#[expect(
    clippy::too_many_lines,
    reason = "taken apart in one place, so that no field can be forgotten"
)]
pub(super) fn route(route: &Route) -> Value {
    let Route {
        family,
        kind,
        destination,
        from,
        gateway,
        source,
        interface,
        vrf,
        scope,
        table,
        protocol,
        metric,
        tos,
        onlink,
        metrics,
        realms,
        preference,
        expires,
        ttl_propagate,
        encapsulation: encap,
        insertion,
        next_hops,
        no_track,
    } = route;
    let RouteMetrics {
        mtu,
        advmss,
        reordering,
        cwnd,
        ssthresh,
        rtt,
        rttvar,
        rto_min,
        congctl,
        window,
        initcwnd,
        initrwnd,
        hoplimit,
        quickack,
        fastopen_no_cookie,
        ecn,
    } = metrics;
    said(json!({
        "family": family_name(*family),
        "type": kind.0,
        "to": destination.map_or("default".to_owned(), network),
        "from": from.map(network),
        "via": gateway.map(|a| a.to_string()),
        "src": source.map(|a| a.to_string()),
        "dev": interface,
        "vrf": vrf,
        "scope": scope,
        "table": table,
        "protocol": protocol,
        "metric": metric,
        "tos": tos,
        "onlink": onlink,
        "mtu": mtu.map(number),
        "advmss": advmss.map(number),
        "reordering": reordering.map(number),
        "cwnd": cwnd.map(number),
        "ssthresh": ssthresh.map(number),
        "rtt": rtt.map(|m| locked(seconds(m.value), m.lock)),
        "rttvar": rttvar.map(|m| locked(seconds(m.value), m.lock)),
        "rto_min": rto_min.map(|m| locked(seconds(m.value), m.lock)),
        "congctl": congctl.as_ref().map(|m| locked(json!(m.value), m.lock)),
        "window": window,
        "initcwnd": initcwnd,
        "initrwnd": initrwnd,
        "hoplimit": hoplimit,
        "quickack": quickack,
        "fastopen_no_cookie": fastopen_no_cookie,
        "ecn": ecn,
        "realms": realms.map(realm_names),
        "pref": preference,
        "expires": expires,
        "ttl_propagate": ttl_propagate,
        "encap": encap.as_ref().map(encapsulation),
        "insertion": match insertion {
            Insertion::Prepend => "prepend",
            Insertion::Append => "append",
            Insertion::Add => "add",
        },
        "nexthop": next_hops.iter().map(next_hop).collect::<Vec<_>>(),
        "no_track": no_track,
    }))
}

fn next_hop(hop: &NextHop) -> Value {
    let NextHop {
        gateway,
        interface,
        weight,
        onlink,
        realms,
        encapsulation: encap,
    } = hop;
    said(json!({
        "via": gateway.map(|a| a.to_string()),
        "dev": interface,
        "weight": weight,
        "onlink": onlink,
        "realms": realms.map(realm_names),
        "encap": encap.as_ref().map(encapsulation),
    }))
}

fn encapsulation(encapsulation: &Encapsulation) -> Value {
    match encapsulation {
        Encapsulation::Ip(header) => json!({"ip": ip_encapsulation(header)}),
        Encapsulation::Ip6(header) => json!({"ip6": ip_encapsulation(header)}),
        Encapsulation::Mpls(labels) => json!({"mpls": labels}),
        Encapsulation::Ila(locator) => json!({"ila": locator}),
    }
}

fn ip_encapsulation(header: &IpEncapsulation) -> Value {
    let IpEncapsulation {
        id,
        destination,
        source,
        tos,
        ttl,
        flags,
    } = header;
    said(json!({
        "id": id,
        "dst": destination.map(|a| a.to_string()),
        "src": source.map(|a| a.to_string()),
        "tos": tos,
        "ttl": ttl,
        "flags": flags,
    }))
}

/// A rule; what is not said is left out.
pub(super) fn rule(rule: &Rule) -> Value {
    let Rule {
        family,
        invert,
        from,
        to,
        preference,
        action,
        input,
        output,
        mark,
        tos,
        realms,
        suppress_prefix_length,
        suppress_group,
        tunnel_id,
        users,
        protocol,
        ip_protocol,
        source_ports,
        destination_ports,
        no_track,
    } = rule;
    said(json!({
        "family": family_name(*family),
        "not": invert,
        "from": from.map(network),
        "to": to.map(network),
        "preference": preference,
        "action": match action {
            RuleAction::Table(table) => json!({"table": table}),
            RuleAction::Goto(target) => json!({"goto": target}),
            RuleAction::Blackhole => json!("blackhole"),
            RuleAction::Unreachable => json!("unreachable"),
            RuleAction::Prohibit => json!("prohibit"),
            RuleAction::Nop => json!("nop"),
            RuleAction::Vrf => json!("l3mdev"),
        },
        "iif": input,
        "oif": output,
        "fwmark": mark.map(|PacketMark { value, mask }| json!({"value": value, "mask": mask})),
        "tos": tos,
        "realms": realms.map(realm_names),
        "suppress_prefixlength": suppress_prefix_length,
        "suppress_ifgroup": suppress_group,
        "tunnel_id": tunnel_id,
        "uidrange": users.map(range),
        "protocol": protocol,
        "ipproto": ip_protocol,
        "sport": source_ports.map(range),
        "dport": destination_ports.map(range),
        "no_track": no_track,
    }))
}

/// Without the members that say nothing.
fn said(value: Value) -> Value {
    let Value::Object(members) = value else {
        return value;
    };
    let silent = |value: &Value| {
        value.is_null() || *value == false || value.as_array().is_some_and(Vec::is_empty)
    };
    let members = members.into_iter().filter(|(_, value)| !silent(value));
    Value::Object(members.collect::<Map<_, _>>())
}

fn number(metric: Metric<u32>) -> Value {
    locked(json!(metric.value), metric.lock)
}

fn locked(value: Value, lock: bool) -> Value {
    if lock {
        json!({"value": value, "lock": true})
    } else {
        value
    }
}

fn family_name(family: Family) -> &'static str {
    match family {
        Family::Inet => "IPv4",
        Family::Inet6 => "IPv6",
    }
}

fn network(network: Network) -> String {
    format!("{}/{}", network.address, network.prefix)
}

fn realm_names(realms: u32) -> String {
    match realms >> 16 {
        0 => realms.to_string(),
        from => format!("{from}/{}", realms & 0xffff),
    }
}

fn range<T: std::fmt::Display + Copy>(range: Range<T>) -> String {
    format!("{}-{}", range.first, range.last)
}
