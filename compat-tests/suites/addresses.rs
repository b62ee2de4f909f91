//! Addresses with every attribute of the grammar, and what keeps them: the kernel's list of the one
//! program beside that of the other.

use std::{
    net::{IpAddr, Ipv4Addr},
    thread,
};

use evervip_lab::{Error, Node, wait_until};

use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    conf::{Conf, INTERFACE, NODES, V2_MULTICAST, VIP},
    ensure,
    plan::{Combo, Plan},
    program::Program,
    verdict::Verdict,
    vmac::{SECOND, normalised, output, with_second_interface},
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for (name, entries) in lists() {
        plan.compare(&format!("addresses::host::{name}"), move |combo| {
            compare_hosts(combo, entries)
        });
    }
    plan.single("addresses::promote-secondaries", |program| {
        with_single(program, promoted)
    });
    plan.single("addresses::prefix-changed", |program| {
        with_single(program, |cluster| prefix_changed(program, cluster))
    });
    plan.ours_only("addresses::promotion-of-new-interface", |program| {
        with_single(program, promoted_anew)
    });
    plan.ours_only("addresses::promotion-restored", |program| {
        with_single(program, promotion_restored)
    });
}

/// Lists of addresses beside the usual one.
fn lists() -> [(&'static str, &'static [&'static str]); 10] {
    [
        (
            "prefixes",
            &[
                "10.1.0.5",
                "10.1.0.6/24",
                "10.2.0.7/31 dev ens224",
                "10.3.0.1/32 dev lo",
            ],
        ),
        (
            "scopes",
            &[
                "10.5.0.5/24 scope link",
                "10.6.0.5/24 scope host",
                "10.7.0.5/24 scope site",
                "10.8.0.5/24 scope 77",
                "10.9.0.5/24 scope global",
            ],
        ),
        (
            "broadcasts",
            &[
                "10.5.0.5/24 brd +",
                "10.6.0.5/24 brd -",
                "10.7.0.5/24 brd 10.7.0.77",
                "10.8.0.5/24 broadcast 10.8.0.255 dev ens224",
            ],
        ),
        (
            "labels",
            &[
                "10.5.0.5/24 label ens192:v1",
                "10.6.0.5/24 dev ens224 label ens224:vip",
                "10.7.0.5/24 label other",
            ],
        ),
        (
            "peers",
            &[
                "10.5.0.5 peer 10.5.0.6",
                "10.6.0.5 peer 10.6.0.6 dev ens224 scope link",
            ],
        ),
        (
            "flags",
            &[
                "10.5.0.5/24 noprefixroute",
                "10.6.0.5/24 home",
                "10.7.0.5/24 autojoin",
                "10.8.0.5/24 noprefixroute brd + label ens192:n scope link",
            ],
        ),
        (
            "ipv6",
            &[
                "2001:db8:5::5",
                "2001:db8:6::5/64",
                "2001:db8:7::5/64 dev ens224",
                "2001:db8:8::5/127",
                "fe80::55/64",
            ],
        ),
        (
            "ipv6-lifetimes",
            &[
                "2001:db8:5::5 preferred_lft forever",
                "2001:db8:6::5/64 preferred_lft 0",
                "2001:db8:7::5/64 preferred_lft 1000",
                "2001:db8:8::5/128 preferred_lft 4000000000",
                "2001:db8:9::5/64 preferred_lft forever",
            ],
        ),
        (
            "ipv6-flags",
            &[
                "2001:db8:5::5/64 home",
                "2001:db8:6::5/64 mngtmpaddr",
                "2001:db8:7::5/64 noprefixroute",
                "2001:db8:8::5/64 autojoin",
                "2001:db8:9::5/64 home noprefixroute mngtmpaddr preferred_lft 0",
            ],
        ),
        (
            "ipv6-more",
            &[
                "2001:db8:5::5 peer 2001:db8:5::6",
                "2001:db8:6::5/64 -nodad",
                "2001:db8:7::5/64 dev ens224 -nodad preferred_lft 0",
                "10.5.0.5/24 no_track",
            ],
        ),
    ]
}

fn compare_hosts(combo: &Combo, entries: &[&str]) -> Verdict {
    let excluded = format!("virtual_ipaddress_excluded {{\n{}\n}}", entries.join("\n"));
    let conf = Conf::new(V2_MULTICAST, 0).extra(&excluded);
    let last = entries.last().and_then(|entry| {
        let address = entry.split(['/', ' ']).next()?;
        address.parse::<IpAddr>().ok()
    });
    let last = last.ok_or_else(|| Error::new("no address at the end of the list"))?;
    let record = |program| held(program, &conf, last);
    let (subject, peer) = thread::scope(|scope| {
        let other = scope.spawn(|| record(&combo.peer));
        (record(&combo.subject), other.join())
    });
    let ours = subject?;
    let theirs = peer.map_err(|_| Error::new("recording panicked"))??;
    ensure!(
        ours.master == theirs.master,
        "subject:\n{}\npeer:\n{}",
        ours.master,
        theirs.master
    );
    // The original leaves addresses with a peer behind, so that only ours is looked at.
    ensure!(
        ours.after == ours.before,
        "before:\n{}\nafter:\n{}",
        ours.before,
        ours.after
    );
    Ok(())
}

/// The addresses of a host.
struct Held {
    before: String,
    master: String,
    after: String,
}

/// Lets one node become MASTER and stop.
fn held(program: &Program, conf: &Conf, last: IpAddr) -> Verdict<Held> {
    let mut held = None;
    with_single(program, |cluster| {
        with_second_interface(cluster)?;
        settled(&cluster.members[0].node)?;
        let before = addresses(&cluster.members[0].node)?;
        cluster.start(conf)?;
        cluster.lab.wait_owner(last, "a", PATIENCE)?;
        settled(&cluster.members[0].node)?;
        let master = addresses(&cluster.members[0].node)?;
        cluster.stop(0)?;
        let after = addresses(&cluster.members[0].node)?;
        held = Some(Held {
            before,
            master,
            after,
        });
        Ok(())
    })?;
    held.ok_or_else(|| Error::new("nothing was recorded"))
}

/// Waits until nothing is being looked for by duplicate address detection.
fn settled(node: &Node) -> Verdict {
    wait_until(PATIENCE, "no tentative address", || {
        output(node, "ip -6 addr show tentative").is_ok_and(|list| list.is_empty())
    })
}

/// Each address with its attributes and lifetimes, without what counts down.
fn addresses(node: &Node) -> Verdict<String> {
    let list = output(node, "ip addr")?;
    let running = |word: &str| {
        let seconds = word.strip_suffix("sec");
        seconds.is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|seconds| seconds > 0))
    };
    let mut text = String::new();
    for line in list.lines() {
        for word in line.split_whitespace() {
            text.push_str(if running(word) { "Nsec" } else { word });
            text.push(' ');
        }
        text.push('\n');
    }
    Ok(normalised_lines(&text))
}

