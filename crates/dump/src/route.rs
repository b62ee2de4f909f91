//! Virtual and static routes, one a line.

use std::fmt::Display;
use std::time::Duration;

use evervip_model::{
    Encapsulation, Family, Insertion, IpEncapsulation, Metric, Network, NextHop, Route,
    RouteMetrics, RouteType,
};

/// A route.
pub(crate) fn route(route: &Route) -> String {
    let mut words = Words(insertion(route.insertion).to_owned());
    if let Some(kind) = kind(route.kind) {
        words.add(kind);
    }
    words.add(destination(route));
    words.pair("from", route.from.map(network));
    words.pair("src", route.source);
    words.pair("tos", route.tos);
    if let Some(encapsulation) = &route.encapsulation {
        words.encapsulation(encapsulation);
    }
    words.gateway(route.gateway);
    words.pair("dev", route.interface.as_ref());
    words.pair("table", route.table);
    words.pair("proto", route.protocol);
    words.pair("scope", route.scope);
    words.pair("metric", route.metric);
    // The original does not show it of IPv6.
    let shown = route.onlink && !route.gateway.is_some_and(|gateway| gateway.is_ipv6());
    words.flag("onlink", shown);
    words.realms(route.realms);
    if let Some(seconds) = route.expires {
        words.add(format_args!("expires {seconds}sec"));
    }
    words.metrics(&route.metrics);
    words.pair("pref", route.preference.map(preference));
    words.pair(
        "ttl-propagate",
        route.ttl_propagate.map(crate::text::on_off),
    );
    for hop in &route.next_hops {
        words.next_hop(hop);
    }
    // The original tracks no route without an interface of its own.
    let untracked = route.no_track || route.interface.is_none();
    words.flag("no_track", untracked);
    words.0
}

/// A network; its length is left out where it is a single address.
pub(crate) fn network(network: Network) -> String {
    let Network { address, prefix } = network;
    let whole = if address.is_ipv4() { 32 } else { 128 };
    if prefix == whole {
        address.to_string()
    } else {
        format!("{address}/{prefix}")
    }
}

fn destination(route: &Route) -> String {
    match (route.destination, route.family) {
        (Some(destination), _) => network(destination),
        (None, Family::Inet) => "0.0.0.0/0".to_owned(),
        (None, Family::Inet6) => "::/0".to_owned(),
    }
}

const fn insertion(insertion: Insertion) -> &'static str {
    match insertion {
        Insertion::Prepend => "prepend",
        Insertion::Append => "append",
        Insertion::Add => "add",
    }
}

fn kind(kind: RouteType) -> Option<&'static str> {
    if kind == RouteType::UNICAST {
        return None;
    }
    let mut names = RouteType::NAMES.iter();
    names.find(|(_, number)| *number == kind.0).map(|n| n.0)
}

const fn preference(number: u8) -> &'static str {
    match number {
        1 => "high",
        3 => "low",
        _ => "medium",
    }
}

/// Words with a space between them.
struct Words(String);

impl Words {
    fn add(&mut self, word: impl Display) {
        self.0.push(' ');
        self.0.push_str(&word.to_string());
    }

