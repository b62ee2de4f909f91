//! What a fault of one member does to the others of its group, and to an instance whose addresses need
//! an interface that it tracks.

use evervip_lab::{Advert, wait_until};

use crate::{
    cluster::{Cluster, PATIENCE, mac, with_single},
    conf::{Conf, V2_MULTICAST, V3_MULTICAST, VIP},
    dumps::{DATA, ask_member},
    ensure,
    plan::Plan,
    verdict::{Verdict, in_order},
    vmac::with_second_interface,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("sync-groups::fault-of-a-mate", |program| {
        with_single(program, fault_of_a_mate)
    });
    plan.single("sync-groups::start-with-a-fault", |program| {
        with_single(program, start_with_a_fault)
    });
    plan.single("tracking::interface-of-an-address", |program| {
        with_single(program, interface_of_an_address)
    });
}

/// A second interface of the first node.
const OTHER: &str = "ens224";

/// The usual instance, and TWIN on the other interface, in one group; more lines for TWIN.
fn pair(conf: &Conf, more: &str) -> String {
    let first = conf.text();
    format!(
        "{first}\nvrrp_instance TWIN {{\n interface {OTHER}\n virtual_router_id 51\n priority 100\n {more}\n \
         virtual_ipaddress {{\n 10.1.0.99/24\n }}\n}}\n\
         vrrp_sync_group G {{\n group {{\n LB_VIP\n TWIN\n }}\n}}\n"
    )
}

/// A backup goes to FAULT with its mate without a line of its own, a master with one.
fn fault_of_a_mate(cluster: &mut Cluster) -> Verdict {
    with_second_interface(cluster)?;
    cluster.members[0].start(&pair(&Conf::new(V2_MULTICAST, 0), ""))?;
    let log = cluster.log(0);
    log.wait_for("(TWIN) Entering BACKUP STATE (init)", PATIENCE)?;
    let node = &cluster.members[0].node;
    let mark = log.mark();
    node.set_carrier(OTHER, false)?;
    log.wait_after(mark, "Syncing instances to FAULT state", PATIENCE)?;
    let fault = [
        "Netlink reports ens224 down",
        "(TWIN) Entering FAULT STATE",
        "VRRP_Group(G) Syncing instances to FAULT state",
    ];
    in_order(log, mark, &fault)?;
    wanted_states(cluster, "FAULT")?;
    ensure!(
        log.count_after(mark, "(LB_VIP) Entering FAULT STATE") == 0,
        "a line for the mate"
    );
    recovered(cluster)?;
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    let log = cluster.log(0);
    let mark = log.mark();
    node_carrier(cluster, false)?;
    log.wait_after(mark, "(LB_VIP) removing VIPs.", PATIENCE)?;
    let fault = [
        "(TWIN) Entering FAULT STATE",
        "(TWIN) sent 0 priority",
        "VRRP_Group(G) Syncing instances to FAULT state",
        "(LB_VIP) Entering FAULT STATE",
        "(LB_VIP) removing VIPs.",
    ];
    in_order(log, mark, &fault)?;
    wanted_states(cluster, "FAULT")
}

fn node_carrier(cluster: &Cluster, up: bool) -> Verdict {
    cluster.members[0].node.set_carrier(OTHER, up)
}

/// The interface comes back, and both wait for a master together.
fn recovered(cluster: &Cluster) -> Verdict {
    let log = cluster.log(0);
    let mark = log.mark();
    node_carrier(cluster, true)?;
    log.wait_after(mark, "(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    let lines = [
        "Netlink reports ens224 up",
        "(TWIN) Entering BACKUP STATE",
        "VRRP_Group(G) Syncing instances to BACKUP state",
        "(LB_VIP) Entering BACKUP STATE",
    ];
    in_order(log, mark, &lines)
}

/// What both instances would be.
fn wanted_states(cluster: &Cluster, state: &str) -> Verdict {
    let line = format!("   Wantstate = {state}\n");
    let all =
        || ask_member(cluster, 0, "10", DATA).is_ok_and(|text| text.matches(&line).count() == 2);
    wait_until(PATIENCE, &format!("both want {state}"), all)
}

/// A healthy member starts in FAULT, too, and wants nothing else.
fn start_with_a_fault(cluster: &mut Cluster) -> Verdict {
    with_second_interface(cluster)?;
    let node = &cluster.members[0].node;
    node.create_dir("/run/track")?;
    node.write_file("/run/track/number", "1\n", 0o644)?;
    let tracked = "track_file number {\n file /run/track/number\n}\n";
    let more = "track_file {\n number weight 0\n }";
    let text = pair(&Conf::new(V3_MULTICAST, 0), more);
    cluster.members[0].start(&format!("{tracked}{text}"))?;
    let log = cluster.log(0);
    log.wait_for("(TWIN) removing VIPs.", PATIENCE)?;
    let lines = [
        "(TWIN): entering FAULT state (tracked file number has status -254)",
        "VRRP_Group(G): Syncing TWIN to FAULT state",
        "(LB_VIP) entering FAULT state",
        "(TWIN) entering FAULT state",
    ];
    in_order(log, 0, &lines)?;
    wanted_states(cluster, "FAULT")?;
    let mark = log.mark();
    let node = &cluster.members[0].node;
    node.write_file("/run/track/number", "0\n", 0o644)?;
    cluster.settle(0, VIP.into())?;
    let lines = [
        "(TWIN): tracked file number leaving FAULT state",
        "(TWIN) Entering BACKUP STATE",
        "VRRP_Group(G) Syncing instances to BACKUP state",
        "(LB_VIP) Entering BACKUP STATE",
    ];
    in_order(cluster.log(0), mark, &lines)
}

/// Who cannot be MASTER without an interface has no weight for it.
fn interface_of_an_address(cluster: &mut Cluster) -> Verdict {
    with_second_interface(cluster)?;
    let mut conf = Conf::new(V3_MULTICAST, 0);
    conf.vips.push(format!("10.1.0.99/24 dev {OTHER}"));
    conf.extra += &format!("track_interface {{\n {OTHER} weight 60\n}}\n");
    cluster.start(&conf)?;
    cluster.settle(0, VIP.into())?;
    let own = |advert: &Advert| advert.source_mac == mac(0) && advert.priority > 0;
    let frames = cluster.capture.mark();
    let advert = cluster.capture.wait_advert(frames, PATIENCE, own)?;
    ensure!(advert.priority == 150, "priority {}", advert.priority);
    let log = cluster.log(0);
    let mark = log.mark();
    node_carrier(cluster, false)?;
    log.wait_after(mark, "(LB_VIP) Entering FAULT STATE", PATIENCE)?;
    let mark = log.mark();
    node_carrier(cluster, true)?;
    log.wait_after(mark, "(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    ensure!(
        log.count_after(0, "Changing effective priority") == 0,
        "the weight counts"
    );
    cluster.settle(0, VIP.into())
}
