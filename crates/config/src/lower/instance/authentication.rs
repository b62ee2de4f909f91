//! Authentication of version 2 (spec vrrp-keywords 5.1).

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::lower::draft::{AuthType, InstanceDraft};
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn authentication(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        if node.keyword().text == "auth_type" {
            draft.auth_type = match word.text.as_str() {
                "PASS" => Some(AuthType::Pass),
                "AH" => Some(AuthType::Header),
                other => {
                    let text = format!("({}) unknown authentication type '{other}'", draft.name);
                    self.complain(Code::InvalidValue, word.span, text).help = Some(
                        "use PASS, in capitals; until then there is no authentication".to_owned(),
                    );
                    None
                }
            };
            return;
        }
        if word.bytes().len() > 8 {
            self.complain(
                Code::AuthPassTooLong,
                word.span,
                "Truncating auth_pass to 8 characters",
            )
            .help = Some("shorten it; only the first 8 count".to_owned());
        }
        let mut pass = [0; 8];
        for (to, from) in pass.iter_mut().zip(word.bytes()) {
            *to = *from;
        }
        // An empty one counts as none.
        draft.auth_pass = Some(pass).filter(|_| !word.bytes().is_empty());
    }
}
