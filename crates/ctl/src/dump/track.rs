//! What is tracked.

use evervip_model::{
    Config, TrackLists, TrackedBfd, TrackedFile, TrackedInterface, TrackedProcess, TrackedScript,
    Weight,
};
use serde_json::{Value, json};

/// The lists of an instance, or of a group.
pub(super) fn lists(config: &Config, tracks: TrackLists<'_>) -> Value {
    let TrackLists {
        interfaces,
        scripts,
        files,
        processes,
        bfd,
    } = tracks;
    let interfaces = interfaces.iter().map(|track| {
        let TrackedInterface {
            interface,
            weight,
            reverse,
        } = track;
        entry(Some(interface), *weight, *reverse)
    });
    let scripts = scripts.iter().map(|track| {
        let TrackedScript {
            script,
            weight,
            reverse,
        } = *track;
        entry(
            name(&config.scripts, script.0, |s| &s.name),
            weight,
            reverse,
        )
    });
    let files = files.iter().map(|track| {
        let TrackedFile {
            file,
            weight,
            reverse,
        } = *track;
        entry(name(&config.files, file.0, |f| &f.name), weight, reverse)
    });
    let processes = processes.iter().map(|track| {
        let TrackedProcess {
            process,
            weight,
            reverse,
        } = *track;
        entry(
            name(&config.processes, process.0, |p| &p.name),
            weight,
            reverse,
        )
    });
    let bfd = bfd.iter().map(|track| {
        let TrackedBfd {
            bfd,
            weight,
            reverse,
        } = *track;
        entry(
            name(&config.bfd_instances, bfd.0, |b| &b.name),
            weight,
            reverse,
        )
    });
    json!({
        "track_interface": interfaces.collect::<Vec<_>>(),
        "track_script": scripts.collect::<Vec<_>>(),
        "track_file": files.collect::<Vec<_>>(),
        "track_process": processes.collect::<Vec<_>>(),
        "track_bfd": bfd.collect::<Vec<_>>(),
    })
}

fn name<T>(all: &[T], at: usize, name: impl Fn(&T) -> &str) -> Option<&str> {
    all.get(at).map(name)
}

/// A line of a `track_*` block.
fn entry(name: Option<&str>, weight: Weight, reverse: bool) -> Value {
    json!({"name": name, "weight": weight, "reverse": reverse})
}
