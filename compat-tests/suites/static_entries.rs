//! Static addresses, routes and rules: there from start to end, put back when somebody removes them
//! or their interface comes back, and the instances that their track groups take down.

use std::net::IpAddr;

use evervip_lab::{Node, wait_until};

use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    conf::{Conf, V2_MULTICAST, VIP},
    ensure,
    plan::{Combo, Plan},
    program::Program,
    routing::{self, Record, tables_of},
    verdict::Verdict,
    vmac::{SECOND, normalised, output, with_second_interface},
};

/// Entries of every kind on the second interface.
const ENTRIES: &str = "static_ipaddress {\n 10.4.0.1/24 dev ens224 brd + label ens224:s\n 10.1.0.9/24 dev ens224\n \
                       2001:db8:4::1/64 dev ens224\n}\n\
                       static_routes {\n 10.70.0.0/24 via 10.4.0.254 dev ens224\n 10.71.0.0/24 dev ens224 table 100\n \
                       blackhole 10.72.0.0/24 no_track\n 2001:db8:70::/64 via fe80::9 dev ens224 metric 5\n}\n\
                       static_rules {\n from 10.80.0.0/24 table 100 priority 700\n iif ens224 blackhole priority 701\n \
                       from 2001:db8:80::/64 table 100 priority 702\n}\n";

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.compare("static::host", |combo| compare(combo, held));
    plan.compare("static::reload", |combo| compare(combo, reloaded));
    // The original watches routes and rules only where an instance has some, or a track group.
    plan.ours_only("static::removed", |program| with_single(program, removed));
    plan.ours_only("static::untracked", |program| {
        with_single(program, untracked)
    });
    plan.single("static::interface-down", |program| {
        with_single(program, interface_down)
    });
    plan.single("static::interface-made-anew", |program| {
        with_single(program, interface_made_anew)
    });
    plan.single("static::late-interface", |program| {
        with_single(program, late_interface)
    });
    // The original leaves addresses as they are until it is started anew.
    plan.ours_only("static::altered", |program| with_single(program, altered));
    // The original takes the report of its own removal for somebody else's.
    plan.ours_only("static::other-prefix", |program| {
        with_single(program, other_prefix)
    });
    plan.single("static::alone", |program| with_single(program, alone));
    plan.single("static::track-group", |program| {
        with_single(program, track_group)
    });
}

fn compare(
    combo: &Combo,
    scenario: impl Fn(&mut Cluster, &mut Record) -> Verdict + Sync,
) -> Verdict {
    let record = |program: &Program| -> Verdict<Record> {
        let mut record = Vec::new();
        with_single(program, |cluster| scenario(cluster, &mut record))?;
        Ok(record)
    };
    routing::compare(combo, record)
}

/// Addresses, routes and rules.
fn state(node: &Node) -> Verdict<String> {
    let addresses = normalised(&output(node, &format!("ip addr show dev {SECOND}"))?);
    Ok(addresses + &tables_of(node)?)
}

/// Starts the usual instance with static entries.
fn start(cluster: &mut Cluster, entries: &str) -> Verdict {
    with_second_interface(cluster)?;
    let text = file(entries);
    cluster.members[0].start(&text)?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    cluster.wait_advert(0, cluster.capture.mark()).map(|_| ())
}

fn file(entries: &str) -> String {
    entries.to_owned() + &Conf::new(V2_MULTICAST, 0).text()
}

fn held(cluster: &mut Cluster, record: &mut Record) -> Verdict {
    start(cluster, ENTRIES)?;
    record.push(("as MASTER", state(&cluster.members[0].node)?));
    cluster.stop(0)?;
    record.push(("after the end", state(&cluster.members[0].node)?));
    Ok(())
}

/// Without any instance.
fn alone(cluster: &mut Cluster) -> Verdict {
    with_second_interface(cluster)?;
    cluster.members[0].start(ENTRIES)?;
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "everything is there", || all_there(node))?;
    cluster.stop(0)?;
    let node = &cluster.members[0].node;
    ensure!(
        !has(node, "ip route show table all", "10.70.0.0/24"),
        "a route stays"
    );
    Ok(())
}

fn reloaded(cluster: &mut Cluster, record: &mut Record) -> Verdict {
    start(cluster, ENTRIES)?;
    let changed = ENTRIES
        .replace("10.1.0.9", "10.1.0.10")
        .replace("10.71.0.0/24", "10.73.0.0/24")
        .replace("priority 700", "priority 705");
    for (what, entries) in [("after the reload", changed.as_str()), ("without any", "")] {
        cluster.reload(0, &file(entries))?;
        // The original is done a little later than it says.
        cluster.wait_advert(0, cluster.capture.mark())?;
        record.push((what, state(&cluster.members[0].node)?));
    }
    cluster.stop(0)
}

