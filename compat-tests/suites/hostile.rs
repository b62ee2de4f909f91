//! Frames from a third node that must change nothing: malformed, foreign, forged.
//!
//! Each flood is a valid advert of higher priority with a single fault, so that exactly the check
//! for that fault keeps the master in office. `control` sends it without fault and must succeed;
//! it runs with both programs and proves that the frames are otherwise right.
//!
//! The floods themselves run with evervip only: the original restarts its timers with each
//! dropped packet (three of them per interval silence a master for several intervals, and the
//! backup takes over), which is known and not wanted.

use std::{
    net::IpAddr,
    thread,
    time::{Duration, Instant},
};

use evervip_lab::{Injector, checksum, ethernet, ipv4, ipv6};

use crate::{
    cluster::{Cluster, PATIENCE, elapsed, with_single},
    conf::{Conf, INTERFACE, IPV6_MULTICAST, IPV6_UNICAST, MODES, Mode, V2_UNICAST, VRID},
    ensure,
    plan::Plan,
    program::Program,
    verdict::Verdict,
};

/// Adds the cases.
pub fn add(plan: &mut Plan) {
    for mode in MODES.into_iter().chain([IPV6_MULTICAST, IPV6_UNICAST]) {
        plan.single(
            &format!("hostile::{}::control", mode.name),
            move |program| with_single(program, |cluster| control(cluster, mode)),
        );
        for fault in FAULTS.iter().filter(|fault| (fault.applies)(mode)) {
            plan.ours_only(
                &format!("hostile::{}::{}", mode.name, fault.name),
                move |program| flood_case(program, mode, fault),
            );
        }
    }
}

/// A packet on its way to one victim, open to damage at every level.
#[derive(Debug, Clone)]
struct Forgery {
    mode: Mode,
    victim: usize,
    source: IpAddr,
    destination: IpAddr,
    ttl: u8,
    /// The VRRP message; its checksum is filled in by [`Forgery::frame`] unless it is set.
    vrrp: Vec<u8>,
    checksum: Option<u16>,
}

/// What is wrong with a packet.
struct Fault {
    name: &'static str,
    applies: fn(Mode) -> bool,
    apply: fn(&mut Forgery),
}

const ANY: fn(Mode) -> bool = |_| true;
const V2: fn(Mode) -> bool = |mode| mode.version == 2;

const FAULTS: [Fault; 16] = [
    Fault {
        name: "empty",
        applies: ANY,
        apply: |f| f.vrrp.clear(),
    },
    Fault {
        name: "four-bytes",
        applies: ANY,
        apply: |f| f.vrrp.truncate(4),
    },
    Fault {
        name: "header-only",
        applies: ANY,
        apply: |f| f.vrrp.truncate(8),
    },
    Fault {
        name: "one-byte-short",
        applies: ANY,
        apply: |f| f.vrrp.truncate(f.vrrp.len() - 1),
    },
    Fault {
        name: "too-long",
        applies: ANY,
        apply: |f| f.vrrp.extend([0; 64]),
    },
    Fault {
        name: "count-of-255",
        applies: ANY,
        apply: |f| f.vrrp[3] = 255,
    },
    Fault {
        name: "version-1",
        applies: ANY,
        apply: |f| f.vrrp[0] = 0x11,
    },
    Fault {
        name: "other-version",
        applies: ANY,
        apply: |f| f.vrrp[0] ^= 0x10,
    },
    Fault {
        name: "type-2",
        applies: ANY,
        apply: |f| f.vrrp[0] = f.vrrp[0] & 0xf0 | 2,
    },
    Fault {
        name: "checksum",
        applies: ANY,
        apply: |f| f.checksum = Some(0xdead),
    },
    Fault {
        name: "foreign-vrid",
        applies: ANY,
        apply: |f| f.vrrp[1] = 99,
    },
    Fault {
        name: "ttl",
        applies: |mode| !mode.unicast,
        apply: |f| f.ttl = 254,
    },
    Fault {
        name: "random",
        applies: ANY,
        apply: |f| f.vrrp = (0..60).map(|i: u8| i.wrapping_mul(167) ^ 0x5a).collect(),
    },
    Fault {
        name: "auth-type",
        applies: V2,
        apply: |f| f.vrrp[4] ^= 1,
    },
    Fault {
        name: "password",
        applies: |mode| mode == V2_UNICAST,
        apply: |f| *f.vrrp.last_mut().expect("a v2 message has a password") ^= 1,
    },
    Fault {
        name: "interval",
        applies: V2,
        apply: |f| f.vrrp[5] = 7,
    },
];

/// Priority of the forged adverts, above all others.
const FORGED: u8 = 200;

