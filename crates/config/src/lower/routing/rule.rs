//! Entries of routing rules (spec vrrp-keywords 9).

use evervip_model::{Family, Network, PacketMark, Range, Rule, RuleAction};

use super::Dropped;
use super::names::any_base;
use super::route::{KEEPALIVED, U32, route_type};
use super::words::{Words, family_of};
use crate::diagnostic::Code;
use crate::keyword::Block;
use crate::lex::Token;
use crate::lower::Lower;
use crate::machine::IprouteFile;
use crate::read::Number;
use crate::tree::Node;

/// An entry while it is read.
pub(super) struct Reading {
    pub(super) rule: Rule,
    family: Option<Family>,
    action: Option<RuleAction>,
    preference: Option<u32>,
    /// `track_group` of a static rule.
    pub(super) track_group: Option<String>,
    is_static: bool,
}

impl Lower<'_> {
    /// Entries of `virtual_rules`.
    pub(in crate::lower) fn virtual_rules(&mut self, node: &Node) -> Vec<Rule> {
        let entries = node.nodes().iter();
        entries
            .filter_map(|entry| self.rule_entry(entry, false).ok())
            .map(|reading| reading.rule)
            .collect()
    }

    pub(super) fn rule_entry(&mut self, node: &Node, is_static: bool) -> Result<Reading, Dropped> {
        let mut words = Words::new(node);
        let mut reading = Reading {
            rule: Rule::new(Family::Inet, 0, RuleAction::Nop),
            family: None,
            action: None,
            preference: None,
            track_group: None,
            is_static,
        };
        while let Some(word) = words.next() {
            self.rule_word(&mut reading, word, &mut words)?;
        }
        self.finish_rule(reading, node)
    }

    fn rule_word<'t>(
        &mut self,
        r: &mut Reading,
        word: &'t Token,
        words: &mut Words<'t>,
    ) -> Result<(), Dropped> {
        match word.text.as_str() {
            "from" => {
                let word = self.next_word(words)?;
                r.rule.from = Some(self.rule_network(r, "from", word)?);
            }
            "to" => {
                let word = self.next_word(words)?;
                r.rule.to = Some(self.rule_network(r, "to", word)?);
            }
            "not" => r.rule.invert = true,
            "no_track" => r.rule.no_track = true,
            "inet" | "inet6" => self.rule_family_word(r, word, words)?,
            "iif" | "dev" => {
                let word = self.next_word(words)?;
                r.rule.input = Some(self.entry_interface(word, "rule")?);
            }
            "oif" => {
                let word = self.next_word(words)?;
                r.rule.output = Some(self.entry_interface(word, "rule")?);
            }
            "table" | "lookup" => {
                let word = self.next_word(words)?;
                self.rule_table(r, word)?;
            }
            "goto" => {
                let target = self.next_word(words)?;
                let text = format!("Invalid target {} specified", word.text);
                let number = self.entry_number(target, Number::whole(0, U32), text)?;
                let target = u32::try_from(number).unwrap_or(u32::MAX);
                self.rule_action(r, word, RuleAction::Goto(target))?;
            }
            "l3mdev" => {
                if r.action.is_some() {
                    return Err(self.drop_entry(word, "Cannot specify l3mdev with other action"));
                }
                r.action = Some(RuleAction::Vrf);
            }
            "type" => {
                let word = self.next_word(words)?;
                if !self.rule_type(r, word)? {
                    return Err(self.unknown_rule_word(word));
                }
            }
            "track_group" if r.is_static => {
                let word = self.next_word(words)?;
                r.track_group = self.known_track_group(word);
            }
            _ if self.rule_match(r, word, words)? => {}
            _ if self.rule_type(r, word)? => {}
            _ => return Err(self.unknown_rule_word(word)),
        }
        Ok(())
    }

    /// Words that say which packets, and who made the rule.
    fn rule_match<'t>(
        &mut self,
        r: &mut Reading,
        word: &'t Token,
        words: &mut Words<'t>,
    ) -> Result<bool, Dropped> {
        let keyword = word.text.as_str();
        match keyword {
            "priority" | "preference" | "order" => {
                let value = self.next_word(words)?;
                r.preference = Some(self.rule_preference(keyword, value)?);
            }
            "fwmark" => {
                let value = self.next_word(words)?;
                let text = format!("Invalid rule fwmark {} specified", value.text);
                let mark = mark(&value.text);
                r.rule.mark = Some(mark.ok_or_else(|| self.drop_entry(value, text))?);
            }
            "tos" | "dsfield" => {
                let value = self.next_word(words)?;
                let tos = self.named_byte(IprouteFile::Dsfields, &value.text);
                let text = format!("TOS value {} is invalid", value.text);
                r.rule.tos = Some(tos.ok_or_else(|| self.drop_entry(value, text))?);
            }
            "realms" => {
                let value = self.next_word(words)?;
                if r.family == Some(Family::Inet6) {
                    return Err(self.drop_entry(value, "realms is only valid for IPv4"));
                }
                let realms = self.realms(&value.text);
                let text = format!("invalid realms {} for rule", value.text);
                r.rule.realms = Some(realms.ok_or_else(|| self.drop_entry(value, text))?);
            }
            "suppress_prefixlength" | "sup_pl" => {
                let value = self.next_word(words)?;
                let text = format!("Invalid suppress_prefixlength {keyword} specified");
                let range = Number::whole(0, i64::from(i32::MAX));
                let number = self.entry_number(value, range, text)?;
                r.rule.suppress_prefix_length = u32::try_from(number).ok();
            }
            "suppress_ifgroup" | "sup_group" => {
                let value = self.next_word(words)?;
                let group = self.named_number(IprouteFile::Groups, &value.text);
                let text = format!("suppress_group {} is invalid", value.text);
                r.rule.suppress_group = Some(group.ok_or_else(|| self.drop_entry(value, text))?);
            }
            "tunnel-id" => {
                let value = self.next_word(words)?;
                r.rule.tunnel_id = Some(self.rule_tunnel(value)?);
            }
            "uidrange" => {
                let value = self.next_word(words)?;
                let text = "Invalid uidrange uidrange specified";
                let range = range(&value.text).ok_or_else(|| self.drop_entry(value, text))?;
                let cut = |n: u64| u32::try_from(n & u64::from(u32::MAX)).unwrap_or(u32::MAX);
                r.rule.users = Some(Range {
                    first: cut(range.first),
                    last: cut(range.last),
                });
            }
            "protocol" | "ipproto" | "sport" | "dport" => {
                let value = self.next_word(words)?;
                self.rule_lenient_word(r, keyword, value);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Words whose bad value costs the word, not the rule.
    fn rule_lenient_word(&mut self, r: &mut Reading, keyword: &str, value: &Token) {
        let text = match keyword {
            "protocol" => {
                let number = self.number(value, Number::whole(0, 255));
                r.rule.protocol = number.and_then(|n| u8::try_from(n).ok());
                if number.is_some() {
                    return;
                }
                format!("Invalid protocol {}", value.text)
            }
            "ipproto" => {
                r.rule.ip_protocol = ip_protocol(&value.text);
                if r.rule.ip_protocol.is_some() {
                    return;
                }
                format!("Invalid ipproto {}", value.text)
            }
            _ => {
                let cut = |n: u64| u16::try_from(n & 0xffff).unwrap_or(u16::MAX);
                let ports = range(&value.text).map(|range| Range {
                    first: cut(range.first),
                    last: cut(range.last),
                });
                let slot = if keyword == "sport" {
                    &mut r.rule.source_ports
                } else {
                    &mut r.rule.destination_ports
                };
                *slot = ports;
                if ports.is_some() {
                    return;
                }
                format!("invalid {keyword} range {}", value.text)
            }
        };
        let help = match keyword {
            "sport" | "dport" => "write FIRST-LAST, also for one port",
            _ => "correct it; the rule goes without",
        };
        self.complain(Code::InvalidValue, value.span, text).help = Some(help.to_owned());
    }

    fn rule_preference(&mut self, keyword: &str, value: &Token) -> Result<u32, Dropped> {
        // Decimal, hexadecimal and octal are good; the complaints are those of a decimal number.
        if let Some(number) = any_base(&value.text).and_then(|n| u32::try_from(n).ok()) {
            return Ok(number);
        }
        let text = format!("Invalid rule preference {keyword} specified");
        let number = self.entry_number(value, Number::whole(0, U32), text)?;
        Ok(u32::try_from(number).unwrap_or(u32::MAX))
    }

    fn rule_tunnel(&mut self, value: &Token) -> Result<u64, Dropped> {
        let word = value.text.as_str();
        if let Ok(id) = word.parse::<u64>() {
            return Ok(id);
        }
        let complaint = if word.starts_with('-') {
            format!("negative number '{word}'")
        } else if word.bytes().all(|b| b.is_ascii_digit()) {
            format!("number '{word}' outside unsigned 64 bit range")
        } else {
            format!("invalid number '{word}'")
        };
        self.complain(Code::OutOfRange, value.span, complaint);
        Err(self.drop_entry(value, "Invalid tunnel-id tunnel-id specified"))
    }

    fn rule_network(
        &mut self,
        r: &mut Reading,
        what: &str,
        word: &Token,
    ) -> Result<Network, Dropped> {
        if matches!(word.text.as_str(), "default" | "any" | "all") {
            return Ok(Network {
                address: [0, 0, 0, 0].into(),
                prefix: 0,
            });
        }
        let Some(network) = self.network(word) else {
            let text = format!("Invalid rule {what} address {}", word.text);
            return Err(self.drop_entry(word, text));
        };
        let family = family_of(network.address);
        if *r.family.get_or_insert(family) != family {
            let text = "rule specification has mixed IPv4 and IPv6";
            return Err(self.drop_entry(word, text));
        }
        Ok(network)
    }

    /// The original goes over the word behind these.
    fn rule_family_word(
        &mut self,
        r: &mut Reading,
        word: &Token,
        words: &mut Words<'_>,
    ) -> Result<(), Dropped> {
        let (family, other) = if word.text == "inet" {
            (Family::Inet, "IPv6")
        } else {
            (Family::Inet6, "IPv4")
        };
        if *r.family.get_or_insert(family) != family {
            let text = format!("{} specified for {other} rule", word.text);
            return Err(self.drop_entry(word, text));
        }
        let _ = words.next();
        Ok(())
    }

    fn rule_table(&mut self, r: &mut Reading, word: &Token) -> Result<(), Dropped> {
        let table = self.named_number(IprouteFile::Tables, &word.text);
        let text = format!("Routing table {} not found for rule", word.text);
        let table = table.ok_or_else(|| self.drop_entry(word, text))?;
        if table == 0 {
            return Err(self.drop_entry(word, "Table 0 is not valid"));
        }
        if r.action.is_some() {
            let text = "Cannot specify more than one of table/nop/goto/blackhole/prohibit/unreachable for rule";
            return Err(self.drop_entry(word, text));
        }
        r.action = Some(RuleAction::Table(table));
        Ok(())
    }

    fn rule_action(
        &mut self,
        r: &mut Reading,
        at: &Token,
        action: RuleAction,
    ) -> Result<(), Dropped> {
        if r.action.is_some() {
            let text = "Cannot specify more than one of table/nop/goto/blackhole/prohibit/unreachable/l3mdev for rule";
            return Err(self.drop_entry(at, text));
        }
        r.action = Some(action);
        Ok(())
    }

    /// An action by the name or number of a route type.
    fn rule_type(&mut self, r: &mut Reading, word: &Token) -> Result<bool, Dropped> {
        let action = match (word.text.as_str(), route_type(&word.text).map(|t| t.0)) {
            ("nop", _) => RuleAction::Nop,
            (_, None) => return Ok(false),
            (_, Some(6)) => RuleAction::Blackhole,
            (_, Some(7)) => RuleAction::Unreachable,
            (_, Some(8)) => RuleAction::Prohibit,
            (name, Some(_)) => {
                let text = format!("Invalid rule action {name}");
                return Err(self.drop_entry(word, text));
            }
        };
        self.rule_action(r, word, action)?;
        Ok(true)
    }

    fn unknown_rule_word(&mut self, word: &Token) -> Dropped {
        let text = format!("Unknown rule option {}", word.text);
        let dropped = self.drop_entry(word, text);
        self.suggest_entry_word(Block::RuleEntry, word);
        dropped
    }

    fn finish_rule(&mut self, mut r: Reading, node: &Node) -> Result<Reading, Dropped> {
        let first = node.keyword();
        let Some(action) = r.action else {
            return Err(self.drop_entry(first, "No action specified for rule - ignoring"));
        };
        self.check_rule_action(&r, first, action)?;
        r.rule.action = action;
        r.rule.family = r.family.unwrap_or(Family::Inet);
        r.rule.preference = match r.preference {
            Some(preference) => preference,
            None => self.next_rule_preference(r.rule.family, first),
        };
        if r.track_group.is_some() && r.rule.input.is_none() {
            r.track_group = None;
            let text = "Static rule cannot have track_group if dev/iif not specified";
            self.complain(Code::Conflict, first.span, text).help =
                Some("write iif IFNAME; the track_group is ignored".to_owned());
        }
        if !r.rule.no_track && r.rule.protocol.is_some_and(|p| p != KEEPALIVED) {
            let text = "Rule cannot be tracked if protocol is not RTPROT_KEEPALIVED(18), resetting protocol";
            self.complain(Code::Conflict, first.span, text).help =
                Some("remove the protocol, or write no_track".to_owned());
        }
        if !r.rule.no_track || r.rule.protocol.is_none() {
            r.rule.protocol = Some(KEEPALIVED);
        }
        Ok(r)
    }

    fn check_rule_action(
        &mut self,
        r: &Reading,
        at: &Token,
        action: RuleAction,
    ) -> Result<(), Dropped> {
        if let RuleAction::Goto(target) = action {
            let text = match r.preference {
                None => format!("Invalid rule - goto target {target} specified without preference"),
                Some(p) if p >= target => {
                    format!("Invalid rule - preference {p} >= goto target {target}")
                }
                Some(_) => return Ok(()),
            };
            return Err(self.drop_entry(at, text));
        }
        let needs_table = r.rule.realms.is_some()
            || r.rule.suppress_prefix_length.is_some()
            || r.rule.suppress_group.is_some();
        if needs_table && !matches!(action, RuleAction::Table(_)) {
            let text = "suppressor/realm specified for non table action - skipping";
            return Err(self.drop_entry(at, text));
        }
        Ok(())
    }

    /// Counts down from 16384, for each family by itself.
    fn next_rule_preference(&mut self, family: Family, at: &Token) -> u32 {
        let next = match family {
            Family::Inet => &mut self.next_preference.0,
            Family::Inet6 => &mut self.next_preference.1,
        };
        let preference = *next;
        *next = next.saturating_sub(1);
        let text = format!(
            "Rule has no preference specified - setting to {preference}. This is probably not what you want."
        );
        self.complain(Code::Suspicious, at.span, text).help = Some("write preference N".to_owned());
        preference
    }
}

/// `MARK[/MASK]`, 32 bits in any base; an empty mask is none.
fn mark(word: &str) -> Option<PacketMark> {
    let bits = |text: &str| any_base(text).and_then(|n| u32::try_from(n).ok());
    let (value, mask) = match word.split_once('/') {
        None => (word, None),
        Some((value, "")) => (value, Some(0)),
        Some((value, mask)) => (value, Some(bits(mask)?)),
    };
    Some(PacketMark {
        value: bits(value)?,
        mask,
    })
}

/// `FIRST-LAST`; the original does not look whether they are in order.
fn range(word: &str) -> Option<Range<u64>> {
    let (first, last) = word.split_once('-')?;
    Some(Range {
        first: first.parse().ok()?,
        last: last.parse().ok()?,
    })
}

/// A protocol of the internet by number or by its usual names.
fn ip_protocol(word: &str) -> Option<u8> {
    if let Ok(number) = word.parse::<u8>() {
        return Some(number);
    }
    let lower = word.to_lowercase();
    let found = PROTOCOLS.iter().find(|(name, _)| *name == lower);
    found.map(|(_, number)| *number)
}

const PROTOCOLS: &[(&str, u8)] = &[
    ("icmp", 1),
    ("igmp", 2),
    ("ipencap", 4),
    ("tcp", 6),
    ("udp", 17),
    ("dccp", 33),
    ("ipv6", 41),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ipv6-icmp", 58),
    ("icmpv6", 58),
    ("ospf", 89),
    ("ipip", 94),
    ("vrrp", 112),
    ("l2tp", 115),
    ("sctp", 132),
    ("udplite", 136),
];
