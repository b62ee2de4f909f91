//! Authentication headers, signed adverts and the older checksums.
//!
//! Signed adverts are of keepalived 2.4: there both sides are evervip.

use std::net::IpAddr;

use evervip_lab::Advert;

use crate::{
    cluster::{Cluster, PATIENCE, with_pair, with_single},
    conf::{
        Conf, INTERFACE, IPV6_MULTICAST, Mode, V2_MULTICAST, V2_UNICAST, V3_MULTICAST, V3_UNICAST,
    },
    ensure,
    plan::{Combo, Plan},
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for mode in [V2_MULTICAST, V2_UNICAST] {
        plan.pair(
            &format!("auth::header-{}::elect", mode.name),
            move |combo| with_pair(combo, |cluster| elect(cluster, mode)),
        );
        plan.compare(
            &format!("auth::header-{}::bytes", mode.name),
            move |combo| same_bytes(combo, mode),
        );
    }
    plan.pair("auth::header-wrong-password", |combo| {
        with_pair(combo, wrong_password)
    });
    plan.pair("auth::old-checksum", |combo| with_pair(combo, old_checksum));
    plan.pair("auth::old-checksum-found-out", |combo| {
        with_pair(combo, old_checksum_found_out)
    });
    plan.ours_only("auth::checksum-without-pseudo-header", |program| {
        with_single(program, without_pseudo_header)
    });
    for mode in [V2_MULTICAST, V3_MULTICAST, V3_UNICAST, IPV6_MULTICAST] {
        plan.ours_only(&format!("auth::signed-{}::rotation", mode.name), {
            move |program| with_single(program, |cluster| rotation(cluster, mode))
        });
    }
    plan.ours_only("auth::signed::replay", |program| {
        with_single(program, replay)
    });
    plan.ours_only("auth::signed::unsigned-rival", |program| {
        with_single(program, unsigned_rival)
    });
}

fn with_header(mode: Mode, node: usize, password: &str) -> Conf {
    Conf::new(mode, node).extra(&format!(
        "    authentication {{\n        auth_type AH\n        auth_pass {password}\n    }}"
    ))
}

/// The address goes to the first, at its end to the second, and back when it returns.
fn elect(cluster: &mut Cluster, mode: Mode) -> Verdict {
    let (first, second) = (with_header(mode, 0, "abcd"), with_header(mode, 1, "abcd"));
    cluster.start_settled(&first, &second)?;
    cluster.stop(0)?;
    cluster.settle(1, mode.vip())?;
    // Its counter begins at one again; it learns the other's before it speaks.
    cluster.start(&first)?;
    cluster.settle(0, mode.vip())?;
    ensure!(
        cluster.log(1).count("IPSEC-AH : invalid") == 0,
        "headers were not believed"
    );
    Ok(())
}

/// The first adverts of a new master are the same, identification and check value included.
fn same_bytes(combo: &Combo, mode: Mode) -> Verdict {
    let mut records = Vec::new();
    for program in [&combo.subject, &combo.peer] {
        with_single(program, |cluster| {
            cluster.start(&with_header(mode, 0, "longerthaneight"))?;
            let adverts = cluster
                .capture
                .wait_adverts(0, 4, PATIENCE, |advert| advert.auth_type == 2)?;
            let packets = adverts.into_iter().take(4).map(|advert| advert.packet);
            records.push(packets.collect::<Vec<_>>());
            Ok(())
        })?;
    }
    ensure!(
        records[0] == records[1],
        "{:02x?}\n{:02x?}",
        records[0],
        records[1]
    );
    Ok(())
}

/// Nodes that do not believe each other are both master, and say why.
fn wrong_password(cluster: &mut Cluster) -> Verdict {
    cluster.start(&with_header(V2_MULTICAST, 0, "abcd"))?;
    cluster.start(&with_header(V2_MULTICAST, 1, "abce"))?;
    for member in 0..2 {
        let log = cluster.log(member);
        log.wait_for("Entering MASTER STATE", PATIENCE)?;
        log.wait_for(
            "(LB_VIP) IPSEC-AH : invalid IPSEC HMAC-MD5 value. Due to fields mutation or bad password !",
            PATIENCE,
        )?;
    }
    Ok(())
}

fn old_checksum(cluster: &mut Cluster) -> Verdict {
    let old = |node| Conf::new(V3_UNICAST, node).extra("    old_unicast_checksum");
    cluster.start_settled(&old(0), &old(1))?;
    cluster.stop(0)?;
    cluster.settle(1, V3_UNICAST.vip())
}

/// Only one of two knows of the old checksum.
fn old_checksum_found_out(cluster: &mut Cluster) -> Verdict {
    let old = Conf::new(V3_UNICAST, 0).extra("    old_unicast_checksum");
    cluster.start_settled(&old, &Conf::new(V3_UNICAST, 1))?;
    cluster
        .log(1)
        .wait_for(
            "(LB_VIP) Setting unicast VRRPv3 checksum to old version",
            PATIENCE,
        )
        .map(drop)
}

