//! Preemption and intervals (spec vrrp-keywords 18-D17 to D19, D24).

use evervip_model::{InitialState, Priority, Version};

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;

impl Lower<'_> {
    pub(super) fn check_preemption(&mut self, draft: &mut InstanceDraft, strict: bool) {
        let owner = draft.priority == Some(Priority::OWNER);
        let master = draft.state == Some(InitialState::Master);
        if draft.nopreempt && owner {
            self.after(
                draft,
                Code::NopreemptMaster,
                "nopreempt is incompatible with priority 255. resetting nopreempt",
            )
            .help = Some("remove nopreempt, or choose a priority below 255".to_owned());
            draft.nopreempt = false;
        }
        if master {
            if draft.nopreempt {
                self.after(
                    draft,
                    Code::NopreemptMaster,
                    "Warning - nopreempt will not work with initial state MASTER - clearing",
                )
                .help = Some("write state BACKUP on all machines".to_owned());
                draft.nopreempt = false;
            }
            if draft.preempt_delay != 0 {
                self.after(
                    draft,
                    Code::Conflict,
                    "Warning - preempt delay will not work with initial state MASTER - clearing",
                )
                .help = Some("write state BACKUP on all machines".to_owned());
                draft.preempt_delay = 0;
            }
        }
        if draft.preempt_delay != 0 {
            let strict = strict.then_some("strict");
            let nopreempt = draft.nopreempt.then_some("nopreempt");
            for mode in strict.into_iter().chain(nopreempt) {
                let text = format!("preempt_delay is incompatible with {mode} mode - resetting");
                self.after(draft, Code::Conflict, &text).help =
                    Some("remove preempt_delay".to_owned());
                draft.preempt_delay = 0;
            }
        }
        if strict && draft.down_timer_adverts != 3 {
            self.after(
                draft,
                Code::Conflict,
                "down_timer_adverts is incompatible with strict mode - resetting",
            );
            draft.down_timer_adverts = 3;
        }
        if draft.timer_expired_backup.is_some() && !draft.nopreempt {
            self.after(
                draft,
                Code::Conflict,
                "timer_expired_backup requires nopreempt - ignoring",
            )
            .help = Some("write nopreempt, or remove timer_expired_backup".to_owned());
            draft.timer_expired_backup = None;
        }
    }

    pub(super) fn check_advert_interval(&mut self, draft: &mut InstanceDraft) {
        let micros = draft.advert_interval;
        if draft.version == Some(Version::V2) {
            if micros % 1_000_000 != 0 {
                let text = format!(
                    "VRRPv2 advertisement interval {}s must be an integer. rounding",
                    crate::read::decimal(i64::try_from(micros).unwrap_or(0), 6)
                );
                self.after(draft, Code::AdvertIntRounded, &text).help = Some(
                    "write whole seconds, or version 3 on all members for shorter times".to_owned(),
                );
                draft.advert_interval = ((micros + 500_000) / 1_000_000).max(1) * 1_000_000;
            }
            return;
        }
        if micros >= 40_960_000 {
            let text = format!(
                "VRRPv3 advertisement interval {}s is out of range. Must be less than 40.96s. Setting to 40.95s",
                crate::read::decimal(i64::try_from(micros / 10_000).unwrap_or(0), 2)
            );
            self.after(draft, Code::OutOfRange, &text);
            draft.advert_interval = 40_950_000;
        } else if micros % 10_000 != 0 {
            let text = format!(
                "VRRPv3 advertisement interval {}s must be in units of 10ms - rounding",
                crate::read::decimal(i64::try_from(micros).unwrap_or(0), 6)
            );
            self.after(draft, Code::OutOfRange, &text);
            draft.advert_interval = ((micros + 5_000) / 10_000 * 10_000).min(40_950_000);
        }
    }
}
