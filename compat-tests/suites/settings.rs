//! Settings of the kernel that are changed while the daemon runs.

use evervip_lab::wait_until;

use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    conf::{Conf, V2_MULTICAST},
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
