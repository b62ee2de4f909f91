//! What is sent, byte for byte: each configuration runs on the same node first with the one, then
//! with the other program, and the two records must be equal.
//!
//! Only the IP identification and the header checksum that follows from it are left out, over IPv6
//! the flow label. Adverts and gratuitous ARPs (neighbour advertisements) are compared apart, because the second burst may fall on either side of
//! an advert that is due at the same time.

use std::{
    thread,
    time::{Duration, SystemTime},
};

use evervip_lab::{Error, Frame};
use nix::sys::signal::Signal;

use crate::{
    cluster::{Cluster, PATIENCE, elapsed, with_single},
    conf::{
        Conf, IPV6_MODES, IPV6_MULTICAST, IPV6_UNICAST, IPV6_V2, MODES, Mode, V2_MULTICAST,
        V2_UNICAST, V3_MULTICAST, V3_UNICAST,
    },
    ensure,
    plan::{Combo, Plan},
    program::Program,
    verdict::Verdict,
};

/// Frames of one run, normalised.
#[derive(Debug, PartialEq, Eq)]
struct Record {
    /// Adverts from the first to the resignation, those in the middle cut to a fixed number.
    adverts: Vec<Vec<u8>>,
    /// Gratuitous ARPs from the start to the end of the second burst.
    garps: Vec<Vec<u8>>,
    /// How many of them came with the first burst.
    first_burst: usize,
}

/// Adverts to be looked at before the daemon is stopped.
const ADVERTS: usize = 3;
/// The gap that separates bursts of ARPs; within one they follow each other without pause.
const BURST_GAP: Duration = Duration::from_millis(300);

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for (name, conf) in variants() {
        // The delay must be short, and the same second burst is wanted in every mode.
        let conf = conf.extra("    garp_master_delay 1");
        plan.pair(&format!("packets::{name}"), move |combo| {
            compare(combo, |program| record_run(program, &conf))
        });
    }
    plan.pair("packets::resignation-at-fault", |combo| {
        compare(combo, record_fault)
    });
}

fn variants() -> Vec<(String, Conf)> {
    let modes = MODES.into_iter().chain(IPV6_MODES);
    let plain = modes.map(|mode| (mode.name.to_owned(), Conf::new(mode, 0)));
    let pass =
        "    authentication {\n        auth_type PASS\n        auth_pass longerthaneight\n    }";
    let two = ["10.150.160.32/24", "10.150.160.33"];
    let excluded = "    virtual_ipaddress_excluded {\n        10.150.160.34\n    }";
    let mut peers = Conf::new(V3_UNICAST, 0);
    peers.more_peers.push(V3_UNICAST.own(2));
    let mut v2_peers = Conf::new(V2_UNICAST, 0);
    v2_peers.more_peers.push(V2_UNICAST.own(2));
    let mut ipv6_peers = Conf::new(IPV6_UNICAST, 0).vips(&["2001:db8:150::32/64"]);
    ipv6_peers.more_peers.push(IPV6_UNICAST.own(2));
    let more = [
        ("ipv6-two-peers", ipv6_peers),
        (
            "ipv6-unicast-ttl",
            Conf::new(IPV6_UNICAST, 0).extra("    unicast_ttl 3"),
        ),
        ("ipv6-owner", Conf::new(IPV6_MULTICAST, 0).priority(255)),
        (
            "ipv6-group",
            Conf::new(IPV6_MULTICAST, 0).extra("    mcast_dst_ip ff02::77"),
        ),
        (
            "ipv6-excluded-ipv4",
            Conf::new(IPV6_MULTICAST, 0).extra(excluded),
        ),
        ("ipv6-v2-pass", Conf::new(IPV6_V2, 0).extra(pass)),
        (
            "ipv4-group",
            Conf::new(V3_MULTICAST, 0).extra("    mcast_dst_ip 224.0.0.77"),
        ),
        ("v2-multicast-pass", Conf::new(V2_MULTICAST, 0).extra(pass)),
        (
            "v2-two-addresses",
            Conf::new(V2_MULTICAST, 0).vips(&two).extra(excluded),
        ),
        (
            "v3-two-addresses",
            Conf::new(V3_MULTICAST, 0).vips(&two).extra(excluded),
        ),
        ("v2-two-peers", v2_peers),
        ("v3-two-peers", peers),
        (
            "v3-unicast-ttl",
            Conf::new(V3_UNICAST, 0).extra("    unicast_ttl 3"),
        ),
        ("v2-owner", Conf::new(V2_MULTICAST, 0).priority(255)),
        ("v3-owner", Conf::new(V3_MULTICAST, 0).priority(255)),
        (
            "v2-source-address",
            Conf::new(V2_MULTICAST, 0).extra("    mcast_src_ip 10.150.160.99"),
        ),
        (
            "garp-repeat",
            Conf::new(V3_MULTICAST, 0)
                .vips(&two)
                .extra("    garp_master_repeat 2"),
        ),
        ("v2-check-script", Conf::new(V2_MULTICAST, 0).check()),
    ];
    plain
        .chain(more.map(|(name, conf)| (name.to_owned(), conf)))
        .collect()
}

