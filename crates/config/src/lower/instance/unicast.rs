//! Source addresses, peers and multicast groups (spec vrrp-keywords 4.2 and 6).

use std::net::IpAddr;

use evervip_model::{OldUnicastChecksum, UnicastPeer};

use crate::diagnostic::Code;
use crate::keyword::{self, Block};
use crate::lex::Token;
use crate::lower::Lower;
use crate::lower::address::family_of;
use crate::lower::draft::InstanceDraft;
use crate::read::{Number, plain_address};
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn delivery_keyword(&mut self, draft: &mut InstanceDraft, node: &Node) {
        match node.keyword().text.as_str() {
            "mcast_src_ip" => self.source_address(draft, node),
            "unicast_src_ip" => {
                draft.unicast_wanted = true;
                self.source_address(draft, node);
            }
            "mcast_dst_ip" => self.multicast_group(draft, node),
            "unicast_peer" => self.unicast_peers(draft, node),
            "unicast_fault_no_peer" => {
                draft.unicast_wanted = true;
                draft.fault_no_peer = true;
            }
            "unicast_ttl" => self.unicast_ttl(draft, node),
            "check_unicast_src" => {
                draft.unicast_wanted = true;
                draft.check_unicast_source = true;
            }
            "old_unicast_checksum" => self.old_unicast_checksum(draft, node),
            _ => self.receive_buffer(draft, node),
        }
    }

    fn source_address(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        let name = draft.name.clone();
        let Some(source) = plain_address(&word.text) else {
            let text = format!(
                "Configuration error: VRRP instance[{name}] malformed src address[{}]. Skipping...",
                word.text
            );
            self.complain(Code::InvalidValue, word.span, text).help =
                Some("write a numeric address of this machine".to_owned());
            return;
        };
        let family = family_of(source);
        if *draft.family.get_or_insert(family) != family {
            let text = format!(
                "Configuration error: VRRP instance[{name}] and src address[{}] MUST be of the same family !!! Skipping...",
                word.text
            );
            self.complain(Code::Conflict, word.span, text);
            return;
        }
        draft.source = Some(source);
    }

    fn multicast_group(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        let name = draft.name.clone();
        let Some(group) = plain_address(&word.text) else {
            let text = format!(
                "({name}) malformed mcast dest address {}. Skipping...",
                word.text
            );
            self.complain(Code::InvalidValue, word.span, text);
            return;
        };
        let family = family_of(group);
        if draft.family.is_some_and(|f| f != family) {
            let text = format!(
                "({name}) mcast dest address {} MUST match VRRP instance family. Skipping...",
                word.text
            );
            self.complain(Code::Conflict, word.span, text);
            return;
        }
        draft.family = Some(family);
        let usable = match group {
            IpAddr::V4(a) => a.is_multicast(),
            IpAddr::V6(a) => a.segments()[0] == 0xff02,
        };
        if !usable {
            let (kind, help) = match group {
                IpAddr::V4(_) => ("multicast", "write an address from 224.0.0.0/4"),
                IpAddr::V6(_) => ("link-local multicast", "write an address from ff02::/16"),
            };
            let text = format!(
                "({name}) mcast_dst_ip {} not {kind}. Skipping...",
                word.text
            );
            self.complain(Code::InvalidValue, word.span, text).help = Some(help.to_owned());
            return;
        }
        draft.multicast_group = Some(group);
    }

    fn unicast_peers(&mut self, draft: &mut InstanceDraft, node: &Node) {
        draft.unicast_wanted = true;
        for entry in node.nodes() {
            if let Some(peer) = self.unicast_peer(draft, &entry.line.tokens) {
                draft.peers.push(peer);
            }
        }
    }

    fn unicast_peer(&mut self, draft: &mut InstanceDraft, tokens: &[Token]) -> Option<UnicastPeer> {
        let first = &tokens[0];
        let name = draft.name.clone();
        let Some(address) = plain_address(&first.text) else {
            let text = format!(
                "Configuration error: VRRP instance[{name}] malformed unicast peer address[{}]. Skipping...",
                first.text
            );
            self.complain(Code::InvalidValue, first.span, text).help =
                Some("write the numeric address of the other machine".to_owned());
            return None;
        };
        let family = family_of(address);
        if *draft.family.get_or_insert(family) != family {
            let text = format!(
                "Configuration error: VRRP instance[{name}] and unicast peer address[{}] MUST be of the same family !!! Skipping...",
                first.text
            );
            self.complain(Code::Conflict, first.span, text);
            return None;
        }
        let mut peer = UnicastPeer {
            address,
            min_ttl: 0,
            max_ttl: 255,
        };
        self.peer_options(draft, &mut peer, &tokens[1..]);
        if peer.min_ttl > peer.max_ttl {
            let text = format!(
                "({name}) min_ttl {} > max_ttl {} - all packets will be discarded",
                peer.min_ttl, peer.max_ttl
            );
            self.complain(Code::Conflict, first.span, text);
        }
        if !draft.seen().peers.insert(address) {
            let text = format!("({name}) unicast_peer {address} is given twice");
            self.log(Code::Duplicate, first.span, text).help = Some("remove one".to_owned());
            return None;
        }
        Some(peer)
    }

    fn peer_options(&mut self, draft: &mut InstanceDraft, peer: &mut UnicastPeer, words: &[Token]) {
        let name = draft.name.clone();
        for pair in words.chunks(2) {
            let [option, value] = pair else {
                let text = format!("({name}) {} is missing a value", pair[0].text);
                self.complain(Code::MissingParameter, pair[0].span, text)
                    .help = Some(
                    "write each peer on a line of its own, then min_ttl N or max_ttl N".to_owned(),
                );
                return;
            };
            // The original looks at the number first.
            let number = self.number(value, Number::whole(0, 255));
            let Some(ttl) = number.and_then(|n| u8::try_from(n).ok()) else {
                continue;
            };
            if keyword::find(Block::PeerEntry, &option.text).is_none() {
                let text = format!("({name}) unknown unicast_peer option {}", option.text);
                self.complain(Code::UnknownKeyword, option.span, text).help =
                    Some("the options are min_ttl N and max_ttl N".to_owned());
                return;
            }
            draft.check_unicast_source = true;
            if option.text == "min_ttl" {
                peer.min_ttl = ttl;
            } else {
                peer.max_ttl = ttl;
            }
        }
    }

    fn unicast_ttl(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let word = &node.args()[0];
        let number = self.number(word, Number::whole(0, 255));
        match number.and_then(|n| u8::try_from(n).ok()) {
            Some(ttl) => draft.ttl = Some(ttl),
            None => {
                let text = format!(
                    "({}): TTL '{}' not valid - must be between 0 & 255",
                    draft.name, word.text
                );
                self.complain(Code::OutOfRange, word.span, text);
            }
        }
    }

    /// `[never]`. Another word leaves the setting, but unicast is wanted all the same.
    fn old_unicast_checksum(&mut self, draft: &mut InstanceDraft, node: &Node) {
        draft.unicast_wanted = true;
        draft.old_unicast_checksum = match node.args().first() {
            None => OldUnicastChecksum::Always,
            Some(word) if word.text == "never" => OldUnicastChecksum::Never,
            Some(word) => {
                let text = format!(
                    "({}) Unknown old_unicast_chksum mode {} - ignoring",
                    draft.name, word.text
                );
                self.complain(Code::InvalidValue, word.span, text).help =
                    Some("write never, or nothing".to_owned());
                return;
            }
        };
    }

    /// Exactly one number; anything else is a complaint, even nothing.
    fn receive_buffer(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let size = match node.args() {
            [word] => self.number(word, Number::whole(0, i64::from(u32::MAX))),
            _ => None,
        };
        match size.and_then(|n| u32::try_from(n).ok()) {
            Some(bytes) => draft.receive_buffer = bytes,
            None => {
                let text = format!("({}) invalid kernel_rx_buf_size specified", draft.name);
                self.complain(Code::InvalidValue, node.span(), text).help =
                    Some("write one number of bytes".to_owned());
            }
        }
    }
}
