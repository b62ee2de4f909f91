//! Routes and rules are added and removed as specified, seen with the eyes of `ip`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::time::Duration;

use evervip_model::{
    Encapsulation, Family, Insertion, IpEncapsulation, Metric, Network, NextHop, PacketMark, Range,
    Route, RouteMetrics, RouteReport, RouteType, Rule, RuleAction,
};
use evervip_os::netlink::{Addition, KernelEvent, Monitor, Removal, Requests, RouteEntry};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use support::{Namespace, one_node};

fn network(text: &str) -> Network {
    let (address, prefix) = text.split_once('/').unwrap();
    Network {
        address: address.parse().unwrap(),
        prefix: prefix.parse().unwrap(),
    }
}

/// A route on `a0`.
fn route(destination: &str) -> Route {
    let destination = network(destination);
    let six = destination.address.is_ipv6();
    Route {
        destination: Some(destination),
        interface: Some("a0".to_owned()),
        ..Route::new(if six { Family::Inet6 } else { Family::Inet })
    }
}

fn node() -> Option<(Namespace, Requests)> {
    let node = one_node()?;
    node.ip("addr add 10.0.0.1/24 dev a0");
    node.ip("addr add 2001:db8::1/64 dev a0 nodad");
    let requests = node.run(Requests::open).unwrap();
    Some((node, requests))
}

/// Our lines of `ip -d route show table all`, one for each route.
fn shown(node: &Namespace) -> Vec<String> {
    let text = node.ip("-d route show table all proto 18");
    lines(&text.replace("\n\t", " "))
}

fn lines(text: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().map(words).collect()
}

/// Adds a route, compares what `ip` shows, removes it and looks that it is gone.
#[track_caller]
fn check(route: &Route, expected: &str) {
    let Some((node, mut requests)) = node() else {
        return;
    };
    let index = |name: &Option<String>| name.as_deref().map(|name| node.index(name));
    let hops: Vec<_> = route
        .next_hops
        .iter()
        .map(|h| index(&h.interface))
        .collect();
    let entry = [RouteEntry::new(route, index(&route.interface), &hops)];
    let added = requests.add_routes(&entry);
    assert!(matches!(added[..], [Ok(Addition::Added)]), "{added:?}");
    assert_eq!(shown(&node).join("\n"), expected);
    let removed = requests.remove_routes(&entry);
    assert!(matches!(removed[..], [Ok(Removal::Removed)]), "{removed:?}");
    assert_eq!(shown(&node), Vec::<String>::new());
    let again = requests.remove_routes(&entry);
    assert!(matches!(again[..], [Ok(Removal::NotThere)]), "{again:?}");
}

#[test]
fn a_plain_route_is_of_global_scope_and_our_protocol() {
    check(
        &route("10.77.0.0/24"),
        "unicast 10.77.0.0/24 dev a0 table main scope global",
    );
}

#[test]
fn gateway_source_metric_table_and_type_of_service_arrive() {
    let route = Route {
        gateway: Some("10.0.0.254".parse().unwrap()),
        source: Some("10.0.0.1".parse().unwrap()),
        metric: Some(5),
        table: Some(1000),
        tos: Some(8),
        ..route("10.77.0.0/24")
    };
    check(
        &route,
        "unicast 10.77.0.0/24 tos 0x08 via 10.0.0.254 dev a0 table 1000 scope global \
         src 10.0.0.1 metric 5",
    );
}

#[test]
fn a_default_route_to_a_gateway_that_is_said_to_be_on_the_link() {
    let route = Route {
        destination: None,
        gateway: Some("10.9.9.9".parse().unwrap()),
        onlink: true,
        ..route("0.0.0.0/0")
    };
    check(
        &route,
        "unicast default via 10.9.9.9 dev a0 table main scope global onlink",
    );
}

#[test]
fn routes_that_lead_nowhere() {
    for (kind, name) in [
        (RouteType::BLACKHOLE, "blackhole"),
        (RouteType::UNREACHABLE, "unreachable"),
        (RouteType::PROHIBIT, "prohibit"),
        (RouteType::THROW, "throw"),
    ] {
        let route = Route {
            kind,
            interface: None,
            insertion: Insertion::Add,
            ..route("10.77.0.0/24")
        };
        let expected = format!("{name} 10.77.0.0/24 table main scope global");
        check(&route, &expected);
    }
}

