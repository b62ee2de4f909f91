//! Where adverts go (spec vrrp-keywords 18-D10, D12, D15, D22).

use std::net::IpAddr;

use super::Fatal;
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::lower::Lower;
use crate::lower::draft::InstanceDraft;

impl Lower<'_> {
    pub(super) fn check_delivery(&mut self, draft: &mut InstanceDraft) {
        if draft.unicast_wanted && draft.peers.is_empty() {
            if draft.fault_no_peer {
                let text = format!(
                    "({}) no unicast peers: the instance stays in FAULT",
                    draft.name
                );
                self.say(
                    Diagnostic::new(Code::Suspicious, Class::Log, text)
                        .label(draft.span, "this instance")
                        .help("add unicast_peer { ADDRESS }"),
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
        if draft.track_source && draft.source.is_none() {
            draft.track_source = false;
        }
    }

    /// A multicast group has no meaning for unicast.
    pub(super) fn check_multicast_group(&mut self, draft: &mut InstanceDraft) {
        if draft.multicast_group.is_some() && !draft.peers.is_empty() {
            self.after(
                draft,
                Code::Conflict,
                "multicast destination specified with unicast - ignoring",
            )
            .help = Some("remove mcast_dst_ip".to_owned());
            draft.multicast_group = None;
        }
    }

    /// The kernel cannot tell which interface a link-local address without one is on.
    pub(super) fn check_source(&mut self, draft: &InstanceDraft) -> Result<(), Fatal> {
        let link_local =
            matches!(draft.source, Some(IpAddr::V6(a)) if a.segments()[0] & 0xffc0 == 0xfe80);
        if draft.interface.is_none() && link_local {
            return Err(self.fatal(
                draft,
                Code::MissingInterface,
                "a link-local source address requires an interface",
                "write interface IFNAME",
            ));
        }
        Ok(())
    }

    /// `vrf` is for unicast instances without interface.
    pub(super) fn check_vrf(&mut self, draft: &mut InstanceDraft) {
        if draft.vrf.is_none() {
            return;
        }
        let text = if draft.interface.is_some() {
            "vrf can only be specified without interface - clearing"
        } else if draft.peers.is_empty() {
            "vrf can only be specified with unicast - clearing"
        } else {
            return;
        };
        self.after(draft, Code::Conflict, text).help = Some("remove vrf".to_owned());
        draft.vrf = None;
    }
}
