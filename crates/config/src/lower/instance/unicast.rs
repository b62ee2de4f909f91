//! Source addresses, peers and multicast groups (spec vrrp-keywords 4.2 and 6).

use std::net::IpAddr;

use evervip_model::UnicastPeer;

use crate::diagnostic::Code;
use crate::keyword::{self, Block};
use crate::lex::Token;
use crate::lower::Lower;
use crate::lower::address::family_of;
use crate::lower::draft::InstanceDraft;
use crate::read::{Number, plain_address};
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn source_address(&mut self, draft: &mut InstanceDraft, node: &Node) {
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

    pub(super) fn multicast_group(&mut self, draft: &mut InstanceDraft, node: &Node) {
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
            let text = format!(
                "({name}) mcast_dst_ip {} not multicast. Skipping...",
                word.text
            );
            self.complain(Code::InvalidValue, word.span, text);
            return;
        }
        draft.multicast_group = Some(group);
    }

    pub(super) fn unicast_peers(&mut self, draft: &mut InstanceDraft, node: &Node) {
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
        if !draft.seen_peers.insert(address) {
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
            if keyword::find(Block::PeerEntry, &option.text).is_none() {
                let text = format!("({name}) unknown unicast_peer option {}", option.text);
                self.complain(Code::UnknownKeyword, option.span, text).help =
                    Some("the options are min_ttl N and max_ttl N".to_owned());
                return;
            }
            let number = self.number(value, Number::whole(0, 255));
            let Some(ttl) = number.and_then(|n| u8::try_from(n).ok()) else {
                continue;
            };
            draft.check_unicast_source = true;
            if option.text == "min_ttl" {
                peer.min_ttl = ttl;
            } else {
                peer.max_ttl = ttl;
            }
        }
    }

    pub(super) fn unicast_ttl(&mut self, draft: &mut InstanceDraft, node: &Node) {
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
}
