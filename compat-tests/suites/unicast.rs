//! Sources, peers and what else belongs to instances with addresses of their own: tracked and missing
//! sources, ranges of TTL, no peers, no interface, no addresses.

use crate::{
    cluster::{Cluster, PATIENCE, with_pair, with_single},
    conf::{
        Conf, INTERFACE, IPV6_UNICAST, Mode, NODES, V2_MULTICAST, V3_MULTICAST, V3_UNICAST, VIP,
    },
    ensure,
    plan::Plan,
    verdict::{Verdict, in_order},
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for mode in [V3_UNICAST, IPV6_UNICAST] {
        plan.pair(
            &format!("unicast::{}::ttl-range", mode.name),
            move |combo| with_pair(combo, |cluster| ttl_range(cluster, mode)),
        );
        plan.pair(&format!("unicast::{}::stranger", mode.name), move |combo| {
            with_pair(combo, |cluster| stranger(cluster, mode))
        });
        plan.single(
            &format!("unicast::{}::source-goes", mode.name),
            move |program| with_single(program, |cluster| source_goes(cluster, mode)),
        );
    }
    // The original reads the keyword and does nothing about it.
    plan.ours_only("unicast::tracked-source", |program| {
        with_single(program, tracked_source)
    });
    plan.single("unicast::no-peer", |program| with_single(program, no_peer));
    plan.single("unicast::no-addresses", |program| {
        with_single(program, no_addresses)
    });
    // What the original does since 2.2.8, with the original on the other side.
    plan.compare("unicast::no-interface-ipv4", |combo| {
        with_pair(combo, |cluster| no_interface(cluster, false))
    });
    plan.compare("unicast::no-interface-ipv6", |combo| {
        with_pair(combo, |cluster| no_interface(cluster, true))
    });
}

/// The other node is a peer, but its adverts have come too far.
fn ttl_range(cluster: &mut Cluster, mode: Mode) -> Verdict {
    let near = Conf::new(mode, 1).extra("    check_unicast_src").text();
    let peer = mode.own(0).to_string();
    let near = near.replace(
        &format!("        {peer}\n    }}"),
        &format!("        {peer} min_ttl 250 max_ttl 255\n    }}"),
    );
    cluster.start(&Conf::new(mode, 0).extra("    unicast_ttl 249"))?;
    cluster.settle(0, mode.vip())?;
    cluster.members[1].start(&near)?;
    cluster
        .log(1)
        .wait_for("(LB_VIP) Entering MASTER STATE", PATIENCE)?;
    let refused = if cluster.members[1].program.is_ours() {
        format!("(LB_VIP) TTL/HL 249 from {peer} not in range [250, 255]")
    } else {
        "TTL/HL 249".to_owned()
    };
    ensure!(cluster.log(1).count(&refused) > 0, "no line about the TTL");
    Ok(())
}

/// Who is no peer is not listened to where sources are checked.
fn stranger(cluster: &mut Cluster, mode: Mode) -> Verdict {
    let peer = mode.own(0).to_string();
    let other = mode.own(2).to_string();
    let careful = Conf::new(mode, 1).extra("    check_unicast_src").text();
    let careful = careful.replace(&format!("        {peer}\n"), &format!("        {other}\n"));
    cluster.start(&Conf::new(mode, 0))?;
    cluster.settle(0, mode.vip())?;
    cluster.members[1].start(&careful)?;
    cluster
        .log(1)
        .wait_for("(LB_VIP) Entering MASTER STATE", PATIENCE)?;
    cluster.log(1).wait_for("not a unicast peer", PATIENCE)?;
    Ok(())
}

/// The own address is removed for a while, as when a network manager starts anew: a running instance
/// stays what it is.
fn source_goes(cluster: &mut Cluster, mode: Mode) -> Verdict {
    cluster.start(&Conf::new(mode, 0))?;
    cluster.settle(0, mode.vip())?;
    let own = format!("{}/{}", mode.own(0), if mode.ipv6 { 64 } else { 24 });
    let (mark, log) = cluster.marks_of(0);
    let node = &cluster.members[0].node;
    node.ip(&["addr", "del", &own, "dev", INTERFACE])?;
    if mode.ipv6 && !cluster.members[0].program.is_ours() {
        cluster
            .log(0)
            .wait_after(log, "Cant send advert", PATIENCE)?;
    } else {
        cluster.capture.wait_adverts(mark, 5, PATIENCE, |advert| {
            advert.source == mode.own(0) && advert.priority > 0
        })?;
    }
    let flags: &[&str] = if mode.ipv6 { &["nodad"] } else { &[] };
    node.ip(&[&["addr", "add", &own, "dev", INTERFACE], flags].concat())?;
    cluster.settle(0, mode.vip())?;
    let entered = cluster.log(0).count_after(log, "(LB_VIP) Entering");
    ensure!(entered == 0, "{entered} changes of state");
    Ok(())
}

