//! `use_vmac` and what goes with it (spec vrrp-keywords 4.6).

use crate::diagnostic::Code;
use crate::lex::Token;
use crate::lower::Lower;
use crate::lower::draft::{InstanceDraft, MacDraft};
use crate::machine::Host;
use crate::tree::Node;

use super::election::LONGEST_INTERFACE_NAME;

/// An interface of an instance's own.
#[derive(Clone, Copy)]
pub(super) enum VirtualKind {
    Macvlan,
    Ipvlan,
}

/// Why a word is no MAC address.
enum BadMac {
    /// A character that no MAC address has.
    Character,
    /// Too few octets, or one that is too great.
    Octets,
}

impl Lower<'_> {
    pub(super) fn virtual_interface_keyword(&mut self, draft: &mut InstanceDraft, node: &Node) {
        match node.keyword().text.as_str() {
            "use_vmac" => self.virtual_mac(draft, node),
            "use_ipvlan" => self.ipvlan(draft, node),
            "use_vmac_addr" => draft.virtual_mac_for_addresses = true,
            _ => draft.transmit_on_base = true,
        }
    }

    /// Up to two words, a name and an address, for 2.2.7; since 2.3.0 any number, with options.
    fn virtual_mac(&mut self, draft: &mut InstanceDraft, node: &Node) {
        draft.virtual_mac.get_or_insert_default();
        let mut words = node.args().iter().enumerate();
        while let Some((at, word)) = words.next() {
            let is_last = at + 1 == node.args().len();
            match word.text.as_str() {
                text if text.contains(':') => self.virtual_mac_address(draft, word),
                // 2.2.7 takes a lone `name` or `group` for the name of the interface.
                "name" if !is_last => {
                    if let Some((_, word)) = words.next() {
                        self.virtual_mac_name(draft, word);
                    }
                }
                "group" if !is_last => {
                    if let Some((_, word)) = words.next() {
                        let group = self.interface_group(&draft.name, word);
                        draft.virtual_mac.get_or_insert_default().group = group;
                    }
                }
                "netlink_notify_msg" => {
                    draft.virtual_mac.get_or_insert_default().netlink_notify = true;
                    let text = format!("'{}' is not supported by this version", word.text);
                    self.log(Code::NotSupported, word.span, text).help =
                        Some("it has no effect".to_owned());
                }
                // 2.2.7 looks at two words only.
                _ if at >= 2 => {
                    let text =
                        format!("({}) use_vmac does not look at '{}'", draft.name, word.text);
                    self.log(Code::Suspicious, word.span, text).help =
                        Some("write [name] IFNAME, MAC, group GROUP".to_owned());
                }
                _ => self.virtual_mac_name(draft, word),
            }
        }
    }

    fn virtual_mac_address(&mut self, draft: &mut InstanceDraft, word: &Token) {
        let text = &word.text;
        let problem = if draft.mac.is_some() {
            "VMAC interface address already specified".to_owned()
        } else {
            match mac(text) {
                Err(BadMac::Character) => format!("VMAC invalid MAC address {text}"),
                Err(BadMac::Octets) => format!("VMAC invalid MAC address {text} - ignored"),
                Ok(mac) if mac.octets[0] & 1 != 0 => {
                    format!("VMAC MAC address is multicast {text} - ignoring")
                }
                Ok(mac) if matches!(mac.octets, [0, 0, 0x5e, 0, 1 | 2, _]) => format!(
                    "VMAC MAC address not allowed to be RFC5798 address ({text}) - ignoring"
                ),
                Ok(mac) => {
                    draft.mac = Some(mac);
                    return;
                }
            }
        };
        self.complain(Code::InvalidValue, word.span, problem).help = Some(
            "write six octets like 02:00:00:00:00:01, or none for the standard address".to_owned(),
        );
    }

    fn virtual_mac_name(&mut self, draft: &mut InstanceDraft, word: &Token) {
        let name = &word.text;
        if draft.virtual_mac.as_ref().is_some_and(|v| v.name.is_some()) {
            self.complain(
                Code::Duplicate,
                word.span,
                "VMAC interface name already specified",
            )
            .help = Some("write one name".to_owned());
            return;
        }
        let odd = |c: char| c == '/' || c == ':' || c.is_whitespace();
        if word.bytes().len() > LONGEST_INTERFACE_NAME
            || matches!(name.as_str(), "" | "." | "..")
            || name.contains(odd)
        {
            let text =
                format!("VMAC interface name '{name}' too long or invalid characters - ignoring");
            self.complain(Code::InvalidValue, word.span, text).help =
                Some("write at most 15 bytes without '/', ':' and blanks".to_owned());
            return;
        }
        if self.virtual_interface_name(draft, word, VirtualKind::Macvlan) {
            draft.virtual_mac.get_or_insert_default().name = Some(name.clone());
        }
    }

    /// Whether the name of an interface of an instance's own is free, or names one of that kind.
    pub(super) fn virtual_interface_name(
        &mut self,
        draft: &InstanceDraft,
        word: &Token,
        kind: VirtualKind,
    ) -> bool {
        let name = &word.text;
        if let Some(owner) = self.virtual_interfaces.get(name) {
            let text = format!(
                "({}) VRRP instance {owner} is already using {name} - ignoring name",
                draft.name
            );
            self.complain(Code::Duplicate, word.span, text).help =
                Some("write another name".to_owned());
            return false;
        }
        let is_other = |host: &dyn Host| host.interface(name).is_some_and(|i| i.parent.is_none());
        if self.host.has_interface(name) && is_other(self.host) {
            let (wanted, keyword) = match kind {
                VirtualKind::Ipvlan => ("an l2 ipvlan", "ipvlan"),
                VirtualKind::Macvlan => ("a private macvlan", "vmac"),
            };
            let text = format!(
                "({}) interface {name} already exists and is not {wanted}; ignoring {keyword} if_name",
                draft.name
            );
            self.complain(Code::Conflict, word.span, text).help =
                Some("write a name that no interface has".to_owned());
            return false;
        }
        self.virtual_interfaces
            .insert(name.clone(), draft.name.clone());
        true
    }

    /// A number (decimal, hexadecimal, octal) or `default`.
    pub(super) fn interface_group(&mut self, owner: &str, word: &Token) -> Option<u32> {
        let text = word.text.as_str();
        let number = if let Some(digits) = text.strip_prefix("0x") {
            u32::from_str_radix(digits, 16).ok()
        } else if text.len() > 1 && text.starts_with('0') {
            u32::from_str_radix(text, 8).ok()
        } else if text == "default" {
            Some(0)
        } else {
            text.parse().ok()
        };
        let group = number.filter(|n| *n <= LARGEST_GROUP);
        if group.is_none() {
            let message = format!("({owner}) unknown interface group {text} - ignoring");
            self.complain(Code::InvalidValue, word.span, message).help =
                Some("write its number".to_owned());
        }
        group
    }
}

/// Five octets, or six; more are not looked at.
fn mac(text: &str) -> Result<MacDraft, BadMac> {
    let mut octets = [0; 6];
    let mut count = 0;
    for (octet, word) in octets.iter_mut().zip(text.split(':')) {
        if word.is_empty() && count == 5 {
            // A colon behind five octets.
            break;
        }
        if word.contains(|c: char| !c.is_ascii_hexdigit()) {
            return Err(BadMac::Character);
        }
        *octet = u8::from_str_radix(word, 16).map_err(|_| BadMac::Octets)?;
        count += 1;
    }
    if count < 5 {
        return Err(BadMac::Octets);
    }
    Ok(MacDraft {
        octets,
        complete: count == 6,
    })
}

/// Greatest number of an interface group, 2^31 - 1 (spec vrrp-keywords 2.4).
const LARGEST_GROUP: u32 = 0x7fff_ffff;
