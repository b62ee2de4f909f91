//! Adverts with wrong signatures, from a raw socket: they move nobody and delay nothing.
//!
//! Signed adverts are of keepalived 2.4: both sides are evervip.

use std::net::Ipv4Addr;

use evervip_lab::{Advert, Injector, checksum, ethernet, ipv4};

use crate::{
    auth::signed,
    cluster::{Cluster, PATIENCE, mac, with_single},
    conf::{Conf, INTERFACE, Mode, NODES, V3_MULTICAST, VIP},
    dumps::{JSON, JSON_SIGNAL, STATISTICS, ask_member},
    ensure,
    plan::Plan,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for forgery in &FORGERIES {
        plan.ours_only(&format!("forgeries::{}", forgery.name), move |program| {
            with_single(program, |cluster| attack(cluster, forgery))
        });
    }
    plan.ours_only("forgeries::control", |program| {
        with_single(program, control)
    });
}

const MODE: Mode = V3_MULTICAST;
const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
/// Bytes of a signature behind the advert.
const TRAILER: usize = 28;
/// Attempts, between each two of which the master is heard.
const ROUNDS: usize = 10;

/// A change of a genuine advert, and what is said of the result.
struct Forgery {
    name: &'static str,
    apply: fn(&mut Parts),
    complaint: &'static str,
    /// Where each node counts it.
    counters: [&'static str; 2],
}

const FORGERIES: [Forgery; 7] = [
    Forgery {
        name: "unsigned",
        apply: |parts| {
            parts.advert[2] = 250;
            parts.trailer.clear();
        },
        complaint: "is not signed",
        counters: ["Missing"; 2],
    },
    Forgery {
        name: "other-priority",
        apply: |parts| parts.advert[2] = 250,
        complaint: "has a wrong signature",
        counters: ["Invalid HMAC"; 2],
    },
    Forgery {
        name: "resignation",
        apply: |parts| parts.advert[2] = 0,
        complaint: "has a wrong signature",
        counters: ["Invalid HMAC"; 2],
    },
    Forgery {
        name: "other-addresses",
        apply: |parts| parts.advert[11] ^= 1,
        complaint: "has a wrong signature",
        counters: ["Invalid HMAC"; 2],
    },
    Forgery {
        name: "other-signature",
        apply: |parts| parts.trailer[TRAILER - 1] ^= 1,
        complaint: "has a wrong signature",
        counters: ["Invalid HMAC"; 2],
    },
    Forgery {
        name: "unknown-key",
        apply: |parts| parts.trailer[1] = 9,
        complaint: "is signed with key 9, which is not configured",
        counters: ["Unknown Key"; 2],
    },
    Forgery {
        name: "repeated",
        apply: |_| {},
        complaint: "was signed before one that was heard already",
        // The name of the sender is signed, too.
        counters: ["Invalid HMAC", "Replay"],
    },
];

/// An advert and its signature.
struct Parts {
    advert: Vec<u8>,
    trailer: Vec<u8>,
}

impl Parts {
    fn of(genuine: &Advert) -> Self {
        let mut advert = genuine.packet[20..].to_vec();
        let trailer = advert.split_off(advert.len() - TRAILER);
        Self { advert, trailer }
    }