    fn pair(&mut self, name: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.add(name);
            self.add(value);
        }
    }

    fn flag(&mut self, name: &str, on: bool) {
        if on {
            self.add(name);
        }
    }

    fn gateway(&mut self, gateway: Option<std::net::IpAddr>) {
        if let Some(gateway) = gateway {
            let family = if gateway.is_ipv4() { "inet" } else { "inet6" };
            self.add(format_args!("via {family} {gateway}"));
        }
    }

    /// The upper half is the source's.
    fn realms(&mut self, realms: Option<u32>) {
        match realms.map(|both| (both >> 16, both & 0xffff)) {
            None => {}
            Some((0, realm)) => self.add(format_args!("realm {realm}")),
            Some((from, to)) => self.add(format_args!("realms {from}/{to}")),
        }
    }

    fn metric<T: Display>(&mut self, name: &str, metric: Option<&Metric<T>>) {
        if let Some(Metric { value, lock }) = metric {
            let lock = if *lock { "lock " } else { "" };
            self.add(format_args!("{name} {lock}{value}"));
        }
    }

    fn time(&mut self, name: &str, metric: Option<&Metric<Duration>>) {
        let written = metric.map(|metric| Metric {
            value: time(metric.value),
            lock: metric.lock,
        });
        self.metric(name, written.as_ref());
    }

    fn metrics(&mut self, metrics: &RouteMetrics) {
        if let Some(Metric { value, lock }) = &metrics.congctl {
            // The original puts the word behind the name, without a space between them.
            let lock = if *lock { "lock " } else { "" };
            self.add(format_args!("congctl {value}{lock}"));
        }
        self.time("rtt", metrics.rtt.as_ref());
        self.time("rttvar", metrics.rttvar.as_ref());
        self.time("rto_min", metrics.rto_min.as_ref());
        self.flag("features ecn", metrics.ecn);
        self.metric("mtu", metrics.mtu.as_ref());
        self.pair("window", metrics.window);
        self.metric("ssthresh", metrics.ssthresh.as_ref());
        self.metric("cwnd", metrics.cwnd.as_ref());
        self.metric("advmss", metrics.advmss.as_ref());
        self.metric("reordering", metrics.reordering.as_ref());
        self.pair("hoplimit", metrics.hoplimit);
        self.pair("initcwnd", metrics.initcwnd);
        self.pair("initrwnd", metrics.initrwnd);
        self.pair("quickack", metrics.quickack.map(u8::from));
        self.pair(
            "fastopen_no_cookie",
            metrics.fastopen_no_cookie.map(u8::from),
        );
    }

    fn next_hop(&mut self, hop: &NextHop) {
        self.add("nexthop");
        self.gateway(hop.gateway);
        self.pair("dev", hop.interface.as_ref());
        self.pair("weight", Some(hop.weight).filter(|weight| *weight != 1));
        self.flag("onlink", hop.onlink);
        self.realms(hop.realms);
        if let Some(encapsulation) = &hop.encapsulation {
            self.encapsulation(encapsulation);
        }
    }

    fn encapsulation(&mut self, encapsulation: &Encapsulation) {
        match encapsulation {
            Encapsulation::Ip(header) => self.tunnel("ip", ["tos", "ttl"], header),
            Encapsulation::Ip6(header) => self.tunnel("ip6", ["tc", "hoplimit"], header),
            Encapsulation::Mpls(labels) => self.add(format_args!("encap mpls {}", stack(labels))),
            // The original shows the number as it lies in memory.
            Encapsulation::Ila(number) => {
                self.add(format_args!("encap ila {}", number.swap_bytes()));
            }
        }
    }

    fn tunnel(&mut self, name: &str, [tos, ttl]: [&str; 2], header: &IpEncapsulation) {
        self.add(format_args!("encap {name}"));
        self.pair("id", header.id);
        self.pair("dst", header.destination);
        self.pair("src", header.source);
        self.pair(tos, header.tos);
        self.pair(ttl, header.ttl);
        self.pair("flags", header.flags.map(|flags| format!("0x{flags:x}")));
    }
}

/// Labels as the header holds them: shifted, the last one marked.
fn stack(labels: &[u32]) -> String {
    let entry = |(at, label): (usize, &u32)| {
        let last = at + 1 == labels.len();
        format!("{:x}", (label << 12) | if last { 0x100 } else { 0 })
    };
    let entries: Vec<String> = labels.iter().enumerate().map(entry).collect();
    entries.join("/")
}

/// In seconds from one second on.
fn time(time: Duration) -> String {
    if time >= Duration::from_secs(1) {
        format!("{}s", time.as_secs_f64())
    } else {
        format!("{}ms", time.as_millis())
    }
}
