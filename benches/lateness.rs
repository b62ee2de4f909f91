//! How late adverts leave when many are due, alone and beside busy processes.

use std::{
    collections::BTreeMap,
    hint::black_box,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Result, anyhow, ensure};

use crate::{
    Effort, Programs,
    site::{CONFIGURATION, HIGH, Routers, Site},
    table::{Goal, Row, Value, quantile},
};

const ROUTERS: Routers = Routers::new(100, 3, INTERVAL);
const INTERVAL: Duration = Duration::from_millis(100);

/// What was seen of the adverts.
struct Seen {
    /// Milliseconds by which the time between two adverts of a router exceeds the interval.
    late: Vec<f64>,
    /// Share of the expected adverts that did not come.
    lost: f64,
}

/// What else is on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Company {
    Nobody,
    Busy,
    /// Busy processes, and the daemon with `vrrp_rt_priority`.
    BusyAndRealTime,
}

pub(crate) fn measure(programs: &Programs, effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (company, name) in [
        (Company::Nobody, "alone"),
        (Company::Busy, "two busy"),
        (Company::BusyAndRealTime, "two busy, real-time"),
    ] {
        let [mut ours, mut theirs] =
            programs.in_turn(|program| watch(program, company, effort.seconds))?;
        for (what, q) in [("median", 0.5), ("p99", 0.99), ("worst", 1.0)] {
            let values = [&mut ours, &mut theirs]
                .map(|seen| Value::Milliseconds(quantile(&mut seen.late, q)));
            let row = Row::new(
                format!("adverts of 100 at 0.1 s late, {name}: {what}"),
                values,
            );
            rows.push(match (company, what) {
                (Company::BusyAndRealTime, "p99") => row.goal(Goal::AtMost(3.0)),
                (Company::Nobody, "p99") => row.goal(Goal::TimesTheirs(1.0)),
                _ => row,
            });
        }
        let lost = [&ours, &theirs].map(|seen| Value::Percent(seen.lost * 100.0));
        let row = Row::new(format!("adverts of 100 at 0.1 s lost, {name}"), lost);
        rows.push(if company == Company::Busy {
            row
        } else {
            row.goal(Goal::AtMost(0.05))
        });
    }
    Ok(rows)
}

fn watch(program: &Path, company: Company, seconds: u32) -> Result<Seen> {
    let site = Site::new(ROUTERS)?;
    let mut master = site.station(program, HIGH)?;
    if company == Company::BusyAndRealTime {
        let text = ROUTERS.config(HIGH, "");
        let text = text.replacen(
            "global_defs {",
            "global_defs {\n vrrp_rt_priority 50\n vrrp_rlimit_rttime 2000000",
            1,
        );
        let written = master.node.write_file(CONFIGURATION, text, 0o644);
        written.map_err(|e| anyhow!("{e}"))?;
    }
    master.start()?;
    site.wait_master(&master)?;
    thread::sleep(SETTLE);
    let busy = AtomicBool::new(company != Company::Nobody);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut number = 1_u64;
                while busy.load(Ordering::Relaxed) {
                    number = black_box(number.wrapping_mul(6_364_136_223_846_793_005));
                }
            });
        }
        let mark = site.capture.mark();
        thread::sleep(Duration::from_secs(u64::from(seconds)));
        busy.store(false, Ordering::Relaxed);
        let adverts = site.capture.adverts_after(mark);
        let mut last = BTreeMap::new();
        let mut late = Vec::new();
        let mut lost = 0.0;
        for advert in adverts {
            if let Some(before) = last.insert(advert.vrid, advert.at) {
                let gap = advert.at.duration_since(before).unwrap_or_default();
                late.push(gap.saturating_sub(INTERVAL).as_secs_f64() * 1e3);
                lost += (gap.as_secs_f64() / INTERVAL.as_secs_f64()).round() - 1.0;
            }
        }
        ensure!(!late.is_empty(), "no adverts");
        let expected = f64::from(seconds) / INTERVAL.as_secs_f64() * f64::from(ROUTERS.count);
        Ok(Seen {
            late,
            lost: lost / expected,
        })
    })
}

/// Until the second burst of gratuitous ARPs, 5 s after the first, is out of the way.
const SETTLE: Duration = Duration::from_secs(7);
