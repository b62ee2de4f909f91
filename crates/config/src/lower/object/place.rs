//! Objects into the model: weights in groups and of address owners (spec vrrp-keywords 14, 18-D32).

use evervip_model::Config;

use super::group_tracks::listed_tracks;
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::load::Mode;
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;

impl Lower<'_> {
    /// Weighted trackers of a member of a group, or of an address owner. Processes are left alone,
    /// as by the original.
    pub(in crate::lower) fn check_object_weights(&mut self, draft: &mut InstanceDraft, why: &str) {
        let mut files = std::mem::take(&mut draft.trackers.files);
        files.retain_mut(|track| {
            let name = self.objects.files[track.file.0].name.clone();
            let text = match track.weight {
                0 => return true,
                1 => format!(
                    "ignoring weight from tracked file {name} due to {why}. specify weight 0"
                ),
                n => format!("ignoring tracked file {name} with weight {n} due to {why}"),
            };
            self.after(draft, Code::Conflict, &text).help =
                Some("write 'weight 0', so that a number other than 0 is a fault".to_owned());
            let kept = track.weight == 1;
            track.weight = 0;
            kept
        });
        draft.trackers.files = files;
        let mut sessions = std::mem::take(&mut draft.trackers.bfd);
        sessions.retain(|track| {
            if track.weight == 0 {
                return true;
            }
            let name = self.objects.bfd[track.bfd.0].name.clone();
            let text = format!(
                "ignoring tracked bfd {name} with weight {} due to {why}",
                track.weight
            );
            self.after(draft, Code::Conflict, &text).help =
                Some("write 'weight 0', so that a session down is a fault".to_owned());
            false
        });
        draft.trackers.bfd = sessions;
    }

    /// Puts the objects into the model; the checks that need all instances are made here.
    pub(in crate::lower) fn place_objects(&mut self, config: &mut Config) {
        let objects = &mut self.objects;
        config.files = std::mem::take(&mut objects.files);
        config.processes = std::mem::take(&mut objects.processes);
        config.bfd_instances = std::mem::take(&mut objects.bfd);
        config.garp_groups = std::mem::take(&mut objects.garp_groups);
        config.link_delays = std::mem::take(&mut objects.link_delays);
        config.linkbeat = std::mem::take(&mut objects.linkbeat);
        self.cut_link_delays(config);
        self.build_track_groups(config);
        self.place_fixtures(config);
        if self.mode == Mode::Start {
            self.drop_files_without_directory(config);
        }
    }

    /// A start only: `-t` does not look (spec vrrp-keywords 12).
    fn drop_files_without_directory(&mut self, config: &mut Config) {
        let mut places = Vec::with_capacity(config.files.len());
        let mut kept = 0;
        for file in &config.files {
            let directory = file.path.parent().filter(|d| !d.as_os_str().is_empty());
            let found = directory.is_none_or(|d| self.host.is_directory(d));
            if !found {
                let text = format!(
                    "Track file directory for {} does not exist - removing",
                    file.name
                );
                self.diagnostics.push(
                    Diagnostic::new(Code::UnknownName, Class::General, text)
                        .help("create the directory before the start"),
                );
            }
            places.push(found.then_some(kept));
            kept += usize::from(found);
        }
        let mut at = 0;
        config.files.retain(|_| {
            at += 1;
            places[at - 1].is_some()
        });
        for instance in &mut config.instances {
            instance.track_files.retain_mut(|track| {
                let place = places[track.file.0];
                track.file.0 = place.unwrap_or(track.file.0);
                place.is_some()
            });
        }
        for tracks in listed_tracks(config) {
            tracks.files.retain_mut(|track| {
                let place = places[track.file.0];
                track.file.0 = place.unwrap_or(track.file.0);
                place.is_some()
            });
        }
    }
}
