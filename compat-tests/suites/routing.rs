//! Virtual routes and rules with every attribute of the grammar: the kernel's tables of the one
//! program beside those of the other; what happens when somebody removes them, when their interface
//! goes down, and at a reload.

use std::{process::Command, thread};

use evervip_lab::{Error, Node, wait_until};

use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    conf::{Conf, V2_MULTICAST, VIP},
    ensure,
    plan::{Combo, Plan},
    program::{Program, Side},
    verdict::Verdict,
    vmac::{SECOND, output, with_second_interface},
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for (name, routes, rules) in tables() {
        plan.compare(&format!("routing::host::{name}"), move |combo| {
            compare_hosts(combo, routes, rules)
        });
    }
    plan.compare("routing::reload", compare_reloads);
    plan.ours_only("routing::reload-leaves-others", |program| {
        with_single(program, others_are_left)
    });
    plan.single("routing::removed-route", |program| {
        with_single(program, removed_route)
    });
    // The original stays MASTER without its routes.
    plan.ours_only("routing::address-returns", |program| {
        with_single(program, address_returns)
    });
    plan.single("routing::removed-rule", |program| {
        with_single(program, removed_rule)
    });
    plan.single("routing::untracked", |program| {
        with_single(program, untracked)
    });
    plan.single("routing::interface-down", |program| {
        with_single(program, interface_down)
    });
    plan.single("routing::left-over", |program| {
        with_single(program, left_over)
    });
    plan.single("routing::original-way", |program| {
        with_single(program, original_way)
    });
}

