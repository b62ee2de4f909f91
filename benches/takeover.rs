//! How much later than the protocol demands the backup takes over from a dead master.

use std::{
    path::Path,
    thread,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, anyhow};

use crate::{
    Effort, Programs,
    site::{HIGH, LOW, Routers, Site, Station},
    table::{Goal, Row, Value, median},
};

pub(crate) fn measure(programs: &Programs, effort: Effort) -> Result<Vec<Row>> {
    // Seconds of waiting: all networks at once, which leaves the machine idle all the same.
    let slow = routers(2, Duration::from_secs(1));
    let mut rows = vec![row(
        slow,
        programs.at_once(|p| side_by_side(p, slow, effort.runs))?,
    )];
    for interval in [100, 10] {
        let fast = routers(3, Duration::from_millis(interval));
        rows.push(row(
            fast,
            programs.in_turn(|p| in_turn(p, fast, effort.runs))?,
        ));
    }
    Ok(rows)
}

fn routers(version: u8, interval: Duration) -> Routers {
    Routers::new(1, version, interval)
}

fn row(routers: Routers, mut excess: [Vec<f64>; 2]) -> Row {
    let what = format!(
        "takeover later than due, v{}, advert_int {} (median)",
        routers.version,
        routers.interval.as_secs_f64()
    );
    let medians = [0, 1].map(|side| Value::Milliseconds(median(&mut excess[side])));
    Row::new(what, medians).goal(Goal::AtMost(1.0))
}

/// One network per run, all at the same time but a little apart.
fn side_by_side(program: &Path, routers: Routers, runs: u32) -> Result<Vec<f64>> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..runs)
            .map(|run| {
                scope.spawn(move || -> Result<f64> {
                    let (site, mut master, backup) = pair(program, routers)?;
                    thread::sleep(run * routers.interval / runs);
                    takeover(&site, &mut master, &backup)
                })
            })
            .collect();
        let join = |thread: thread::ScopedJoinHandle<'_, Result<f64>>| {
            thread.join().map_err(|_| anyhow!("panicked"))?
        };
        threads.into_iter().map(join).collect()
    })
}

/// One network; the old master comes back after each run.
fn in_turn(program: &Path, routers: Routers, runs: u32) -> Result<Vec<f64>> {
    let (site, mut master, backup) = pair(program, routers)?;
    let mut excess = Vec::new();
    for run in 0..runs {
        // At another moment between two adverts each time.
        thread::sleep(run * routers.interval / runs);
        excess.push(takeover(&site, &mut master, &backup)?);
        master.start()?;
        site.wait_adverts(&master, 5)?;
    }
    Ok(excess)
}

fn pair(program: &Path, routers: Routers) -> Result<(Site, Station, Station)> {
    let site = Site::new(routers)?;
    let mut master = site.station(program, HIGH)?;
    let mut backup = site.station(program, LOW)?;
    master.start()?;
    backup.start()?;
    site.wait_adverts(&master, 3)?;
    Ok((site, master, backup))
}

/// Kills the master; milliseconds between the due time and the backup's first advert.
fn takeover(site: &Site, master: &mut Station, backup: &Station) -> Result<f64> {
    let mark = site.capture.mark();
    let before = last_advert(site, master)?;
    master.kill();
    let first = site
        .capture
        .wait_advert(
            mark,
            site.routers.patience(LOW) + Duration::from_secs(10),
            |advert| advert.source == backup.address,
        )
        .map_err(|e| anyhow!("{e}"))?;
    // It may have sent another one until it was dead.
    let last = last_advert(site, master)?.max(before);
    let due = last + site.routers.patience(LOW);
    Ok(match first.at.duration_since(due) {
        Ok(late) => late.as_secs_f64() * 1e3,
        Err(early) => early.duration().as_secs_f64() * -1e3,
    })
}

fn last_advert(site: &Site, station: &Station) -> Result<SystemTime> {
    let adverts = site.capture.adverts_after(0);
    let mut own = adverts.iter().rev();
    let last = own.find(|advert| advert.source == station.address);
    Ok(last.context("the master has sent nothing")?.at)
}
