//! How long `-t` takes for small and large configurations, and how much memory.

use std::{
    fmt::Write,
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, ensure};
use evervip_lab::{Interface, Lab, Node};

use crate::{
    Effort, Programs,
    site::DAEMON,
    table::{Goal, Row, Value, median},
};

pub(crate) fn measure(programs: &Programs, effort: Effort) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut times = Vec::new();
    for count in SIZES {
        let taken = programs.in_turn(|program| time(program, count, effort.runs))?;
        let what = format!("-t with {count} instances of 10 addresses (median)");
        let values = taken.map(Value::Milliseconds);
        rows.push(Row::new(what, values).goal(Goal::TimesTheirs(0.5)));
        times.push(taken);
    }
    let [_, middle, large] = SIZES;
    if let [_, small, large] = times.as_slice() {
        let growth = [0, 1].map(|side| Value::Factor(large[side] / small[side].max(f64::EPSILON)));
        let what = "growth of that from 1000 to 5000 instances";
        rows.push(Row::new(what, growth).goal(Goal::AtMost(LINEAR)));
    }
    for count in [middle, large] {
        let memory = programs.in_turn(|program| memory(program, count))?;
        let what = format!("memory of -t with {count} instances");
        let values = memory.map(Value::Mebibytes);
        rows.push(Row::new(what, values).goal(Goal::TimesTheirs(1.0)));
    }
    Ok(rows)
}

/// Instances that share one interface: they differ in their VRID or in their peer.
fn configuration(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "vrrp_instance VI_{n} {{\n    state BACKUP\n    interface eth0\n    \
             virtual_router_id {}\n    priority {}\n    advert_int 1\n    \
             unicast_src_ip 10.77.0.1\n    unicast_peer {{\n        10.77.1.{}\n    }}\n    \
             virtual_ipaddress {{\n",
            n % 255 + 1,
            100 + n % 50,
            n / 255 + 1,
        );
        for address in n * 10..n * 10 + 10 {
            let (high, middle, low) = (address >> 16, address >> 8 & 255, address & 255);
            let _ = writeln!(text, "        10.{}.{middle}.{low}/32", 100 + high);
        }
        text.push_str("    }\n}\n");
    }
    text
}

fn node(lab: &Lab, program: &Path, count: usize) -> Result<Node> {
    lab.node("p1")
        .interface(Interface::new("eth0").address("10.77.0.1/16"))
        .file(FILE, configuration(count), 0o644)
        .bind(program, DAEMON)
        .start()
        .map_err(|e| anyhow!("{e}"))
}

fn command() -> Command {
    let mut command = Command::new(DAEMON);
    command.args(["-t", "-f", FILE]);
    command
}

/// Median time of a test in milliseconds.
fn time(program: &Path, count: usize, runs: u32) -> Result<f64> {
    let lab = Lab::new("bench").map_err(|e| anyhow!("{e}"))?;
    let node = node(&lab, program, count)?;
    let mut times = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        let output = node.output(command()).map_err(|e| anyhow!("{e}"))?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        ensure!(output.status.success(), "refused: {}", output.stderr);
    }
    Ok(median(&mut times))
}

/// The most memory that a test had, in MiB, as it was last seen before its end.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52 KiB")]
fn memory(program: &Path, count: usize) -> Result<f64> {
    let lab = Lab::new("bench").map_err(|e| anyhow!("{e}"))?;
    let node = node(&lab, program, count)?;
    let test = node
        .spawn("keepalived", command())
        .map_err(|e| anyhow!("{e}"))?;
    let mut most = 0;
    while test.try_status().is_none() {
        most = most.max(peak(test.pid()));
        thread::sleep(Duration::from_micros(100));
    }
    Ok(most as f64 / 1024.0)
}

/// The most memory that a process has had so far, in KiB.
fn peak(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

const SIZES: [usize; 3] = [1, 1000, 5000];
/// Five times as many instances; the rest is for smaller caches and noise.
const LINEAR: f64 = 7.0;
const FILE: &str = "/etc/keepalived/keepalived.conf";
