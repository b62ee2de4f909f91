//! Virtual MACs and closed addresses: what the host looks like, who owns the address, what is left
//! behind.
//!
//! The host is compared as text: links, addresses, kernel settings and the packet filter's rules of
//! the one program beside those of the other, in the same place.

use std::{
    net::{IpAddr, Ipv4Addr, UdpSocket},
    thread,
    time::Duration,
};

use evervip_lab::{Advert, Arp, Error, Frame, Interface, Node, wait_until};

use crate::{
    cluster::{CONFIG, Cluster, PATIENCE, PID_FILE, VRRP_PID_FILE, mac, with_pair, with_single},
    conf::{Conf, INTERFACE, NODES, V2_MULTICAST, V3_MULTICAST, VIP, VRID},
    ensure,
    plan::{Combo, Plan},
    program::{Program, Side},
    verdict::Verdict,
};

/// A second interface of the node, for addresses on it.
pub const SECOND: &str = "ens224";
/// The virtual MAC of the instance.
const VIRTUAL_MAC: [u8; 6] = [0, 0, 0x5e, 0, 1, VRID];

/// Operation of an ARP request.
const REQUEST: u16 = 1;

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for (name, text) in hosts() {
        plan.compare(&format!("vmac::host::{name}"), move |combo| {
            compare_hosts(combo, &text)
        });
    }
    for (name, first, second) in pairs() {
        plan.pair(&format!("vmac::election::{name}"), move |combo| {
            with_pair(combo, |cluster| election(cluster, &first, &second))
        });
    }
    plan.pair("vmac::preempted", |combo| {
        with_pair(combo, |cluster| preempted(cluster, combo.subject.side))
    });
    plan.pair("vmac::deleted", |combo| {
        with_single(&combo.subject, deleted)
    });
    plan.ours_only("vmac::address-interface-deleted", |program| {
        with_single(program, address_interface_deleted)
    });
    plan.ours_only("vmac::taken-over", |program| {
        with_single(program, taken_over)
    });
    plan.ours_only("vmac::restored", |program| with_single(program, restored));
    plan.ours_only("vmac::restored-after-a-crash", |program| {
        with_single(program, restored_after_crash)
    });
    plan.pair("vmac::extra-announcements", |combo| {
        with_single(&combo.subject, extra_announcements)
    });
    plan.ours_only("vmac::reload", |program| with_single(program, reloaded));
    plan.ours_only("vmac::descriptors", |program| {
        with_single(program, descriptors)
    });
    plan.pair("vmac::no-accept", |combo| {
        with_single(&combo.subject, closed)
    });
}

/// Configurations of one node.
fn hosts() -> Vec<(&'static str, String)> {
    let instance = |extra: &str, addresses: &str, more: &str| {
        format!(
            "vrrp_instance I {{\n interface {INTERFACE}\n virtual_router_id {VRID}\n priority 200\n {extra}\n \
             virtual_ipaddress {{\n {addresses}\n }}\n {more}\n}}\n"
        )
    };
    let vip = VIP.to_string();
    let excluded = |list: &str| format!("virtual_ipaddress_excluded {{\n {list}\n }}");
    let mixed = excluded("2001:db8::100/64\n fe80::77/64");
    vec![
        ("plain", instance("use_vmac", &vip, "")),
        (
            "named",
            instance("use_vmac vm0 02:00:5e:10:00:01", &vip, ""),
        ),
        ("xmit-base", instance("use_vmac\n vmac_xmit_base", &vip, "")),
        ("both-families", instance("use_vmac", &vip, &mixed)),
        (
            "addresses",
            instance(
                "use_vmac\n use_vmac_addr",
                &vip,
                &excluded(&format!(
                    "10.1.0.5 dev {SECOND}\n 2001:db8:1::5/64 dev {SECOND}\n 2001:db8::6/64"
                )),
            ),
        ),
        (
            "one-address",
            instance(
                "",
                &format!(
                    "{vip} use_vmac\n 10.1.0.5/24 dev {SECOND} use_vmac\n 10.1.0.6/24 dev {SECOND} use_vmac"
                ),
                "",
            ),
        ),
        (
            "prefixes",
            format!(
                "global_defs {{\n vmac_prefix averylongprefix\n vmac_addr_prefix short\n}}\n{}",
                instance(
                    "use_vmac",
                    &format!("{vip}\n 10.1.0.5 dev {SECOND} use_vmac"),
                    ""
                )
            ),
        ),
        ("no-accept", instance("no_accept", &vip, "")),
        (
            "no-accept-both-families",
            instance("no_accept", &vip, &mixed),
        ),
        (
            "no-accept-vmac",
            instance("no_accept\n use_vmac", &vip, &mixed),
        ),
        (
            "no-accept-untracked",
            instance("no_accept\n dont_track_primary", &vip, &mixed),
        ),
        ("promote", instance("promote_secondaries", &vip, "")),
        ("strict", instance("strict_mode on", &vip, "")),
        (
            "nftables",
            format!(
                "global_defs {{\n nftables fw\n nftables_priority -5\n nftables_ifindex\n}}\n{}",
                instance("no_accept\n use_vmac", &vip, &mixed)
            ),
        ),
        (
            "iptables",
            format!(
                "global_defs {{\n vrrp_iptables IN OUT\n}}\n{}",
                instance("no_accept", &vip, "")
            ),
        ),
    ]
}

