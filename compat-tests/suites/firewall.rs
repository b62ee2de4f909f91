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