/// Flags and lifetimes change in a reload: addresses get them where they are, or keep what they have,
/// and none is ever away.
fn altered(cluster: &mut Cluster) -> Verdict {
    let entries = "static_ipaddress {\n 10.4.0.1/24 dev ens224\n 2001:db8:4::1/64 dev ens224\n \
                   2001:db8:5::1/64 dev ens224\n}\n";
    start(cluster, entries)?;
    let changed = entries
        .replace("10.4.0.1/24", "10.4.0.1/24 brd + no_track")
        .replace(
            "2001:db8:4::1/64",
            "2001:db8:4::1/64 preferred_lft 1000 home",
        );
    let mark = cluster.members[0].addresses.events().len();
    let log_mark = cluster.log(0).mark();
    cluster.reload(0, &file(&changed))?;
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "lifetime and flag", || {
        let text = output(node, "ip -o addr show to 2001:db8:4::1").unwrap_or_default();
        text.contains("home") && !text.contains("preferred_lft forever")
    })?;
    let events = cluster.members[0].addresses.events().split_off(mark);
    let only: IpAddr = [0x2001, 0xdb8, 4, 0, 0, 0, 0, 1].into();
    ensure!(
        events.len() == 1 && events[0].added && events[0].ip == only,
        "not one change in place: {events:?}"
    );
    let line =
        "ip address 10.4.0.1/24 dev ens224: the changed broadcast address or flags count when";
    cluster.log(0).wait_after(log_mark, line, PATIENCE)?;
    cluster.stop(0)
}

/// Another prefix length in a reload: the address is made anew, by us and by nobody else.
fn other_prefix(cluster: &mut Cluster) -> Verdict {
    let entries = "static_ipaddress {\n 10.4.0.1/24 dev ens224\n 2001:db8:4::1/64 dev ens224\n}\n";
    start(cluster, entries)?;
    let mark = cluster.log(0).mark();
    cluster.reload(
        0,
        &file(&entries.replace("::1/64", "::1/48").replace("/24", "/16")),
    )?;
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "the new prefix lengths", || {
        has(node, "ip -o addr", "2001:db8:4::1/48") && has(node, "ip -o addr", "10.4.0.1/16")
    })?;
    // What the kernel reported of the reload has been read by then.
    node.ip(&["addr", "del", "10.4.0.1/16", "dev", SECOND])?;
    let line = "Restoring deleted static address 10.4.0.1/16";
    cluster.log(0).wait_after(mark, line, PATIENCE)?;
    let restored = cluster.log(0).count_after(mark, "Restoring deleted");
    ensure!(restored == 1, "{restored} addresses were restored");
    cluster.stop(0)
}

fn has(node: &Node, command: &str, part: &str) -> bool {
    output(node, command).is_ok_and(|text| text.contains(part))
}

/// Everything that [`ENTRIES`] asks for over IPv4 is there.
fn all_there(node: &Node) -> bool {
    let address = |text: &str| {
        text.parse()
            .is_ok_and(|address: IpAddr| node.has_address(address))
    };
    address("10.4.0.1")
        && address("10.1.0.9")
        && has(node, "ip route show table all", "10.70.0.0/24")
        && has(node, "ip route show table all", "10.71.0.0/24")
        && has(node, "ip rule", "from 10.80.0.0/24")
        && has(node, "ip rule", "iif ens224")
}

/// An administrator removes entries: they are back at once, and no state changes.
fn removed(cluster: &mut Cluster) -> Verdict {
    start(cluster, ENTRIES)?;
    let mark = cluster.log(0).mark();
    let node = &cluster.members[0].node;
    ensure!(all_there(node), "not there at first: {}", state(node)?);
    node.ip(&["rule", "del", "priority", "700"])?;
    node.ip(&["route", "del", "10.71.0.0/24", "table", "100"])?;
    node.ip(&["addr", "del", "10.1.0.9/24", "dev", SECOND])?;
    wait_until(PATIENCE, "all are back", || all_there(node))?;
    for line in [
        "Restoring deleted static address 10.1.0.9/24 dev ens224 scope global set",
        "Restoring deleted static route prepend 10.71.0.0/24 dev ens224 table 100 proto 18",
        "Restoring deleted static rule from 10.80.0.0/24 priority 700 tos 0x0 protocol 18 lookup 100",
    ] {
        cluster.log(0).wait_after(mark, line, PATIENCE)?;
    }
    let text = cluster.log(0).text_after(mark);
    ensure!(!text.contains("Entering"), "state changed:\n{text}");
    cluster.stop(0)
}