/// What the first and the second node are.
fn pairs() -> Vec<(&'static str, Conf, Conf)> {
    let conf = |mode, node, extra: &str| Conf::new(mode, node).extra(extra);
    let header =
        "use_vmac\n    authentication {\n        auth_type AH\n        auth_pass abcd\n    }";
    vec![
        (
            "authentication-header",
            conf(V2_MULTICAST, 0, header),
            conf(V2_MULTICAST, 1, header),
        ),
        (
            "v2",
            conf(V2_MULTICAST, 0, "use_vmac"),
            conf(V2_MULTICAST, 1, "use_vmac"),
        ),
        (
            "v3",
            conf(V3_MULTICAST, 0, "use_vmac"),
            conf(V3_MULTICAST, 1, "use_vmac"),
        ),
        (
            "xmit-base",
            conf(V2_MULTICAST, 0, "use_vmac\n    vmac_xmit_base"),
            conf(V2_MULTICAST, 1, "use_vmac\n    vmac_xmit_base"),
        ),
        (
            "beside-a-plain-peer",
            conf(V2_MULTICAST, 0, "use_vmac"),
            conf(V2_MULTICAST, 1, ""),
        ),
        (
            "against-a-plain-peer",
            conf(V2_MULTICAST, 0, ""),
            conf(V2_MULTICAST, 1, "use_vmac"),
        ),
    ]
}

fn compare_hosts(combo: &Combo, text: &str) -> Verdict {
    let (subject, peer) = thread::scope(|scope| {
        let other = scope.spawn(|| host(&combo.peer, text));
        (host(&combo.subject, text), other.join())
    });
    let (subject, peer) = (
        subject?,
        peer.map_err(|_| Error::new("recording panicked"))??,
    );
    for ((what, ours), (_, theirs)) in subject.iter().zip(&peer) {
        ensure!(ours == theirs, "{what}: subject:\n{ours}\npeer:\n{theirs}");
    }
    Ok(())
}

/// What a MASTER's host looks like, and what is left after its end.
fn host(program: &Program, text: &str) -> Verdict<Vec<(&'static str, String)>> {
    let mut record = Vec::new();
    with_single(program, |cluster| {
        with_second_interface(cluster)?;
        cluster.members[0].start(text)?;
        cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
        cluster.log(0).wait_for("Entering MASTER STATE", PATIENCE)?;
        let node = &cluster.members[0].node;
        // The last address of the list is there when its announcement is.
        cluster.capture.wait_for(0, PATIENCE, |frame| {
            frame.arp().is_some_and(|arp| arp.is_gratuitous())
        })?;
        record.push(("links", normalised(&output(node, "ip -d link")?)));
        record.push(("addresses", normalised(&output(node, "ip addr")?)));
        record.push(("settings", settings(node)?));
        let rules = output(node, "nft -s list ruleset")?;
        record.push(("rules", without_newer_rules(&rules)));
        cluster.stop(0)?;
        let node = &cluster.members[0].node;
        // The original's first process may end before the one that tidies up.
        wait_until(PATIENCE, "no virtual interface is left", || {
            output(node, "ip -d link").is_ok_and(|links| !links.contains("macvlan"))
        })?;
        record.push(("links left", normalised(&output(node, "ip -d link")?)));
        record.push(("rules left", output(node, "nft list ruleset")?));
        Ok(())
    })?;
    Ok(record)
}

