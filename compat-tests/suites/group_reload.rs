//! Reloads that change a sync group beside another node: who is MASTER, and what is on the wire.

use crate::{
    cluster::{Cluster, PATIENCE, with_pair},
    conf::many,
    ensure,
    plan::{Combo, Plan},
    stalls::wait_adverts,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for (name, change) in CHANGES {
        plan.pair(&format!("reload::group::{name}"), move |combo| {
            with_pair(combo, |cluster| undisturbed(cluster, change))
        });
    }
    plan.pair("reload::group::new-instance", |combo| {
        with_pair(combo, |cluster| new_instance(cluster, combo))
    });
}

const INSTANCES: u8 = 3;

/// Members of the group before and after.
type Change = [&'static str; 2];

const CHANGES: [(&str, Change); 6] = [
    ("member-added", ["V1\nV2", "V1\nV2\nV3"]),
    ("member-removed", ["V1\nV2\nV3", "V1\nV2"]),
    ("order", ["V1\nV2\nV3", "V3\nV1\nV2"]),
    ("added", ["", "V1\nV2\nV3"]),
    ("removed", ["V1\nV2\nV3", ""]),
    ("same", ["V1\nV2\nV3", "V1\nV2\nV3"]),
];

fn grouped(instances: u8, priority: u8, members: &str) -> String {
    let group = if members.is_empty() {
        String::new()
    } else {
        format!("vrrp_sync_group G {{\n group {{\n{members}\n }}\n}}\n")
    };
    many(instances, priority, |_| String::new()) + &group
}

/// Starts both and waits until the first is master of everything.
fn start(cluster: &mut Cluster, members: &str) -> Verdict {
    for (member, priority) in [150, 100].into_iter().enumerate() {
        cluster.members[member].start(&grouped(INSTANCES, priority, members))?;
    }
    for id in 1..=INSTANCES {
        let line = format!("(V{id}) Entering MASTER STATE");
        cluster.log(0).wait_for(&line, PATIENCE)?;
    }
    wait_adverts(cluster, 0, 2 * usize::from(INSTANCES))
}

/// Masters stay masters, backups stay backups, nobody resigns.
fn undisturbed(cluster: &mut Cluster, [before, after]: Change) -> Verdict {
    start(cluster, before)?;
    let (mark, logs) = cluster.marks();
    for (member, priority) in [150, 100].into_iter().enumerate() {
        cluster.reload(member, &grouped(INSTANCES, priority, after))?;
        wait_adverts(cluster, 0, 5 * usize::from(INSTANCES))?;
    }
    cluster.unmoved(&[0, 1], &logs)?;
    ensure!(
        cluster.adverts(1, mark).is_empty() && cluster.resignations(0, mark) == 0,
        "the reload was felt on the wire"
    );
    Ok(())
}

/// An instance that is new in a group of masters makes the whole group wait with it, and then all are
/// MASTER again.
fn new_instance(cluster: &mut Cluster, combo: &Combo) -> Verdict {
    start(cluster, "V1\nV2\nV3")?;
    let (mark, log) = cluster.marks_of(0);
    let with_new = |priority| grouped(INSTANCES + 1, priority, "V1\nV2\nV3\nV4");
    cluster.reload(1, &with_new(100))?;
    cluster.reload(0, &with_new(150))?;
    for id in 1..=INSTANCES {
        let backup = format!("(V{id}) Entering BACKUP STATE");
        cluster.log(0).wait_after(log, &backup, PATIENCE)?;
    }
    // Deviation: evervip tells its peer, which takes over at once; beside the original it waits.
    let resigned = cluster.resignations(0, mark);
    ensure!(
        (resigned > 0) == combo.subject.is_ours(),
        "{resigned} resignations"
    );
    let again = cluster.log(0).mark();
    cluster
        .log(0)
        .wait_after(again, "(V4) Entering MASTER STATE", PATIENCE)?;
    wait_adverts(cluster, 0, 4)
}
