//! Entries of routes (spec vrrp-keywords 8).

use evervip_model::{Family, Insertion, Network, Route, RouteType};

use super::Dropped;
use super::words::{Words, family_of};
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::keyword::{self, Block};
use crate::lex::Token;
use crate::lower::Lower;
use crate::machine::IprouteFile;
use crate::read::Number;
use crate::tree::Node;

/// An entry while it is read.
pub(super) struct Reading {
    pub(super) route: Route,
    /// Known from the first address or word that has one.
    pub(super) family: Option<Family>,
    has_destination: bool,
    insertion: Option<Insertion>,
    /// `track_group` of a static route.
    pub(super) track_group: Option<String>,
    is_static: bool,
}

impl Lower<'_> {
    /// Entries of `virtual_routes`.
    pub(in crate::lower) fn virtual_routes(&mut self, node: &Node) -> Vec<Route> {
        let entries = node.nodes().iter();
        entries
            .filter_map(|entry| self.route_entry(entry, false).ok())
            .map(|reading| reading.route)
            .collect()
    }

    pub(super) fn route_entry(&mut self, node: &Node, is_static: bool) -> Result<Reading, Dropped> {
        let mut words = Words::new(node);
        let mut reading = Reading {
            route: Route::new(Family::Inet),
            family: None,
            has_destination: false,
            insertion: None,
            track_group: None,
            is_static,
        };
        while let Some(word) = words.next() {
            if word.text == "nexthop" {
                words.back();
                self.next_hops(&mut reading, &mut words)?;
                break;
            }
            if !self.route_word(&mut reading, word, &mut words)? {
                break;
            }
        }
        self.finish_route(reading, node)
    }

    /// Reads a word and what belongs to it; `false` ends the entry.
    fn route_word<'t>(
        &mut self,
        r: &mut Reading,
        word: &'t Token,
        words: &mut Words<'t>,
    ) -> Result<bool, Dropped> {
        match word.text.as_str() {
            "to" => {
                let destination = self.next_word(words)?;
                self.route_destination(r, destination)?;
            }
            // The original goes over the word behind these.
            "inet" | "inet6" => {
                let family = if word.text == "inet" {
                    Family::Inet
                } else {
                    Family::Inet6
                };
                self.route_family(
                    r,
                    word,
                    family,
                    "Cannot mix IPv4 and IPv6 addresses for route",
                )?;
                let _ = words.next();
            }
            "via" | "gw" => self.route_gateway(r, word, words)?,
            "or" => self.route_or(r, word, words)?,
            "as" => {
                words.skip("to");
                self.next_word(words)?;
                let text = "\"as to\" for MPLS only - ignoring";
                self.complain(Code::InvalidValue, word.span, text).help =
                    Some("remove it".to_owned());
            }
            "src" => {
                let word = self.next_word(words)?;
                let Some(source) = self.entry_address(word) else {
                    let text = format!("invalid route src address {}", word.text);
                    return Err(self.drop_entry(word, text));
                };
                self.route_family(r, word, family_of(source), MIXED)?;
                r.route.source = Some(source);
            }
            "from" => {
                let word = self.next_word(words)?;
                self.route_from(r, word)?;
            }
            "dev" | "oif" => {
                let word = self.next_word(words)?;
                r.route.interface = Some(self.entry_interface(word, "VROUTE nexthop")?);
            }
            "encap" => {
                return self.encapsulation(words).map(|found| {
                    let (encapsulation, goes_on) = found;
                    r.route.encapsulation = encapsulation.or(r.route.encapsulation.take());
                    goes_on
                });
            }
            "track_group" if r.is_static => return self.route_track_group(r, words),
            name if self.route_number(r, name, word, words)? => {}
            name if self.route_metric(&mut r.route, name, words)? => {}
            _ => self.route_kind_or_destination(r, word, words)?,
        }
        Ok(true)
    }

    /// Flags, and words with a number or a name.
    fn route_number<'t>(
        &mut self,
        r: &mut Reading,
        name: &str,
        word: &'t Token,
        words: &mut Words<'t>,
    ) -> Result<bool, Dropped> {
        match name {
            "onlink" => r.route.onlink = true,
            "no_track" => r.route.no_track = true,
            "add" => r.insertion = Some(Insertion::Add),
            "prepend" => r.insertion = Some(Insertion::Prepend),
            "append" => r.insertion = Some(Insertion::Append),
            "scope" | "table" | "protocol" | "tos" | "dsfield" | "vrf" | "realms" => {
                self.route_name(r, name, words)?;
            }
            "metric" | "priority" | "preference" => {
                let word = self.next_word(words)?;
                let text = format!("Invalid metric {} specified for route", word.text);
                let number = self.entry_number(word, Number::whole(0, U32), text)?;
                r.route.metric = u32::try_from(number).ok();
            }
            "pref" => {
                let word = self.next_word(words)?;
                self.route_six_only(r, word, "pref is only valid for IPv6")?;
                r.route.preference = Some(self.route_preference(word)?);
            }
            "expires" => {
                let word = self.next_word(words)?;
                self.route_six_only(r, word, "expires is only valid for IPv6")?;
                let text = format!("Invalid expires time {} specified for route", word.text);
                let number = self.entry_number(word, Number::whole(0, U32), text)?;
                r.route.expires = u32::try_from(number).ok();
            }
            "ttl-propagate" => {
                let word = self.next_word(words)?;
                if !matches!(word.text.as_str(), "enabled" | "disabled") {
                    let text = format!("ttl-propagate value {} not recognised", word.text);
                    self.complain(Code::InvalidValue, word.span, text).help =
                        Some("write enabled or disabled".to_owned());
                }
                r.route.ttl_propagate = Some(word.text == "enabled");
            }
            _ => return Ok(false),
        }
        let _ = word;
        Ok(true)
    }

    fn route_name(
        &mut self,
        r: &mut Reading,
        name: &str,
        words: &mut Words<'_>,
    ) -> Result<(), Dropped> {
        let word = self.next_word(words)?;
        let text = word.text.as_str();
        match name {
            "scope" => {
                let scope = self.named_byte(IprouteFile::Scopes, text);
                let text = format!("Scope {text} not found or invalid for route");
                r.route.scope = Some(scope.ok_or_else(|| self.drop_entry(word, text))?);
            }
            "table" => {
                let table = self.named_number(IprouteFile::Tables, text);
                let text = format!("Routing table {text} not found for route");
                r.route.table = Some(table.ok_or_else(|| self.drop_entry(word, text))?);
            }
            "protocol" => {
                let protocol = self.named_byte(IprouteFile::Protocols, text);
                let text = format!("Protocol {text} not found or invalid for route");
                r.route.protocol = Some(protocol.ok_or_else(|| self.drop_entry(word, text))?);
            }
            "realms" => {
                if r.family == Some(Family::Inet6) {
                    return Err(self.drop_entry(word, "realms are only valid for IPv4"));
                }
                let realms = self.realms(text);
                let text = format!("Invalid realms {text} for route");
                r.route.realms = Some(realms.ok_or_else(|| self.drop_entry(word, text))?);
            }
            "vrf" => match self.host.interface(text) {
                None => {
                    let text = format!("VRF {text} not found for route");
                    return Err(self.drop_entry(word, text));
                }
                Some(facts) if !facts.vrf => {
                    let text = format!("Route specified VRF {text} is not a VRF");
                    return Err(self.drop_entry(word, text));
                }
                Some(_) => r.route.vrf = Some(text.to_owned()),
            },
            _ => {
                let tos = self.named_byte(IprouteFile::Dsfields, text);
                let text = format!("TOS value {text} is invalid");
                r.route.tos = Some(tos.ok_or_else(|| self.drop_entry(word, text))?);
            }
        }
        Ok(())
    }

    fn route_preference(&mut self, word: &Token) -> Result<u8, Dropped> {
        Ok(match word.text.as_str() {
            "low" => 3,
            "medium" => 0,
            "high" => 1,
            other => {
                let text = format!("Invalid pref value {other} specified for route");
                let number = self.entry_number(word, Number::whole(0, 255), text)?;
                u8::try_from(number).unwrap_or(0)
            }
        })
    }

    /// Keeps to one family.
    pub(super) fn route_family(
        &mut self,
        r: &mut Reading,
        at: &Token,
        family: Family,
        text: &str,
    ) -> Result<(), Dropped> {
        if *r.family.get_or_insert(family) == family {
            return Ok(());
        }
        Err(self.drop_entry(at, text))
    }

    fn route_six_only(&mut self, r: &mut Reading, at: &Token, text: &str) -> Result<(), Dropped> {
        if r.family.unwrap_or(Family::Inet) == Family::Inet6 {
            return Ok(());
        }
        Err(self.drop_entry(at, text))
    }

    fn route_gateway<'t>(
        &mut self,
        r: &mut Reading,
        keyword: &'t Token,
        words: &mut Words<'t>,
    ) -> Result<(), Dropped> {
        if keyword.text == "gw" {
            self.deprecated_word(
                keyword,
                "\"gw\" for routes is deprecated. Please use \"via\"",
            );
        }
        let mut word = self.next_word(words)?;
        if matches!(word.text.as_str(), "inet" | "inet6") {
            let family = if word.text == "inet" {
                Family::Inet
            } else {
                Family::Inet6
            };
            let next = self.next_word(words)?;
            self.route_family(r, word, family, MIXED)?;
            word = next;
        }
        let Some(gateway) = self.entry_address(word) else {
            let text = format!("invalid route via address {}", word.text);
            return Err(self.drop_entry(word, text));
        };
        self.route_family(r, word, family_of(gateway), MIXED)?;
        r.route.gateway = Some(gateway);
        Ok(())
    }

    fn route_from(&mut self, r: &mut Reading, word: &Token) -> Result<(), Dropped> {
        let Some(from) = self.network(word) else {
            let text = format!("invalid route from address {}", word.text);
            return Err(self.drop_entry(word, text));
        };
        if from.address.is_ipv4() {
            let text = format!(
                "route from address only supported with IPv6 ({})",
                word.text
            );
            return Err(self.drop_entry(word, text));
        }
        self.route_family(r, word, Family::Inet6, MIXED)?;
        r.route.from = Some(from);
        Ok(())
    }

    fn route_track_group(
        &mut self,
        r: &mut Reading,
        words: &mut Words<'_>,
    ) -> Result<bool, Dropped> {
        let word = self.next_word(words)?;
        if r.track_group.is_some() {
            let text = format!("track_group {} is a duplicate", word.text);
            self.complain(Code::Duplicate, word.span, text);
            let text = format!("Route has trailing nonsense - {}", word.text);
            self.complain(Code::InvalidValue, word.span, text).help = Some("keep one".to_owned());
            return Ok(false);
        }
        r.track_group = self.known_track_group(word);
        Ok(true)
    }

    /// A word that is no keyword: the type of the route, or where it leads.
    fn route_kind_or_destination<'t>(
        &mut self,
        r: &mut Reading,
        word: &'t Token,
        words: &mut Words<'t>,
    ) -> Result<(), Dropped> {
        let Some(kind) = route_type(&word.text) else {
            return self.route_destination(r, word);
        };
        r.route.kind = kind;
        let destination = self.next_word(words)?;
        self.route_destination(r, destination)
    }

    fn route_destination(&mut self, r: &mut Reading, word: &Token) -> Result<(), Dropped> {
        r.has_destination = true;
        match word.text.as_str() {
            "default" | "any" | "all" => {
                if r.family == Some(Family::Inet6) {
                    let text = format!(
                        "Cannot mix IPv4 and IPv6 addresses for route ({})",
                        word.text
                    );
                    return Err(self.drop_entry(word, text));
                }
                r.route.destination = None;
                return Ok(());
            }
            "default6" => {
                r.route.destination = None;
                return self.route_family(r, word, Family::Inet6, MIXED);
            }
            _ => {}
        }
        let Some(network) = self.network(word) else {
            let text = format!("unknown route keyword {}", word.text);
            let dropped = self.drop_entry(word, text);
            self.suggest_entry_word(Block::RouteEntry, word);
            return Err(dropped);
        };
        let text = format!(
            "Cannot mix IPv4 and IPv6 addresses for route ({})",
            word.text
        );
        self.route_family(r, word, family_of(network.address), &text)?;
        r.route.destination = Some(network).filter(|n| *n != everything(*n));
        Ok(())
    }

    fn finish_route(&mut self, mut r: Reading, node: &Node) -> Result<Reading, Dropped> {
        let first = node.keyword();
        if !r.has_destination {
            return Err(self.drop_entry(first, "Route must have a destination"));
        }
        let route = &mut r.route;
        route.family = r.family.unwrap_or(Family::Inet);
        let leads_nowhere = [
            RouteType::BLACKHOLE,
            RouteType::UNREACHABLE,
            RouteType::PROHIBIT,
            RouteType::THROW,
        ];
        route.insertion = r
            .insertion
            .unwrap_or(if leads_nowhere.contains(&route.kind) {
                Insertion::Add
            } else {
                Insertion::Prepend
            });
        if r.track_group.is_some() && route.interface.is_none() {
            r.track_group = None;
            let text = "Static route cannot have track group if no oif specified";
            self.complain(Code::Conflict, first.span, text).help =
                Some("write dev IFNAME; the track_group is ignored".to_owned());
        }
        if !r.route.no_track {
            if r.route.protocol.is_some_and(|p| p != KEEPALIVED) {
                let text = "Route cannot be tracked if protocol is not RTPROT_KEEPALIVED(18), resetting protocol";
                self.complain(Code::Conflict, first.span, text).help =
                    Some("remove the protocol, or write no_track".to_owned());
            }
            r.route.protocol = Some(KEEPALIVED);
        }
        Ok(r)
    }

    pub(super) fn deprecated_word(&mut self, at: &Token, text: &str) {
        self.say(Diagnostic::new(Code::Deprecated, Class::Deprecated, text).at(at.span));
    }

    /// Completes the last diagnostic with the word that a misspelled one means.
    pub(super) fn suggest_entry_word(&mut self, block: Block, word: &Token) {
        let Some(better) = keyword::suggest(block, &word.text) else {
            return;
        };
        self.amend_last(format!("did you mean '{better}'? The entry is left out"));
    }
}

/// A type by name or number.
pub(super) fn route_type(word: &str) -> Option<RouteType> {
    if let Ok(number) = word.parse::<u8>() {
        return Some(RouteType(number));
    }
    let mut names = RouteType::NAMES.into_iter();
    names
        .find(|(name, number)| *name == word && *number != 0)
        .map(|(_, number)| RouteType(number))
}

/// The network of the same family that holds all others.
fn everything(network: Network) -> Network {
    Network {
        address: if network.address.is_ipv4() {
            [0, 0, 0, 0].into()
        } else {
            [0_u16; 8].into()
        },
        prefix: 0,
    }
}

pub(super) const MIXED: &str = "Cannot mix IPv4 and IPv6 addresses for route";
pub(super) const U32: i64 = 4_294_967_295;

/// `RTPROT_KEEPALIVED`: what is watched is told by it from what others have made.
pub(super) const KEEPALIVED: u8 = 18;
