//! Processor time, memory and wake-ups.

use std::{path::Path, thread, time::Duration};

use anyhow::Result;

use crate::{
    Effort, Programs,
    proc::{Memory, context_switches, cpu_time, descriptors, memory},
    site::{HIGH, LOW, Routers, Site},
    table::{Goal, Row, Value},
};

/// What one program needs.
struct Load {
    master: Need,
    backup: Need,
}

/// What one node needs.
#[derive(Clone, Copy)]
struct Need {
    /// Milliseconds per 10 s.
    cpu: f64,
    /// Context switches per 10 s.
    switches: f64,
    memory: Memory,
    descriptors: usize,
}

/// A crowd and what is to be reached with it, in times of what the original needs.
struct Case {
    name: &'static str,
    routers: Routers,
    cpu: f64,
    memory: f64,
}

const SECOND: Duration = Duration::from_secs(1);

fn cases() -> [Case; 5] {
    let case = |name, routers, cpu, memory| Case {
        name,
        routers,
        cpu,
        memory,
    };
    let vmac = Routers {
        use_vmac: true,
        ..Routers::new(100, 2, SECOND)
    };
    [
        case("100 instances", Routers::new(100, 2, SECOND), 0.5, 1.0),
        case("250 instances", Routers::new(250, 2, SECOND), 0.5, 1.0),
        case("1000 instances", Routers::new(1000, 2, SECOND), 0.5, 0.8),
        case(
            "100 at 0.1 s",
            Routers::new(100, 3, Duration::from_millis(100)),
            0.5,
            1.0,
        ),
        case("100 with use_vmac", vmac, 0.5, 1.0),
    ]
}

pub(crate) fn measure(programs: &Programs, effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for case in cases() {
        let loads = programs.in_turn(|program| load(program, case.routers, effort.seconds))?;
        rows.extend(case_rows(&case, &loads));
    }
    let one = programs.at_once(|program| load(program, Routers::new(1, 2, SECOND), 0))?;
    rows.push(
        Row::new(
            "anonymous memory, 1 instance, master",
            one.each_ref()
                .map(|load| mebibytes(load.master.memory.anonymous)),
        )
        .goal(Goal::TimesTheirs(1.0)),
    );
    Ok(rows)
}

fn case_rows(case: &Case, loads: &[Load; 2]) -> Vec<Row> {
    let name = case.name;
    let master = loads.each_ref().map(|load| load.master);
    let backup = loads.each_ref().map(|load| load.backup);
    let ms = |needs: [Need; 2]| needs.map(|need| Value::Milliseconds(need.cpu));
    let switches = |needs: [Need; 2]| needs.map(|need| Value::Count(need.switches));
    let mib = |f: fn(&Memory) -> u64| master.map(|need| mebibytes(f(&need.memory)));
    vec![
        Row::new(format!("CPU per 10 s, {name}, master"), ms(master))
            .goal(Goal::TimesTheirs(case.cpu)),
        Row::new(format!("CPU per 10 s, {name}, backup"), ms(backup))
            .goal(Goal::TimesTheirs(case.cpu)),
        Row::new(
            format!("context switches per 10 s, {name}, master"),
            switches(master),
        ),
        Row::new(
            format!("context switches per 10 s, {name}, backup"),
            switches(backup),
        ),
        Row::new(
            format!("anonymous memory, {name}, master"),
            mib(|m| m.anonymous),
        )
        .goal(Goal::TimesTheirs(case.memory)),
        Row::new(format!("PSS, {name}, master"), mib(|m| m.proportional)),
        Row::new(
            format!("resident memory, {name}, master"),
            mib(|m| m.resident),
        ),
        Row::new(
            format!("descriptors, {name}, master"),
            master
                .map(|need| Value::Count(f64::from(u32::try_from(need.descriptors).unwrap_or(0)))),
        ),
    ]
}

fn load(program: &Path, routers: Routers, seconds: u32) -> Result<Load> {
    let site = Site::new(routers)?;
    let mut master = site.station(program, HIGH)?;
    let mut backup = site.station(program, LOW)?;
    master.start()?;
    site.wait_master(&master)?;
    backup.start()?;
    site.wait_adverts(&master, usize::from(routers.count.min(250)) * 3)?;
    // What watches costs those that are watched: each frame is copied in the sender's time.
    drop(site.capture);
    if seconds > 0 {
        thread::sleep(SETTLE);
    }
    let pids = [&master, &backup].map(|station| station.node.pids());
    let before = pids
        .each_ref()
        .map(|pids| (cpu_time(pids), context_switches(pids)));
    thread::sleep(Duration::from_secs(u64::from(seconds)));
    let need = |side: usize| {
        let (time, switches) = before[side];
        let per_ten_seconds = 10.0 / f64::from(seconds.max(1));
        let used = cpu_time(&pids[side]).saturating_sub(time);
        Need {
            cpu: used.as_secs_f64() * 1e3 * per_ten_seconds,
            switches: count(context_switches(&pids[side]).saturating_sub(switches))
                * per_ten_seconds,
            memory: memory(&pids[side]),
            descriptors: descriptors(&pids[side]),
        }
    };
    Ok(Load {
        master: need(0),
        backup: need(1),
    })
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn count(number: u64) -> f64 {
    number as f64
}

fn mebibytes(kibibytes: u64) -> Value {
    Value::Mebibytes(count(kibibytes) / 1024.0)
}

/// Until the second burst of gratuitous ARPs, 5 s after the first, is out of the way.
const SETTLE: Duration = Duration::from_secs(7);
