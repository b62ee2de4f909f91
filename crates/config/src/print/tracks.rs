//! `track_*` blocks of instances and groups.

use evervip_model::{
    Config, TrackLists, TrackedBfd, TrackedFile, TrackedInterface, TrackedProcess, TrackedScript,
};

use super::writer::{Writer, word};

/// All of them.
pub(super) fn tracks(out: &mut Writer<'_>, config: &Config, tracks: TrackLists<'_>) {
    interfaces_and_scripts(out, config, tracks);
    objects(out, config, tracks);
}

fn interfaces_and_scripts(out: &mut Writer<'_>, config: &Config, tracks: TrackLists<'_>) {
    out.values(
        "track_interface",
        tracks.interfaces.iter().map(
            |TrackedInterface {
                 interface,
                 weight,
                 reverse,
             }| weighted(interface, *weight, *reverse, ""),
        ),
    );
    out.values(
        "track_script",
        tracks.scripts.iter().filter_map(
            |TrackedScript {
                 script,
                 weight,
                 reverse,
             }| {
                let script = config.scripts.get(script.0)?;
                let name = word(&script.name);
                // A script may weigh more than its track may say.
                if (*weight, *reverse) == (script.weight, script.reverse) {
                    return Some(name);
                }
                Some(weighted(&name, *weight, *reverse, " noreverse"))
            },
        ),
    );
}

/// Files, processes and sessions.
fn objects(out: &mut Writer<'_>, config: &Config, tracks: TrackLists<'_>) {
    let files = tracks.files.iter().filter_map(
        |TrackedFile {
             file,
             weight,
             reverse,
         }| {
            let name = word(&config.files.get(file.0)?.name);
            Some(weighted(&name, *weight, *reverse, " noreverse"))
        },
    );
    out.values("track_file", files);
    let processes = tracks.processes.iter().filter_map(
        |TrackedProcess {
             process,
             weight,
             reverse,
         }| {
            let name = word(&config.processes.get(process.0)?.name);
            Some(weighted(&name, *weight, *reverse, " noreverse"))
        },
    );
    out.values("track_process", processes);
    let sessions = tracks.bfd.iter().filter_map(
        |TrackedBfd {
             bfd,
             weight,
             reverse,
         }| {
            let name = word(&config.bfd_instances.get(bfd.0)?.name);
            Some(weighted(&name, *weight, *reverse, " noreverse"))
        },
    );
    out.values("track_bfd", sessions);
}

/// An entry of a `track_*` block; `undo` is the word against the object's own `reverse`.
fn weighted(name: &str, weight: i32, reverse: bool, undo: &str) -> String {
    let reverse = if reverse { " reverse" } else { undo };
    format!("{name} weight {weight}{reverse}")
}
