//! How long the daemon takes to leave.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use nix::sys::signal::Signal;

use crate::{
    Effort, Programs,
    site::{HIGH, Routers, Site},
    table::{Goal, Row, Value, median},
};

pub(crate) fn measure(programs: &Programs, effort: Effort) -> Result<Vec<Row>> {
    let times = programs.in_turn(|program| {
        let mut times = Vec::new();
        for _ in 0..effort.runs.div_ceil(2) {
            times.push(stop(program)?);
        }
        Ok(Value::Milliseconds(median(&mut times)))
    })?;
    let what = "from SIGTERM to the exit of a master (median)";
    Ok(vec![Row::new(what, times).goal(Goal::AtMost(100.0))])
}

fn stop(program: &Path) -> Result<f64> {
    let site = Site::new(Routers::new(1, 3, Duration::from_millis(100)))?;
    let mut master = site.station(program, HIGH)?;
    master.start()?;
    site.wait_master(&master)?;
    let daemon = master.daemon()?;
    let start = Instant::now();
    daemon
        .signal(Signal::SIGTERM)
        .and_then(|()| daemon.wait(Duration::from_secs(20)))
        .map_err(|e| anyhow!("{e}"))?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}
