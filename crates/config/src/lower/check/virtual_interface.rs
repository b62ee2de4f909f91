//! Virtual MACs, ipvlans and what they stand on (spec vrrp-keywords 18-D13, D26, D27, D29).

use evervip_model::{Family, UnsupportedReason};

use crate::diagnostic::Code;
use crate::lower::Lower;
use crate::lower::draft::{InstanceDraft, MacDraft};

impl Lower<'_> {
    /// The address of the virtual MAC, and what the interface is good for.
    pub(super) fn check_link(&mut self, draft: &mut InstanceDraft, strict: bool) {
        if strict && draft.mac.take().is_some() {
            let text = format!(
                "({}): cannot specify MAC address with strict mode - clearing",
                draft.name
            );
            self.after_text(draft, Code::Conflict, text).help =
                Some("write use_vmac without address".to_owned());
        }
        if let (Some(vmac), Some(mac)) = (&mut draft.virtual_mac, draft.mac) {
            let MacDraft {
                mut octets,
                complete,
            } = mac;
            if !complete {
                octets[5] = draft.vrid.map_or(0, |vrid| vrid.value());
            }
            vmac.address = Some(octets);
        }
        let facts = draft
            .interface
            .as_deref()
            .and_then(|i| self.host.interface(i));
        let Some(facts) = facts else {
            return;
        };
        let own = draft.virtual_mac.is_some() || draft.ipvlan.is_some();
        if own && !facts.ethernet {
            // The original says so of ipvlans, too.
            let text = format!(
                "({}): vmacs are only supported on Ethernet type interfaces",
                draft.name
            );
            self.after_text(draft, Code::Conflict, text).help =
                Some("remove use_vmac or use_ipvlan; the instance stays in FAULT".to_owned());
            draft.held = Some(UnsupportedReason::NotEthernet);
        }
        if !facts.multicast && draft.peers.is_empty() {
            let interface = draft.interface.clone().unwrap_or_default();
            let text = format!(
                "interface {interface} does not support multicast, specify unicast peers - disabling"
            );
            self.after(draft, Code::Conflict, &text).help =
                Some("write unicast_peer { ADDRESS }; the instance stays in FAULT".to_owned());
            draft.held = Some(UnsupportedReason::NoMulticast);
        }
    }

    pub(super) fn check_virtual_interface(&mut self, draft: &mut InstanceDraft, strict: bool) {
        if draft.virtual_mac.is_none() && draft.ipvlan.is_none() {
            return;
        }
        if strict && draft.transmit_on_base && draft.virtual_mac.is_some() {
            self.after(
                draft,
                Code::Conflict,
                "xmit_base is incompatible with strict mode - resetting",
            )
            .help = Some("remove vmac_xmit_base".to_owned());
            draft.transmit_on_base = false;
        }
        if draft.promote_secondaries {
            self.after(
                draft,
                Code::Conflict,
                "promote_secondaries is automatically set for vmacs - ignoring",
            )
            .help = Some("remove promote_secondaries".to_owned());
            draft.promote_secondaries = false;
        }
        let without_address = draft.ipvlan.as_ref().is_some_and(|i| i.address.is_none());
        if without_address && draft.family == Some(Family::Inet) {
            self.after(
                draft,
                Code::MissingParameter,
                "IPv4 ipvlan requires a source ip address to be configured. setting instance to fault state",
            )
            .help = Some("write use_ipvlan ADDRESS/PREFIX".to_owned());
            draft.held = Some(UnsupportedReason::NoIpvlanAddress);
        }
    }

    pub(super) fn check_transmit_on_base(&mut self, draft: &mut InstanceDraft) {
        if draft.transmit_on_base && draft.virtual_mac.is_none() {
            self.after(
                draft,
                Code::Conflict,
                "vmac_xmit_base is only valid with a vmac",
            )
            .help = Some("remove it, or write use_vmac".to_owned());
            draft.transmit_on_base = false;
        }
    }
}
