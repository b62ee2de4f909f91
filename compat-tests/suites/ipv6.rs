//! What only IPv6 has: flags of addresses, duplicate address detection, both families side by side.
//! Elections and packets over IPv6 are modes of those suites.

use std::thread;

use evervip_lab::{Error, wait_until};

use crate::{
    cluster::{Cluster, PATIENCE, with_pair, with_single},
    conf::{Conf, INTERFACE, IPV6_MULTICAST, IPV6_UNICAST, V3_MULTICAST, VIP, VIP_IPV6},
    ensure,
    plan::{Combo, Plan},
    program::Program,
    verdict::Verdict,
};

/// Addresses with all that may be said of one over IPv6, one a line.
const ADDRESSES: [&str; 6] = [
    "fe80::150:32/64",
    "2001:db8:150::32",
    "2001:db8:150::33/64",
    "2001:db8:150::34/64 -nodad",
    "2001:db8:150::35/128 preferred_lft forever",
    "2001:db8:150::36/64 home mngtmpaddr noprefixroute",
];

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    plan.compare("ipv6::address-flags", address_flags);
    plan.pair("ipv6::both-families", |combo| {
        with_pair(combo, both_families)
    });
    plan.single("ipv6::link-down-and-up", |program| {
        with_single(program, link_down_and_up)
    });
    plan.single("ipv6::unicast-wakes-neighbours", |program| {
        with_single(program, wakes_neighbours)
    });
    plan.ours_only("ipv6::duplicate-address", |program| {
        with_single(program, duplicate_address)
    });
}

/// The kernel must be asked for the same addresses.
fn address_flags(combo: &Combo) -> Verdict {
    let (subject, peer) = thread::scope(|scope| {
        let other = scope.spawn(|| listed_addresses(&combo.peer));
        (listed_addresses(&combo.subject), other.join())
    });
    let peer = peer.map_err(|_| Error::new("listing panicked"))??;
    let subject = subject?;
    ensure!(subject == peer, "subject:\n{subject}\npeer:\n{peer}");
    Ok(())
}

fn listed_addresses(program: &Program) -> Verdict<String> {
    let mut listed = String::new();
    with_single(program, |cluster| {
        cluster.start(&Conf::new(IPV6_MULTICAST, 0).vips(&ADDRESSES))?;
        let list = || {
            let node = &cluster.members[0].node;
            let arguments = ["-6", "addr", "show", "dev", INTERFACE];
            node.ip(&arguments).unwrap_or_default()
        };
        // The last one is there, and the one with duplicate address detection is through with it.
        wait_until(PATIENCE, "all addresses", || {
            let now = list();
            now.contains("::36/64") && !now.contains("tentative")
        })?;
        listed = list();
        Ok(())
    })?;
    Ok(listed)
}

/// Instances of both families with one VRID have nothing to do with each other.
fn both_families(cluster: &mut Cluster) -> Verdict {
    let text = |node: usize| {
        let ipv4 = Conf::new(V3_MULTICAST, node);
        let ipv6 = Conf::new(IPV6_MULTICAST, 1 - node);
        ipv4.text() + &ipv6.text().replace("LB_VIP", "LB_VIP6")
    };
    for (index, member) in cluster.members.iter_mut().enumerate() {
        member.wait_for_address_of_link()?;
        member.start(&text(index))?;
    }
    cluster.lab.wait_owner(VIP.into(), "a", PATIENCE)?;
    cluster.lab.wait_owner(VIP_IPV6.into(), "b", PATIENCE)?;
    let mark = cluster.capture.mark();
    for (member, ipv6) in [(0, false), (1, true)] {
        let adverts = cluster
            .capture
            .wait_adverts(mark, 5, PATIENCE, |advert| advert.source.is_ipv6() == ipv6)?;
        let wanted = crate::cluster::mac(member);
        ensure!(
            adverts.iter().all(|advert| advert.source_mac == wanted),
            "more than one master: {adverts:?}"
        );
    }
    cluster.owned_by(0, VIP.into())?;
    cluster.owned_by(1, VIP_IPV6.into())
}

/// With the interface its address of the link goes, and comes back only after duplicate address
/// detection.
fn link_down_and_up(cluster: &mut Cluster) -> Verdict {
    cluster.start(&Conf::new(IPV6_MULTICAST, 0))?;
    cluster.settle(0, VIP_IPV6.into())?;
    let log = cluster.log(0).mark();
    cluster.members[0].node.set_admin(INTERFACE, false)?;
    cluster
        .log(0)
        .wait_after(log, "(LB_VIP) Entering FAULT STATE", PATIENCE)?;
    let log = cluster.log(0).mark();
    cluster.members[0].node.set_admin(INTERFACE, true)?;
    cluster
        .log(0)
        .wait_after(log, "(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    cluster.settle(0, VIP_IPV6.into())
}

/// After a fault a unicast instance announces its own address once.
fn wakes_neighbours(cluster: &mut Cluster) -> Verdict {
    let own = IPV6_UNICAST.own(0);
    cluster.start(&Conf::new(IPV6_UNICAST, 0).check())?;
    cluster.settle(0, VIP_IPV6.into())?;
    let log = cluster.log(0).mark();
    cluster.members[0].set_check(false)?;
    cluster
        .log(0)
        .wait_after(log, "(LB_VIP) Entering FAULT STATE", PATIENCE)?;
    let mark = cluster.capture.mark();
    cluster.members[0].set_check(true)?;
    let announced = cluster.capture.wait_for(mark, PATIENCE, |frame| {
        frame
            .neighbour_advert()
            .is_some_and(|advert| advert.target == own && advert.source == own)
    })?;
    let advert = announced.neighbour_advert();
    let flags = advert.map(|advert| advert.flags);
    ensure!(flags == Some(0x20), "flags {flags:?}");
    Ok(())
}

/// Somebody else has our address of the link: nothing can be sent from it, and the instance waits
/// for another one.
fn duplicate_address(cluster: &mut Cluster) -> Verdict {
    let node = &cluster.members[0].node;
    cluster.members[1].wait_for_address_of_link()?;
    node.ip(&["addr", "flush", "dev", INTERFACE, "scope", "link"])?;
    let taken = format!("{}/64", IPV6_MULTICAST.own(1));
    node.ip(&["addr", "add", &taken, "dev", INTERFACE])?;
    wait_until(PATIENCE, "detected duplicate", || {
        let arguments = ["-6", "addr", "show", "dev", INTERFACE, "dadfailed"];
        node.ip(&arguments).is_ok_and(|text| text.contains("fe80"))
    })?;
    let text = Conf::new(IPV6_MULTICAST, 0).text();
    cluster.members[0].start(&text)?;
    cluster.log(0).wait_for(
        "(LB_VIP) entering FAULT state (no IPv6 address for interface)",
        PATIENCE,
    )?;
    let node = &cluster.members[0].node;
    node.ip(&["addr", "add", "fe80::77/64", "dev", INTERFACE])?;
    cluster
        .log(0)
        .wait_for("(LB_VIP) Entering MASTER STATE", PATIENCE)?;
    let advert = cluster.wait_advert(0, 0)?;
    ensure!(advert.source.to_string() == "fe80::77", "{advert:?}");
    Ok(())
}
