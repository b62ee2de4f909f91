//! What instances and groups watch, and the watched objects themselves.

use std::os::unix::ffi::OsStrExt as _;

use evervip_agentx::{TreeBuilder, Value};
use evervip_dump::Scene;
use evervip_model::{ParameterMatch, TrackLists, TrackedScript, Weight};
use evervip_vrrp::{BfdSnapshot, CheckSnapshot, FileSnapshot, ProcessSnapshot, Snapshot, Verdict};

use super::table;
use crate::parts::{command, gauge, index, integer};
use crate::rows::Rows;

pub(super) fn write(builder: &mut TreeBuilder, scene: &Scene) {
    let snapshot = &scene.snapshot;
    let routers = snapshot.routers.iter();
    let of_instances: Vec<_> = routers.map(|r| r.spec.own_track_lists()).collect();
    tracks(builder, snapshot, &of_instances, &OF_INSTANCES);
    let groups = snapshot.groups.iter();
    let of_groups: Vec<_> = groups.map(|g| g.spec.tracks.lists()).collect();
    tracks(builder, snapshot, &of_groups, &OF_GROUPS);
    scripts(builder, &snapshot.checks);
    files(builder, &snapshot.files);
    processes(builder, &snapshot.processes);
    sessions(builder, &snapshot.bfd_sessions);
}

/// The numbers of the tables that say what somebody tracks.
struct Tables {
    interfaces: u32,
    scripts: u32,
    files: u32,
    processes: u32,
    bfd: u32,
}

const OF_INSTANCES: Tables = Tables {
    interfaces: 4,
    scripts: 5,
    files: 12,
    processes: 20,
    bfd: 17,
};

const OF_GROUPS: Tables = Tables {
    interfaces: 14,
    scripts: 15,
    files: 16,
    processes: 22,
    bfd: 19,
};

/// Name, weight and direction.
type Track<'a> = (&'a str, Weight, bool);

fn tracks(builder: &mut TreeBuilder, snapshot: &Snapshot, all: &[TrackLists<'_>], tables: &Tables) {
    rows(builder, tables.interfaces, 1, all, |lists| {
        let tracks = lists.interfaces.iter();
        let tracks = tracks.map(|t| (t.interface.as_str(), t.weight, t.reverse));
        tracks.collect()
    });
    rows(builder, tables.scripts, 2, all, |lists| {
        let named = |t: &TrackedScript| {
            let check = snapshot.checks.get(t.script.0)?;
            Some((&*check.spec.name, t.weight, t.reverse))
        };
        lists.scripts.iter().filter_map(named).collect()
    });
    // The original gives weight and direction of the tracked object here, whatever the tracker says.
    rows(builder, tables.files, 2, all, |lists| {
        let tracks = lists.files.iter();
        let specs = tracks.filter_map(|t| Some(&snapshot.files.get(t.file.0)?.spec));
        specs.map(|s| (&*s.name, s.weight, s.reverse)).collect()
    });
    rows(builder, tables.processes, 2, all, |lists| {
        let tracks = lists.processes.iter();
        let specs = tracks.filter_map(|t| Some(&snapshot.processes.get(t.process.0)?.spec));
        specs.map(|s| (&*s.name, s.weight, s.reverse)).collect()
    });
    rows(builder, tables.bfd, 2, all, |lists| {
        let tracks = lists.bfd.iter();
        let specs = tracks.filter_map(|t| Some(&snapshot.bfd_sessions.get(t.bfd.0)?.spec));
        specs.map(|s| (&*s.name, s.weight, s.reverse)).collect()
    });
}

/// One table: the columns from `first` on, a row for each entry of each list.
fn rows<'a>(
    builder: &mut TreeBuilder,
    number: u32,
    first: u32,
    all: &[TrackLists<'a>],
    tracks: impl Fn(&TrackLists<'a>) -> Vec<Track<'a>>,
) {
    let mut rows = Rows::new(builder, table(number), first..=first + 2);
    for (at, lists) in all.iter().enumerate() {
        for (place, (name, weight, reverse)) in tracks(lists).into_iter().enumerate() {
            let row = [index(at), index(place)];
            rows.put(first, &row, Value::text(name));
            rows.put(first + 1, &row, Value::Integer(weight));
            rows.put(first + 2, &row, Value::truth(reverse));
        }
    }
}

fn sessions(builder: &mut TreeBuilder, sessions: &[BfdSnapshot]) {
    let mut rows = Rows::new(builder, table(18), 2..=5);
    // Those for the checkers alone are none of VRRP's.
    let ours = sessions.iter().filter(|session| session.spec.vrrp);
    for (at, session) in ours.enumerate() {
        let (row, spec) = ([index(at)], &session.spec);
        rows.put(2, &row, Value::text(&spec.name));
        rows.put(3, &row, Value::Integer(session.up.into()));
        rows.put(4, &row, Value::Integer(spec.weight));
        rows.put(5, &row, Value::truth(spec.reverse));
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