fn compare(combo: &Combo, record: impl Fn(&Program) -> Verdict<Record> + Sync) -> Verdict {
    let (subject, peer) = thread::scope(|scope| {
        let other = scope.spawn(|| record(&combo.peer));
        (record(&combo.subject), other.join())
    });
    let (subject, peer) = (
        subject?,
        peer.map_err(|_| Error::new("recording panicked"))??,
    );
    ensure!(
        subject.first_burst == peer.first_burst,
        "first burst: {} and {} ARPs",
        subject.first_burst,
        peer.first_burst
    );
    same_frames("advert", &subject.adverts, &peer.adverts)?;
    same_frames("gratuitous ARP", &subject.garps, &peer.garps)
}

fn same_frames(what: &str, subject: &[Vec<u8>], peer: &[Vec<u8>]) -> Verdict {
    for (number, (ours, theirs)) in subject.iter().zip(peer).enumerate() {
        ensure!(
            ours == theirs,
            "{what} {number}:\nsubject {}\npeer    {}",
            hex(ours),
            hex(theirs)
        );
    }
    let (subject, peer) = (subject.len(), peer.len());
    ensure!(
        subject == peer,
        "{subject} frames ({what}) from the subject, {peer} from the peer"
    );
    Ok(())
}

/// From the start over both bursts to the resignation at SIGTERM.
fn record_run(program: &Program, conf: &Conf) -> Verdict<Record> {
    let mut record = None;
    with_single(program, |cluster| {
        if conf.extra.contains("mcast_src_ip") {
            cluster.members[0]
                .node
                .ip(&["addr", "add", "10.150.160.99/24", "dev", "ens192"])?;
        }
        cluster.start(conf)?;
        let mac = [2, 0, 0, 0, 0, 1];
        let first = cluster.capture.wait_for(0, PATIENCE, |f| {
            f.source_mac() == mac && f.advert().is_some()
        })?;
        // The second burst is due one second after the first; everything is in when an advert
        // has been seen well after that.
        let end = first.at + Duration::from_millis(1500);
        cluster.capture.wait_for(0, PATIENCE, |f| {
            f.at > end && f.source_mac() == mac && f.advert().is_some()
        })?;
        cluster.daemon(0).signal(Signal::SIGTERM)?;
        cluster.daemon(0).wait(PATIENCE)?;
        let all = gather(cluster, conf.mode, mac, first.at)?;
        let count = all
            .adverts
            .iter()
            .filter(|frame| frame.get(priority_at(conf.mode)) == Some(&0))
            .count();
        let copies = conf.more_peers.len() + 1;
        ensure!(count == copies, "{count} resignations, expected {copies}");
        record = Some(all);
        Ok(())
    })?;
    record.ok_or_else(|| Error::new("nothing recorded"))
}