/// Multicast from an address that is watched.
fn tracked_source(cluster: &mut Cluster) -> Verdict {
    let source = "    mcast_src_ip 10.150.160.99\n    track_src_ip";
    cluster.start(&Conf::new(V3_MULTICAST, 0).extra(source))?;
    cluster
        .log(0)
        .wait_for("(LB_VIP) entering FAULT state", PATIENCE)?;
    let node = &cluster.members[0].node;
    let address = ["10.150.160.99/32", "dev", INTERFACE];
    node.ip(&[&["addr", "add"], &address[..]].concat())?;
    cluster.settle(0, VIP.into())?;
    let log = cluster.log(0).mark();
    node.ip(&[&["addr", "del"], &address[..]].concat())?;
    cluster
        .log(0)
        .wait_after(log, "(LB_VIP) Entering FAULT STATE", PATIENCE)?;
    Ok(())
}

/// Without peers it is neither master nor backup, if so configured.
fn no_peer(cluster: &mut Cluster) -> Verdict {
    let text = Conf::new(V3_UNICAST, 0).extra("    unicast_fault_no_peer");
    let text = text.text().replace(&format!("        {}\n", NODES[1]), "");
    cluster.members[0].start(&text)?;
    cluster.log(0).wait_for("Startup complete", PATIENCE)?;
    // Somebody else's address in the meantime shows that time passes.
    cluster.start(&Conf::new(V3_MULTICAST, 1).priority(10))?;
    cluster.settle(1, VIP.into())?;
    ensure!(
        cluster.adverts(0, 0).is_empty(),
        "an instance without peers has sent adverts"
    );
    ensure!(
        cluster.log(0).count("Entering MASTER STATE") == 0,
        "an instance without peers is MASTER"
    );
    Ok(())
}

/// Version 2 runs without addresses.
fn no_addresses(cluster: &mut Cluster) -> Verdict {
    let text = Conf::new(V2_MULTICAST, 0).text();
    let text = text.replace(&format!("        {VIP}/32\n"), "");
    cluster.members[0].start(&text)?;
    let advert = cluster.wait_advert(0, 0)?;
    ensure!(advert.addresses.is_empty(), "{advert:?}");
    let mark = cluster.capture.mark();
    cluster.stop(0)?;
    cluster.wait_resignation(0, mark)?;
    in_order(cluster.log(0), 0, &["(LB_VIP) Entering MASTER STATE"])
}

/// The routing table leads the packets; the other node, with an interface, notices nothing.
fn no_interface(cluster: &mut Cluster, ipv6: bool) -> Verdict {
    let (own, mode) = if ipv6 {
        (["fd00:150::1", "fd00:150::2"], IPV6_UNICAST)
    } else {
        (["10.150.160.30", "10.150.160.31"], V3_UNICAST)
    };
    let mut texts = [0, 1].map(|node| Conf::new(mode, node).text());
    for (node, text) in texts.iter_mut().enumerate() {
        if ipv6 {
            let address = format!("{}/64", own[node]);
            let add = ["addr", "add", &address, "dev", INTERFACE, "nodad"];
            cluster.members[node].node.ip(&add)?;
            cluster.members[node].wait_for_address_of_link()?;
        }
        for (index, address) in own.iter().enumerate() {
            *text = text.replace(&mode.own(index).to_string(), address);
        }
    }
    texts[0] = texts[0].replace(&format!("    interface {INTERFACE}\n"), "");
    for (vip, prefix) in mode
        .vips()
        .iter()
        .map(|vip| (vip, if ipv6 { 64 } else { 32 }))
    {
        let written = format!("{vip}/{prefix}");
        texts[0] = texts[0].replace(&written, &format!("{written} dev {INTERFACE}"));
    }
    for (member, text) in cluster.members.iter_mut().zip(&texts) {
        member.start(text)?;
    }
    cluster.settle(0, mode.vip())?;
    cluster
        .log(1)
        .wait_for("(LB_VIP) Entering BACKUP STATE", PATIENCE)?;
    cluster.owned_by(0, mode.vip())?;
    cluster.stop(0)?;
    cluster.settle(1, mode.vip())?;
    cluster.members[0].start(&texts[0])?;
    cluster.settle(0, mode.vip())
}
