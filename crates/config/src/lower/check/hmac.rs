//! Signed adverts (spec vrrp-keywords 18-D9). The messages are ours: 2.2.7 has no `auth_hmac`.

use evervip_model::HmacMode;

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;

impl Lower<'_> {
    pub(super) fn check_hmac(&mut self, draft: &mut InstanceDraft, strict: bool) {
        let Some(mut hmac) = draft.hmac.take() else {
            return;
        };
        if draft.auth_type.take().is_some() {
            self.after(
                draft,
                Code::Conflict,
                "auth_hmac replaces authentication - ignoring authentication",
            )
            .help = Some("remove the authentication block on all machines".to_owned());
        }
        let Some(active) = hmac
            .active_key
            .filter(|id| hmac.keys.iter().any(|key| key.id == *id))
        else {
            let text = match hmac.active_key {
                Some(id) => {
                    format!("auth_hmac active_key {id} is not among its keys - ignoring auth_hmac")
                }
                None => "auth_hmac has no active_key - ignoring auth_hmac".to_owned(),
            };
            self.after(draft, Code::MissingParameter, &text).help =
                Some("write key ID VALUE and active_key ID; adverts are not signed".to_owned());
            return;
        };
        if strict && hmac.mode != HmacMode::Enforce {
            self.after(
                draft,
                Code::Conflict,
                "auth_hmac mode must be enforce in strict mode - setting",
            )
            .help = Some("remove mode, or write mode enforce".to_owned());
            hmac.mode = HmacMode::Enforce;
        }
        hmac.active_key = Some(active);
        let seconds = u32::try_from(draft.advert_interval / 1_000_000).unwrap_or(u32::MAX);
        let derived = seconds
            .saturating_mul(3)
            .clamp(SHORTEST_WINDOW, LONGEST_WINDOW);
        hmac.time_window.get_or_insert(derived);
        draft.hmac = Some(hmac);
    }
}

/// Seconds.
const SHORTEST_WINDOW: u32 = 5;
const LONGEST_WINDOW: u32 = 300;
