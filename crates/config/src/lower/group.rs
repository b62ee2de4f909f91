//! `vrrp_sync_group` (spec vrrp-keywords 10).

use super::Lower;
use super::draft::{GroupDraft, NotifyDraft, Trackers};
use crate::diagnostic::Code;
use crate::keyword::Block;
use crate::lower::global::SWITCH_HELP;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn sync_group(&mut self, node: &Node) {
        let [name] = node.args() else {
            self.complain(
                Code::MissingParameter,
                node.span(),
                "vrrp_sync_group must have a name - skipping",
            )
            .help = Some("write vrrp_sync_group NAME {".to_owned());
            return;
        };
        if !self.group_names.insert(name.text.clone()) {
            let text = format!("vrrp sync group {} already defined", name.text);
            self.complain(Code::Duplicate, name.span, text).help =
                Some("give it another name; this block is skipped".to_owned());
            return;
        }
        let mut group = GroupDraft {
            name: name.text.clone(),
            span: node.span(),
            members: Vec::new(),
            has_member_block: false,
            tracking_weight: false,
            smtp_alert: None,
            notify_priority_changes: None,
            trackers: Trackers::default(),
            notify: NotifyDraft::default(),
        };
        self.keywords(node.nodes(), Block::SyncGroup, |lower, node| {
            lower.group_keyword(&mut group, node);
        });
        self.groups.push(group);
    }

    fn group_keyword(&mut self, group: &mut GroupDraft, node: &Node) {
        let name = group.name.clone();
        match node.keyword().text.as_str() {
            "group" => self.group_members(group, node),
            "track_interface" => self.track_interfaces(&mut group.trackers, &name, node),
            "track_script" => self.track_scripts(&mut group.trackers, &name, node),
            "track_file" => self.track_files(&mut group.trackers, &name, node),
            "track_process" => self.track_processes(&mut group.trackers, &name, node),
            "track_bfd" => self.track_bfd(&mut group.trackers, &name, node),
            "sync_group_tracking_weight" => group.tracking_weight = true,
            "global_tracking" => {
                group.tracking_weight = true;
                let text = format!(
                    "({name}) global_tracking is deprecated. Use track_interface/script/file on the sync group"
                );
                self.complain(Code::Deprecated, node.span(), text).help =
                    Some("write sync_group_tracking_weight".to_owned());
            }
            "smtp_alert" | "notify_priority_changes" => self.group_switch(group, node),
            _ => self.notify(&mut group.notify, &format!("vrrp group {name}:"), node),
        }
    }

    fn group_switch(&mut self, group: &mut GroupDraft, node: &Node) {
        let word = node.keyword().text.as_str();
        let Some(on) = Self::optional_switch(node) else {
            let value = &node.args()[0].text;
            let text = if word == "smtp_alert" {
                format!("Invalid vrrp_group smtp_alert parameter {value}")
            } else {
                format!(
                    "({}) Invalid value '{value}' for sync group {word} specified",
                    group.name
                )
            };
            self.complain(Code::InvalidValue, node.span(), text).help =
                Some(SWITCH_HELP.to_owned());
            return;
        };
        if word == "smtp_alert" {
            group.smtp_alert = Some(on);
        } else {
            group.notify_priority_changes = Some(on);
        }
    }

    fn group_members(&mut self, group: &mut GroupDraft, node: &Node) {
        if group.has_member_block {
            let text = format!("Group list already specified for sync group {}", group.name);
            self.complain(Code::Duplicate, node.span(), text).help =
                Some("write all members into one group block".to_owned());
            return;
        }
        let words = node.nodes().iter().flat_map(|n| &n.line.tokens);
        group.members = words.map(|t| (t.text.clone(), t.span)).collect();
        // The original takes a second block where the first was empty.
        group.has_member_block = !group.members.is_empty();
        if group.members.is_empty() {
            let text = format!("Warning - sync group {} has empty group block", group.name);
            self.complain(Code::Suspicious, node.end(), text).help =
                Some("name the member instances, one per line".to_owned());
        }
    }
}
