//! What strict mode makes of the settings (spec vrrp-keywords 18-D20, D23, 19).

use evervip_model::{Priority, Version};

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;

impl Lower<'_> {
    pub(super) fn strict_defaults(&mut self, draft: &mut InstanceDraft) {
        let owner = draft.priority == Some(Priority::OWNER);
        if draft.accept && draft.version == Some(Version::V2) && !owner {
            self.after(
                draft,
                Code::Conflict,
                "warning - accept mode for VRRP version 2 does not comply with RFC3768 - resetting",
            );
        }
        let accepts = draft.accept && draft.version == Some(Version::V3);
        if !owner && !accepts {
            self.unsupported(
                draft,
                "strict mode forbids packets to the addresses; this version lets them through",
                "nothing is needed unless the addresses must not answer",
            );
        }
        if draft.garp.lower_repeat.is_some_and(|n| n != 0) {
            self.after(
                draft,
                Code::Conflict,
                "Strict mode requires no repeat garps. resetting",
            );
        }
        if draft.garp.lower_delay.is_some_and(|n| n != 0) {
            self.after(
                draft,
                Code::Conflict,
                "Strict mode requires no repeat garp delay. resetting",
            );
        }
        draft.garp.lower_repeat = Some(0);
        draft.garp.lower_delay = Some(0);
        if draft.lower_prio_no_advert == Some(false) {
            self.after(
                draft,
                Code::Conflict,
                "Strict mode requires no lower priority advert. resetting",
            );
        }
        draft.lower_prio_no_advert = Some(true);
        if draft.higher_prio_send_advert == Some(true) {
            self.after(
                draft,
                Code::Conflict,
                "strict mode requires higher_prio_send_advert to be clear. resetting",
            );
        }
        draft.higher_prio_send_advert = Some(false);
    }
}
