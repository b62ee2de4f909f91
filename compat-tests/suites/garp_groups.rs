//! `garp_group`: a least gap between the gratuitous ARPs of its interfaces, on the wire.

use std::time::Duration;

use evervip_lab::{Arp, wait_until};

use crate::{
    cluster::{Cluster, PATIENCE, elapsed, with_single},
    conf::{Conf, INTERFACE, Mode, V2_MULTICAST},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("garp-groups::own-gap", |program| {
        with_single(program, |cluster| {
            gaps(cluster, "", group("garp_interval 0.3"), GAP)
        })
    });
    plan.single("garp-groups::instead-of-global", |program| {
        with_single(program, |cluster| {
            let globals = "global_defs {\n vrrp_garp_interval 0.9\n}\n";
            gaps(cluster, globals, group("garp_interval 0.3"), GAP)
        })
    });
}

const MODE: Mode = V2_MULTICAST;
const GAP: Duration = Duration::from_millis(300);
const VIPS: [&str; 3] = ["10.150.160.32/32", "10.150.160.33/32", "10.150.160.34/32"];

fn group(gap: &str) -> String {
    format!("garp_group {{\n {gap}\n interfaces {{\n  {INTERFACE}\n }}\n}}\n")
}

/// One round for three addresses: each comes a gap after the one before, and not much later.
fn gaps(cluster: &mut Cluster, globals: &str, group: String, gap: Duration) -> Verdict {
    let conf = Conf::new(MODE, 0)
        .vips(&VIPS)
        .extra("    garp_master_repeat 1\n    garp_master_delay 0\n");
    let mark = cluster.capture.mark();
    cluster.members[0].start(&(globals.to_owned() + &group + &conf.text()))?;
    let announced = || -> Vec<Arp> {
        let arps = cluster.capture.arps_after(mark);
        arps.into_iter().filter(Arp::is_gratuitous).collect()
    };
    wait_until(PATIENCE, "three announcements", || announced().len() >= 3)?;
    let announced = announced();
    for pair in announced.windows(2) {
        let between = elapsed(pair[0].at, pair[1].at);
        // Between the time that the daemon reads and the sending it may be kept from its core.
        let slack = gap / 2;
        ensure!(
            between + slack >= gap && between < gap * 2,
            "{between:?} between {} and {}",
            pair[0].sender,
            pair[1].sender
        );
    }
    ensure!(announced.len() == 3, "{} announcements", announced.len());
    Ok(())
}
