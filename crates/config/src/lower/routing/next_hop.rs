//! `nexthop` of routes, and its old spelling `or`.

use evervip_model::NextHop;

use super::Dropped;
use super::route::{MIXED, Reading};
use super::words::{Words, family_of};
use crate::diagnostic::Code;
use crate::lex::Token;
use crate::lower::Lower;
use crate::read::Number;

impl Lower<'_> {
    /// `nexthop …` up to the end of the line. What is wrong ends the list; the route is kept with
    /// the hops read so far.
    pub(super) fn next_hops(
        &mut self,
        r: &mut Reading,
        words: &mut Words<'_>,
    ) -> Result<(), Dropped> {
        while words.skip("nexthop") {
            match self.next_hop(r, words) {
                Ok(hop) => r.route.next_hops.push(hop),
                Err(Dropped) if self.missing_parameter => return Err(Dropped),
                Err(Dropped) => return Ok(()),
            }
        }
        if let Some(word) = words.peek() {
            let text = format!("Route has trailing nonsense after nexthops - {}", word.text);
            self.complain(Code::InvalidValue, word.span, text).help =
                Some("write it before the first nexthop".to_owned());
        }
        Ok(())
    }

    fn next_hop(&mut self, r: &mut Reading, words: &mut Words<'_>) -> Result<NextHop, Dropped> {
        let mut hop = empty();
        while let Some(word) = words.next() {
            match word.text.as_str() {
                "via" => {
                    if !words.skip("inet") {
                        words.skip("inet6");
                    }
                    let word = self.next_word(words)?;
                    self.hop_gateway(r, &mut hop, word)?;
                }
                "dev" => {
                    let word = self.next_word(words)?;
                    hop.interface = Some(self.entry_interface(word, "VROUTE nexthop")?);
                }
                "weight" => {
                    let word = self.next_word(words)?;
                    let text = format!("Invalid weight {} specified for route", word.text);
                    let number = self.entry_number(word, Number::whole(0, 256), text.clone())?;
                    if number == 0 {
                        return Err(self.drop_entry(word, text));
                    }
                    hop.weight = u16::try_from(number).unwrap_or(1);
                }
                "onlink" => hop.onlink = true,
                "realms" => {
                    let word = self.next_word(words)?;
                    let realms = self.realms(&word.text);
                    let text = format!("Invalid realms {} for route", word.text);
                    hop.realms = Some(realms.ok_or_else(|| self.drop_entry(word, text))?);
                }
                "encap" => {
                    let (encapsulation, goes_on) = self.encapsulation(words)?;
                    hop.encapsulation = encapsulation;
                    if !goes_on {
                        return Ok(hop);
                    }
                }
                _ => {
                    words.back();
                    break;
                }
            }
        }
        Ok(hop)
    }

    fn hop_gateway(
        &mut self,
        r: &mut Reading,
        hop: &mut NextHop,
        word: &Token,
    ) -> Result<(), Dropped> {
        let Some(gateway) = self.entry_address(word) else {
            let text = format!("invalid nexthop address {}", word.text);
            return Err(self.drop_entry(word, text));
        };
        let text = "Address family mismatch for next hop";
        self.route_family(r, word, family_of(gateway), text)?;
        hop.gateway = Some(gateway);
        Ok(())
    }

    /// `via A or B` is a route with two next hops.
    pub(super) fn route_or<'t>(
        &mut self,
        r: &mut Reading,
        keyword: &'t Token,
        words: &mut Words<'t>,
    ) -> Result<(), Dropped> {
        self.deprecated_word(
            keyword,
            "\"or\" for routes is deprecated. Please use \"nexthop\"",
        );
        let word = self.next_word(words)?;
        let Some(gateway) = self.entry_address(word) else {
            let text = format!("Invalid \"or\" address {}", word.text);
            return Err(self.drop_entry(word, text));
        };
        self.route_family(r, word, family_of(gateway), MIXED)?;
        let first = r.route.gateway.take();
        for gateway in first.into_iter().chain([gateway]) {
            r.route.next_hops.push(NextHop {
                gateway: Some(gateway),
                ..empty()
            });
        }
        Ok(())
    }
}

fn empty() -> NextHop {
    NextHop {
        gateway: None,
        interface: None,
        weight: 1,
        onlink: false,
        realms: None,
        encapsulation: None,
    }
}
