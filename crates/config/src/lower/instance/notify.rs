//! `notify_deleted`; the other hooks are those of groups, too (spec vrrp-keywords 4.7).

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;
use crate::tree::Node;

impl Lower<'_> {
    /// Without a command it only changes the word that others get.
    pub(super) fn notify_deleted(&mut self, draft: &mut InstanceDraft, node: &Node) {
        if draft.notify_deleted {
            let ignored = node.args().first().map_or("", |t| t.text.as_str());
            let text = format!(
                "({}) notify_deleted already specified - ignoring {ignored}",
                draft.name
            );
            self.complain(Code::Duplicate, node.span(), text).help =
                Some("keep one; let it run the other".to_owned());
            return;
        }
        draft.notify_deleted = true;
        if !node.args().is_empty() {
            let command = self.script_command(node, "notify script");
            draft.notify.deleted = command.map(Box::new);
        }
    }
}
