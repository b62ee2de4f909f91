//! What groups track becomes part of what their members track (spec vrrp-keywords 14, 18-35). What
//! each of them says itself stays known: that is what dumps show.

use evervip_model::{
    Config, Instance, TrackedBfd, TrackedFile, TrackedInterface, TrackedProcess, TrackedScript,
    Tracks, Weight,
};

use crate::diagnostic::{Class, Code, Diagnostic};
use crate::lower::Lower;
use crate::lower::draft::GroupDraft;

impl Lower<'_> {
    /// Trackers of a group become trackers of its members.
    pub(in crate::lower) fn fold_group_trackers(
        &mut self,
        config: &mut Config,
        groups: &[GroupDraft],
    ) {
        for (at, group) in groups.iter().enumerate() {
            let members = config.sync_groups[at].members.clone();
            let has_owner = members
                .iter()
                .any(|m| config.instances[m.0].priority.is_owner());
            let tracks = self.group_tracks(group, has_owner);
            if tracks.is_empty() {
                continue;
            }
            for member in members {
                let instance = &mut config.instances[member.0];
                instance.own_tracks = Some(Box::new(own_tracks(instance)));
                tracks.files.iter().for_each(|t| fold_file(instance, *t));
                let processes = tracks.processes.iter();
                processes.for_each(|t| fold_process(instance, *t));
                tracks.bfd.iter().for_each(|t| fold_bfd(instance, *t));
                tracks
                    .scripts
                    .iter()
                    .for_each(|t| fold_script(instance, *t));
                self.fold_interfaces(instance, group, &tracks.interfaces);
            }
            config.sync_groups[at].tracks = tracks;
        }
    }

    /// What a group tracks, without weights where a member may not have any.
    fn group_tracks(&mut self, group: &GroupDraft, has_owner: bool) -> Tracks {
        let mut trackers = group.trackers.clone();
        let clear = |lower: &mut Self, kind, what: &str, weight: &mut Weight| {
            if has_owner && *weight != 0 {
                *weight = 0;
                lower.say_cleared(group, kind, what);
            }
        };
        for track in &mut trackers.files {
            let name = self.objects.files[track.file.0].name.clone();
            clear(self, "file", &name, &mut track.weight);
        }
        for track in &mut trackers.processes {
            let name = self.objects.processes[track.process.0].name.clone();
            clear(self, "process", &name, &mut track.weight);
        }
        for track in &mut trackers.bfd {
            let name = self.objects.bfd[track.bfd.0].name.clone();
            clear(self, "bfd", &name, &mut track.weight);
        }
        for track in &mut trackers.scripts {
            let name = self.script_names.get(track.script).cloned();
            let name = name.unwrap_or_default();
            clear(self, "script", &name, &mut track.weight);
        }
        for track in &mut trackers.interfaces {
            clear(self, "interface", &track.interface, &mut track.weight);
        }
        Tracks {
            scripts: self.tracked_scripts(&trackers.scripts),
            interfaces: trackers.interfaces,
            files: trackers.files,
            processes: trackers.processes,
            bfd: trackers.bfd,
        }
    }

    fn say_cleared(&mut self, group: &GroupDraft, kind: &str, what: &str) {
        let done = match kind {
            "script" | "interface" => "clearing weight",
            _ => "setting weight 0",
        };
        let text = format!(
            "({}) Cannot have weighted track {kind} '{what}' with member having priority 255 - {done}",
            group.name
        );
        self.say(
            Diagnostic::new(Code::Conflict, Class::General, text)
                .label(group.span, "in this group"),
        );
    }

    fn fold_interfaces(
        &mut self,
        instance: &mut Instance,
        group: &GroupDraft,
        tracks: &[TrackedInterface],
    ) {
        for track in tracks {
            let is_base = instance.interface.as_ref() == Some(&track.interface);
            let own = instance
                .track_interfaces
                .iter_mut()
                .find(|t| t.interface == track.interface);
            match own {
                Some(own) if own.weight != 0 => *own = track.clone(),
                Some(_) => {}
                // The own interface is tracked already, and more strictly.
                None if is_base => {}
                None => {
                    instance.track_interfaces.push(track.clone());
                    continue;
                }
            }
            let text = format!(
                "({}) track_interface {} is configured on VRRP instance and sync group. Remove vrrp instance or sync group config",
                instance.name, track.interface
            );
            self.say(
                Diagnostic::new(Code::Duplicate, Class::General, text)
                    .label(group.span, "in this group")
                    .help("track it in one of both places"),
            );
        }
    }
}

/// Every list that says what an instance or a group tracks by itself.
pub(in crate::lower) fn listed_tracks(config: &mut Config) -> impl Iterator<Item = &mut Tracks> {
    let own = config.instances.iter_mut();
    let own = own.filter_map(|instance| instance.own_tracks.as_deref_mut());
    own.chain(config.sync_groups.iter_mut().map(|group| &mut group.tracks))
}

fn own_tracks(instance: &Instance) -> Tracks {
    Tracks {
        interfaces: instance.track_interfaces.clone(),
        scripts: instance.track_scripts.clone(),
        files: instance.track_files.clone(),
        processes: instance.track_processes.clone(),
        bfd: instance.track_bfd.clone(),
    }
}

/// The group's weight replaces the instance's unless that is 0; one entry remains.
fn fold_file(instance: &mut Instance, track: TrackedFile) {
    let all = &mut instance.track_files;
    match all.iter_mut().find(|t| t.file == track.file) {
        Some(own) if own.weight != 0 => *own = track,
        Some(_) => {}
        None => all.push(track),
    }
}

fn fold_process(instance: &mut Instance, track: TrackedProcess) {
    let all = &mut instance.track_processes;
    match all.iter_mut().find(|t| t.process == track.process) {
        Some(own) if own.weight != 0 => *own = track,
        Some(_) => {}
        None => all.push(track),
    }
}

fn fold_bfd(instance: &mut Instance, track: TrackedBfd) {
    let all = &mut instance.track_bfd;
    match all.iter_mut().find(|t| t.bfd == track.bfd) {
        Some(own) if own.weight != 0 => *own = track,
        Some(_) => {}
        None => all.push(track),
    }
}

fn fold_script(instance: &mut Instance, track: TrackedScript) {
    let all = &mut instance.track_scripts;
    match all.iter_mut().find(|t| t.script == track.script) {
        Some(own) if own.weight != 0 => *own = track,
        Some(_) => {}
        None => all.push(track),
    }
}