/// Without what differs between two nodes of the same making.
fn normalised_lines(text: &str) -> String {
    // Lifetimes are what this is about, and `normalised` leaves them out.
    let lines = text.lines().map(|line| {
        if line.contains("_lft") {
            format!("{line}\n")
        } else {
            normalised(line)
        }
    });
    lines.collect()
}

/// The kernel's setting for an interface.
fn promotion(node: &Node, interface: &str) -> Verdict<String> {
    let path = format!("/proc/sys/net/ipv4/conf/{interface}/promote_secondaries");
    Ok(output(node, &format!("cat {path}"))?.trim().to_owned())
}

/// An administrator removes the first address of the subnet, and the virtual one stays.
fn promoted(cluster: &mut Cluster) -> Verdict {
    let other: IpAddr = Ipv4Addr::new(10, 1, 0, 5).into();
    with_second_interface(cluster)?;
    ensure!(
        promotion(&cluster.members[0].node, SECOND)? == "0",
        "this kernel promotes secondary addresses by itself"
    );
    let instance = format!(
        "vrrp_instance J {{\n interface {SECOND}\n virtual_router_id 9\n priority 200\n mcast_src_ip 10.1.0.1\n \
         promote_secondaries\n virtual_ipaddress {{\n {other}/24\n }}\n}}\n"
    );
    cluster.members[0].start(&instance)?;
    cluster.lab.wait_owner(other, "a", PATIENCE)?;
    let node = &cluster.members[0].node;
    ensure!(promotion(node, SECOND)? == "1", "not set while running");
    ensure!(promotion(node, INTERFACE)? == "0", "set elsewhere, too");
    node.ip(&["addr", "del", "10.1.0.1/24", "dev", SECOND])?;
    ensure!(node.has_address(other), "gone with the first address");
    node.ip(&["addr", "add", "10.1.0.1/24", "dev", SECOND])?;
    cluster.stop(0)?;
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "setting restored", || {
        promotion(node, SECOND).is_ok_and(|value| value == "0")
    })
}

