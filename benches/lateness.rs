//! How late adverts leave when many are due.

use std::{collections::BTreeMap, path::Path, thread, time::Duration};

use anyhow::{Result, ensure};

use crate::{
    Effort, Programs,
    site::{HIGH, Routers, Site},
    table::{Row, Value, quantile},
};

pub(crate) fn measure(programs: &Programs, effort: Effort) -> Result<Vec<Row>> {
    let [mut ours, mut theirs] = programs.in_turn(|program| lateness(program, effort.seconds))?;
    let rows = [("median", 0.5), ("p99", 0.99), ("worst", 1.0)].map(|(name, q)| {
        Row::new(
            format!("advert late, 100 instances at 0.1 s: {name}"),
            [
                Value::Milliseconds(quantile(&mut ours, q)),
                Value::Milliseconds(quantile(&mut theirs, q)),
            ],
        )
    });
    Ok(rows.into())
}

/// Milliseconds by which the time between two adverts of a router exceeds the interval.
fn lateness(program: &Path, seconds: u32) -> Result<Vec<f64>> {
    let site = Site::new(Routers::new(100, 3, INTERVAL))?;
    let mut master = site.station(program, HIGH)?;
    master.start()?;
    site.wait_master(&master)?;
    thread::sleep(SETTLE);
    let mark = site.capture.mark();
    thread::sleep(Duration::from_secs(u64::from(seconds)));
    let mut last = BTreeMap::new();
    let mut late = Vec::new();
    for advert in site.capture.adverts_after(mark) {
        if let Some(before) = last.insert(advert.vrid, advert.at) {
            let gap = advert.at.duration_since(before).unwrap_or_default();
            late.push(gap.saturating_sub(INTERVAL).as_secs_f64() * 1e3);
        }
    }
    ensure!(!late.is_empty(), "no adverts");
    Ok(late)
}

const INTERVAL: Duration = Duration::from_millis(100);

/// Until the second burst of gratuitous ARPs, 5 s after the first, is out of the way.
const SETTLE: Duration = Duration::from_secs(7);