/// Deviation: what keepalived 2.4 has and 2.2.7 has not.
fn without_newer_rules(text: &str) -> String {
    let newer = ["set parent_link_local {", "set mld-report {"];
    let mut inside = false;
    let mut kept = String::new();
    for line in text.lines() {
        inside |= newer.contains(&line.trim());
        if !inside && !line.contains("@parent_link_local") {
            kept += &line.replace("@mld-report", "mld2-listener-report");
            kept.push('\n');
        }
        // An empty line follows the end of a set.
        inside &= !line.is_empty();
    }
    kept
}

/// Attaches it.
pub fn with_second_interface(cluster: &Cluster) -> Verdict {
    let second = Interface::new(SECOND)
        .mac("02:00:00:00:01:01")
        .address("10.1.0.1/24")
        .segment("second");
    cluster.members[0].node.attach(&second)
}

/// What a command of the node prints; it must succeed.
pub fn output(node: &Node, command: &str) -> Verdict<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let output = node.exec(&words)?;
    ensure!(output.status.success(), "`{command}`: {}", output.stderr);
    Ok(output.stdout)
}

/// Without what differs between two nodes of the same making.
pub fn normalised(text: &str) -> String {
    text.lines()
        .filter(|line| !line.contains("_lft"))
        .map(|line| {
            let line = line.split(" link-netns").next().unwrap_or(line);
            // "2: ens192@if7:": the other end's index.
            match line.split_once("@if") {
                Some((name, rest)) => {
                    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                    format!("{name}@{rest}\n")
                }
                None => format!("{line}\n"),
            }
        })
        .collect()
}

/// The kernel settings that matter to virtual MACs, of every interface.
fn settings(node: &Node) -> Verdict<String> {
    let script = "for i in /proc/sys/net/ipv4/conf/*; do for s in arp_ignore arp_filter accept_local \
                  rp_filter promote_secondaries; do echo $i $s $(cat $i/$s); done; done; \
                  for i in /proc/sys/net/ipv6/conf/*; do echo $i $(cat $i/disable_ipv6); done";
    let output = node.exec(&["sh", "-c", script])?;
    Ok(output.stdout)
}

/// The address changes hands at death and return, and the virtual MAC with it.
fn election(cluster: &mut Cluster, first: &Conf, second: &Conf) -> Verdict {
    cluster.start(first)?;
    cluster.start(second)?;
    cluster.log(1).wait_for("Entering BACKUP STATE", PATIENCE)?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    announced(cluster, 0, first, 0)?;
    let mark = cluster.capture.mark();
    cluster.members[0].node.kill_all();
    cluster.log(1).wait_for("Entering MASTER STATE", PATIENCE)?;
    announced(cluster, mark, second, 1)?;
    // The dead one has left its interface and address behind; its successor takes them over. Its
    // pid files may name a process that nobody has waited for.
    for file in [PID_FILE, VRRP_PID_FILE] {
        let _ = cluster.members[0].node.remove_file(file);
    }
    let mark = cluster.capture.mark();
    cluster.start(first)?;
    cluster.log(0).wait_for("Entering MASTER STATE", PATIENCE)?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    announced(cluster, mark, first, 0)?;
    let mark = cluster.capture.mark();
    cluster.stop(0)?;
    cluster.lab.wait_owner(VIP.into(), "b", PATIENCE)?;
    announced(cluster, mark, second, 1)?;
    cluster.stop(1)
}