    /// The frame, with the checksum that belongs to it.
    fn frame(mut self, source: Ipv4Addr, injector: &Injector) -> Vec<u8> {
        self.advert[6..8].fill(0);
        let length = u16::try_from(self.advert.len()).unwrap_or(0).to_be_bytes();
        let pseudo = [&source.octets()[..], &GROUP.octets(), &[0, 112], &length].concat();
        let sum = checksum(&[&pseudo, &self.advert]);
        self.advert[6..8].copy_from_slice(&sum.to_be_bytes());
        let message = [self.advert, self.trailer].concat();
        let packet = ipv4(source, GROUP, 112, 255, &message);
        ethernet([1, 0, 0x5e, 0, 0, 0x12], injector.mac(), 0x0800, &packet)
    }
}

/// The master's next advert.
fn next_advert(cluster: &Cluster) -> Verdict<Advert> {
    let mark = cluster.capture.mark();
    cluster.capture.wait_advert(mark, PATIENCE, |advert| {
        advert.source_mac == mac(0) && advert.priority == 150
    })
}

/// Each node is told lies in the name of the other.
fn attack(cluster: &mut Cluster, forgery: &Forgery) -> Verdict {
    cluster.start_settled(&signed(MODE, 0, &[1], 1), &signed(MODE, 1, &[1], 1))?;
    let (frames, marks) = cluster.marks();
    let injector = cluster.members[2].node.injector(INTERFACE)?;
    let genuine = next_advert(cluster)?;
    for _ in 0..ROUNDS {
        for source in [NODES[0], NODES[1]] {
            let mut parts = Parts::of(&genuine);
            (forgery.apply)(&mut parts);
            injector.send(&parts.frame(source, &injector))?;
        }
        next_advert(cluster)?;
    }
    let complaint = format!("advert from {} {}", NODES[0], forgery.complaint);
    cluster.log(1).wait_after(marks[1], &complaint, PATIENCE)?;
    cluster
        .log(0)
        .wait_after(marks[0], &format!("advert from {} ", NODES[1]), PATIENCE)?;
    cluster.unmoved(&[0, 1], &marks)?;
    for (member, counter) in forgery.counters.into_iter().enumerate() {
        counted(cluster, member, counter)?;
    }
    for (member, mark) in marks.into_iter().enumerate() {
        let text = cluster.log(member).text_after(mark);
        let lines = text.lines().filter(|line| line.contains("advert from"));
        let count = lines.count();
        ensure!(count == 1, "member {member} complains {count} times");
    }
    ensure!(
        cluster.adverts(1, frames).is_empty(),
        "the backup has sent adverts"
    );
    cluster.settle(0, VIP.into())
}

/// Each lie is counted as what it is, and as nothing else.
fn counted(cluster: &Cluster, member: usize, counter: &str) -> Verdict {
    let text = ask_member(cluster, member, "12", STATISTICS)?;
    let errors = text
        .lines()
        .skip_while(|line| *line != "  Authentication Extension Errors:");
    for line in errors.skip(1).take(6) {
        let (name, count) = line.trim().split_once(": ").unwrap_or((line, ""));
        let wanted = if name == counter { ROUNDS } else { 0 };
        ensure!(
            count == wanted.to_string(),
            "member {member}: {line}, expected {wanted}\n{text}"
        );
    }
    ensure!(text.contains(counter), "no counters: {text}");
    let json = ask_member(cluster, member, JSON_SIGNAL, JSON)?;
    let key = counter.to_lowercase().replace(' ', "_");
    ensure!(
        json.contains(&format!("\"auth_ext_{key}\":{ROUNDS},")),
        "member {member}: {json}"
    );
    Ok(())
}

/// Who wants no signature believes what is built so: the other cases fail for their signatures alone.
fn control(cluster: &mut Cluster) -> Verdict {
    cluster.start_settled(&signed(MODE, 0, &[1], 1), &signed(MODE, 1, &[1], 1))?;
    let genuine = next_advert(cluster)?;
    cluster.stop(0)?;
    cluster.stop(1)?;
    cluster.start(&Conf::new(MODE, 0))?;
    cluster.settle(0, VIP.into())?;
    let injector = cluster.members[2].node.injector(INTERFACE)?;
    let mut parts = Parts::of(&genuine);
    (FORGERIES[0].apply)(&mut parts);
    injector.send(&parts.frame(NODES[1], &injector))?;
    let line = format!(
        "Master received advert from {} with higher priority 250, ours 150",
        NODES[1]
    );
    cluster.log(0).wait_for(&line, PATIENCE).map(drop)
}
