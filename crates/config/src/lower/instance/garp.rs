//! Gratuitous ARP settings (spec vrrp-keywords 4.5).

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;
use crate::read::Number;
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
            _ => return self.garp_extra(draft, node),
        }
        draft.garp = garp;
    }

    /// `[all] SECONDS`, in any order; `all` stays even when the time is bad.
    fn garp_extra(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let keyword = &node.keyword().text;
        if keyword == "vmac_garp_intvl" {
            let text = "Keyword \"vmac_garp_intvl\" is deprecated - please use \"garp_extra_if\"";
            self.deprecated(node, text);
        }
        let mut time = None;
        for word in node.args() {
            if word.text == "all" {
                draft.extra_garp_all = true;
                continue;
            }
            let number = self.number(word, Number::whole(0, 86_400).lenient());
            time = number.and_then(|n| u32::try_from(n).ok());
            if time.is_none() {
                let text = format!(
                    "({}): {keyword} '{}' invalid - ignoring",
                    draft.name, word.text
                );
                self.complain(Code::OutOfRange, word.span, text).help = Some(
                    "write whole seconds, at most 86400, and 'all' when it is for all interfaces"
                        .to_owned(),
                );
                return;
            }
        }
        match time {
            Some(seconds) => draft.extra_garp = Some(seconds),
            None => {
                let text = format!(
                    "({}): {keyword} specified without time - ignoring",
                    draft.name
                );
                self.complain(Code::MissingParameter, node.span(), text)
                    .help = Some(format!("write {keyword} [all] SECONDS"));
            }
        }
    }
}
