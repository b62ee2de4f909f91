//! Address owners in groups with others (spec vrrp-keywords 18, step C).

use std::collections::HashMap;

use evervip_model::{InitialState, Priority};

use super::super::Lower;
use super::super::draft::{GroupDraft, InstanceDraft};
use crate::diagnostic::{Class, Code, Diagnostic};

impl Lower<'_> {
    /// Complains as the original does: of the members in their order it looks at the owners that say
    /// `state MASTER`, up to the first other one, and whether that says `state BACKUP`.
    pub(super) fn check_group_owners(
        &mut self,
        group: &GroupDraft,
        drafts: &HashMap<&str, &InstanceDraft>,
    ) {
        let members = group.members.iter();
        let mut members = members
            .filter_map(|(name, _)| drafts.get(name.as_str()))
            .peekable();
        let is_owner = |draft: &InstanceDraft| {
            draft.priority == Some(Priority::OWNER) && draft.state == Some(InitialState::Master)
        };
        if !members.peek().is_some_and(|first| is_owner(first)) {
            return;
        }
        let other = members.find(|draft| !is_owner(draft));
        if other.is_some_and(|draft| draft.state == Some(InitialState::Backup)) {
            let text = format!(
                "Sync group {} has some member(s) as address owner and some not as address owner. \
                 This won't work.",
                group.name
            );
            self.say(
                Diagnostic::new(Code::Conflict, Class::General, text)
                    .label(group.span, "this group")
                    .help("give all members priority 255, or none"),
            );
        }
    }
}
