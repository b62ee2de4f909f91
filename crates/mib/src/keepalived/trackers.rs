//! What instances and groups watch, and the watched objects themselves.

use std::os::unix::ffi::OsStrExt as _;

use evervip_agentx::{TreeBuilder, Value};
use evervip_dump::Scene;
use evervip_model::{ParameterMatch, Weight};
use evervip_vrrp::{CheckSnapshot, FileSnapshot, ProcessSnapshot, Verdict};

use super::table;
use crate::parts::{command, gauge, index, integer};
use crate::rows::Rows;

pub(super) fn write(builder: &mut TreeBuilder, scene: &Scene) {
    of_instances(builder, scene);
    scripts(builder, &scene.snapshot.checks);
    files(builder, &scene.snapshot.files);
    processes(builder, &scene.snapshot.processes);
}

/// Name, weight and direction, from this column on.
fn tracked(
    rows: &mut Rows<'_>,
    row: &[u32],
    first: u32,
    (name, weight, reverse): (&str, Weight, bool),
) {
    rows.put(first, row, Value::text(name));
    rows.put(first + 1, row, Value::Integer(weight));
    rows.put(first + 2, row, Value::truth(reverse));
}

fn of_instances(builder: &mut TreeBuilder, scene: &Scene) {
    let snapshot = &scene.snapshot;
    let mut interfaces = Rows::new(builder, table(4), 1..=3);
    for (at, router) in snapshot.routers.iter().enumerate() {
        for (place, track) in router.spec.track_interfaces.iter().enumerate() {
            let row = [index(at), index(place)];
            let what = (track.interface.as_str(), track.weight, track.reverse);
            tracked(&mut interfaces, &row, 1, what);
        }
    }
    let mut scripts = Rows::new(builder, table(5), 2..=4);
    for (at, router) in snapshot.routers.iter().enumerate() {
        for (place, track) in router.spec.track_scripts.iter().enumerate() {
            if let Some(check) = snapshot.checks.get(track.script.0) {
                let row = [index(at), index(place)];
                let what = (&*check.spec.name, track.weight, track.reverse);
                tracked(&mut scripts, &row, 2, what);
            }
        }
    }
    let mut files = Rows::new(builder, table(12), 2..=4);
    for (at, router) in snapshot.routers.iter().enumerate() {
        for (place, track) in router.spec.track_files.iter().enumerate() {
            if let Some(file) = snapshot.files.get(track.file.0) {
                let row = [index(at), index(place)];
                let what = (&*file.spec.name, track.weight, track.reverse);
                tracked(&mut files, &row, 2, what);
            }
        }
    }
    let mut processes = Rows::new(builder, table(20), 2..=4);
    for (at, router) in snapshot.routers.iter().enumerate() {
        for (place, track) in router.spec.track_processes.iter().enumerate() {
            if let Some(process) = snapshot.processes.get(track.process.0) {
                let row = [index(at), index(place)];
                let what = (&*process.spec.name, track.weight, track.reverse);
                tracked(&mut processes, &row, 2, what);
            }
        }
    }
}

fn scripts(builder: &mut TreeBuilder, checks: &[CheckSnapshot]) {
    let mut rows = Rows::new(builder, table(9), 2..=9);
    for (at, check) in checks.iter().enumerate() {
        let (row, spec) = ([index(at)], &check.spec);
        rows.put(2, &row, Value::text(&spec.name));
        rows.put_if(3, &row, command(Some(&spec.command)));
        // Whole seconds, where intervals may be shorter here.
        rows.put(4, &row, integer(spec.interval.as_secs().max(1)));
        rows.put(5, &row, Value::Integer(spec.weight));
        let verdict = match check.verdict {
            Verdict::Unknown => 1,
            Verdict::Bad => 2,
            Verdict::Good => 3,
        };
        rows.put(6, &row, Value::Integer(verdict));
        rows.put(7, &row, gauge(spec.rise));
        rows.put(8, &row, gauge(spec.fall));
        rows.put(9, &row, Value::truth(spec.reverse));
    }
}

fn files(builder: &mut TreeBuilder, files: &[FileSnapshot]) {
    let mut rows = Rows::new(builder, table(13), 2..=6);
    for (at, file) in files.iter().enumerate() {
        let (row, spec) = ([index(at)], &file.spec);
        rows.put(2, &row, Value::text(&spec.name));
        let path = spec.path.as_os_str().as_bytes();
        rows.put(3, &row, Value::Octets(path.to_vec()));
        rows.put(4, &row, Value::Integer(file.value));
        rows.put(5, &row, Value::Integer(spec.weight));
        rows.put(6, &row, Value::truth(spec.reverse));
    }
}

fn processes(builder: &mut TreeBuilder, processes: &[ProcessSnapshot]) {
    let mut rows = Rows::new(builder, table(21), 2..=14);
    for (at, process) in processes.iter().enumerate() {
        let (row, spec) = ([index(at)], &process.spec);
        rows.put(2, &row, Value::text(&spec.name));
        let name = spec.process.as_bytes();
        rows.put(3, &row, Value::Octets(name.to_vec()));
        let parameters: Vec<&[u8]> = spec.parameters.iter().map(|p| p.as_bytes()).collect();
        rows.put(4, &row, Value::Octets(parameters.join(&b' ')));
        let parameter_match = match spec.parameter_match {
            ParameterMatch::Ignored => 0,
            ParameterMatch::Exact => 1,
            ParameterMatch::Initial => 2,
            ParameterMatch::Partial => 3,
        };
        rows.put(5, &row, Value::Integer(parameter_match));
        rows.put(6, &row, Value::Integer(spec.weight));
        rows.put(7, &row, Value::truth(spec.reverse));
        rows.put(8, &row, gauge(spec.quorum));
        rows.put(9, &row, spec.quorum_max.map_or(Value::Integer(-1), integer));
        rows.put(10, &row, gauge(spec.fork_delay.as_micros()));
        rows.put(11, &row, gauge(spec.terminate_delay.as_micros()));
        rows.put(12, &row, Value::truth(spec.full_command));
        rows.put(13, &row, integer(process.count));
        rows.put(14, &row, Value::truth(process.quorum));
    }
}