#[test]
fn settings_of_connections_arrive_and_may_be_locked() {
    let plain = |value| Some(Metric { value, lock: false });
    let locked = |value| Some(Metric { value, lock: true });
    let time = |millis| plain(Duration::from_millis(millis));
    let number = |value: u32| Some(Metric { value, lock: false });
    let name = "cubic".to_owned();
    let route = Route {
        realms: Some(3 << 16 | 4),
        metrics: RouteMetrics {
            mtu: Some(Metric {
                value: 1400,
                lock: true,
            }),
            advmss: number(1200),
            reordering: number(4),
            cwnd: number(6),
            ssthresh: number(7),
            rtt: time(400),
            rttvar: time(300),
            rto_min: time(250),
            congctl: locked(name),
            window: Some(1000),
            initcwnd: Some(10),
            initrwnd: Some(11),
            hoplimit: Some(9),
            quickack: Some(true),
            fastopen_no_cookie: Some(true),
            ecn: true,
        },
        ..route("10.77.0.0/24")
    };
    check(
        &route,
        "unicast 10.77.0.0/24 dev a0 table main scope global realms 3/4 mtu lock 1400 \
         window 1000 rtt 400ms rttvar 300ms ssthresh 7 cwnd 6 advmss 1200 reordering 4 \
         hoplimit 9 initcwnd 10 features ecn rto_min 250ms initrwnd 11 quickack 1 \
         congctl lock cubic fastopen_no_cookie 1",
    );
}

#[test]
fn several_ways_arrive() {
    let hop = |last: u8, weight| NextHop {
        gateway: Some([10, 0, 0, last].into()),
        interface: Some("a0".to_owned()),
        weight,
        onlink: last == 252,
        realms: None,
        encapsulation: None,
    };
    let route = Route {
        interface: None,
        next_hops: vec![hop(253, 3), hop(252, 256)],
        ..route("10.77.0.0/24")
    };
    check(
        &route,
        "unicast 10.77.0.0/24 table main scope global \
         nexthop via 10.0.0.253 dev a0 weight 3 \
         nexthop via 10.0.0.252 dev a0 weight 256 onlink",
    );
}

#[test]
fn ipv6_routes_arrive() {
    let plain = Route {
        gateway: Some("fe80::9".parse().unwrap()),
        preference: Some(1),
        metric: Some(7),
        ..route("2001:db8:2::/64")
    };
    check(
        &plain,
        "unicast 2001:db8:2::/64 via fe80::9 dev a0 table main scope global metric 7 pref high",
    );
    let unreachable = Route {
        kind: RouteType::UNREACHABLE,
        interface: None,
        insertion: Insertion::Add,
        ..route("2001:db8:3::/64")
    };
    check(
        &unreachable,
        "unreachable 2001:db8:3::/64 dev lo table main scope global metric 1024 pref medium",
    );
}

#[test]
fn an_ipv6_route_may_end_by_itself_and_is_removed_all_the_same() {
    let Some((node, mut requests)) = node() else {
        return;
    };
    let route = Route {
        expires: Some(100),
        ..route("2001:db8:2::/64")
    };
    let entry = [RouteEntry::new(&route, Some(node.index("a0")), &[])];
    let added = requests.add_routes(&entry);
    assert!(matches!(added[..], [Ok(Addition::Added)]), "{added:?}");
    let line = shown(&node).join("\n");
    assert!(line.contains("expires "), "{line}");
    let removed = requests.remove_routes(&entry);
    assert!(matches!(removed[..], [Ok(Removal::Removed)]), "{removed:?}");
}

#[test]
fn a_tunnel_header_arrives() {
    let route = Route {
        encapsulation: Some(Encapsulation::Ip(IpEncapsulation {
            id: Some(5),
            destination: Some("10.0.0.9".parse().unwrap()),
            source: Some("10.0.0.1".parse().unwrap()),
            tos: Some(4),
            ttl: Some(64),
            flags: None,
        })),
        ..route("10.77.0.0/24")
    };
    check(
        &route,
        "unicast 10.77.0.0/24 encap ip id 5 src 10.0.0.1 dst 10.0.0.9 ttl 64 tos 4 dev a0 \
         table main scope global",
    );
}