/// A live master is preempted. Its kernel may answer the announcements of the new one while it still
/// has the address, with the same MAC: evervip announces once more when that is over.
fn preempted(cluster: &mut Cluster, side: Side) -> Verdict {
    // Nothing but what belongs to the takeover is to be counted: no second burst, and no answer to
    // the last advert of the old master.
    let conf = |node, delay: u8| {
        Conf::new(V2_MULTICAST, node).extra(&format!(
            "use_vmac\n    garp_master_delay {delay}\n    garp_lower_prio_repeat 0"
        ))
    };
    cluster.start(&conf(1, 0))?;
    cluster.lab.wait_owner(VIP.into(), "b", PATIENCE)?;
    let mark = cluster.capture.mark();
    cluster.start(&conf(0, 30))?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    let of_new = |advert: &Advert| advert.source == NODES[0] && advert.priority > 0;
    cluster.capture.wait_adverts(mark, 4, PATIENCE, of_new)?;
    let frames = cluster.capture.frames_after(mark);
    let advert = |frame: &Frame| frame.advert().is_some_and(|advert| of_new(&advert));
    let told = frames.iter().skip_while(|frame| !advert(frame));
    // Answers of the old master look like announcements but for the operation.
    let is_told = |arp: &Arp| arp.is_gratuitous() && arp.operation == REQUEST;
    let told = told.filter(|frame| {
        frame.source_mac() == VIRTUAL_MAC && frame.arp().as_ref().is_some_and(is_told)
    });
    let (count, wanted) = (told.count(), if side == Side::Ours { 6 } else { 5 });
    ensure!(count == wanted, "{count} announcements, not {wanted}");
    Ok(())
}

/// After a mark adverts and gratuitous ARPs come from the hardware addresses that the configuration
/// says.
fn announced(cluster: &Cluster, mark: usize, conf: &Conf, member: usize) -> Verdict {
    let own = mac(member);
    let vmac = conf.extra.contains("use_vmac");
    let of_adverts = if vmac && !conf.extra.contains("vmac_xmit_base") {
        VIRTUAL_MAC
    } else {
        own
    };
    let of_arps = if vmac { VIRTUAL_MAC } else { own };
    let source = NODES[member];
    cluster.capture.wait_advert(mark, PATIENCE, |advert| {
        advert.source_mac == of_adverts && advert.source == source && advert.priority > 0
    })?;
    cluster.capture.wait_for(mark, PATIENCE, |frame| {
        frame.source_mac() == of_arps && frame.arp().is_some_and(|arp| arp.is_gratuitous())
    })?;
    Ok(())
}

/// An administrator deletes the interface: it is made again at once, and the router comes back.
fn deleted(cluster: &mut Cluster) -> Verdict {
    cluster.start(&Conf::new(V2_MULTICAST, 0).extra("use_vmac"))?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    let (name, mark) = (format!("vrrp.{VRID}"), cluster.log(0).mark());
    cluster.members[0].node.ip(&["link", "del", &name])?;
    for line in [
        "Entering FAULT STATE",
        "Success creating VMAC interface",
        "Entering BACKUP STATE",
        "Entering MASTER STATE",
    ] {
        cluster.log(0).wait_after(mark, line, PATIENCE)?;
    }
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    cluster.stop(0)
}

/// The same with the interface of an address.
fn address_interface_deleted(cluster: &mut Cluster) -> Verdict {
    with_second_interface(cluster)?;
    let other: IpAddr = Ipv4Addr::new(10, 1, 0, 5).into();
    let addresses = [
        &*VIP.to_string(),
        &format!("10.1.0.5/24 dev {SECOND} use_vmac"),
    ];
    cluster.start(
        &Conf::new(V2_MULTICAST, 0)
            .vips(&addresses)
            .extra("use_vmac"),
    )?;
    cluster.lab.wait_owner(other, "a", PATIENCE)?;
    let (name, mark) = (format!("vrrp1.{VRID}"), cluster.log(0).mark());
    cluster.members[0].node.ip(&["link", "del", &name])?;
    cluster
        .log(0)
        .wait_after(mark, "Entering MASTER STATE", PATIENCE)?;
    cluster.lab.wait_owner(other, "a", PATIENCE)?;
    cluster.stop(0)
}

