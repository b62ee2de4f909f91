//! Routes, rules, and what stays.

use std::fmt::Display;
use std::net::IpAddr;

use evervip_model::{
    Config, Encapsulation, Family, Fixture, Insertion, IpEncapsulation, Metric, Network, NextHop,
    Route, RouteMetrics, RouteType, Rule, RuleAction, TrackGroupIndex,
};

use super::address;
use super::writer::{Writer, seconds, word};

/// `static_*` blocks; they stand below the track groups that they name.
pub(super) fn fixtures(out: &mut Writer<'_>, config: &Config) {
    let group = |at: Option<TrackGroupIndex>| {
        let group = at.and_then(|at| config.track_groups.get(at.0));
        group.map_or_else(String::new, |g| format!(" track_group {}", word(&g.name)))
    };
    let fixtures = &config.fixtures;
    let addresses = fixtures.addresses.iter();
    let addresses = addresses.map(|Fixture { entry, track_group }| {
        format!("{}{}", address::entry(entry), group(*track_group))
    });
    out.values("static_ipaddress", addresses);
    let routes = fixtures.routes.iter();
    let routes =
        routes.map(|Fixture { entry, track_group }| route_entry(entry, &group(*track_group)));
    out.values("static_routes", routes);
    let rules = fixtures.rules.iter();
    let rules = rules
        .map(|Fixture { entry, track_group }| format!("{}{}", rule(entry), group(*track_group)));
    out.values("static_rules", rules);
}

/// A line, word by word.
#[derive(Default)]
struct Line(Vec<String>);

impl Line {
    fn word(&mut self, text: impl Display) {
        self.0.push(text.to_string());
    }

    fn flag(&mut self, keyword: &str, applies: bool) {
        if applies {
            self.word(keyword);
        }
    }

    fn option(&mut self, keyword: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.word(keyword);
            self.word(value);
        }
    }

    fn metric(&mut self, keyword: &str, metric: Option<(String, bool)>) {
        if let Some((value, lock)) = metric {
            self.word(keyword);
            self.flag("lock", lock);
            self.word(value);
        }
    }
}

/// A line of `virtual_routes`.
#[must_use]
pub fn route(route: &Route) -> String {
    route_entry(route, "")
}

/// Next hops end the line, so what else is to be said stands before them.
fn route_entry(route: &Route, more: &str) -> String {
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
        encapsulation,
        insertion,
        next_hops,
        no_track,
    } = route;
    let mut line = Line::default();
    if *kind != RouteType::UNICAST {
        line.word(kind.0);
    }
    match (destination, family) {
        (Some(network), _) => line.word(network_text(*network)),
        (None, Family::Inet) => line.word("0.0.0.0/0"),
        (None, Family::Inet6) => line.word("::/0"),
    }
    line.option("from", from.map(network_text));
    line.option("via", *gateway);
    line.option("src", *source);
    line.option("dev", interface.as_deref());
    line.option("vrf", vrf.as_deref());
    line.option("scope", *scope);
    line.option("table", *table);
    line.option("protocol", *protocol);
    line.option("metric", *metric);
    line.option("tos", *tos);
    line.flag("onlink", *onlink);
    route_metrics(&mut line, metrics);
    line.option("realms", realms.map(realms_text));
    line.option("pref", *preference);
    line.option("expires", *expires);
    let propagate = ttl_propagate.map(|on| if on { "enabled" } else { "disabled" });
    line.option("ttl-propagate", propagate);
    if let Some(encapsulation) = encapsulation {
        encapsulation_words(&mut line, encapsulation);
    }
    line.word(match insertion {
        Insertion::Prepend => "prepend",
        Insertion::Append => "append",
        Insertion::Add => "add",
    });
    line.flag("no_track", *no_track);
    if !more.is_empty() {
        line.word(more.trim_start());
    }
    for hop in next_hops {
        next_hop(&mut line, hop);
    }
    line.0.join(" ")
}

fn next_hop(line: &mut Line, hop: &NextHop) {
    let NextHop {
        gateway,
        interface,
        weight,
        onlink,
        realms,
        encapsulation,
    } = hop;
    line.word("nexthop");
    line.option("via", *gateway);
    line.option("dev", interface.as_deref());
    line.option("weight", Some(weight));
    line.flag("onlink", *onlink);
    line.option("realms", realms.map(realms_text));
    if let Some(encapsulation) = encapsulation {
        encapsulation_words(line, encapsulation);
    }
}

