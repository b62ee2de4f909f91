//! Check scripts, tracked files, tracked processes and BFD sessions, each with those who watch it.

use std::time::Duration;

use evervip_model::{Instance, ParameterMatch, Weight};
use evervip_vrrp::{BfdSnapshot, CheckSnapshot, FileSnapshot, ProcessSnapshot, Snapshot, Verdict};

use super::tracks::weight;
use crate::text::Text;
use crate::{Scene, command};

pub(super) fn write(text: &mut Text, scene: &Scene) {
    let snapshot = &scene.snapshot;
    if !snapshot.checks.is_empty() {
        text.section("VRRP Scripts");
    }
    let watchers = by_slot(snapshot, snapshot.checks.len(), |spec| {
        let tracks = spec.track_scripts.iter();
        tracks.map(|t| (t.script.0, t.weight, t.reverse)).collect()
    });
    for (check, watchers) in snapshot.checks.iter().zip(watchers) {
        script(text, check, &watchers, scene.at_start);
    }
    if !snapshot.files.is_empty() {
        text.section("VRRP Track files");
    }
    let watchers = by_slot(snapshot, snapshot.files.len(), |spec| {
        let tracks = spec.track_files.iter();
        tracks.map(|t| (t.file.0, t.weight, t.reverse)).collect()
    });
    for (tracked, watchers) in snapshot.files.iter().zip(watchers) {
        file(text, tracked, &watchers);
    }
    if !snapshot.processes.is_empty() {
        text.section("VRRP Track processes");
    }
    let watchers = by_slot(snapshot, snapshot.processes.len(), |spec| {
        let tracks = spec.track_processes.iter();
        tracks.map(|t| (t.process.0, t.weight, t.reverse)).collect()
    });
    for (tracked, watchers) in snapshot.processes.iter().zip(watchers) {
        process(text, tracked, &watchers, scene.at_start);
    }
    // Those for the checkers alone are none of VRRP's.
    let is_ours = |session: &BfdSnapshot| session.spec.vrrp;
    if snapshot.bfd_sessions.iter().any(is_ours) {
        text.section("VRRP Track BFDs");
    }
    let watchers = by_slot(snapshot, snapshot.bfd_sessions.len(), |spec| {
        let tracks = spec.track_bfd.iter();
        tracks.map(|t| (t.bfd.0, t.weight, t.reverse)).collect()
    });
    for (session, watchers) in snapshot.bfd_sessions.iter().zip(watchers) {
        if is_ours(session) {
            bfd(text, session, &watchers);
        }
    }
}

/// For each tracked object the lines of its watchers, in the order of the instances.
fn by_slot(
    snapshot: &Snapshot,
    slots: usize,
    tracks: impl Fn(&Instance) -> Vec<(usize, Weight, bool)>,
) -> Vec<Vec<String>> {
    let mut lines = vec![Vec::new(); slots];
    for router in &snapshot.routers {
        for (slot, amount, reverse) in tracks(&router.spec) {
            if let Some(lines) = lines.get_mut(slot) {
                lines.push(format!("{}, {}", router.spec.name, weight(amount, reverse)));
            }
        }
    }
    lines
}

fn watched_by(text: &mut Text, watchers: &[String]) {
    text.fixed("   Tracking instances :");
    for watcher in watchers {
        text.line(format_args!("     {watcher}"));
    }
}

