//! Where adverts go (spec vrrp-keywords 18-D10 and 18-D22).

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;

impl Lower<'_> {
    pub(super) fn check_delivery(&mut self, draft: &mut InstanceDraft) {
        if draft.unicast_wanted && draft.peers.is_empty() {
            if draft.fault_no_peer {
                self.unsupported(
                    draft,
                    "no unicast peers: the instance stays in FAULT",
                    "add unicast_peer { ADDRESS }",
                );
            } else {
                self.after(
                    draft,
                    Code::Deprecated,
                    "A unicast keyword has been specified without any unicast peers. Defaulting to multicast. This usage is deprecated - please update your configuration.",
                )
                .help = Some("add unicast_peer { ADDRESS }, or write mcast_src_ip".to_owned());
            }
        }
        if draft.multicast_group.is_some() && !draft.peers.is_empty() {
            self.after(
                draft,
                Code::Conflict,
                "multicast destination specified with unicast - ignoring",
            );
            draft.multicast_group = None;
        }
        if draft.track_source && draft.source.is_none() {
            draft.track_source = false;
        }
    }
}
