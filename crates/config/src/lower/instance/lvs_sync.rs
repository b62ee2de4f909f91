//! `lvs_sync_daemon_interface`, the old place of `lvs_sync_daemon` (spec vrrp-keywords 4.7).

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn lvs_sync_interface(&mut self, draft: &InstanceDraft, node: &Node) {
        let name = &draft.name;
        let text =
            format!("({name}) Specifying lvs_sync_daemon_interface against a vrrp is deprecated.");
        self.deprecated(node, text);
        self.deprecated(node, "       Please use global lvs_sync_daemon")
            .help = Some(format!(
            "write lvs_sync_daemon IFNAME {name} into global_defs"
        ));
        let Some(word) = node.args().first() else {
            self.missing_parameter_at(node, 2);
            return;
        };
        // The global one is shown with its instance.
        let global = self.globals.sync_daemon.as_deref();
        let global = global.and_then(|shown| shown.split(' ').next());
        if let Some(earlier) = self.lvs_sync_interface.as_deref().or(global) {
            let text = format!(
                "({name}) lvs_sync_daemon_interface has already been specified as {earlier} - ignoring"
            );
            self.complain(Code::Duplicate, word.span, text).help =
                Some("keep one: it is the same for all instances".to_owned());
            return;
        }
        self.lvs_sync_interface = Some(word.text.clone());
    }
}