/// A reload without the keyword puts the setting back at once; one that was set before stays.
fn promotion_restored(cluster: &mut Cluster) -> Verdict {
    with_second_interface(cluster)?;
    let enable = format!("echo 1 > /proc/sys/net/ipv4/conf/{SECOND}/promote_secondaries");
    cluster.members[0].node.exec(&["sh", "-ec", &enable])?;
    let file = |extra: &str| {
        let second = format!(
            "vrrp_instance J {{\n interface {SECOND}\n virtual_router_id 9\n priority 200\n {extra}\n \
             virtual_ipaddress {{\n 10.1.0.5/24\n }}\n}}\n"
        );
        Conf::new(V2_MULTICAST, 0).extra(extra).text() + &second
    };
    cluster.members[0].start(&file("promote_secondaries"))?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    let node = &cluster.members[0].node;
    ensure!(promotion(node, INTERFACE)? == "1", "not set");
    cluster.reload(0, &file(""))?;
    wait_until(PATIENCE, "setting restored", || {
        promotion(node, INTERFACE).is_ok_and(|value| value == "0")
    })?;
    ensure!(
        promotion(node, SECOND)? == "1",
        "the administrator's was taken"
    );
    cluster.stop(0)
}

/// An interface that is made anew gets the setting as soon as it appears.
fn promoted_anew(cluster: &mut Cluster) -> Verdict {
    with_second_interface(cluster)?;
    let instance = format!(
        "vrrp_instance J {{\n interface {SECOND}\n virtual_router_id 9\n priority 200\n promote_secondaries\n \
         virtual_ipaddress {{\n 10.1.0.5/24\n }}\n}}\n"
    );
    cluster.members[0].start(&instance)?;
    let set = |node: &Node| promotion(node, SECOND).is_ok_and(|value| value == "1");
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "the setting", || set(node))?;
    node.ip(&["link", "del", SECOND])?;
    with_second_interface(cluster)?;
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "the setting of the new one", || set(node))?;
    cluster.stop(0)
}

/// An administrator changes the prefix length of the own address: adds the new one, removes the old
/// one. The original takes the address for gone, for good.
fn prefix_changed(program: &Program, cluster: &mut Cluster) -> Verdict {
    cluster.start(&Conf::new(V2_MULTICAST, 0))?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    let mark = cluster.log(0).mark();
    let node = &cluster.members[0].node;
    let own = NODES[0].to_string();
    let with = |prefix: u8| format!("{own}/{prefix}");
    node.ip(&["addr", "add", &with(15), "dev", INTERFACE])?;
    node.ip(&["addr", "del", &with(24), "dev", INTERFACE])?;
    if !program.is_ours() {
        cluster
            .log(0)
            .wait_after(mark, "Entering FAULT STATE", PATIENCE)?;
        return cluster.stop(0);
    }
    // When the answer to this is there, the reports before it have been dealt with.
    node.ip(&["addr", "del", &format!("{VIP}/32"), "dev", INTERFACE])?;
    let log = cluster.log(0);
    log.wait_after(mark, &format!("put {VIP} back"), PATIENCE)?;
    let left = log.count_after(mark, "Entering");
    ensure!(left == 0, "MASTER was left");
    cluster.owned_by(0, VIP.into())?;
    cluster.stop(0)
}
