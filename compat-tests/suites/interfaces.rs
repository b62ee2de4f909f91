//! Interfaces of instances that come, go and get other names (`dynamic_interfaces`).

use std::net::{IpAddr, Ipv4Addr};

use crate::{
    cluster::{Cluster, PATIENCE, with_single},
    plan::Plan,
    verdict::Verdict,
    vmac::{SECOND, with_second_interface},
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.single("interfaces::late", |program| with_single(program, late));
    plan.single("interfaces::made-anew", |program| {
        with_single(program, made_anew)
    });
    plan.single("interfaces::renamed", |program| {
        with_single(program, renamed)
    });
}

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 0, 5));
const ELSEWHERE: &str = "elsewhere";

fn configuration() -> String {
    format!(
        "global_defs {{\n dynamic_interfaces\n}}\n\
         vrrp_instance J {{\n interface {SECOND}\n virtual_router_id 9\n priority 200\n \
         virtual_ipaddress {{\n {ADDRESS}/32\n }}\n}}\n"
    )
}

/// An instance waits in FAULT for an interface that is not there yet.
fn late(cluster: &mut Cluster) -> Verdict {
    cluster.members[0].start(&configuration())?;
    cluster.log(0).wait_for("entering FAULT state", PATIENCE)?;
    let mark = cluster.log(0).mark();
    with_second_interface(cluster)?;
    becomes_master(cluster, mark)
}

/// An administrator deletes the interface of a master, and makes another of that name.
fn made_anew(cluster: &mut Cluster) -> Verdict {
    let mark = runs(cluster)?;
    cluster.members[0].node.ip(&["link", "del", SECOND])?;
    cluster
        .log(0)
        .wait_after(mark, "Entering FAULT STATE", PATIENCE)?;
    let mark = cluster.log(0).mark();
    with_second_interface(cluster)?;
    becomes_master(cluster, mark)
}

/// An interface with another name is another interface; it is ours again under its old name.
fn renamed(cluster: &mut Cluster) -> Verdict {
    let mark = runs(cluster)?;
    rename(cluster, SECOND, ELSEWHERE)?;
    cluster
        .log(0)
        .wait_after(mark, "Entering FAULT STATE", PATIENCE)?;
    let mark = cluster.log(0).mark();
    rename(cluster, ELSEWHERE, SECOND)?;
    becomes_master(cluster, mark)
}

fn rename(cluster: &Cluster, from: &str, to: &str) -> Verdict {
    let node = &cluster.members[0].node;
    node.set_admin(from, false)?;
    node.ip(&["link", "set", from, "name", to])?;
    node.set_admin(to, true)?;
    Ok(())
}

/// Starts as MASTER; gives a mark of the log.
fn runs(cluster: &mut Cluster) -> Verdict<usize> {
    with_second_interface(cluster)?;
    cluster.members[0].start(&configuration())?;
    cluster.lab.wait_owner(ADDRESS, "a", PATIENCE)?;
    Ok(cluster.log(0).mark())
}

fn becomes_master(cluster: &mut Cluster, mark: usize) -> Verdict {
    cluster
        .log(0)
        .wait_after(mark, "Entering MASTER STATE", PATIENCE)?;
    cluster.lab.wait_owner(ADDRESS, "a", PATIENCE)?;
    cluster.stop(0)
}
