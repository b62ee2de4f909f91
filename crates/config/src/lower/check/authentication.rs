//! Authentication (spec vrrp-keywords 18-D8).

use evervip_model::{Family, InitialState, Priority, Version};

use crate::diagnostic::{Class, Code, Diagnostic};
use crate::lower::Lower;
use crate::lower::draft::{AuthType, InstanceDraft};

impl Lower<'_> {
    pub(super) fn check_authentication(&mut self, draft: &mut InstanceDraft, strict: bool) {
        let Some(kind) = draft.auth_type else {
            draft.auth_pass = None;
            return;
        };
        let remove = "remove the authentication block on all machines";
        let problem = if strict {
            Some((
                "Strict mode does not support authentication. Ignoring.",
                remove,
            ))
        } else if draft.version == Some(Version::V3) {
            Some((
                "VRRP version 3 does not support authentication. Ignoring.",
                remove,
            ))
        } else if draft.auth_pass.is_none() {
            Some((
                "Authentication specified but no password given. Ignoring",
                "write auth_pass TEXT on a line of its own",
            ))
        } else if kind == AuthType::Header && draft.family == Some(Family::Inet6) {
            Some(("Cannot use AH authentication with IPv6. ignoring", remove))
        } else {
            None
        };
        if let Some((text, help)) = problem {
            self.after(draft, Code::Conflict, text).help = Some(help.to_owned());
            draft.auth_type = None;
            draft.auth_pass = None;
            return;
        }
        if draft.family == Some(Family::Inet6) {
            let text = format!(
                "({}) adverts over IPv6 have no room for a password: it is neither sent nor checked",
                draft.name
            );
            self.say(
                Diagnostic::new(Code::Suspicious, Class::Log, text)
                    .label(draft.span, "in this instance")
                    .help(remove),
            );
        }
        if kind == AuthType::Header
            && draft.state == Some(InitialState::Master)
            && draft.priority != Some(Priority::OWNER)
        {
            self.after(
                draft,
                Code::Conflict,
                "Initial state master is incompatible with AH authentication - clearing",
            );
            draft.state = Some(InitialState::Backup);
        }
    }
}
