//! What starting a hundred check scripts each second costs, and how evenly they are started.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::Path,
    thread,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, anyhow, ensure};

use crate::{
    Effort, Programs,
    proc::cpu_time,
    site::{CONFIGURATION, HIGH, Routers, Site},
    stamp::{self, Stamp},
    table::{Goal, Row, Value, quantile},
};

const ROUTERS: Routers = Routers::new(1, 2, Duration::from_secs(1));
const SCRIPTS: usize = 100;
const INTERVAL: Duration = Duration::from_secs(1);
/// A tenth of the interval: how many scripts start within it.
const WINDOW: Duration = Duration::from_millis(100);

/// What was seen of the scripts.
struct Seen {
    /// Milliseconds per 10 s of the daemon's own processes.
    own: f64,
    /// The same of the scripts, from fork to exit.
    scripts: f64,
    /// Milliseconds by which the time between two starts of a script differs from the interval.
    off: Vec<f64>,
    /// Most starts within a tenth of the interval.
    crowd: f64,
}

pub(crate) fn measure(programs: &Programs, effort: Effort) -> Result<Vec<Row>> {
    let [mut ours, mut theirs] = programs.in_turn(|program| watch(program, effort.seconds))?;
    let name = "100 scripts at 1 s";
    let own = [&ours, &theirs].map(|seen| Value::Milliseconds(seen.own));
    let scripts = [&ours, &theirs].map(|seen| Value::Milliseconds(seen.scripts));
    let crowd = [&ours, &theirs].map(|seen| Value::Count(seen.crowd));
    let mut rows = vec![
        Row::new(format!("CPU per 10 s, {name}, daemon"), own).goal(Goal::TimesTheirs(0.5)),
        Row::new(format!("CPU per 10 s, {name}, scripts"), scripts),
        Row::new(format!("most starts in 0.1 s, {name}"), crowd).goal(Goal::AtMost(30.0)),
    ];
    for (what, q) in [("median", 0.5), ("p99", 0.99), ("worst", 1.0)] {
        let values =
            [&mut ours, &mut theirs].map(|seen| Value::Milliseconds(quantile(&mut seen.off, q)));
        let row = Row::new(format!("off schedule, {name}: {what}"), values);
        rows.push(if what == "p99" {
            row.goal(Goal::AtMost(5.0))
        } else {
            row
        });
    }
    Ok(rows)
}

fn configuration() -> String {
    let mut scripts = String::new();
    let mut tracked = String::from(" track_script {\n");
    for number in 0..SCRIPTS {
        // Writing to a string does not fail.
        let _ = write!(
            scripts,
            "vrrp_script s{number} {{\n script \"{} {number}\"\n interval 1\n user root\n}}\n",
            stamp::PROGRAM
        );
        let _ = writeln!(tracked, "  s{number} weight 1");
    }
    tracked.push_str(" }\n virtual_ipaddress {");
    let routers = ROUTERS.config(HIGH, "");
    let routers = routers.replacen(" virtual_ipaddress {", &tracked, 1);
    format!("{scripts}{routers}")
}

fn watch(program: &Path, seconds: u32) -> Result<Seen> {
    let site = Site::new(ROUTERS)?;
    let mut master = site.station(program, HIGH)?;
    let node = master.node.clone();
    let prepare = || -> evervip_lab::Result<()> {
        node.bind(std::env::current_exe()?, stamp::PROGRAM)?;
        node.write_file(CONFIGURATION, configuration(), 0o644)
    };
    prepare().map_err(|e| anyhow!("{e}"))?;
    master.start()?;
    site.wait_master(&master)?;
    thread::sleep(SETTLE);
    let daemon = master.daemon()?;
    let child = *daemon.children().first().context("no VRRP process")?;
    let own = [daemon.pid(), child];
    stamp::clear(&node)?;
    let before = (cpu_time(&own), time_of_children(child)?);
    let begin = SystemTime::now();
    thread::sleep(Duration::from_secs(u64::from(seconds)));
    let used = (
        cpu_time(&own).saturating_sub(before.0),
        time_of_children(child)?.saturating_sub(before.1),
    );
    let stamps = stamp::read(&node);
    let expected = usize::try_from(seconds)? * SCRIPTS;
    ensure!(
        stamps.len() * 20 > expected * 19,
        "{} starts where {expected} were due",
        stamps.len()
    );
    let per_ten_seconds = 1e4 / f64::from(seconds);
    Ok(Seen {
        own: used.0.as_secs_f64() * per_ten_seconds,
        scripts: used.1.as_secs_f64() * per_ten_seconds,
        off: off_schedule(&stamps),
        crowd: most_at_once(begin, &stamps),
    })
}

fn off_schedule(stamps: &[Stamp]) -> Vec<f64> {
    let mut last: BTreeMap<&str, SystemTime> = BTreeMap::new();
    let mut off = Vec::new();
    for stamp in stamps {
        if let Some(before) = last.insert(&stamp.words, stamp.at) {
            let gap = stamp.at.duration_since(before).unwrap_or_default();
            off.push((gap.as_secs_f64() - INTERVAL.as_secs_f64()).abs() * 1e3);
        }
    }
    off
}

fn most_at_once(begin: SystemTime, stamps: &[Stamp]) -> f64 {
    let mut windows: BTreeMap<u128, u32> = BTreeMap::new();
    for stamp in stamps {
        let since = stamp.at.duration_since(begin).unwrap_or_default();
        *windows
            .entry(since.as_millis() / WINDOW.as_millis())
            .or_default() += 1;
    }
    windows.into_values().max().map_or(0.0, f64::from)
}

/// Processor time of children that were waited for.
fn time_of_children(pid: i32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
    // Counted from the state, which is the third field: cutime is the 16th, cstime the 17th.
    let ticks = fields.split_whitespace().skip(13).take(2);
    let ticks = ticks.map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * MILLISECONDS_PER_TICK))
}

/// The kernel's unit towards programs is a hundredth of a second everywhere.
const MILLISECONDS_PER_TICK: u64 = 10;

/// Until the scripts run in their rhythm.
const SETTLE: Duration = Duration::from_secs(4);
