//! What anybody on the link can do to a pair by sending adverts that must be dropped.

use std::{
    net::IpAddr,
    path::Path,
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, anyhow};
use evervip_lab::{Advert, Interface, checksum, ethernet, ipv4};

use crate::{
    Effort, Programs,
    proc::cpu_time,
    site::{HIGH, LOW, Routers, Site},
    table::{Goal, Row, Value},
};

/// What was seen.
#[derive(Debug, Clone, Copy)]
struct Damage {
    /// Longest silence of the master, in intervals.
    gap: f64,
    /// Whether the backup sent an advert.
    takeover: bool,
    /// Milliseconds of processor time of both nodes for a thousand frames.
    cost: f64,
}

pub(crate) fn measure(programs: &Programs, effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (rate, title) in [(3, "3 per interval"), (1000, "1000/s"), (10_000, "10000/s")] {
        let time = Duration::from_secs(u64::from(effort.seconds.max(6)));
        let damage = if rate < 100 {
            programs.at_once(|program| attack(program, rate, time))?
        } else {
            programs.in_turn(|program| attack(program, rate, time))?
        };
        rows.push(
            Row::new(
                format!("hostile frames, {title}: longest silence"),
                damage.map(|damage| Value::Intervals(damage.gap)),
            )
            .goal(Goal::AtMost(1.1)),
        );
        rows.push(
            Row::new(
                format!("hostile frames, {title}: backup took over"),
                damage.map(|damage| Value::Happened(damage.takeover)),
            )
            .goal(Goal::Is(false)),
        );
        if rate >= 1000 {
            rows.push(
                Row::new(
                    format!("hostile frames, {title}: CPU per 1000"),
                    damage.map(|damage| Value::Milliseconds(damage.cost)),
                )
                .goal(Goal::TimesTheirs(0.5)),
            );
        }
    }
    Ok(rows)
}

/// Sends `rate` frames per second for `time`.
fn attack(program: &Path, rate: u32, time: Duration) -> Result<Damage> {
    let site = Site::new(Routers::new(1, 2, INTERVAL))?;
    let mut master = site.station(program, HIGH)?;
    let mut backup = site.station(program, LOW)?;
    let attacker = site
        .lab
        .node("attacker")
        .interface(Interface::new("eth0").address("10.77.0.66/16"))
        .start()
        .map_err(|e| anyhow!("{e}"))?;
    let injector = attacker.injector("eth0").map_err(|e| anyhow!("{e}"))?;
    master.start()?;
    backup.start()?;
    let genuine = site.wait_adverts(&master, 3)?;
    let genuine = genuine.last().context("no advert")?;
    let frames = frames(genuine, injector.mac());

    let mark = site.capture.mark();
    let pids = [master.node.pids(), backup.node.pids()].concat();
    let cpu = cpu_time(&pids);
    let mut sent = 0.0;
    let start = SystemTime::now();
    let clock = Instant::now();
    for (count, frame) in (0_u32..).zip(frames.iter().cycle()) {
        let due = Duration::from_secs(1) * count / rate;
        if due >= time {
            break;
        }
        thread::sleep(due.saturating_sub(clock.elapsed()));
        injector.send(frame).map_err(|e| anyhow!("{e}"))?;
        sent += 1.0;
    }
    let used = cpu_time(&pids).saturating_sub(cpu);
    let end = SystemTime::now();

    let adverts = site.capture.adverts_after(mark);
    let mut gap = Duration::ZERO;
    let mut before = genuine.at;
    for advert in adverts.iter().filter(|a| a.source == master.address) {
        gap = gap.max(advert.at.duration_since(before).unwrap_or_default());
        before = advert.at;
    }
    gap = gap.max(end.duration_since(before.max(start)).unwrap_or_default());
    Ok(Damage {
        gap: gap.as_secs_f64() / INTERVAL.as_secs_f64(),
        takeover: adverts.iter().any(|a| a.source == backup.address),
        cost: used.as_secs_f64() * 1e6 / f64::max(sent, 1.0),
    })
}

/// Of no meaning.
const NOISE: [u8; 7] = [0x9e, 0x37, 0x79, 0xb9, 0x7f, 0x4a, 0x7c];
const INTERVAL: Duration = Duration::from_secs(1);

/// Adverts for the same router that a receiver drops, each for a reason of its own.
fn frames(genuine: &Advert, mac: [u8; 6]) -> Vec<Vec<u8>> {
    let header = usize::from(genuine.packet.first().unwrap_or(&0x45) & 0x0f) * 4;
    let mut body = genuine.packet.get(header..).unwrap_or_default().to_vec();
    set(&mut body, 2, 200);
    let last = body.len().saturating_sub(1);
    let IpAddr::V4(group) = genuine.destination else {
        return Vec::new();
    };
    let variant = |ttl: u8, change: &dyn Fn(&mut Vec<u8>)| {
        let mut vrrp = body.clone();
        change(&mut vrrp);
        let packet = ipv4([10, 77, 0, 66].into(), group, 112, ttl, &vrrp);
        ethernet(genuine.destination_mac, mac, 0x0800, &packet)
    };
    vec![
        // wrong password
        variant(255, &|vrrp| {
            set(vrrp, last, 0x21);
            fix_checksum(vrrp);
        }),
        // wrong checksum
        variant(255, &|vrrp| {
            fix_checksum(vrrp);
            let wrong = vrrp.get(6).copied().unwrap_or(0) ^ 0x55;
            set(vrrp, 6, wrong);
        }),
        // wrong interval
        variant(255, &|vrrp| {
            set(vrrp, 5, 7);
            fix_checksum(vrrp);
        }),
        // no authentication
        variant(255, &|vrrp| {
            set(vrrp, 4, 0);
            fix_checksum(vrrp);
        }),
        // from beyond a router
        variant(254, &|vrrp| fix_checksum(vrrp)),
        // the greatest and the least priority, with a wrong password and with none
        variant(255, &|vrrp| {
            set(vrrp, 2, 255);
            set(vrrp, last, 0x21);
            fix_checksum(vrrp);
        }),
        variant(255, &|vrrp| {
            set(vrrp, 2, 0);
            set(vrrp, last, 0x21);
            fix_checksum(vrrp);
        }),
        variant(255, &|vrrp| {
            set(vrrp, 2, 255);
            set(vrrp, 4, 0);
            fix_checksum(vrrp);
        }),
        variant(255, &|vrrp| {
            set(vrrp, 2, 0);
            set(vrrp, 4, 0);
            fix_checksum(vrrp);
        }),
        // random bytes, with our number so that they are looked at
        variant(255, &|vrrp| {
            let number = vrrp.get(1).copied().unwrap_or(1);
            for (byte, noise) in vrrp.iter_mut().zip(NOISE.iter().cycle()) {
                *byte = *noise;
            }
            set(vrrp, 1, number);
        }),
        // cut off
        variant(255, &|vrrp| {
            fix_checksum(vrrp);
            vrrp.truncate(12);
        }),
    ]
}

fn set(bytes: &mut [u8], at: usize, value: u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = value;
    }
}

/// Writes the checksum of a version 2 advert, which covers all of it, the password included.
fn fix_checksum(vrrp: &mut [u8]) {
    set(vrrp, 6, 0);
    set(vrrp, 7, 0);
    let [high, low] = checksum(&[vrrp]).to_be_bytes();
    set(vrrp, 6, high);
    set(vrrp, 7, low);
}
