//! The checks of one instance (spec vrrp-keywords 18, step D; numbers there).

use evervip_model::{Family, InitialState, Priority, Version};

use super::Fatal;
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::lower::Lower;
use crate::lower::draft::{GroupDraft, InstanceDraft};

impl Lower<'_> {
    pub(super) fn check_instance(
        &mut self,
        draft: &mut InstanceDraft,
        group: Option<&GroupDraft>,
    ) -> Result<(), Fatal> {
        let strict = draft.strict.unwrap_or(self.globals.instances.strict);
        draft.strict = Some(strict);
        self.check_version(draft, strict);
        self.check_state(draft, strict);
        self.check_placed(draft);
        self.check_addresses(draft, strict)?;
        self.check_authentication(draft, strict);
        self.check_hmac(draft, strict);
        self.check_delivery(draft);
        self.check_source(draft)?;
        self.check_link(draft, strict);
        self.check_link_local(draft, strict);
        self.check_vrf(draft);
        self.check_address_count(draft);
        self.check_preemption(draft, strict);
        self.check_accept(draft, strict);
        self.check_multicast_group(draft);
        if strict {
            self.strict_defaults(draft);
        }
        self.check_owner_ignores(draft);
        self.check_advert_interval(draft);
        self.check_virtual_interface(draft, strict);
        self.check_own_interface(draft);
        self.check_transmit_on_base(draft);
        self.check_address_macs(draft);
        self.check_weights(draft, group);
        Ok(())
    }

    fn check_version(&mut self, draft: &mut InstanceDraft, strict: bool) {
        let inet6 = draft.family == Some(Family::Inet6);
        if inet6 && draft.version == Some(Version::V2) && strict {
            self.after(
                draft,
                Code::Conflict,
                "cannot use IPv6 with VRRP version 2; setting version 3",
            );
            draft.version = Some(Version::V3);
        }
        draft.family = draft.family.or(Some(Family::Inet));
        let default = if inet6 {
            Version::V3
        } else {
            self.globals.instances.version
        };
        draft.version = draft.version.or(Some(default));
    }

    fn check_state(&mut self, draft: &mut InstanceDraft, strict: bool) {
        let master = draft.state == Some(InitialState::Master);
        let priority = draft.priority.unwrap_or(if master {
            Priority::OWNER
        } else {
            Priority::DEFAULT
        });
        draft.priority = Some(priority);
        let derived = if priority.is_owner() {
            InitialState::Master
        } else {
            InitialState::Backup
        };
        let state = draft.state.unwrap_or(derived);
        draft.state = Some(state);
        if strict && state != derived {
            self.after(
                draft,
                Code::Conflict,
                "State MASTER must match being address owner",
            )
            .help = Some(
                "state MASTER belongs to priority 255 here; the state follows the priority"
                    .to_owned(),
            );
            draft.state = Some(derived);
        }
    }

    /// A plain log line about something that this version cannot run.
    pub(in crate::lower) fn unsupported(&mut self, draft: &InstanceDraft, text: &str, help: &str) {
        let message = format!("({}) {text}", draft.name);
        self.say(
            Diagnostic::new(Code::NotSupported, Class::Log, message)
                .label(draft.span, "in this instance")
                .help(help),
        );
    }
}
