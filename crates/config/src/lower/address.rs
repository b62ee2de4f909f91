//! Address entries (spec vrrp-keywords 7).

use std::net::{IpAddr, Ipv4Addr};

use evervip_model::{AddressLifetime, Family, Network, VirtualAddress};

use super::draft::InstanceDraft;
use super::{Lower, unknown};
use crate::diagnostic::Code;
use crate::keyword::{self, Block};
use crate::lex::Token;
use crate::read::{Number, address};
use crate::tree::Node;

/// An entry while its words are read.
struct Entry<'a> {
    /// As written, for messages.
    text: &'a str,
    address: VirtualAddress,
    has_prefix: bool,
    is_static: bool,
    track_group: Option<String>,
}

/// Whether the entry is kept after a word.
type Kept = Result<(), ()>;

impl Lower<'_> {
    pub(super) fn virtual_addresses(
        &mut self,
        draft: &mut InstanceDraft,
        node: &Node,
        excluded: bool,
    ) {
        for entry in node.nodes() {
            let Some(address) = self.address_entry(&entry.line.tokens) else {
                continue;
            };
            if excluded {
                draft.excluded.push(address);
                continue;
            }
            let family = family_of(address.address);
            if *draft.family.get_or_insert(family) != family {
                let text = format!(
                    "({}): address family must match VRRP instance [{}] - ignoring",
                    draft.name,
                    entry.keyword().text
                );
                self.complain(Code::Conflict, entry.span(), text).help = Some(
                    "make an instance of its own for the other family, or use virtual_ipaddress_excluded"
                        .to_owned(),
                );
                continue;
            }
            if !draft.seen().addresses.insert(address.address) {
                let text = format!(
                    "({}) address {} is given twice",
                    draft.name, address.address
                );
                // Kept: the peer counts the addresses of an advert, and its file has both, too.
                self.log(Code::Duplicate, entry.span(), text).help = Some("remove one".to_owned());
            }
            draft.addresses.push(address);
        }
    }

    fn address_entry(&mut self, tokens: &[Token]) -> Option<VirtualAddress> {
        self.any_address(tokens, false).map(|entry| entry.0)
    }

    /// An entry of `static_ipaddress`, with the name of its track group.
    pub(super) fn static_address(
        &mut self,
        tokens: &[Token],
    ) -> Option<(VirtualAddress, Option<String>)> {
        self.any_address(tokens, true)
    }

    fn any_address(
        &mut self,
        tokens: &[Token],
        is_static: bool,
    ) -> Option<(VirtualAddress, Option<String>)> {
        let first = &tokens[0];
        let network = self.network(first)?;
        let mut entry = Entry {
            text: &first.text,
            address: VirtualAddress::new(network.address, network.prefix),
            has_prefix: first.text.contains('/'),
            is_static,
            track_group: None,
        };
        let mut words = tokens[1..].iter();
        while let Some(word) = words.next() {
            self.address_word(&mut entry, word, &mut words).ok()?;
        }
        if entry.address.peer.is_some() && entry.address.broadcast.is_some() {
            entry.address.broadcast = None;
            let text = "Cannot specify broadcast and peer addresses - ignoring broadcast address";
            self.complain(Code::Conflict, first.span, text);
        }
        Some((entry.address, entry.track_group))
    }

    /// `ADDRESS[/PREFIX]`. A bad prefix keeps the address with the longest one; it is looked at
    /// first, as by the original.
    pub(super) fn network(&mut self, word: &Token) -> Option<Network> {
        let (host, prefix) = match word.text.split_once('/') {
            Some((host, prefix)) => (host, Some(prefix)),
            None => (word.text.as_str(), None),
        };
        let longest = if host.contains(':') { 128 } else { 32 };
        let prefix = match prefix {
            None => longest,
            Some(text) => self.prefix_length(word, text, longest),
        };
        let address = address(host);
        if address.is_none() {
            self.invalid_address(word);
        }
        Some(Network {
            address: address?,
            prefix,
        })
    }

    /// An address that is none.
    pub(super) fn invalid_address(&mut self, word: &Token) {
        let text = format!("VRRP parsed invalid IP {}. skipping IP...", word.text);
        let help = if unknown::starts_comment(&word.text) {
            unknown::COMMENT_HELP
        } else {
            "write a numeric address, ADDRESS/PREFIX"
        };
        self.complain(Code::InvalidValue, word.span, text).help = Some(help.to_owned());
    }

    fn prefix_length(&mut self, word: &Token, text: &str, longest: u8) -> u8 {
        let token = Token::new(text.as_bytes(), word.span);
        let number = Number::whole(0, i64::from(longest)).lenient();
        let number = self.number(&token, number);
        if let Some(bits) = number.and_then(|n| u8::try_from(n).ok()) {
            return bits;
        }
        let text = format!(
            "Invalid address prefix len {text} for address {} - using {longest}",
            word.text
        );
        self.complain(Code::OutOfRange, word.span, text).help =
            Some("write ADDRESS/BITS, one address per line".to_owned());
        longest
    }

    fn address_word<'t>(
        &mut self,
        entry: &mut Entry<'_>,
        word: &Token,
        words: &mut impl Iterator<Item = &'t Token>,
    ) -> Kept {
        let a = &mut entry.address;
        match word.text.as_str() {
            "home" => a.home = true,
            "mngtmpaddr" => a.mngtmpaddr = true,
            "noprefixroute" => a.noprefixroute = true,
            "autojoin" => a.autojoin = true,
            "-nodad" => a.dad = true,
            "no_track" => a.no_track = true,
            "track_group" if entry.is_static => return self.address_group(entry, word, words),
            "use_vmac" if !entry.is_static => a.use_vmac = true,
            "dev" | "scope" | "brd" | "broadcast" | "label" | "peer" | "preferred_lft" => {
                let Some(value) = words.next() else {
                    let text = format!("No {} parameter specified for {}", word.text, entry.text);
                    self.complain(Code::MissingParameter, word.span, text).help =
                        Some("the address is left out".to_owned());
                    return Err(());
                };
                return self.address_option(entry, word, value);
            }
            other => {
                let text =
                    format!("Unknown configuration entry '{other}' for ip address - ignoring");
                let said = self.complain(Code::UnknownKeyword, word.span, text);
                if address(other.split('/').next().unwrap_or_default()).is_some() {
                    said.help = Some("write each address on a line of its own".to_owned());
                } else if let Some(better) = keyword::suggest(Block::AddressEntry, other) {
                    said.help = Some(format!("did you mean '{better}'?"));
                }
            }
        }
        Ok(())
    }

    fn address_option(&mut self, entry: &mut Entry<'_>, word: &Token, value: &Token) -> Kept {
        match word.text.as_str() {
            "dev" => self.address_dev(entry, value),
            "scope" => {
                self.address_scope(entry, value);
                Ok(())
            }
            "label" => self.address_label(entry, value),
            "peer" => {
                self.address_peer(entry, value);
                Ok(())
            }
            "preferred_lft" => {
                self.address_lifetime(entry, value);
                Ok(())
            }
            _ => self.address_broadcast(entry, word, value),
        }
    }

    /// A second group ends the line.
    fn address_group<'t>(
        &mut self,
        entry: &mut Entry<'_>,
        word: &Token,
        words: &mut impl Iterator<Item = &'t Token>,
    ) -> Kept {
        let Some(name) = words.next() else {
            let text = format!("No track_group parameter specified for {}", entry.text);
            self.complain(Code::MissingParameter, word.span, text).help =
                Some("the address is left out".to_owned());
            return Err(());
        };
        if entry.track_group.is_some() {
            let text = format!("track_group {} is a duplicate", name.text);
            self.complain(Code::Duplicate, name.span, text).help = Some("keep one".to_owned());
            words.for_each(drop);
        } else {
            entry.track_group = self.known_track_group(name);
        }
        Ok(())
    }

    fn address_dev(&mut self, entry: &mut Entry<'_>, value: &Token) -> Kept {
        if entry.address.dev.is_some() {
            let text = format!(
                "Cannot specify ipaddress device more than once for {}",
                entry.text
            );
            self.complain(Code::Duplicate, value.span, text);
            return Err(());
        }
        if !self.interface_usable(&value.text) {
            let text = format!(
                "WARNING - interface {} for ip address {} doesn't exist",
                value.text, entry.text
            );
            let help = self.interface_help(&value.text);
            self.complain(Code::MissingInterface, value.span, text).help = Some(help);
            return Err(());
        }
        entry.address.dev = Some(Box::from(value.text.as_str()));
        Ok(())
    }

    fn address_scope(&mut self, entry: &mut Entry<'_>, value: &Token) {
        if entry.address.address.is_ipv6() {
            let text = format!(
                "Cannot specify scope for IPv6 addresses ({}) - ignoring scope",
                entry.text
            );
            self.complain(Code::Conflict, value.span, text);
            return;
        }
        match scope(&value.text) {
            Some(scope) => entry.address.scope = scope,
            None => {
                let text = format!(
                    "Invalid scope '{}' specified for {} - ignoring",
                    value.text, entry.text
                );
                self.complain(Code::InvalidValue, value.span, text).help =
                    Some("use global, site, link, host, nowhere or a number to 255".to_owned());
            }
        }
    }

    fn address_label(&mut self, entry: &mut Entry<'_>, value: &Token) -> Kept {
        if entry.address.address.is_ipv6() {
            let text = format!(
                "Cannot specify label for IPv6 addresses ({}) - ignoring label",
                entry.text
            );
            self.complain(Code::Conflict, value.span, text);
            return Ok(());
        }
        if value.bytes().len() > LONGEST_LABEL {
            let text = format!(
                "Address label {} is longer than maximum length {LONGEST_LABEL} - removing address",
                value.text
            );
            self.complain(Code::InvalidValue, value.span, text).help =
                Some("shorten the label".to_owned());
            return Err(());
        }
        let label = Some(value.text.as_str()).filter(|label| !label.is_empty());
        entry.address.label = label.map(Box::from);
        Ok(())
    }

    fn address_peer(&mut self, entry: &mut Entry<'_>, value: &Token) {
        let a = &mut entry.address;
        if a.peer.is_some() {
            let text = format!(
                "Peer {} - another peer has already been specified",
                value.text
            );
            self.complain(Code::Duplicate, value.span, text);
            let text = format!(
                "Unknown configuration entry '{}' for ip address - ignoring",
                value.text
            );
            self.complain(Code::UnknownKeyword, value.span, text);
            return;
        }
        let Some(peer) = address(&value.text) else {
            self.invalid_address(value);
            let text = format!("Invalid peer address {}", value.text);
            self.complain(Code::InvalidValue, value.span, text);
            return;
        };
        if family_of(peer) != family_of(a.address) {
            let text = format!("Peer address {} does not match address family", value.text);
            self.complain(Code::Conflict, value.span, text).help =
                Some(format!("name a peer of the family of {}", entry.text));
            return;
        }
        a.peer = Some(peer);
        if entry.has_prefix {
            a.prefix = if peer.is_ipv4() { 32 } else { 128 };
            let text = "Cannot specify address prefix when specifying peer address - ignoring";
            self.complain(Code::Conflict, value.span, text);
        }
    }

    fn address_lifetime(&mut self, entry: &mut Entry<'_>, value: &Token) {
        if value.text == "forever" {
            entry.address.preferred_lifetime = AddressLifetime::Seconds(u32::MAX);
            return;
        }
        let number = Number::whole(0, i64::from(u32::MAX)).lenient();
        match self
            .number(value, number)
            .and_then(|n| u32::try_from(n).ok())
        {
            Some(n) => entry.address.preferred_lifetime = AddressLifetime::Seconds(n),
            None => {
                let text = format!("preferred_lft {} is invalid", value.text);
                self.complain(Code::OutOfRange, value.span, text);
            }
        }
    }

    fn address_broadcast(&mut self, entry: &mut Entry<'_>, word: &Token, value: &Token) -> Kept {
        let a = &mut entry.address;
        let IpAddr::V4(ip) = a.address else {
            let text = format!(
                "VRRP is trying to assign a broadcast {} to the IPv6 address {} !!?? WTF... skipping VIP...",
                word.text, entry.text
            );
            self.complain(Code::Conflict, value.span, text);
            return Err(());
        };
        let host_bits = u32::MAX.checked_shr(u32::from(a.prefix)).unwrap_or(0);
        a.broadcast = match value.text.as_str() {
            "+" | "-" if a.prefix > 30 => {
                let text = format!("Address prefix length {} too long for broadcast", a.prefix);
                self.complain(Code::Conflict, value.span, text);
                None
            }
            "+" => Some(Ipv4Addr::from(u32::from(ip) | host_bits)),
            "-" => Some(Ipv4Addr::from(u32::from(ip) & !host_bits)),
            other => match other.parse() {
                Ok(broadcast) => Some(broadcast),
                Err(_) => {
                    let text = format!(
                        "VRRP is trying to assign invalid broadcast {other}. skipping VIP..."
                    );
                    self.complain(Code::InvalidValue, value.span, text);
                    return Err(());
                }
            },
        };
        Ok(())
    }
}

/// Family of an address.
pub(super) const fn family_of(address: IpAddr) -> Family {
    match address {
        IpAddr::V4(_) => Family::Inet,
        IpAddr::V6(_) => Family::Inet6,
    }
}

/// Route scope by name or number; decimal, `0x` or leading-zero octal.
fn scope(word: &str) -> Option<u8> {
    match word {
        "global" | "universe" => Some(0),
        "site" => Some(200),
        "link" => Some(253),
        "host" => Some(254),
        "nowhere" => Some(255),
        number => {
            if let Some(hex) = number.strip_prefix("0x") {
                u8::from_str_radix(hex, 16).ok()
            } else if number.len() > 1 && number.starts_with('0') {
                u8::from_str_radix(number, 8).ok()
            } else {
                number.parse().ok()
            }
        }
    }
}

/// IFNAMSIZ without its terminating zero.
const LONGEST_LABEL: usize = 15;