#[test]
fn only_routes_of_our_protocol_are_removed() {
    let Some((node, mut requests)) = node() else {
        return;
    };
    node.ip("route add 10.77.0.0/24 dev a0 scope global proto static");
    let route = route("10.77.0.0/24");
    let entry = [RouteEntry::new(&route, Some(node.index("a0")), &[])];
    let removed = requests.remove_routes(&entry);
    assert!(
        matches!(removed[..], [Ok(Removal::NotThere)]),
        "{removed:?}"
    );
}

#[test]
fn insertion_decides_what_happens_beside_another_route() {
    let Some((node, mut requests)) = node() else {
        return;
    };
    let with = |last: u8, insertion| Route {
        gateway: Some([10, 0, 0, last].into()),
        insertion,
        ..route("10.77.0.0/24")
    };
    let routes = [
        with(11, Insertion::Prepend),
        with(12, Insertion::Append),
        with(13, Insertion::Prepend),
        with(14, Insertion::Add),
    ];
    let index = node.index("a0");
    let entries: Vec<_> = routes
        .iter()
        .map(|route| RouteEntry::new(route, Some(index), &[]))
        .collect();
    let added = requests.add_routes(&entries);
    assert!(matches!(
        added[..],
        [
            Ok(Addition::Added),
            Ok(Addition::Added),
            Ok(Addition::Added),
            Ok(Addition::AlreadyThere)
        ]
    ));
    let order: Vec<_> = shown(&node)
        .iter()
        .map(|line| line.split(' ').nth(3).unwrap().to_owned())
        .collect();
    assert_eq!(order, ["10.0.0.13", "10.0.0.11", "10.0.0.12"]);
}

fn rule(preference: u32, action: RuleAction) -> Rule {
    Rule {
        from: Some(network("10.88.0.0/24")),
        ..Rule::new(Family::Inet, preference, action)
    }
}

