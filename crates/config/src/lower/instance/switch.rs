//! Switches: keywords with `on`, `off` or nothing.

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;
use crate::lower::global::SWITCH_HELP;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn instance_switch(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = node.keyword().text.as_str();
        let Some(on) = Self::optional_switch(node) else {
            let value = node.args().first().map_or("", |t| t.text.as_str());
            let name = &draft.name;
            let text = match word {
                "notify_priority_changes" => {
                    format!("({name}) Invalid value '{value}' for {word} specified")
                }
                "smtp_alert" => format!("Invalid vrrp_instance {word} parameter {value}"),
                _ => format!("({name}) invalid {word} {value} specified"),
            };
            self.complain(Code::InvalidValue, node.span(), text).help =
                Some(SWITCH_HELP.to_owned());
            return;
        };
        match word {
            // Any valid word switches it on (spec vrrp-keywords 4.1).
            "skip_check_adv_addr" => {
                draft.skip_check_adv_addr = true;
                if !on {
                    let text = format!(
                        "({}) skip_check_adv_addr is switched on by any word",
                        draft.name
                    );
                    self.log(Code::OffMeansOn, node.span(), text).help =
                        Some("remove the line".to_owned());
                }
            }
            "strict_mode" => draft.strict = Some(on),
            "lower_prio_no_advert" => draft.lower_prio_no_advert = Some(on),
            "higher_prio_send_advert" => draft.higher_prio_send_advert = Some(on),
            "owner_ignore_adverts" => draft.owner_ignore_adverts = Some(on),
            "v3_checksum_as_v2" => draft.v3_checksum_as_v2 = Some(on),
            "notify_priority_changes" => draft.notify_priority_changes = Some(on),
            "smtp_alert" => draft.smtp_alert = Some(on),
            _ => {}
        }
    }
}
