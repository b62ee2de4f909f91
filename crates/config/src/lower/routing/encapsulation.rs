//! `encap` of routes and next hops.

use std::net::IpAddr;

use evervip_model::{Encapsulation, IpEncapsulation};

use super::Dropped;
use super::words::Words;
use crate::diagnostic::Code;
use crate::lex::Token;
use crate::lower::Lower;
use crate::machine::IprouteFile;
use crate::read::Number;

impl Lower<'_> {
    /// What stands behind `encap`, and whether the entry goes on behind it. A bad value costs the
    /// encapsulation, not the entry.
    pub(super) fn encapsulation(
        &mut self,
        words: &mut Words<'_>,
    ) -> Result<(Option<Encapsulation>, bool), Dropped> {
        let Some(kind) = words.next() else {
            self.lost_encapsulation(words.node().keyword(), "Missing encap type");
            return Ok((None, false));
        };
        let found = match kind.text.as_str() {
            "ip" => self.ip_encapsulation(words, true)?.map(Encapsulation::Ip),
            "ip6" => self.ip_encapsulation(words, false)?.map(Encapsulation::Ip6),
            "mpls" => match words.next() {
                Some(word) => self.labels(word).map(Encapsulation::Mpls),
                None => {
                    self.lost_encapsulation(kind, "missing address for MPLS encapsulation");
                    None
                }
            },
            "ila" => {
                let word = self.next_word(words)?;
                self.locator(word).map(Encapsulation::Ila)
            }
            other => {
                self.lost_encapsulation(kind, &format!("Unknown encap type - {other}"));
                return Ok((None, false));
            }
        };
        Ok((found, true))
    }

    fn lost_encapsulation(&mut self, at: &Token, text: &str) {
        self.complain(Code::InvalidValue, at.span, text).help = Some(
            "write encap ip, ip6, mpls or ila with its values; the route goes without".to_owned(),
        );
    }

    fn ip_encapsulation(
        &mut self,
        words: &mut Words<'_>,
        four: bool,
    ) -> Result<Option<IpEncapsulation>, Dropped> {
        let start = words.node().keyword();
        let mut all = IpEncapsulation::default();
        while let Some(option) = words.next() {
            let known = ["id", "dst", "src", "flags"].contains(&option.text.as_str())
                || (if four {
                    ["tos", "ttl"]
                } else {
                    ["tc", "hoplimit"]
                })
                .contains(&option.text.as_str());
            if !known {
                words.back();
                break;
            }
            let value = self.next_word(words)?;
            if !self.encapsulation_option(&mut all, four, &option.text, value) {
                // As the original, which then takes the option for a word of the route.
                words.back();
                words.back();
                return Ok(None);
            }
        }
        if all.id.is_none() && all.destination.is_none() {
            let family = if four { "ip" } else { "ip6" };
            let text = format!("address or id missing for {family} encapsulation");
            self.lost_encapsulation(start, &text);
            return Ok(None);
        }
        Ok(Some(all))
    }

    /// Whether the value is good.
    fn encapsulation_option(
        &mut self,
        all: &mut IpEncapsulation,
        four: bool,
        option: &str,
        value: &Token,
    ) -> bool {
        let family = if four { "ip" } else { "ip6" };
        match option {
            "dst" | "src" => {
                let address = self.encapsulation_address(four, option, value);
                if option == "dst" {
                    all.destination = address;
                } else {
                    all.source = address;
                }
                return address.is_some();
            }
            "tos" | "tc" => {
                all.tos = self.named_byte(IprouteFile::Dsfields, &value.text);
                if all.tos.is_none() {
                    let text = format!(
                        "{option} {} is not valid for {family} encapsulation",
                        value.text
                    );
                    self.lost_encapsulation(value, &text);
                }
                return all.tos.is_some();
            }
            _ => {}
        }
        let most = match option {
            "id" => i64::MAX,
            "flags" => 65535,
            _ => 255,
        };
        let Some(number) = self.number(value, Number::whole(0, most)) else {
            let text = format!(
                "{option} {} is not valid for {family} encapsulation",
                value.text
            );
            self.lost_encapsulation(value, &text);
            return false;
        };
        match option {
            "id" => all.id = u64::try_from(number).ok(),
            "flags" => all.flags = u16::try_from(number).ok(),
            _ => all.ttl = u8::try_from(number).ok(),
        }
        true
    }

    fn encapsulation_address(&mut self, four: bool, option: &str, value: &Token) -> Option<IpAddr> {
        let family = if four { "ip" } else { "ip6" };
        let Some(address) = self.entry_address(value) else {
            let text = format!("Invalid encap {family} {option} {}", value.text);
            self.lost_encapsulation(value, &text);
            return None;
        };
        if address.is_ipv4() != four {
            let other = if four { "IPv6" } else { "IPv4" };
            let text = format!(
                "{other} address {} not valid for {family} encapsulation",
                value.text
            );
            self.lost_encapsulation(value, &text);
            return None;
        }
        Some(address)
    }

    /// `LABEL[/LABEL…]`, 20 bits each.
    fn labels(&mut self, word: &Token) -> Option<Vec<u32>> {
        let labels = word.text.split('/').map(|l| l.parse::<u32>().ok());
        let labels: Option<Vec<_>> = labels.map(|l| l.filter(|n| *n < 1 << 20)).collect();
        if labels.is_none() {
            let text = format!("invalid mpls address {} for encapsulation", word.text);
            self.lost_encapsulation(word, &text);
        }
        labels
    }

    /// Four groups of hexadecimal digits.
    fn locator(&mut self, word: &Token) -> Option<u64> {
        let groups: Vec<_> = word
            .text
            .split(':')
            .map(|g| u16::from_str_radix(g, 16).ok())
            .collect();
        let locator = match groups.as_slice() {
            [Some(a), Some(b), Some(c), Some(d)] => Some(
                u64::from(*a) << 48 | u64::from(*b) << 32 | u64::from(*c) << 16 | u64::from(*d),
            ),
            _ => None,
        };
        if locator.is_none() {
            let text = format!("invalid locator {} for ila encapsulation", word.text);
            self.lost_encapsulation(word, &text);
        }
        locator
    }
}