/// Entries of `virtual_routes` and of `virtual_rules`.
type Table = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// What the kernel's tables are compared with. What a kernel lacks, it refuses to both.
fn tables() -> [Table; 15] {
    [
        (
            "destinations",
            &[
                "10.70.0.0/24 via 10.1.0.254",
                "10.71.0.5 dev ens224",
                "to 10.72.0.0/16 dev ens224 metric 5",
                "default via 10.1.0.254 dev ens224 metric 100",
                "10.73.0.0/24 via 10.150.160.40 dev ens192",
            ],
            &[],
        ),
        (
            "kinds",
            &[
                "blackhole 10.70.0.0/24 no_track",
                "unreachable 10.71.0.0/24 no_track",
                "prohibit 10.72.0.0/24 no_track",
                "throw 10.73.0.0/24 table 100 no_track",
                "unicast 10.74.0.0/24 dev ens224",
                "local 10.75.0.0/24 dev lo table 101",
            ],
            &[],
        ),
        (
            "places",
            &[
                "10.70.0.0/24 dev ens224 table 100",
                "10.71.0.0/24 dev ens224 table local scope host",
                "10.72.0.0/24 dev ens224 scope link src 10.1.0.1",
                "10.73.0.0/24 dev ens192 src 10.150.160.32 metric 7",
                "10.74.0.0/24 dev ens224 tos 8",
                "10.74.0.0/24 dev ens224 protocol static no_track",
                "10.75.0.0/24 dev ens224 table 70000",
            ],
            &[],
        ),
        (
            "order",
            &[
                "10.70.0.0/24 dev ens224",
                "10.70.0.0/24 dev ens192 append",
                "10.71.0.0/24 dev ens224",
                "10.71.0.0/24 dev ens192 prepend",
                "10.72.0.0/24 dev ens224 add",
                "10.72.0.0/24 dev ens192 add",
            ],
            &[],
        ),
        (
            "ways",
            &[
                "10.70.0.0/24 nexthop via 10.1.0.253 dev ens224 weight 3 nexthop via 10.1.0.252 dev ens224",
                "10.71.0.0/24 nexthop via 10.1.0.253 weight 256 nexthop via 10.150.160.40 dev ens192 weight 1",
                "10.72.0.0/24 nexthop via 192.0.2.1 dev ens224 onlink nexthop dev ens192 weight 2",
                "10.73.0.0/24 via 192.0.2.7 dev ens224 onlink",
            ],
            &[],
        ),
        (
            "metrics",
            &[
                "10.70.0.0/24 dev ens224 mtu 1400 advmss 1200 hoplimit 9",
                "10.71.0.0/24 dev ens224 mtu lock 1400 cwnd lock 12 ssthresh 13 reordering 5",
                "10.72.0.0/24 dev ens224 rtt 400ms rttvar 300ms rto_min 250ms",
                "10.73.0.0/24 dev ens224 rtt lock 2s rttvar lock 1s rto_min lock 0.5s",
                "10.74.0.0/24 dev ens224 rtt 3200 rttvar 1200 rto_min 300",
                "10.75.0.0/24 dev ens224 initcwnd 10 initrwnd 20 window 1000 quickack 1",
                "10.76.0.0/24 dev ens224 features ecn fastopen_no_cookie 1 congctl lock cubic",
                "10.77.0.0/24 dev ens224 congctl reno quickack 0",
            ],
            &[],
        ),
        (
            "realms",
            &[
                "10.70.0.0/24 dev ens224 realms 4",
                "10.71.0.0/24 dev ens224 realms 3/4",
                "10.72.0.0/24 nexthop via 10.1.0.253 dev ens224 realms 5 nexthop via 10.1.0.252 dev ens224",
            ],
            &[],
        ),
        (
            "encapsulated",
            &[
                "10.70.0.0/24 dev ens224 encap ip id 7 dst 10.1.0.9 src 10.1.0.1 tos 8 ttl 3",
                "10.71.0.0/24 dev ens224 encap ip6 id 8 dst 2001:db8::9 src 2001:db8::1 tc 4 hoplimit 5",
                "10.72.0.0/24 via 10.1.0.254 dev ens224 encap mpls 20/30",
                "10.73.0.0/24 dev ens224 ttl-propagate enabled",
            ],
            &[],
        ),
        (
            "ipv6",
            &[
                "2001:db8:70::/64 dev ens224",
                "2001:db8:71::/64 via fe80::9 dev ens224 metric 7",
                "2001:db8:72::5 dev ens224 table 100",
                "default6 via fe80::9 dev ens224 metric 2000",
                "2001:db8:73::/64 dev ens224 pref high",
                "2001:db8:74::/64 dev ens224 pref low mtu 1400 hoplimit 7",
                "unreachable 2001:db8:75::/64 dev lo",
                "blackhole 2001:db8:76::/64 no_track",
            ],
            &[],
        ),
        (
            "ipv6-more",
            &[
                "2001:db8:70::/64 dev ens224 expires 1000",
                "2001:db8:71::/64 via 2001:db8:ffff::9 dev ens224 onlink",
                "2001:db8:72::/64 from 2001:db8:f::/64 dev ens224",
                "2001:db8:73::/64 nexthop via fe80::9 dev ens224 nexthop via fe80::8 dev ens192 weight 4",
                "2001:db8:74::/64 dev ens224 append",
                "2001:db8:74::/64 dev ens192 append",
            ],
            &[],
        ),
        (
            "rules",
            &[],
            &[
                "from 10.80.0.0/24 priority 700 table 100",
                "to 10.81.0.0/16 priority 701 lookup main",
                "from 10.82.0.1 to 10.82.1.1 priority 702 table 70000",
                "from all priority 703 table 100",
                "not from 10.84.0.0/24 priority 704 table 100",
                "iif ens224 priority 705 table 100",
                "oif ens224 priority 706 table 100",
                "priority 707 iif lo oif ens192 table 100",
            ],
        ),
        (
            "rule-actions",
            &[],
            &[
                "from 10.80.0.0/24 priority 700 blackhole",
                "from 10.81.0.0/24 priority 701 unreachable",
                "from 10.82.0.0/24 priority 702 type prohibit",
                "from 10.83.0.0/24 priority 703 nop",
                "from 10.84.0.0/24 priority 704 goto 710",
                "from 10.85.0.0/24 priority 710 table 100",
                "from 10.86.0.0/24 priority 711 goto 32766",
            ],
        ),
        (
            "rule-selectors",
            &[],
            &[
                "from 10.80.0.0/24 priority 700 table 100 fwmark 5",
                "from 10.81.0.0/24 priority 701 table 100 fwmark 0x10/0xff",
                "from 10.82.0.0/24 priority 702 table 100 tos 8",
                "from 10.83.0.0/24 priority 703 table 100 uidrange 5-10",
                "from 10.84.0.0/24 priority 704 table 100 ipproto tcp sport 10-20 dport 30-40",
                "from 10.85.0.0/24 priority 705 table 100 ipproto 17 dport 53-53",
                "from 10.86.0.0/24 priority 706 table 100 tunnel-id 77",
                "from 10.87.0.0/24 priority 707 table 100 suppress_prefixlength 0",
                "from 10.88.0.0/24 priority 708 table 100 sup_group 3",
                "from 10.89.0.0/24 priority 709 table 100 realms 1/2",
                "from 10.90.0.0/24 priority 710 table 100 protocol 55 no_track",
                "from 10.91.0.0/24 priority 711 l3mdev",
            ],
        ),
        (
            "ipv6-rules",
            &[],
            &[
                "from 2001:db8:80::/64 priority 700 table 100",
                "to 2001:db8:81::/64 iif ens224 priority 701 unreachable",
                "not from 2001:db8:82::/64 priority 702 table 100 suppress_prefixlength 32",
                "from 2001:db8:83::1 priority 703 table 100 ipproto tcp dport 80-81 fwmark 7",
            ],
        ),
        (
            "together",
            &[
                "10.70.0.0/24 dev ens192 src 10.150.160.32 table 100",
                "default via 10.1.0.254 dev ens224 table 100",
                "2001:db8:70::/64 dev ens224 table 100",
            ],
            &[
                "from 10.150.160.32 priority 700 table 100",
                "from 2001:db8:80::/64 table 100 priority 700",
                "from 10.81.0.0/24 table 100",
            ],
        ),
    ]
}

