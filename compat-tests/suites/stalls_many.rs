//! Stopped processes with many instances, and several stopped processes at once.

use evervip_lab::Advert;

use crate::{
    cluster::{Cluster, PATIENCE, mac, with_pair},
    conf::INTERFACE,
    ensure,
    plan::Plan,
    stalls::{Asleep, Who, unmoved, wait_adverts},
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for (name, intervals) in [("just-too-long", 4), ("long", 8)] {
        plan.pair(&format!("stalls::many::backup-{name}"), move |combo| {
            with_pair(combo, |cluster| backups(cluster, intervals))
        });
    }
}

/// More than are read from a socket at once.
const INSTANCES: u8 = 60;

/// The configuration of a member with many instances.
fn many(priority: u8) -> String {
    let instance = |id| {
        format!(
            "vrrp_instance V{id} {{\n interface {INTERFACE}\n state BACKUP\n \
             virtual_router_id {id}\n priority {priority}\n advert_int 1\n \
             virtual_ipaddress {{\n 10.150.161.{id}/32\n }}\n}}\n"
        )
    };
    (1..=INSTANCES).map(instance).collect()
}

fn of(member: usize) -> impl Fn(&Advert) -> bool {
    move |advert| advert.source_mac == mac(member) && advert.priority > 0
}

/// The adverts of all routers are read before any of them takes over.
fn backups(cluster: &mut Cluster, intervals: usize) -> Verdict {
    let all = usize::from(INSTANCES);
    cluster.members[1].start(&many(250))?;
    let first = format!("(V{INSTANCES}) Entering MASTER STATE");
    cluster.log(1).wait_for(&first, PATIENCE)?;
    cluster.members[0].start(&many(200))?;
    let last = format!("(V{INSTANCES}) Entering BACKUP STATE");
    cluster.log(0).wait_for(&last, PATIENCE)?;
    wait_adverts(cluster, 1, 2 * all)?;
    let (mark, logs) = (
        cluster.capture.mark(),
        [cluster.log(0).mark(), cluster.log(1).mark()],
    );
    let asleep = Asleep::new(cluster, 0, Who::Child)?;
    let wanted = intervals * all;
    cluster
        .capture
        .wait_adverts(mark, wanted, PATIENCE, of(1))?;
    asleep.wake()?;
    wait_adverts(cluster, 1, 5 * all)?;
    let said = cluster.adverts(0, mark).len();
    ensure!(said == 0, "the backup has sent {said} adverts");
    unmoved(cluster, [0, 1], logs)
}