fn script(text: &mut Text, check: &CheckSnapshot, watchers: &[String], at_start: bool) {
    let spec = &*check.spec;
    // The original keeps 0 for a time-out that is not configured.
    let timeout = if spec.has_timeout {
        spec.timeout
    } else {
        Duration::ZERO
    };
    text.line(format_args!(" VRRP Script = {}", spec.name));
    text.line(format_args!(
        "   Command = {}",
        command::words(&spec.command)
    ));
    text.line(format_args!(
        "   Interval = {} sec",
        spec.interval.as_secs_f64()
    ));
    text.line(format_args!("   Timeout = {} sec", timeout.as_secs_f64()));
    text.line(format_args!(
        "   {}",
        capitalised(&weight(spec.weight, spec.reverse))
    ));
    text.line(format_args!("   Rise = {}", spec.rise));
    text.line(format_args!("   Fall = {}", spec.fall));
    let level = if at_start { 0 } else { check.level };
    text.line(format_args!("   Result = {level}"));
    text.fixed("   Insecure = no");
    let awaited = check.verdict == Verdict::Unknown;
    let init = if awaited { "INIT" } else { "unknown" };
    text.line(format_args!("   Init state = {init}"));
    text.line(format_args!(
        "   Status = {}",
        if check.verdict == Verdict::Good {
            "GOOD"
        } else {
            "BAD"
        }
    ));
    let who = spec.command.credentials;
    text.line(format_args!("   Script uid:gid = {}:{}", who.uid, who.gid));
    text.fixed("   VRRP instances :");
    watched_by(text, watchers);
    let is_running = check.running && !at_start;
    let running = if is_running { "running" } else { "idle" };
    text.line(format_args!("   State = {running}"));
}

/// `weight -3` as the line of a block says it.
fn capitalised(weight: &str) -> String {
    weight.replacen("weight ", "Weight = ", 1)
}

fn file(text: &mut Text, file: &FileSnapshot, watchers: &[String]) {
    let spec = &file.spec;
    text.line(format_args!(" Track file = {}", spec.name));
    text.line(format_args!("   File = {}", spec.path.display()));
    text.line(format_args!("   Status = {}", file.value));
    let weight = capitalised(&weight(spec.weight, spec.reverse));
    text.line(format_args!("   {weight}"));
    watched_by(text, watchers);
}

fn bfd(text: &mut Text, session: &BfdSnapshot, watchers: &[String]) {
    let spec = &session.spec;
    text.line(format_args!(" VRRP Track BFD = {}", spec.name));
    let weight = capitalised(&weight(spec.weight, spec.reverse));
    text.line(format_args!("   {weight}"));
    let state = if session.up { "up" } else { "down" };
    text.line(format_args!("   Bfd is {state}"));
    text.fixed("   Tracking VRRP instances :");
    if !watchers.is_empty() {
        watched_by(text, watchers);
    }
}

fn process(text: &mut Text, process: &ProcessSnapshot, watchers: &[String], at_start: bool) {
    let spec = &process.spec;
    let mut words = vec![spec.process.to_string_lossy()];
    words.extend(spec.parameters.iter().map(|word| word.to_string_lossy()));
    text.line(format_args!(" VRRP Track process = {}", spec.name));
    text.line(format_args!("   Process = {}", words.join(" ")));
    let how = match spec.parameter_match {
        ParameterMatch::Ignored => None,
        ParameterMatch::Exact => Some("exact"),
        ParameterMatch::Initial => Some("initial"),
        ParameterMatch::Partial => Some("partial"),
    };
    if let Some(how) = how {
        text.line(format_args!("   Param match = {how}"));
    }
    text.line(format_args!("   Min processes = {}", spec.quorum));
    if let Some(most) = spec.quorum_max {
        text.line(format_args!("   Max processes = {most}"));
    }
    text.line(format_args!("   Current processes = {}", process.count));
    text.line(format_args!("   Have quorum = {}", process.quorum));
    let weight = capitalised(&weight(spec.weight, spec.reverse));
    text.line(format_args!("   {weight}"));
    let seconds = |time: Duration| time.as_secs_f64();
    text.line(format_args!(
        "   Terminate delay = {:.6}s",
        seconds(spec.terminate_delay)
    ));
    text.line(format_args!(
        "   Fork delay = {:.6}s",
        seconds(spec.fork_delay)
    ));
    if !at_start {
        delays(text, process);
    }
    text.line(format_args!("   Full command = {}", spec.full_command));
    watched_by(text, watchers);
}

fn delays(text: &mut Text, process: &ProcessSnapshot) {
    let running = |yes: bool| if yes { "running" } else { "not running" };
    let begun = process.delayed && !process.quorum;
    let ended = process.delayed && process.quorum;
    text.line(format_args!("   Fork delay timer {}", running(begun)));
    text.line(format_args!("   Terminate delay timer {}", running(ended)));
}
