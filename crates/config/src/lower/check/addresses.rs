//! The addresses (spec vrrp-keywords 18-D14, D16, D31).

use evervip_model::{Family, HmacMode, Version};

use super::Fatal;
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::lower::Lower;
use crate::lower::draft::{AuthType, InstanceDraft};

impl Lower<'_> {
    /// RFC 9568 5.2.9: the first address of an IPv6 router is link-local.
    pub(super) fn check_link_local(&mut self, draft: &InstanceDraft, strict: bool) {
        let first = draft.addresses.first().map(|a| a.address);
        let Some(std::net::IpAddr::V6(first)) = first.filter(|_| draft.peers.is_empty()) else {
            return;
        };
        if first.segments()[0] & 0xffc0 == 0xfe80 {
            return;
        }
        let (class, modal) = if strict {
            (Class::General, "must")
        } else {
            (Class::Log, "should")
        };
        let text = format!(
            "({}) the first IPv6 VIP address {modal} be link local",
            draft.name
        );
        self.say(
            Diagnostic::new(Code::Suspicious, class, text)
                .label(draft.span, "in this instance")
                .help("write an address from fe80::/10 first"),
        );
    }

    /// An instance without interface has addresses only on interfaces that they name themselves.
    pub(super) fn check_placed(&mut self, draft: &mut InstanceDraft) {
        if draft.interface.is_some() {
            return;
        }
        let mut homeless = Vec::new();
        for (kind, list) in [("vip", &mut draft.addresses), ("evip", &mut draft.excluded)] {
            list.retain(|address| {
                if address.dev.is_none() {
                    homeless.push(format!(
                        "no interface for {kind} {} - removing",
                        address.address
                    ));
                }
                address.dev.is_some()
            });
        }
        for text in homeless {
            self.after(draft, Code::MissingInterface, &text).help = Some(
                "write dev IFNAME behind the address, or interface IFNAME in the instance"
                    .to_owned(),
            );
        }
    }

    /// Addresses that do not fit into a packet become excluded ones.
    pub(super) fn check_address_count(&mut self, draft: &mut InstanceDraft) {
        let facts = draft
            .interface
            .as_deref()
            .and_then(|i| self.host.interface(i));
        let mtu = facts.map_or(1500, |f| f.mtu);
        let v4 = draft.family == Some(Family::Inet);
        let headers = match (v4, draft.version, draft.auth_type) {
            (true, Some(Version::V2), Some(AuthType::Header)) => 14 + 20 + 8 + 8 + 24,
            (true, Some(Version::V2), _) => 14 + 20 + 8 + 8,
            (true, _, _) => 14 + 20 + 8,
            (false, _, _) => 14 + 40 + 8,
        };
        let signed = draft
            .hmac
            .as_ref()
            .is_some_and(|hmac| hmac.mode != HmacMode::ReceiveOnly);
        let headers = headers + if signed { 28 } else { 0 };
        let room = mtu.saturating_sub(headers) / if v4 { 4 } else { 16 };
        let max = usize::try_from(room.min(255)).unwrap_or(255);
        let count = draft.addresses.len();
        if count > max {
            let text = format!(
                "Number of VIPs ({count}) exceeds maximum/space available in packet (max {max} addresses) - excess moved to eVIPs"
            );
            self.after(draft, Code::OutOfRange, &text).help =
                Some("write the rest into virtual_ipaddress_excluded".to_owned());
            let excess = draft.addresses.split_off(max);
            draft.excluded.splice(0..0, excess);
        }
    }

    /// An instance without addresses takes over nothing.
    pub(super) fn check_addresses(
        &mut self,
        draft: &mut InstanceDraft,
        strict: bool,
    ) -> Result<(), Fatal> {
        if draft.no_addresses && strict {
            self.after(
                draft,
                Code::Conflict,
                "no_virtual_ipaddress is incompatible with strict mode - resetting",
            )
            .help = Some("remove it, and write virtual_ipaddress".to_owned());
            draft.no_addresses = false;
        }
        if !draft.addresses.is_empty() || draft.no_addresses {
            return Ok(());
        }
        let help = "write virtual_ipaddress { ADDRESS/PREFIX }; excluded ones do not count";
        if strict || draft.version == Some(Version::V3) {
            return Err(self.fatal(
                draft,
                Code::MissingParameter,
                "No VIP specified; at least one is required",
                help,
            ));
        }
        self.after(
            draft,
            Code::Suspicious,
            "No VIP specified; at least one is sensible",
        )
        .help = Some(help.to_owned());
        Ok(())
    }
}
