//! `use_ipvlan` (spec vrrp-keywords 4.6).

use std::net::IpAddr;

use evervip_model::{Ipvlan, IpvlanMode};

use crate::diagnostic::Code;
use crate::lex::Token;
use crate::lower::Lower;
use crate::lower::address::family_of;
use crate::lower::draft::InstanceDraft;
use crate::read::address;
use crate::tree::Node;

use super::election::LONGEST_INTERFACE_NAME;
use super::virtual_mac::VirtualKind;

impl Lower<'_> {
    /// Words in any order: a name, an address, a mode; options since 2.3.0.
    pub(super) fn ipvlan(&mut self, draft: &mut InstanceDraft, node: &Node) {
        if draft.ipvlan.is_some() {
            let text = format!("({}) use_ipvlan already specified", draft.name);
            self.complain(Code::Duplicate, node.span(), text).help =
                Some("write all of it on one line".to_owned());
            return;
        }
        let mut ipvlan = Ipvlan::default();
        let mut has_mode = false;
        let mut words = node.args().iter();
        while let Some(word) = words.next() {
            let is_last = words.as_slice().is_empty();
            match word.text.as_str() {
                mode @ ("bridge" | "private" | "vepa") => {
                    if has_mode {
                        self.surplus_ipvlan_word(draft, "ipvlan type", word);
                        continue;
                    }
                    has_mode = true;
                    ipvlan.mode = match mode {
                        "bridge" => IpvlanMode::Bridge,
                        "private" => IpvlanMode::Private,
                        _ => IpvlanMode::Vepa,
                    };
                }
                "name" if !is_last => {
                    if let Some(word) = words.next() {
                        self.ipvlan_name(draft, &mut ipvlan, word);
                    }
                }
                "group" if !is_last => {
                    if let Some(word) = words.next() {
                        ipvlan.group = self.interface_group(&draft.name, word);
                    }
                }
                text => match prefixed_address(text) {
                    Some(found) => self.ipvlan_address(draft, &mut ipvlan, word, found),
                    None => self.ipvlan_name(draft, &mut ipvlan, word),
                },
            }
        }
        draft.ipvlan = Some(ipvlan);
    }

    fn surplus_ipvlan_word(&mut self, draft: &InstanceDraft, what: &str, word: &Token) {
        let text = format!(
            "({}) {what} already specified - ignoring '{}'",
            draft.name, word.text
        );
        self.complain(Code::Duplicate, word.span, text).help =
            Some("write at most one name, one address and one mode".to_owned());
    }

    /// It also is the source of adverts when none is configured.
    fn ipvlan_address(
        &mut self,
        draft: &mut InstanceDraft,
        ipvlan: &mut Ipvlan,
        word: &Token,
        (address, prefix): (IpAddr, u8),
    ) {
        if ipvlan.address.is_some() {
            self.surplus_ipvlan_word(draft, "ipvlan address", word);
            return;
        }
        let family = family_of(address);
        if *draft.family.get_or_insert(family) != family {
            let text = format!(
                "({}) ipvlan address[{}] MUST match vrrp instance family !!! Skipping...",
                draft.name, word.text
            );
            self.complain(Code::Conflict, word.span, text).help =
                Some("write an address of the family of the virtual addresses".to_owned());
            return;
        }
        ipvlan.address = Some((address, prefix));
        draft.source.get_or_insert(address);
    }

    /// Any word that is nothing else, even a mistyped address.
    fn ipvlan_name(&mut self, draft: &InstanceDraft, ipvlan: &mut Ipvlan, word: &Token) {
        if ipvlan.name.is_some() {
            self.surplus_ipvlan_word(draft, "IPVLAN interface", word);
            return;
        }
        if word.bytes().len() > LONGEST_INTERFACE_NAME {
            let text = format!(
                "({}) IPVLAN interface name '{}' too long - ignoring",
                draft.name, word.text
            );
            self.complain(Code::InvalidValue, word.span, text).help =
                Some("write at most 15 bytes".to_owned());
            return;
        }
        if word.text.contains('/') || word.text.contains(':') {
            let text = format!(
                "({}) '{}' is no address and becomes the name of the ipvlan",
                draft.name, word.text
            );
            self.log(Code::Suspicious, word.span, text).help =
                Some("write ADDRESS/PREFIX".to_owned());
        }
        if self.virtual_interface_name(draft, word, VirtualKind::Ipvlan) {
            ipvlan.name = Some(word.text.clone());
        }
    }
}

/// `ADDRESS[/PREFIX]`; what is wrong in any way is none.
fn prefixed_address(text: &str) -> Option<(IpAddr, u8)> {
    let (host, prefix) = match text.split_once('/') {
        Some((host, prefix)) => (host, Some(prefix)),
        None => (text, None),
    };
    let address = address(host)?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        None => longest,
        Some(text) => text.parse().ok().filter(|p| *p <= longest)?,
    };
    Some((address, prefix))
}