/// An interface that is there already and fits is used, though it is down.
fn taken_over(cluster: &mut Cluster) -> Verdict {
    let name = format!("vrrp.{VRID}");
    let address = format!("00:00:5e:00:01:{VRID:02x}");
    cluster.members[0].node.ip(&[
        "link", "add", &name, "link", INTERFACE, "address", &address, "type", "macvlan", "mode",
        "private",
    ])?;
    cluster.start(&Conf::new(V2_MULTICAST, 0).extra("use_vmac"))?;
    cluster
        .log(0)
        .wait_for("(LB_VIP) Found matching interface", PATIENCE)?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    cluster.stop(0)
}

/// Settings that were not the kernel's defaults are as before when the daemon has ended.
fn restored(cluster: &mut Cluster) -> Verdict {
    let prepare = format!(
        "cd /proc/sys/net/ipv4/conf; echo 1 > all/rp_filter; echo 2 > {INTERFACE}/arp_ignore"
    );
    cluster.members[0].node.exec(&["sh", "-ec", &prepare])?;
    let before = settings(&cluster.members[0].node)?;
    cluster.start(&Conf::new(V2_MULTICAST, 0).extra("use_vmac"))?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    let during = settings(&cluster.members[0].node)?;
    for line in ["conf/all rp_filter 0", "conf/default rp_filter 1"] {
        ensure!(during.contains(line), "no `{line}` in:\n{during}");
    }
    cluster.stop(0)?;
    let after = settings(&cluster.members[0].node)?;
    ensure!(before == after, "before:\n{before}\nafter:\n{after}");
    Ok(())
}

/// Both processes are killed: what they had changed is put back by the next, whatever it runs.
fn restored_after_crash(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].node.exec(&[
        "sh",
        "-c",
        "echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter",
    ])?;
    let before = settings(&cluster.members[0].node)?;
    cluster.start(&Conf::new(V2_MULTICAST, 0).extra("use_vmac"))?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    cluster.members[0].crash()?;
    let node = &cluster.members[0].node;
    node.ip(&["link", "del", &format!("vrrp.{VRID}")])?;
    let left = settings(node)?;
    ensure!(before != left, "nothing was changed");
    cluster.start(&Conf::new(V2_MULTICAST, 0))?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    let after = settings(&cluster.members[0].node)?;
    ensure!(before == after, "before:\n{before}\nafter:\n{after}");
    cluster.stop(0)
}

/// One address of the other virtual MAC is announced again and again, each time once.
fn extra_announcements(cluster: &mut Cluster) -> Verdict {
    with_second_interface(cluster)?;
    let addresses = [
        &*VIP.to_string(),
        &format!("10.1.0.5 dev {SECOND} use_vmac"),
        &format!("10.1.0.6 dev {SECOND} use_vmac"),
        &format!("10.1.0.7 dev {SECOND}"),
    ];
    let second = cluster.lab.capture_segment("second")?;
    cluster.start(
        &Conf::new(V2_MULTICAST, 0)
            .vips(&addresses)
            .extra("use_vmac\n    garp_extra_if 1\n    garp_master_delay 0"),
    )?;
    cluster.log(0).wait_for("Entering MASTER STATE", PATIENCE)?;
    let told = |last: u8| {
        let address = Ipv4Addr::new(10, 1, 0, last);
        let arps = second.arps_after(0).into_iter();
        arps.filter(|arp| arp.is_gratuitous() && arp.sender == address)
            .count()
    };
    // Five of the burst, then one a second of the first address alone.
    wait_until(PATIENCE, "three extra announcements", || told(5) >= 8)?;
    let others = [told(6), told(7)];
    ensure!(others == [5, 5], "announcements of the others: {others:?}");
    cluster.stop(0)
}