/// Adds a rule, compares what `ip` shows, and removes it.
#[track_caller]
fn check_rule(rule: &Rule, expected: &str) {
    let Some((node, mut requests)) = node() else {
        return;
    };
    let added = requests.add_rules(&[rule]);
    assert!(matches!(added[..], [Ok(Addition::Added)]), "{added:?}");
    let again = requests.add_rules(&[rule]);
    assert!(
        matches!(again[..], [Ok(Addition::AlreadyThere)]),
        "{again:?}"
    );
    let family = if rule.family == Family::Inet6 {
        "-6"
    } else {
        "-4"
    };
    let shown = || {
        let all = lines(&node.ip(&format!("-d {family} rule")));
        let ours = all.into_iter().filter(|line| line.contains("keepalived"));
        ours.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(shown(), expected);
    let removed = requests.remove_rules(&[rule]);
    assert!(matches!(removed[..], [Ok(Removal::Removed)]), "{removed:?}");
    assert_eq!(shown(), "");
    let gone = requests.remove_rules(&[rule]);
    assert!(matches!(gone[..], [Ok(Removal::NotThere)]), "{gone:?}");
}

#[test]
fn rules_of_every_action_arrive() {
    for (action, shown) in [
        (RuleAction::Table(100), "lookup 100"),
        (RuleAction::Table(1000), "lookup 1000"),
        (RuleAction::Goto(900), "goto 900 [unresolved]"),
        (RuleAction::Blackhole, "blackhole"),
        (RuleAction::Unreachable, "unreachable"),
        (RuleAction::Prohibit, "prohibit"),
        (RuleAction::Nop, "nop"),
        (RuleAction::Vrf, "lookup [l3mdev-table]"),
    ] {
        let expected = format!("777: from 10.88.0.0/24 {shown} proto keepalived");
        check_rule(&rule(777, action), &expected);
    }
}

#[test]
fn everything_that_a_rule_matches_arrives() {
    let full = Rule {
        invert: true,
        to: Some(network("10.89.0.0/16")),
        input: Some("a0".to_owned()),
        output: Some("a1".to_owned()),
        mark: Some(PacketMark {
            value: 5,
            mask: Some(0xff),
        }),
        tos: Some(8),
        realms: Some(1 << 16 | 2),
        suppress_prefix_length: Some(0),
        suppress_group: Some(3),
        tunnel_id: Some(9),
        users: Some(Range { first: 0, last: 10 }),
        ip_protocol: Some(6),
        source_ports: Some(Range {
            first: 10,
            last: 20,
        }),
        destination_ports: Some(Range {
            first: 30,
            last: 40,
        }),
        ..rule(778, RuleAction::Table(254))
    };
    check_rule(
        &full,
        "778: not from 10.88.0.0/24 to 10.89.0.0/16 tos 0x08 fwmark 0x5/0xff iif a0 oif a1 \
         uidrange 0-10 ipproto tcp sport 10-20 dport 30-40 tun_id 9 lookup main \
         suppress_prefixlength 0 suppress_ifgroup 3 realms 1/2 proto keepalived",
    );
}

#[test]
fn ipv6_rules_and_rules_for_everybody_arrive() {
    let six = Rule {
        family: Family::Inet6,
        from: Some(network("2001:db8::/32")),
        ..rule(777, RuleAction::Table(100))
    };
    check_rule(&six, "777: from 2001:db8::/32 lookup 100 proto keepalived");
    let everybody = Rule {
        from: Some(network("0.0.0.0/0")),
        ..rule(777, RuleAction::Table(100))
    };
    check_rule(&everybody, "777: from all lookup 100 proto keepalived");
}

/// Whether something waits to be read.
fn is_readable(monitor: &Monitor) -> bool {
    let mut waiting = [PollFd::new(monitor.as_fd(), PollFlags::POLLIN)];
    poll(&mut waiting, PollTimeout::ZERO).unwrap() > 0
}

#[test]
fn routes_of_others_wake_nobody() {
    let Some((node, mut requests)) = node() else {
        return;
    };
    // The addresses of IPv6 change by themselves.
    node.shell("echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6");
    let mut monitor = node.run(Monitor::open).unwrap();
    monitor.watch_routing().unwrap();
    let mut events = Vec::new();
    while monitor.read(&mut events).unwrap() {}
    for change in ["add", "del"] {
        let line = |n: u32| {
            let (third, fourth) = (100 + n / 250, n % 250);
            format!("route {change} 10.{third}.{fourth}.0/24 dev a0 proto 186\n")
        };
        let mut batch = tempfile::NamedTempFile::new().unwrap();
        for n in 0..1000 {
            batch.write_all(line(n).as_bytes()).unwrap();
        }
        node.ip(&format!("-batch {}", batch.path().display()));
    }
    let index = node.index("a0");
    let ours = route("10.77.0.0/24");
    let ours = [RouteEntry::new(&ours, Some(index), &[])];
    requests.add_routes(&ours);
    if is_readable(&monitor) {
        monitor.read(&mut events).unwrap();
        panic!("a route that does not concern us: {events:?}");
    }
    requests.remove_routes(&ours);
    assert!(is_readable(&monitor), "one that does");
}

#[test]
fn removals_by_others_are_reported_with_who_did_it() {
    let Some((node, mut requests)) = node() else {
        return;
    };
    let mut monitor = node.run(Monitor::open).unwrap();
    monitor.watch_routing().unwrap();
    let index = node.index("a0");
    let route = Route {
        table: Some(1000),
        metric: Some(5),
        gateway: Some("10.0.0.254".parse().unwrap()),
        ..route("10.77.0.0/24")
    };
    let rule = rule(777, RuleAction::Table(100));
    requests.add_routes(&[RouteEntry::new(&route, Some(index), &[])]);
    requests.add_rules(&[&rule]);
    node.ip("route add 10.78.0.0/24 dev a0");
    node.ip("route del 10.78.0.0/24");
    node.ip("rule del preference 777");
    node.ip("route del 10.77.0.0/24 table 1000");
    let mut events = Vec::new();
    support::wait_until("both removals are reported", || {
        monitor.read(&mut events).unwrap();
        events.retain(|event| {
            matches!(
                event,
                KernelEvent::RouteRemoved { .. } | KernelEvent::RuleRemoved { .. }
            )
        });
        events.len() >= 2
    });
    let [
        KernelEvent::RuleRemoved { rule, by: one },
        KernelEvent::RouteRemoved { route, by: two },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert!(*one != 0 && *two != 0 && *one != requests.port());
    assert_eq!(rule.preference, 777);
    assert_eq!(rule.from, Some(network("10.88.0.0/24")));
    assert_eq!(
        *route,
        RouteReport {
            family: Family::Inet,
            destination: Some(network("10.77.0.0/24")),
            table: 1000,
            tos: 0,
            metric: Some(5),
            gateway: Some("10.0.0.254".parse().unwrap()),
            interface: Some(index),
        }
    );
}