/// What is not tracked stays away.
fn untracked(cluster: &mut Cluster) -> Verdict {
    start(
        cluster,
        "static_ipaddress {\n 10.4.0.1/24 dev ens224 no_track\n}\n\
         static_rules {\n from 10.80.0.0/24 table 100 priority 700 no_track\n \
         from 10.81.0.0/24 table 100 priority 701\n}\n",
    )?;
    let node = &cluster.members[0].node;
    node.ip(&["addr", "del", "10.4.0.1/24", "dev", SECOND])?;
    node.ip(&["rule", "del", "priority", "700"])?;
    node.ip(&["rule", "del", "priority", "701"])?;
    wait_until(PATIENCE, "the tracked one is back", || {
        has(node, "ip rule", "10.81.0.0/24")
    })?;
    let state = state(&cluster.members[0].node)?;
    for gone in ["10.4.0.1", "10.80.0.0/24"] {
        ensure!(!state.contains(gone), "{gone} is back:\n{state}");
    }
    cluster.stop(0)
}

/// The kernel removes routes and IPv6 addresses when their interface goes down; they come back with
/// it, and nobody is in FAULT for it.
fn interface_down(cluster: &mut Cluster) -> Verdict {
    start(cluster, ENTRIES)?;
    let mark = cluster.log(0).mark();
    let node = &cluster.members[0].node;
    node.set_admin(SECOND, false)?;
    wait_until(PATIENCE, "the kernel has removed the route", || {
        !has(node, "ip route show table all", "10.70.0.0/24")
    })?;
    node.set_admin(SECOND, true)?;
    wait_until(PATIENCE, "all are back", || {
        all_there(node) && has(node, "ip -6 addr", "2001:db8:4::1")
    })?;
    let text = cluster.log(0).text_after(mark);
    ensure!(!text.contains("Entering"), "state changed:\n{text}");
    cluster.stop(0)
}

/// An interface is deleted, and another of the same name appears.
fn interface_made_anew(cluster: &mut Cluster) -> Verdict {
    start(cluster, ENTRIES)?;
    cluster.members[0].node.ip(&["link", "del", SECOND])?;
    // Its own address comes with it, the rest is the daemon's.
    with_second_interface(cluster)?;
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "all are back", || all_there(node))?;
    cluster.stop(0)
}

/// An interface that is not there at first.
fn late_interface(cluster: &mut Cluster) -> Verdict {
    let entries = format!("global_defs {{\n dynamic_interfaces\n}}\n{ENTRIES}");
    cluster.members[0].start(&file(&entries))?;
    cluster.log(0).wait_for("Entering MASTER STATE", PATIENCE)?;
    with_second_interface(cluster)?;
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "all are there", || all_there(node))?;
    cluster.stop(0)
}

/// Members of a track group are in FAULT while an interface of its entries is down; others are not.
fn track_group(cluster: &mut Cluster) -> Verdict {
    with_second_interface(cluster)?;
    let other = "vrrp_instance J {\n interface ens192\n virtual_router_id 51\n priority 200\n \
                 virtual_ipaddress {\n 10.150.160.99\n }\n}\n";
    for (index, entry) in [
        "static_ipaddress {\n 10.4.0.1/24 dev ens224 track_group G\n}\n",
        "static_routes {\n 10.70.0.0/24 dev ens224 track_group G\n}\n",
        "static_rules {\n iif ens224 table 100 priority 700 track_group G\n}\n",
    ]
    .into_iter()
    .enumerate()
    {
        let group = "track_group G {\n group {\n LB_VIP\n }\n}\n";
        let text = Conf::new(V2_MULTICAST, 0).text() + other + group + entry;
        if index == 0 {
            cluster.members[0].start(&text)?;
        } else {
            cluster.reload(0, &text)?;
        }
        let second: IpAddr = [10, 150, 160, 99].into();
        cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
        cluster.lab.wait_owner(second, "a", PATIENCE)?;
        let mark = cluster.log(0).mark();
        cluster.members[0].node.set_admin(SECOND, false)?;
        cluster
            .log(0)
            .wait_after(mark, "(LB_VIP) Entering FAULT STATE", PATIENCE)?;
        cluster.members[0].node.set_admin(SECOND, true)?;
        cluster
            .log(0)
            .wait_after(mark, "(LB_VIP) Entering MASTER STATE", PATIENCE)?;
        let text = cluster.log(0).text_after(mark);
        ensure!(!text.contains("(J) Entering"), "J was touched:\n{text}");
    }
    cluster.stop(0)
}