fn without_pseudo_header(cluster: &mut Cluster) -> Verdict {
    let conf = |node| Conf::new(V3_MULTICAST, node).extra("    v3_checksum_as_v2");
    cluster.start_settled(&conf(0), &conf(1))?;
    let advert = cluster.wait_advert(0, cluster.capture.mark())?;
    let sum = evervip_lab::checksum(&[&advert.packet[20..]]);
    ensure!(sum == 0, "the checksum covers more than the packet");
    Ok(())
}

/// Key 1, and key 2 if wanted.
pub fn signed(mode: Mode, node: usize, keys: &[u8], active: u8) -> Conf {
    let keys: String = keys
        .iter()
        .map(|id| format!("        key {id} {}\n", id.to_string().repeat(32)))
        .collect();
    Conf::new(mode, node).extra(&format!(
        "    auth_hmac {{\n{keys}        active_key {active}\n    }}"
    ))
}

/// The id of the key that signed.
fn key_of(advert: &Advert) -> u8 {
    let trailer = advert.packet.len() - 28;
    advert.packet[trailer + 1]
}

/// A second key is added to both, then used by both, then the first is removed: nobody notices.
fn rotation(cluster: &mut Cluster, mode: Mode) -> Verdict {
    cluster.start_settled(&signed(mode, 0, &[1], 1), &signed(mode, 1, &[1], 1))?;
    let marks = [cluster.log(0).mark(), cluster.log(1).mark()];
    for (keys, active) in [(&[1, 2][..], 1), (&[1, 2], 2), (&[2], 2)] {
        for node in [1, 0] {
            cluster.reload(node, &signed(mode, node, keys, active).text())?;
        }
    }
    let mark = cluster.capture.mark();
    let advert = cluster.wait_advert(0, mark)?;
    ensure!(key_of(&advert) == 2, "still signed with the old key");
    cluster.settle(0, mode.vip())?;
    cluster.unmoved(&[0, 1], &marks)?;
    for (member, mark) in marks.into_iter().enumerate() {
        let text = cluster.log(member).text_after(mark);
        ensure!(!text.contains("sign"), "a signature was refused: {text}");
        ensure!(!text.contains(&"2".repeat(32)), "a key is in the log");
    }
    Ok(())
}

/// What was recorded is no use: the resignation of the master, sent again, moves nobody.
fn replay(cluster: &mut Cluster) -> Verdict {
    let mode = V3_MULTICAST;
    let (first, second) = (signed(mode, 0, &[1], 1), signed(mode, 1, &[1], 1));
    cluster.start_settled(&first, &second)?;
    let before = cluster.capture.mark();
    cluster.stop(0)?;
    let resignation = cluster.wait_resignation(0, before)?;
    cluster.start(&first)?;
    cluster.settle(0, mode.vip())?;
    let mark = cluster.log(1).mark();
    repeat(cluster, &resignation)?;
    cluster.log(1).wait_after(
        mark,
        "was signed before one that was heard already",
        PATIENCE,
    )?;
    cluster.settle(0, mode.vip())?;
    cluster.unmoved(&[1], &[mark])
}

/// Sends a recorded packet again and again, before and after adverts of the master.
fn repeat(cluster: &Cluster, advert: &Advert) -> Verdict {
    let injector = cluster.members[2].node.injector(INTERFACE)?;
    let frame = evervip_lab::ethernet(
        advert.destination_mac,
        injector.mac(),
        0x0800,
        &advert.packet,
    );
    for _ in 0..10 {
        let mark = cluster.capture.mark();
        for _ in 0..3 {
            injector.send(&frame)?;
        }
        cluster.wait_advert(0, mark)?;
    }
    Ok(())
}

/// A node of higher priority without the key stays alone with its opinion.
fn unsigned_rival(cluster: &mut Cluster) -> Verdict {
    let mode = V3_MULTICAST;
    let vip: IpAddr = mode.vip();
    cluster.start_settled(&signed(mode, 0, &[1], 1), &signed(mode, 1, &[1], 1))?;
    let mark = cluster.log(0).mark();
    cluster.members[2].start(&Conf::new(mode, 0).priority(250).text())?;
    cluster.log(0).wait_after(mark, "is not signed", PATIENCE)?;
    let adverts = cluster.capture.mark();
    cluster
        .capture
        .wait_adverts(adverts, 10, PATIENCE, |advert| advert.priority == 150)?;
    ensure!(
        cluster.members[0].node.has_address(vip),
        "an unsigned rival took over"
    );
    cluster.unmoved(&[0], &[mark])
}