impl Forgery {
    /// A packet that the victim would believe.
    fn valid(mode: Mode, victim: usize) -> Self {
        let source = mode.own(if mode.unicast { 1 - victim } else { 2 });
        // What the other node sends to.
        let destination = mode.destination(1 - victim);
        let vips = mode.vips();
        let count = u8::try_from(vips.len()).unwrap_or(0);
        let mut vrrp = vec![mode.version << 4 | 1, VRID, FORGED, count];
        if mode.version == 2 {
            vrrp.extend([u8::from(mode == V2_UNICAST), 1]);
        } else {
            vrrp.extend([0, 10]);
        }
        vrrp.extend([0, 0]);
        vrrp.extend(vips.into_iter().flat_map(octets));
        if mode.version == 2 {
            vrrp.extend(if mode == V2_UNICAST {
                *b"12345678"
            } else {
                [0; 8]
            });
        }
        Self {
            mode,
            victim,
            source,
            destination,
            ttl: 255,
            vrrp,
            checksum: None,
        }
    }

    fn frame(&self, own_mac: [u8; 6]) -> Vec<u8> {
        let mut vrrp = self.vrrp.clone();
        let length = u16::try_from(vrrp.len()).unwrap_or(u16::MAX).to_be_bytes();
        let (source, destination) = (octets(self.source), octets(self.destination));
        let pseudo = [&source[..], &destination, &[0, 112], &length].concat();
        let parts = if self.mode.version == 2 && !self.mode.ipv6 {
            vec![&vrrp[..]]
        } else {
            vec![&pseudo[..], &vrrp[..]]
        };
        let sum = self.checksum.unwrap_or_else(|| checksum(&parts));
        if let Some(field) = vrrp.get_mut(6..8) {
            field.copy_from_slice(&sum.to_be_bytes());
        }
        let victim = u8::try_from(self.victim + 1).unwrap_or(0);
        let target = match (self.mode.unicast, self.mode.ipv6) {
            (true, _) => [2, 0, 0, 0, 0, victim],
            (false, false) => [1, 0, 0x5e, 0, 0, 0x12],
            (false, true) => [0x33, 0x33, 0, 0, 0, 0x12],
        };
        let (packet, ethertype) = match (self.source, self.destination) {
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                (ipv6(source, destination, 112, self.ttl, &vrrp), 0x86dd)
            }
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                (ipv4(source, destination, 112, self.ttl, &vrrp), 0x0800)
            }
            _ => unreachable!("both come from one mode"),
        };
        ethernet(target, own_mac, ethertype, &packet)
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// A single valid advert of higher priority dethrones the master.
fn control(cluster: &mut Cluster, mode: Mode) -> Verdict {
    cluster.start(&Conf::new(mode, 0))?;
    cluster.settle(0, mode.vip())?;
    let injector = cluster.members[2].node.injector(INTERFACE)?;
    let forgery = Forgery::valid(mode, 0);
    injector.send(&forgery.frame(injector.mac()))?;
    let line = format!(
        "Master received advert from {} with higher priority {FORGED}, ours 150",
        forgery.source
    );
    cluster.log(0).wait_for(&line, PATIENCE)?;
    cluster
        .log(0)
        .wait_for("(LB_VIP) removing VIPs.", PATIENCE)
        .map(drop)
}

fn flood_case(program: &Program, mode: Mode, fault: &'static Fault) -> Verdict {
    with_single(program, |cluster| {
        cluster.start_settled(&Conf::new(mode, 0), &Conf::new(mode, 1))?;
        let (frames, logs) = cluster.marks();
        let injector = cluster.members[2].node.injector(INTERFACE)?;
        // Long enough for a backup that was kept from hearing its master to take over.
        flood(&injector, mode, fault, mode.down(100) + mode.advert() * 2)?;
        cluster.unmoved(&[0, 1], &logs)?;
        for (member, log) in logs.into_iter().enumerate() {
            let lines = cluster.log(member).mark() - log;
            ensure!(lines <= 50, "member {member} has logged {lines} lines");
        }
        let gap = longest_gap(cluster, frames);
        // 1.1 intervals is the aim; the rest is for a machine that runs twelve cases at once.
        let bound = mode.advert() * 13 / 10 + Duration::from_millis(30);
        ensure!(
            gap <= bound,
            "the master was silent for {gap:?}, bound {bound:?}"
        );
        ensure!(
            cluster.adverts(1, frames).is_empty(),
            "the backup has sent adverts"
        );
        // Both still hear what is true.
        cluster.stop(0)?;
        cluster.settle(1, mode.vip())
    })
}

/// Sends damaged packets to both nodes, 200 per second to each.
fn flood(injector: &Injector, mode: Mode, fault: &Fault, duration: Duration) -> Verdict {
    let victims = if mode.unicast { 0..2 } else { 0..1 };
    let packets: Vec<_> = victims
        .map(|victim| {
            let mut forgery = Forgery::valid(mode, victim);
            (fault.apply)(&mut forgery);
            forgery.frame(injector.mac())
        })
        .collect();
    let start = Instant::now();
    while start.elapsed() < duration {
        packets
            .iter()
            .try_for_each(|packet| injector.send(packet))?;
        // The rate, not a wait for something.
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn longest_gap(cluster: &Cluster, mark: usize) -> Duration {
    let adverts: Vec<_> = cluster
        .adverts(0, mark)
        .into_iter()
        .filter(|advert| advert.priority == 150)
        .collect();
    adverts
        .windows(2)
        .map(|pair| elapsed(pair[0].at, pair[1].at))
        .max()
        .unwrap_or(Duration::MAX)
}
