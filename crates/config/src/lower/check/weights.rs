//! Trackers of the instance itself (spec vrrp-keywords 18-D28, D32).

use evervip_model::Priority;

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::lower::draft::{GroupDraft, InstanceDraft};

impl Lower<'_> {
    pub(super) fn check_own_interface(&mut self, draft: &mut InstanceDraft) {
        let Some(own) = draft.interface.clone() else {
            return;
        };
        if draft.trackers.interfaces.iter().any(|t| t.interface == own) {
            let text = format!("Ignoring track_interface {own} since own interface");
            self.after(draft, Code::Suspicious, &text).help =
                Some("remove it: the own interface is tracked anyway".to_owned());
            draft.trackers.interfaces.retain(|t| t.interface != own);
        }
    }

    /// Weights of the instance's own trackers in a group, or of an address owner.
    pub(super) fn check_weights(&mut self, draft: &mut InstanceDraft, group: Option<&GroupDraft>) {
        let owner = draft.priority == Some(Priority::OWNER);
        let in_group = group.is_some_and(|g| !g.tracking_weight);
        if !owner && !in_group {
            return;
        }
        let why = if in_group {
            "SYNC group"
        } else {
            "address owner"
        };
        let mut interfaces = std::mem::take(&mut draft.trackers.interfaces);
        interfaces.retain_mut(|t| {
            if t.weight == 0 {
                return true;
            }
            let weight = if in_group { " weight" } else { "" };
            let text = format!(
                "ignoring {} tracked interface{weight} due to {why}",
                t.interface
            );
            self.after(draft, Code::Conflict, &text);
            t.weight = 0;
            in_group
        });
        draft.trackers.interfaces = interfaces;
        let why = if in_group {
            "SYNC group"
        } else {
            "address_owner"
        };
        let mut scripts = std::mem::take(&mut draft.trackers.scripts);
        scripts.retain(|t| {
            if t.weight == 0 {
                return true;
            }
            let name = self.script_names.get(t.script).cloned().unwrap_or_default();
            let text = format!("ignoring tracked script {name} with weights due to {why}");
            self.after(draft, Code::Conflict, &text).help =
                Some("write 'weight 0', so that a failure is a fault".to_owned());
            false
        });
        draft.trackers.scripts = scripts;
        self.check_object_weights(draft, why);
    }
}
