//! Processor time and memory.

use std::{path::Path, thread, time::Duration};

use anyhow::Result;

use crate::{
    Effort, Programs,
    proc::{Memory, cpu_time, memory},
    site::{HIGH, LOW, Routers, Site},
    table::{Goal, Row, Value},
};

/// Routers in the crowded case.
const MANY: u8 = 250;

/// What one program needs.
struct Load {
    /// Milliseconds per 10 s.
    master: f64,
    backup: f64,
    memory: Memory,
}

pub(crate) fn measure(programs: &Programs, effort: Effort) -> Result<Vec<Row>> {
    let many = programs.at_once(|program| load(program, MANY, effort.seconds))?;
    let one = programs.at_once(|program| load(program, 1, 0))?;
    let ms = |f: fn(&Load) -> f64| [&many[0], &many[1]].map(|load| Value::Milliseconds(f(load)));
    let mib = |loads: &[Load; 2], f: fn(&Memory) -> u64| {
        [&loads[0], &loads[1]].map(|load| Value::Mebibytes(mebibytes(f(&load.memory))))
    };
    Ok(vec![
        Row::new(
            "CPU per 10 s, 250 instances, master",
            ms(|load| load.master),
        )
        .goal(Goal::TimesTheirs(1.0)),
        Row::new(
            "CPU per 10 s, 250 instances, backup",
            ms(|load| load.backup),
        )
        .goal(Goal::TimesTheirs(1.0)),
        Row::new(
            "resident memory, 1 instance, master",
            mib(&one, |m| m.resident),
        ),
        Row::new(
            "anonymous memory, 1 instance, master",
            mib(&one, |m| m.anonymous),
        )
        .goal(Goal::TimesTheirs(1.0)),
        Row::new(
            "resident memory, 250 instances, master",
            mib(&many, |m| m.resident),
        ),
        Row::new(
            "anonymous memory, 250 instances, master",
            mib(&many, |m| m.anonymous),
        )
        .goal(Goal::TimesTheirs(1.0)),
    ])
}

fn load(program: &Path, count: u8, seconds: u32) -> Result<Load> {
    let site = Site::new(Routers {
        count,
        version: 2,
        interval: Duration::from_secs(1),
    })?;
    let mut master = site.station(program, HIGH)?;
    let mut backup = site.station(program, LOW)?;
    master.start()?;
    site.wait_master(&master)?;
    backup.start()?;
    if seconds > 0 {
        thread::sleep(SETTLE);
    } else {
        site.wait_adverts(&master, 3)?;
    }
    let pids = [&master, &backup].map(|station| station.node.pids());
    let before = [cpu_time(&pids[0]), cpu_time(&pids[1])];
    thread::sleep(Duration::from_secs(u64::from(seconds)));
    let after = [cpu_time(&pids[0]), cpu_time(&pids[1])];
    let per_ten_seconds = |side: usize| {
        let used = after[side].saturating_sub(before[side]);
        used.as_secs_f64() * 1e3 * 10.0 / f64::from(seconds.max(1))
    };
    Ok(Load {
        master: per_ten_seconds(0),
        backup: per_ten_seconds(1),
        memory: memory(&pids[0]),
    })
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52 KiB")]
fn mebibytes(kibibytes: u64) -> f64 {
    kibibytes as f64 / 1024.0
}

/// Until the second burst of gratuitous ARPs, 5 s after the first, is out of the way.
const SETTLE: Duration = Duration::from_secs(7);