/// A reload gives the virtual MAC to an instance and takes it again; others are not touched.
fn reloaded(cluster: &mut Cluster) -> Verdict {
    let other = "vrrp_instance J {\n interface ens192\n virtual_router_id 51\n priority 200\n use_vmac\n \
                 virtual_ipaddress {\n 10.150.160.99\n }\n}\n";
    let file = |extra: &str| Conf::new(V2_MULTICAST, 0).extra(extra).text() + other;
    let staying: IpAddr = Ipv4Addr::new(10, 150, 160, 99).into();
    cluster.members[0].start(&file(""))?;
    cluster.lab.wait_owner(staying, "a", PATIENCE)?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    let start = cluster.log(0).mark();
    for (extra, line) in [
        ("use_vmac", "Success creating VMAC interface vrrp.50"),
        ("use_vmac vm7", "Success creating VMAC interface vm7"),
        ("use_vmac", "Success creating VMAC interface vrrp.50"),
        (
            "use_vmac group 77",
            "Success creating VMAC interface vrrp.50",
        ),
        ("", "Success removing VMAC interface vrrp.50"),
    ] {
        let node = &cluster.members[0].node;
        node.write_file(CONFIG, file(extra), 0o644)?;
        let mark = cluster.log(0).mark();
        cluster.daemon(0).signal(nix::sys::signal::Signal::SIGHUP)?;
        cluster.log(0).wait_after(mark, line, PATIENCE)?;
        cluster
            .log(0)
            .wait_after(mark, "(LB_VIP) Entering MASTER STATE", PATIENCE)?;
    }
    let text = cluster.log(0).text_after(start);
    ensure!(!text.contains("(J) Entering"), "J was touched:\n{text}");
    cluster.stop(0)
}

/// A hundred virtual MACs need few descriptors.
fn descriptors(cluster: &mut Cluster) -> Verdict {
    let text: String = (1..=100)
        .map(|vrid| {
            format!(
                "vrrp_instance I{vrid} {{\n interface {INTERFACE}\n virtual_router_id {vrid}\n priority 200\n \
                 use_vmac\n virtual_ipaddress {{\n 10.2.0.{vrid}\n }}\n}}\n"
            )
        })
        .collect();
    cluster.members[0].start(&text)?;
    for last in [1, 100] {
        let address = Ipv4Addr::new(10, 2, 0, last).into();
        cluster.lab.wait_owner(address, "a", PATIENCE)?;
    }
    let node = &cluster.members[0].node;
    let pid = node.read_file(VRRP_PID_FILE)?;
    let listed = output(node, &format!("ls /proc/{}/fd", pid.trim()))?;
    let count = listed.lines().count();
    ensure!(count < 60, "{count} descriptors");
    cluster.stop(0)
}

/// Nobody reaches an address that does not accept; without the keyword it is reached.
fn closed(cluster: &mut Cluster) -> Verdict {
    for (extra, reached) in [("no_accept", false), ("accept", true)] {
        cluster.start(&Conf::new(V2_MULTICAST, 0).extra(extra))?;
        cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
        let got = arrives(cluster)?;
        ensure!(got == reached, "{extra}: datagram arrived: {got}");
        cluster.stop(0)?;
    }
    Ok(())
}

/// Whether a datagram of the second node arrives at the address on the first.
fn arrives(cluster: &Cluster) -> Verdict<bool> {
    let bind = |address: Ipv4Addr| {
        move || {
            let socket = UdpSocket::bind((address, 0))?;
            socket.set_read_timeout(Some(Duration::from_millis(500)))?;
            Ok::<_, std::io::Error>(socket)
        }
    };
    let failed = |error: std::io::Error| Error::new(error.to_string());
    let server = cluster.members[0].node.enter(bind(VIP))?.map_err(failed)?;
    let client = cluster.members[1]
        .node
        .enter(bind(NODES[1]))?
        .map_err(failed)?;
    let port = server.local_addr().map_err(failed)?.port();
    // One for the neighbour to be found, which may cost a datagram.
    for _ in 0..2 {
        let _ = client.send_to(b"?", (VIP, port));
        if server.recv(&mut [0]).is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}
