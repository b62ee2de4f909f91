//! What an instance or a group watches.

use evervip_model::{TrackLists, Weight};
use evervip_vrrp::Snapshot;

use crate::text::Text;

/// Whose lists they are; the original calls them a little differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Instance,
    Group,
}

pub(super) fn write(text: &mut Text, snapshot: &Snapshot, tracks: TrackLists<'_>, owner: Owner) {
    let mut list = |title: &str, entries: Vec<String>| {
        if !entries.is_empty() {
            text.line(format_args!("   Tracked {title} :"));
        }
        for entry in entries {
            text.line(format_args!("     {entry}"));
        }
    };
    let interfaces = tracks.interfaces.iter();
    let interfaces = interfaces.map(|t| entry(&t.interface, " ", t.weight, t.reverse));
    list("interfaces", interfaces.collect());
    let scripts = tracks.scripts.iter().filter_map(|t| {
        let check = snapshot.checks.get(t.script.0)?;
        Some(entry(&check.spec.name, " ", t.weight, t.reverse))
    });
    list("scripts", scripts.collect());
    let files = tracks.files.iter().filter_map(|t| {
        let file = snapshot.files.get(t.file.0)?;
        Some(entry(&file.spec.name, ", ", t.weight, t.reverse))
    });
    list("files", files.collect());
    let processes = tracks.processes.iter().filter_map(|t| {
        let process = snapshot.processes.get(t.process.0)?;
        Some(entry(&process.spec.name, ", ", t.weight, t.reverse))
    });
    let title = match owner {
        Owner::Instance => "processes",
        Owner::Group => "process",
    };
    list(title, processes.collect());
    let sessions = tracks.bfd.iter().filter_map(|t| {
        let session = snapshot.bfd_sessions.get(t.bfd.0)?;
        Some(entry(&session.spec.name, ": ", t.weight, t.reverse))
    });
    list("BFDs", sessions.collect());
}

/// What is watched and what it weighs; the original parts them in several ways.
fn entry(name: &str, part: &str, of: Weight, reverse: bool) -> String {
    format!("{name}{part}{}", weight(of, reverse))
}

/// A weight and its direction.
pub(super) fn weight(weight: Weight, reverse: bool) -> String {
    let direction = if reverse { " reverse" } else { "" };
    format!("weight {weight}{direction}")
}
