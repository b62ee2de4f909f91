//! Settings of the kernel that are changed while the daemon runs.

use evervip_lab::{Node, wait_until};

use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    conf::{Conf, INTERFACE, V2_MULTICAST},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

const REPORTS: &str = "/proc/sys/net/ipv4/igmp_link_local_mcast_reports";

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("settings::local-igmp", |program| {
        with_single(program, local_igmp)
    });
    plan.ours_only("settings::restored-after-a-crash", |program| {
        with_single(program, restored_after_crash)
    });
}

/// Both processes are killed: the next one puts the settings back, whatever it runs.
fn restored_after_crash(cluster: &mut Cluster) -> Verdict {
    let plain = Conf::new(V2_MULTICAST, 0);
    let text = plain.clone().extra("promote_secondaries").text();
    let changing = format!("global_defs {{\n    disable_local_igmp\n}}\n{text}");
    let before = settings(&cluster.members[0].node)?;
    cluster.members[0].start(&changing)?;
    cluster.log(0).wait_for("Entering MASTER STATE", PATIENCE)?;
    cluster.members[0].crash()?;
    ensure!(
        settings(&cluster.members[0].node)? == [flipped(&before[0]), flipped(&before[1])],
        "not both were changed"
    );
    cluster.start(&plain)?;
    cluster.log(0).wait_for("Entering MASTER STATE", PATIENCE)?;
    let after = settings(&cluster.members[0].node)?;
    ensure!(before == after, "before: {before:?}, after: {after:?}");
    cluster.stop(0)
}

/// Whether groups of the link are reported, and whether secondary addresses are promoted.
fn settings(node: &Node) -> Verdict<[String; 2]> {
    let promotion = format!("/proc/sys/net/ipv4/conf/{INTERFACE}/promote_secondaries");
    let read = |path: &str| node.exec(&["cat", path]);
    Ok([read(REPORTS)?, read(&promotion)?].map(|output| output.stdout.trim().to_owned()))
}

fn flipped(value: &str) -> String {
    (if value == "0" { "1" } else { "0" }).to_owned()
}

/// No IGMP reports for the group while the daemon runs.
fn local_igmp(cluster: &mut Cluster) -> Verdict {
    let text = Conf::new(V2_MULTICAST, 0).text();
    cluster.members[0].start(&format!(
        "global_defs {{\n    disable_local_igmp\n}}\n{text}"
    ))?;
    let is = |cluster: &Cluster, value: &str| {
        let read = cluster.members[0].node.exec(&["cat", REPORTS]);
        read.is_ok_and(|output| output.stdout.trim() == value)
    };
    cluster.log(0).wait_for("Entering BACKUP STATE", PATIENCE)?;
    wait_until(PATIENCE, "reports are off", || is(cluster, "0"))?;
    cluster.stop(0)?;
    ensure!(is(cluster, "1"), "the setting was not put back");
    Ok(())
}