/// The usual instance with routes and rules.
fn conf(routes: &[&str], rules: &[&str]) -> Conf {
    let mut conf = Conf::new(V2_MULTICAST, 0);
    for (block, entries) in [("virtual_routes", routes), ("virtual_rules", rules)] {
        if !entries.is_empty() {
            conf = conf.extra(&format!("{block} {{\n{}\n}}", entries.join("\n")));
        }
    }
    conf
}

/// The tables of a host at several moments.
pub type Record = Vec<(&'static str, String)>;

/// Records the two programs at the same time and compares them.
pub fn compare(combo: &Combo, record: impl Fn(&Program) -> Verdict<Record> + Sync) -> Verdict {
    let (subject, peer) = thread::scope(|scope| {
        let other = scope.spawn(|| record(&combo.peer));
        (record(&combo.subject), other.join())
    });
    let subject = subject?;
    let peer = peer.map_err(|_| Error::new("recording panicked"))??;
    for ((what, ours), (_, theirs)) in subject.iter().zip(&peer) {
        ensure!(ours == theirs, "{what}: subject:\n{ours}\npeer:\n{theirs}");
    }
    Ok(())
}

fn compare_hosts(combo: &Combo, routes: &[&str], rules: &[&str]) -> Verdict {
    compare(combo, |program| {
        let mut record = Vec::new();
        with_single(program, |cluster| {
            become_master(cluster, &conf(routes, rules))?;
            record.push(("as MASTER", tables_of(&cluster.members[0].node)?));
            cluster.stop(0)?;
            record.push(("after the end", tables_of(&cluster.members[0].node)?));
            Ok(())
        })?;
        Ok(record)
    })
}

/// Some entries stay, some go, some come.
fn compare_reloads(combo: &Combo) -> Verdict {
    compare(combo, |program| {
        let mut record = Vec::new();
        with_single(program, |cluster| {
            become_master(cluster, &before_reload())?;
            reload(cluster, &after_reload())?;
            record.push(("after the reload", tables_of(&cluster.members[0].node)?));
            reload(cluster, &conf(&[], &[]))?;
            record.push(("without any", tables_of(&cluster.members[0].node)?));
            cluster.stop(0)
        })?;
        Ok(record)
    })
}

const STAYING_ROUTE: &str = "10.70.0.0/24 dev ens224";
const STAYING_RULE: &str = "from 10.80.0.0/24 priority 700 table 100";

fn before_reload() -> Conf {
    conf(
        &[STAYING_ROUTE, "10.71.0.0/24 dev ens224 metric 5"],
        &[STAYING_RULE, "from 10.81.0.0/24 priority 701 table 100"],
    )
}

fn after_reload() -> Conf {
    conf(
        &[
            "10.71.0.0/24 dev ens224 metric 6",
            "10.72.0.0/24 dev ens224",
            STAYING_ROUTE,
        ],
        &["from 10.81.0.0/24 priority 701 table 101", STAYING_RULE],
    )
}

fn become_master(cluster: &mut Cluster, conf: &Conf) -> Verdict {
    with_second_interface(cluster)?;
    start_master(cluster, conf)
}

/// Starts the first member and waits until all that it adds is there: it tells the neighbours
/// afterwards.
fn start_master(cluster: &mut Cluster, conf: &Conf) -> Verdict {
    let mark = cluster.capture.mark();
    cluster.start(conf)?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    cluster.capture.wait_for(mark, PATIENCE, |frame| {
        frame.arp().is_some_and(|arp| arp.is_gratuitous())
    })?;
    Ok(())
}

fn reload(cluster: &Cluster, conf: &Conf) -> Verdict {
    cluster.reload(0, &conf.text())?;
    // The original is done a little later than it says.
    cluster.wait_advert(0, cluster.capture.mark())?;
    Ok(())
}

/// Routes of the daemons and all rules, without what counts down.
pub fn tables_of(node: &Node) -> Verdict<String> {
    let mut text = String::new();
    for command in [
        "ip -d -4 route show table all proto 18",
        "ip -d -6 route show table all proto 18",
        "ip -d -4 route show table all proto static",
        "ip -d -4 rule",
        "ip -d -6 rule",
    ] {
        text += &format!("# {command}\n");
        for word in output(node, command)?.split_inclusive([' ', '\n']) {
            let counts = word.trim_end().strip_suffix("sec");
            let counts = counts.is_some_and(|seconds| seconds.parse::<u32>().is_ok());
            text += if counts { "Nsec " } else { word };
        }
    }
    Ok(text)
}

/// A reload touches only what it changes.
fn others_are_left(cluster: &mut Cluster) -> Verdict {
    become_master(cluster, &before_reload())?;
    let mut command = Command::new("ip");
    command.args(["monitor", "route", "rule"]);
    let node = &cluster.members[0].node;
    let monitor = node.spawn("monitor", command)?;
    wait_until(PATIENCE, "the monitor listens", || {
        // A route that is there already is no news.
        let _ = node.ip(&["route", "del", "10.99.0.0/24", "dev", SECOND]);
        let added = node.ip(&["route", "add", "10.99.0.0/24", "dev", SECOND]);
        added.is_ok() && monitor.log().count("10.99.0.0/24") > 0
    })?;
    reload(cluster, &after_reload())?;
    monitor.log().wait_for("10.72.0.0/24", PATIENCE)?;
    monitor.log().wait_for("Deleted 10.71.0.0/24", PATIENCE)?;
    let seen = monitor.log().text();
    for kept in ["10.70.0.0/24", "10.80.0.0/24"] {
        ensure!(!seen.contains(kept), "{kept} was touched:\n{seen}");
    }
    cluster.stop(0)
}

fn has(node: &Node, command: &str, part: &str) -> bool {
    output(node, command).is_ok_and(|text| text.contains(part))
}

/// An administrator removes a route: it comes back, ours without a change of state.
fn removed_route(cluster: &mut Cluster) -> Verdict {
    become_master(cluster, &conf(&["10.70.0.0/24 dev ens224"], &[]))?;
    let mark = cluster.log(0).mark();
    let node = &cluster.members[0].node;
    node.ip(&["route", "del", "10.70.0.0/24"])?;
    wait_until(PATIENCE, "the route is back", || {
        has(node, "ip route show proto 18", "10.70.0.0/24")
    })?;
    stayed_master(cluster, mark)?;
    cluster.stop(0)
}

/// The last address of a route's interface goes, and with it the route, in silence. Both come back.
fn address_returns(cluster: &mut Cluster) -> Verdict {
    let routes = [
        "10.70.0.0/24 via 10.1.0.9 dev ens224",
        "10.71.0.0/24 via 10.1.0.9",
    ];
    become_master(cluster, &conf(&routes, &[]))?;
    let mark = cluster.log(0).mark();
    let node = &cluster.members[0].node;
    let all = |node: &Node| {
        let has = |part| has(node, "ip route", part);
        (has("10.70.0.0/24"), has("10.71.0.0/24"))
    };
    ensure!(all(node) == (true, true), "not there at first");
    node.ip(&["addr", "del", "10.1.0.1/24", "dev", SECOND])?;
    ensure!(all(node) == (false, false), "the kernel keeps the routes");
    node.ip(&["addr", "add", "10.1.0.1/24", "dev", SECOND])?;
    wait_until(PATIENCE, "the routes are back", || {
        all(node) == (true, true)
    })?;
    stayed_master(cluster, mark)?;
    cluster.stop(0)
}

/// The same with a rule.
fn removed_rule(cluster: &mut Cluster) -> Verdict {
    let rule = "from 10.80.0.0/24 priority 700 table 100";
    become_master(cluster, &conf(&[], &[rule]))?;
    let mark = cluster.log(0).mark();
    let node = &cluster.members[0].node;
    node.ip(&["rule", "del", "priority", "700"])?;
    wait_until(PATIENCE, "the rule is back", || {
        has(node, "ip rule", "from 10.80.0.0/24")
    })?;
    stayed_master(cluster, mark)?;
    cluster.stop(0)
}

/// Ours puts back what was removed (deviation); the original gives up being MASTER for a while.
fn stayed_master(cluster: &Cluster, mark: usize) -> Verdict {
    let flapped = cluster.log(0).count_after(mark, "Entering BACKUP STATE") > 0;
    let expected = cluster.members[0].program.side == Side::Theirs;
    ensure!(flapped == expected, "state changes: {flapped}");
    Ok(())
}

/// What is not tracked is not put back, and its interface may go down.
fn untracked(cluster: &mut Cluster) -> Verdict {
    let routes = [
        "10.70.0.0/24 dev ens224 no_track",
        "10.71.0.0/24 dev ens192",
    ];
    let rules = [
        "from 10.80.0.0/24 priority 700 table 100 no_track",
        "from 10.81.0.0/24 priority 701 table 100",
    ];
    become_master(cluster, &conf(&routes, &rules))?;
    let mark = cluster.log(0).mark();
    let node = &cluster.members[0].node;
    node.ip(&["rule", "del", "priority", "700"])?;
    node.ip(&["route", "del", "10.70.0.0/24"])?;
    node.set_admin(SECOND, false)?;
    // Whatever the removal leads to has happened by the time of two more adverts.
    let from = cluster.capture.mark();
    cluster
        .capture
        .wait_adverts(from, 2, PATIENCE, |advert| advert.priority > 0)?;
    let tables = tables_of(&cluster.members[0].node)?;
    for gone in ["10.70.0.0/24", "10.80.0.0/24"] {
        ensure!(!tables.contains(gone), "{gone} is back:\n{tables}");
    }
    let text = cluster.log(0).text_after(mark);
    ensure!(!text.contains("Entering"), "state changed:\n{text}");
    cluster.stop(0)
}

/// The interface of a route, or of a rule, goes down: FAULT, and back when it is up.
fn interface_down(cluster: &mut Cluster) -> Verdict {
    let rules = [format!("iif {SECOND} priority 700 table 100")];
    become_master(
        cluster,
        &conf(&["10.70.0.0/24 dev ens224"], &[rules[0].as_str()]),
    )?;
    let mark = cluster.log(0).mark();
    cluster.members[0].node.set_admin(SECOND, false)?;
    cluster
        .log(0)
        .wait_after(mark, "Entering FAULT STATE", PATIENCE)?;
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "the rule is gone", || {
        !has(node, "ip rule", "iif ens224")
    })?;
    node.set_admin(SECOND, true)?;
    cluster
        .log(0)
        .wait_after(mark, "Entering MASTER STATE", PATIENCE)?;
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "both are back", || {
        has(node, "ip rule", "iif ens224") && has(node, "ip route", "10.70.0.0/24")
    })?;
    cluster.stop(0)
}