fn route_metrics(line: &mut Line, metrics: &RouteMetrics) {
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
    let numbers = [
        ("mtu", mtu),
        ("advmss", advmss),
        ("reordering", reordering),
        ("cwnd", cwnd),
        ("ssthresh", ssthresh),
    ];
    for (keyword, metric) in numbers {
        line.metric(keyword, metric.map(|m| (m.value.to_string(), m.lock)));
    }
    for (keyword, time) in [("rtt", rtt), ("rttvar", rttvar), ("rto_min", rto_min)] {
        let time = time.map(|Metric { value, lock }| (format!("{}s", seconds(value)), lock));
        line.metric(keyword, time);
    }
    let congctl = congctl.as_ref();
    line.metric("congctl", congctl.map(|c| (c.value.clone(), c.lock)));
    line.option("window", *window);
    line.option("initcwnd", *initcwnd);
    line.option("initrwnd", *initrwnd);
    line.option("hoplimit", *hoplimit);
    line.option("quickack", quickack.map(u8::from));
    line.option("fastopen_no_cookie", fastopen_no_cookie.map(u8::from));
    line.option("features", ecn.then_some("ecn"));
}

fn encapsulation_words(line: &mut Line, encapsulation: &Encapsulation) {
    line.word("encap");
    match encapsulation {
        Encapsulation::Ip(header) => ip_encapsulation(line, "ip", header),
        Encapsulation::Ip6(header) => ip_encapsulation(line, "ip6", header),
        Encapsulation::Mpls(labels) => {
            let labels: Vec<_> = labels.iter().map(u32::to_string).collect();
            line.option("mpls", Some(labels.join("/")));
        }
        Encapsulation::Ila(locator) => {
            let group = |shift: u32| format!("{:x}", (locator >> shift) & 0xffff);
            let groups = [48, 32, 16, 0].map(group);
            line.option("ila", Some(groups.join(":")));
        }
    }
}

fn ip_encapsulation(line: &mut Line, family: &str, header: &IpEncapsulation) {
    let IpEncapsulation {
        id,
        destination,
        source,
        tos,
        ttl,
        flags,
    } = header;
    let (tos_word, ttl_word) = if family == "ip" {
        ("tos", "ttl")
    } else {
        ("tc", "hoplimit")
    };
    line.word(family);
    line.option("id", *id);
    line.option("dst", *destination);
    line.option("src", *source);
    line.option(tos_word, *tos);
    line.option(ttl_word, *ttl);
    line.option("flags", *flags);
}

/// A line of `virtual_rules`.
#[must_use]
pub fn rule(rule: &Rule) -> String {
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
    let mut line = Line::default();
    line.flag("not", *invert);
    // The original goes over the word behind the family.
    line.flag("inet6 -", *family == Family::Inet6);
    line.option("from", from.map(selector));
    line.option("to", to.map(selector));
    line.option("preference", Some(preference));
    match action {
        RuleAction::Table(table) => line.option("table", Some(table)),
        RuleAction::Goto(target) => line.option("goto", Some(target)),
        RuleAction::Blackhole => line.word("blackhole"),
        RuleAction::Unreachable => line.word("unreachable"),
        RuleAction::Prohibit => line.word("prohibit"),
        RuleAction::Nop => line.word("nop"),
        RuleAction::Vrf => line.word("l3mdev"),
    }
    line.option("iif", input.as_deref());
    line.option("oif", output.as_deref());
    let mark = mark.map(|m| match m.mask {
        Some(mask) => format!("{}/{mask}", m.value),
        None => m.value.to_string(),
    });
    line.option("fwmark", mark);
    line.option("tos", *tos);
    line.option("realms", realms.map(realms_text));
    line.option("suppress_prefixlength", *suppress_prefix_length);
    line.option("suppress_ifgroup", *suppress_group);
    line.option("tunnel-id", *tunnel_id);
    let users = users.map(|r| format!("{}-{}", r.first, r.last));
    line.option("uidrange", users);
    line.option("protocol", *protocol);
    line.option("ipproto", *ip_protocol);
    let ports = source_ports.map(|r| format!("{}-{}", r.first, r.last));
    line.option("sport", ports);
    let ports = destination_ports.map(|r| format!("{}-{}", r.first, r.last));
    line.option("dport", ports);
    line.flag("no_track", *no_track);
    line.0.join(" ")
}

fn network_text(network: Network) -> String {
    format!("{}/{}", network.address, network.prefix)
}

/// Everybody has a word of its own, which fits both families.
fn selector(network: Network) -> String {
    let everybody = network.prefix == 0 && network.address == IpAddr::from([0, 0, 0, 0]);
    if everybody {
        "any".to_owned()
    } else {
        network_text(network)
    }
}

fn realms_text(realms: u32) -> String {
    match realms >> 16 {
        0 => realms.to_string(),
        from => format!("{from}/{}", realms & 0xffff),
    }
}
