//! What instances track beside scripts and interfaces, and settings of interfaces
//! (spec vrrp-keywords 12 to 17).

mod bfd;
mod group_tracks;
mod link;
mod place;
mod track_file;
mod track_group;
mod track_process;
mod tracked;

use std::collections::{HashMap, HashSet};

use evervip_model::{BfdInstance, GarpGroup, LinkDelays, Linkbeat, TrackFile, TrackProcess};

use crate::lower::Lower;
use crate::source::Span;

pub(super) use group_tracks::listed_tracks;

/// All objects read so far. Trackers must stand below what they name.
#[derive(Default)]
pub(super) struct Objects {
    files: Vec<TrackFile>,
    processes: Vec<TrackProcess>,
    bfd: Vec<BfdInstance>,
    garp_groups: Vec<GarpGroup>,
    link_delays: Vec<LinkDelays>,
    linkbeat: Vec<Linkbeat>,
    track_groups: Vec<TrackGroupDraft>,
    /// The first of each name.
    file_index: HashMap<String, usize>,
    process_index: HashMap<String, usize>,
    /// Sessions that VRRP may track.
    bfd_index: HashMap<String, usize>,
    bfd_names: HashSet<String>,
    /// Interfaces that are in a group.
    grouped: HashSet<String>,
}

/// A `track_group` before its members are looked up.
struct TrackGroupDraft {
    name: String,
    members: Vec<(String, Span)>,
    span: Span,
}

impl Lower<'_> {
    /// Whether a `track_file` of this name stands above.
    pub(in crate::lower) fn is_track_file(&self, name: &str) -> bool {
        self.objects.file_index.contains_key(name)
    }

    /// Whether a `bfd_instance` of this name stands above.
    pub(in crate::lower) fn is_bfd_instance(&self, name: &str) -> bool {
        self.objects.bfd_names.contains(name)
    }
}