/// What a killed process has left is removed by the next one before it is MASTER.
fn left_over(cluster: &mut Cluster) -> Verdict {
    with_second_interface(cluster)?;
    let node = &cluster.members[0].node;
    node.ip(&[
        "route",
        "add",
        "10.70.0.0/24",
        "dev",
        SECOND,
        "proto",
        "18",
        "scope",
        "global",
    ])?;
    node.ip(&[
        "rule",
        "add",
        "from",
        "10.80.0.0/24",
        "priority",
        "700",
        "table",
        "100",
        "protocol",
        "18",
    ])?;
    let conf = conf(
        &["10.70.0.0/24 dev ens224"],
        &["from 10.80.0.0/24 priority 700 table 100"],
    );
    cluster.start(&conf)?;
    cluster.log(0).wait_for("Entering BACKUP STATE", PATIENCE)?;
    let tables = tables_of(&cluster.members[0].node)?;
    // The original leaves routes until it has been MASTER (deviation).
    let route = (cluster.members[0].program.side == Side::Ours).then_some("10.70.0.0/24");
    for left in route.into_iter().chain(["10.80.0.0/24"]) {
        ensure!(!tables.contains(left), "{left} is still there:\n{tables}");
    }
    cluster.stop(0)
}

/// With `@evervip reinstate_addresses off` ours does as the original, which skips that line.
fn original_way(cluster: &mut Cluster) -> Verdict {
    with_second_interface(cluster)?;
    let conf = conf(&["10.70.0.0/24 dev ens224"], &[]);
    let text = format!(
        "global_defs {{\n@evervip reinstate_addresses off\n}}\n{}",
        conf.text()
    );
    cluster.members[0].start(&text)?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "the route", || {
        has(node, "ip route", "10.70.0.0/24")
    })?;
    let (mark, from) = (cluster.log(0).mark(), cluster.capture.mark());
    node.ip(&["route", "del", "10.70.0.0/24"])?;
    for line in ["Entering BACKUP STATE", "Entering MASTER STATE"] {
        cluster.log(0).wait_after(mark, line, PATIENCE)?;
    }
    cluster.wait_resignation(0, from)?;
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "the route is back", || {
        has(node, "ip route", "10.70.0.0/24")
    })?;
    cluster.stop(0)
}
