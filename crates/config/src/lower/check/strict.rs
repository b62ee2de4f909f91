//! What strict mode makes of the settings (spec vrrp-keywords 18-D20, D23, 19).

use evervip_model::{Priority, Version};

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;

impl Lower<'_> {
    /// An owner accepts packets to its addresses; others do unless strict or told not to.
    pub(super) fn check_accept(&mut self, draft: &mut InstanceDraft, strict: bool) {
        let owner = draft.priority == Some(Priority::OWNER);
        let mut accept = draft.accept.unwrap_or(owner || !strict);
        if accept && strict && !owner && draft.version == Some(Version::V2) {
            self.after(
                draft,
                Code::Conflict,
                "warning - accept mode for VRRP version 2 does not comply with RFC3768 - resetting",
            )
            .help = Some("remove accept, or use version 3".to_owned());
            accept = false;
        }
        if strict && !accept {
            self.unsupported(
                draft,
                "keeping packets from the addresses in strict mode is not supported by this version",
                "nothing is needed unless the addresses must not answer",
            );
        }
        draft.accept = Some(accept);
    }

    /// An explicit `off` is overruled for an owner, as the original does. Strict mode alone does not
    /// turn it on, as it does in 2.4: a second owner by mistake is met as by 2.2.7.
    pub(super) fn check_owner_ignores(&mut self, draft: &mut InstanceDraft) {
        let owner = draft.priority == Some(Priority::OWNER);
        let problem = match draft.owner_ignore_adverts {
            Some(true) if !owner => Some("owner_ignore_adverts requires priority 255 - clearing"),
            Some(false) if owner => {
                Some("owner_ignore_adverts cannot be off with priority 255 - setting")
            }
            _ => None,
        };
        if let Some(text) = problem {
            self.after(draft, Code::Conflict, text).help =
                Some("remove owner_ignore_adverts".to_owned());
        }
        let default = self.globals.model.vrrp.owner_ignore_adverts;
        let given = draft.owner_ignore_adverts.is_some();
        draft.owner_ignore_adverts = Some(owner && (given || default));
    }

    pub(super) fn strict_defaults(&mut self, draft: &mut InstanceDraft) {
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
