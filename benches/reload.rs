//! What a reload costs the peers: silence of what did not change, and takeovers.

use std::{
    collections::BTreeMap,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use nix::sys::signal::Signal;

use crate::{
    Effort, Programs,
    site::{CONFIGURATION, HIGH, LOW, Routers, Site},
    table::{Goal, Row, Value},
};

const INTERVAL: Duration = Duration::from_millis(100);

/// What was seen around reloads of the master.
struct Damage {
    /// Longest time between two adverts of a router, in intervals.
    gap: f64,
    /// Adverts of the backup.
    rival: f64,
}

pub(crate) fn measure(programs: &Programs, effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for count in [1, 100] {
        for (more, what) in [
            ("", "nothing changed"),
            (" 10.77.201.1/32\n", "an address added"),
        ] {
            let damage = programs.in_turn(|program| reload(program, count, more, effort.runs))?;
            let name = format!("reload of {count} at 0.1 s, {what}");
            let gap = damage.each_ref().map(|d| Value::Intervals(d.gap));
            rows.push(Row::new(format!("{name}: longest silence"), gap).goal(Goal::AtMost(1.3)));
            let rival = damage.each_ref().map(|d| Value::Count(d.rival));
            rows.push(
                Row::new(format!("{name}: adverts of the backup"), rival).goal(Goal::AtMost(0.0)),
            );
        }
    }
    Ok(rows)
}

fn reload(program: &Path, count: u16, more: &str, runs: u32) -> Result<Damage> {
    let routers = Routers::new(count, 3, INTERVAL);
    let site = Site::new(routers)?;
    let mut master = site.station(program, HIGH)?;
    let mut backup = site.station(program, LOW)?;
    master.start()?;
    site.wait_master(&master)?;
    backup.start()?;
    site.wait_adverts(&master, usize::from(count) * 20)?;
    let mark = site.capture.mark();
    for run in 0..runs.min(4) {
        let more = if run % 2 == 0 { more } else { "" };
        let text = routers.config(HIGH, more);
        let written = master.node.write_file(CONFIGURATION, text, 0o644);
        written.map_err(|e| anyhow!("{e}"))?;
        let daemon = master.daemon()?;
        let start = daemon.log().mark();
        daemon.signal(Signal::SIGHUP).map_err(|e| anyhow!("{e}"))?;
        let done = daemon.log().wait_after(start, "Reload complete", PATIENCE);
        done.map_err(|e| anyhow!("{e}"))?;
        // Whoever takes over does it within this time, and gives way again.
        let until = Instant::now() + routers.patience(LOW) + INTERVAL * 10;
        thread::sleep(until.saturating_duration_since(Instant::now()));
    }
    let mut last = BTreeMap::new();
    let mut gap = Duration::ZERO;
    let mut rival = 0.0;
    for advert in site.capture.adverts_after(mark) {
        if advert.source == backup.address {
            rival += 1.0;
        } else if let Some(before) = last.insert(advert.vrid, advert.at) {
            gap = gap.max(advert.at.duration_since(before).unwrap_or_default());
        }
    }
    Ok(Damage {
        gap: gap.as_secs_f64() / INTERVAL.as_secs_f64(),
        rival,
    })
}

const PATIENCE: Duration = Duration::from_secs(30);
