//! `track_group` (spec vrrp-keywords 17).

use std::collections::HashMap;
use std::sync::Arc;

use evervip_model::{Config, InstanceIndex, TrackGroup};

use super::TrackGroupDraft;
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::keyword::Block;
use crate::lower::Lower;
use crate::tree::Node;

impl Lower<'_> {
    pub(in crate::lower) fn track_group(&mut self, node: &Node) {
        let [name] = node.args() else {
            let text = "track_group must have a name - skipping";
            self.complain(Code::MissingParameter, node.span(), text)
                .help = Some("write track_group NAME {".to_owned());
            return;
        };
        if !self.track_group_names.insert(name.text.clone()) {
            let text = format!("track_group {} already defined", name.text);
            self.complain(Code::Duplicate, name.span, text).help =
                Some("give it another name; this block is skipped".to_owned());
            return;
        }
        let mut members = None;
        self.keywords(node.nodes(), Block::TrackGroup, |lower, node| {
            if members.is_some() {
                let text = format!("Group list already specified for sync group {}", name.text);
                lower.complain(Code::Duplicate, node.span(), text).help =
                    Some("write all members into one group block".to_owned());
                return;
            }
            let words = node.nodes().iter().flat_map(|n| &n.line.tokens);
            let names: Vec<_> = words.map(|t| (t.text.clone(), t.span)).collect();
            if names.is_empty() {
                let text = format!("Warning - track group {} has empty group block", name.text);
                lower.complain(Code::Suspicious, node.end(), text);
            }
            members = Some(names);
        });
        self.objects.track_groups.push(TrackGroupDraft {
            name: name.text.clone(),
            members: members.unwrap_or_default(),
            span: name.span,
        });
    }

    /// Looks the members up; a group without any is no group.
    pub(super) fn build_track_groups(&mut self, config: &mut Config) {
        let places: HashMap<Arc<str>, usize> = config
            .instances
            .iter()
            .enumerate()
            .map(|(at, i)| (i.name.clone(), at))
            .collect();
        for group in std::mem::take(&mut self.objects.track_groups) {
            let mut members = Vec::new();
            for (member, span) in &group.members {
                match places.get(member.as_str()) {
                    Some(at) => members.push(InstanceIndex(*at)),
                    None => {
                        let text = format!(
                            "vrrp instance {member} specified in track group {} doesn't exist - ignoring",
                            group.name
                        );
                        let names = config.instances.iter().map(|i| &*i.name);
                        let help = self
                            .closest_name(member, names)
                            .map(|better| format!("did you mean '{better}'?"));
                        self.log(Code::UnknownName, *span, text).help = help;
                    }
                }
            }
            if members.is_empty() {
                let text = format!("Static track group {} has no VRRP instance(s)", group.name);
                self.say(
                    Diagnostic::new(Code::UnknownName, Class::Log, text)
                        .label(group.span, "this group")
                        .help("name instances of this file; the group is removed"),
                );
                continue;
            }
            config.track_groups.push(TrackGroup {
                name: Arc::from(group.name),
                members,
            });
        }
    }
}