/// The two resignations of a master whose script fails.
fn record_fault(program: &Program) -> Verdict<Record> {
    let mut record = None;
    with_single(program, |cluster| {
        cluster.start(&Conf::new(V2_MULTICAST, 0).check())?;
        let first = cluster.wait_advert(0, 0)?;
        cluster.members[0].set_check(false)?;
        cluster
            .log(0)
            .wait_for("(LB_VIP) sent 0 priority", PATIENCE)?;
        let released = cluster.members[0]
            .addresses
            .wait_for(PATIENCE, |event| !event.added)?;
        let count = cluster.resignations(0, 0);
        ensure!(count == 2, "{count} resignations");
        cluster.daemon(0).signal(Signal::SIGTERM)?;
        cluster.daemon(0).wait(PATIENCE)?;
        let mut all = gather(cluster, V2_MULTICAST, [2, 0, 0, 0, 0, 1], first.at)?;
        // The number of adverts before the fault depends on the script's phase.
        all.adverts
            .retain(|frame| frame.get(priority_at(V2_MULTICAST)) == Some(&0));
        all.garps.truncate(all.first_burst);
        ensure!(
            cluster.adverts(0, 0).iter().all(|a| a.at <= released.at),
            "an advert in FAULT"
        );
        record = Some(all);
        Ok(())
    })?;
    record.ok_or_else(|| Error::new("nothing recorded"))
}

fn gather(
    cluster: &Cluster,
    mode: Mode,
    mac: [u8; 6],
    first_advert: SystemTime,
) -> Verdict<Record> {
    let frames: Vec<_> = cluster
        .capture
        .frames()
        .into_iter()
        .filter(|frame| frame.source_mac() == mac)
        .collect();
    let is_garp = |frame: &&Frame| {
        frame.arp().is_some_and(|arp| arp.is_gratuitous())
            || frame
                .neighbour_advert()
                .is_some_and(|advert| advert.source == advert.target)
    };
    let garps: Vec<_> = frames.iter().filter(is_garp).collect();
    let announced: Vec<_> = garps
        .iter()
        .filter(|garp| garp.at >= first_advert)
        .collect();
    ensure!(
        !announced.is_empty(),
        "no gratuitous ARP after the first advert"
    );
    let early = announced
        .iter()
        .filter(|garp| elapsed(first_advert, garp.at) < BURST_GAP)
        .count();
    let first_burst = garps.len() - announced.len() + early;
    let adverts: Vec<_> = frames
        .iter()
        .filter(|frame| frame.advert().is_some())
        .collect();
    let (resignations, live): (Vec<_>, Vec<_>) = adverts
        .into_iter()
        .partition(|frame| frame.bytes.get(priority_at(mode)) == Some(&0));
    let adverts = live.into_iter().take(ADVERTS).chain(resignations);
    Ok(Record {
        adverts: adverts
            .map(|frame| normalised(mode, &frame.bytes))
            .collect(),
        garps: garps.iter().map(|frame| frame.bytes.clone()).collect(),
        first_burst,
    })
}

/// Offset of the priority in a frame with a plain IP header.
fn priority_at(mode: Mode) -> usize {
    14 + if mode.ipv6 { 40 } else { 20 } + 2
}

/// Without identification and header checksum, or without flow label.
fn normalised(mode: Mode, frame: &[u8]) -> Vec<u8> {
    let kept_bits: &[(usize, u8)] = if mode.ipv6 {
        &[(15, 0xf0), (16, 0), (17, 0)]
    } else {
        &[(18, 0), (19, 0), (24, 0), (25, 0)]
    };
    let mut frame = frame.to_vec();
    for (at, mask) in kept_bits {
        if let Some(byte) = frame.get_mut(*at) {
            *byte &= mask;
        }
    }
    frame
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
