//! Gratuitous ARP settings (spec vrrp-keywords 4.5).

use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn instance_garp(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = node.keyword().text.clone();
        let who = format!("({}): {word}", draft.name);
        let mut garp = draft.garp;
        let otherwise = format!("({}): {word} '{{}}' invalid - ignoring", draft.name);
        match word.as_str() {
            "garp_master_delay" => self.garp_delay(node, &who, |v| garp.delay = v),
            "garp_lower_prio_delay" => self.garp_delay(node, &who, |v| garp.lower_delay = Some(v)),
            "garp_master_repeat" => self.garp_repeat(node, &who, &otherwise, |v| garp.repeat = v),
            "garp_master_refresh_repeat" => {
                self.garp_repeat(node, &who, &otherwise, |v| garp.refresh_repeat = v);
            }
            "garp_master_refresh" => {
                garp.refresh = 0;
                self.garp_refresh(node, &who, |v| garp.refresh = v);
            }
            "garp_lower_prio_repeat" => {
                self.garp_lower_repeat(node, &who, |v| garp.lower_repeat = Some(v));
            }
            _ => {}
        }
        draft.garp = garp;
    }
}
