//! The packet filter's tables in a reload.

use evervip_lab::wait_until;

use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    conf::{Conf, V2_MULTICAST, VIP},
    ensure,
    plan::Plan,
    verdict::Verdict,
    vmac::output,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    // The original does not look at changed settings.
    plan.ours_only("firewall::reload", |program| with_single(program, reloaded));
    plan.ours_only("firewall::flushed", |program| with_single(program, flushed));
    plan.ours_only("firewall::flushed-unnoticed", |program| {
        with_single(program, flushed_unnoticed)
    });
}

/// Name, priority and counters change: the old table goes, and the address is closed in the new one.
fn reloaded(cluster: &mut Cluster) -> Verdict {
    let conf = Conf::new(V2_MULTICAST, 0).extra("no_accept").text();
    cluster.members[0].start(&conf)?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    let node = &cluster.members[0].node;
    let before = output(node, "nft list ruleset")?;
    ensure!(
        before.contains("table ip keepalived {") && before.contains(&VIP.to_string()),
        "not closed: {before}"
    );
    let settings = "global_defs {\n nftables fw\n nftables_priority -5\n nftables_counters\n}\n";
    cluster.reload(0, &(settings.to_owned() + &conf))?;
    let node = &cluster.members[0].node;
    wait_until(PATIENCE, "the new table alone", || {
        output(node, "nft list ruleset").is_ok_and(|rules| {
            ["table ip fw {", "priority filter - 5;", "counter packets"]
                .iter()
                .all(|part| rules.contains(part))
                && rules.contains(&VIP.to_string())
                && !rules.contains("keepalived")
        })
    })?;
    cluster.stop(0)?;
    let left = output(&cluster.members[0].node, "nft list ruleset")?;
    ensure!(left.is_empty(), "left behind: {left}");
    Ok(())
}

/// An administrator loads the rules of the machine again, which removes all others first: ours are there
/// again at once, unless that happens all the time.
fn flushed(cluster: &mut Cluster) -> Verdict {
    let excluded = "no_accept\nvirtual_ipaddress_excluded {\n 10.5.0.5/24\n 2001:db8:5::5/64\n}";
    cluster.start(&Conf::new(V2_MULTICAST, 0).extra(excluded))?;
    let vip = VIP.to_string();
    let addresses = [&*vip, "10.5.0.5", "2001:db8:5::5"];
    let rules = |cluster: &Cluster| output(&cluster.members[0].node, "nft list ruleset");
    let is_closed = |cluster: &Cluster| {
        let rules = rules(cluster).unwrap_or_default();
        addresses.iter().all(|address| rules.contains(address))
    };
    wait_until(PATIENCE, "addresses closed", || is_closed(cluster))?;
    for removal in [
        "flush ruleset",
        "delete table ip6 keepalived",
        "flush table ip keepalived",
    ] {
        let mark = cluster.log(0).mark();
        let command = [&["nft"], &*removal.split(' ').collect::<Vec<_>>()].concat();
        cluster.members[0].node.exec(&command)?;
        let line = "has removed our rules; they are there again";
        cluster.log(0).wait_after(mark, line, PATIENCE)?;
        ensure!(is_closed(cluster), "after {removal}: {}", rules(cluster)?);
    }
    let mark = cluster.log(0).mark();
    let gives_up = |cluster: &Cluster| cluster.log(0).text_after(mark).contains("they stay away");
    for _ in 0..30 {
        cluster.members[0].node.exec(&["nft", "flush", "ruleset"])?;
        wait_until(PATIENCE, "the daemon notices", || {
            is_closed(cluster) || gives_up(cluster)
        })?;
    }
    ensure!(gives_up(cluster), "put back again and again");
    cluster.stop(0)?;
    let left = rules(cluster)?;
    ensure!(left.is_empty(), "left behind: {left}");
    Ok(())
}

/// The file wants the original's way. With the next change our rules are there again, those for addresses
/// that did not change included.
fn flushed_unnoticed(cluster: &mut Cluster) -> Verdict {
    let file = |address: &str| {
        let excluded = format!(
            "no_accept\nvirtual_ipaddress_excluded {{\n 10.5.0.5/24\n {address}/24\n 2001:db8:5::5/64\n}}"
        );
        let conf = Conf::new(V2_MULTICAST, 0).extra(&excluded);
        conf.with_globals("@evervip reinstate_addresses off")
    };
    cluster.members[0].start(&file("10.5.0.6"))?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    let rules = |cluster: &Cluster| output(&cluster.members[0].node, "nft list ruleset");
    let closed = |rules: &str, addresses: &[&str]| addresses.iter().all(|a| rules.contains(a));
    let vip = VIP.to_string();
    wait_until(PATIENCE, "addresses closed", || {
        rules(cluster).is_ok_and(|r| closed(&r, &[&vip, "10.5.0.5", "10.5.0.6", "2001:db8:5::5"]))
    })?;
    cluster.members[0].node.exec(&["nft", "flush", "ruleset"])?;
    let mark = cluster.log(0).mark();
    cluster.reload(0, &file("10.5.0.7"))?;
    cluster
        .log(0)
        .wait_after(mark, "somebody has removed our tables", PATIENCE)?;
    wait_until(PATIENCE, "addresses closed again", || {
        rules(cluster).is_ok_and(|r| {
            closed(&r, &[&vip, "10.5.0.5", "10.5.0.7", "2001:db8:5::5"]) && !r.contains("10.5.0.6")
        })
    })?;
    // One of the two is gone when all is to go.
    cluster.members[0]
        .node
        .exec(&["nft", "delete", "table", "ip", "keepalived"])?;
    cluster.stop(0)?;
    let left = rules(cluster)?;
    ensure!(left.is_empty(), "left behind: {left}");
    Ok(())
}
