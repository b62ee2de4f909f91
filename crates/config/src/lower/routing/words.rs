//! The words of an entry, one after the other.

use std::net::IpAddr;

use evervip_model::Family;

use super::Dropped;
use crate::diagnostic::Code;
use crate::lex::Token;
use crate::lower::Lower;
use crate::read::{Number, address};
use crate::tree::Node;

/// Where the reading of an entry is.
pub(super) struct Words<'t> {
    node: &'t Node,
    at: usize,
}

impl<'t> Words<'t> {
    pub(super) fn new(node: &'t Node) -> Self {
        Self { node, at: 0 }
    }

    pub(super) fn node(&self) -> &'t Node {
        self.node
    }

    pub(super) fn peek(&self) -> Option<&'t Token> {
        self.node.line.tokens.get(self.at)
    }

    /// Goes over the next word when it is this one.
    pub(super) fn skip(&mut self, word: &str) -> bool {
        let is_next = self.peek().is_some_and(|t| t.text == word);
        self.at += usize::from(is_next);
        is_next
    }

    pub(super) fn back(&mut self) {
        self.at = self.at.saturating_sub(1);
    }
}

impl<'t> Iterator for Words<'t> {
    type Item = &'t Token;

    fn next(&mut self) -> Option<&'t Token> {
        let word = self.peek()?;
        self.at += 1;
        Some(word)
    }
}

impl Lower<'_> {
    /// The argument of the word just read; without one everything ends.
    pub(super) fn next_word<'t>(&mut self, words: &mut Words<'t>) -> Result<&'t Token, Dropped> {
        words.next().ok_or_else(|| {
            let count = words.node.line.tokens.len();
            self.missing_parameter_at(words.node, count + 1);
            Dropped
        })
    }

    /// Drops the entry with a complaint.
    pub(super) fn drop_entry(&mut self, at: &Token, text: impl Into<String>) -> Dropped {
        self.complain(Code::InvalidValue, at.span, text).help =
            Some("correct it; the entry is left out".to_owned());
        Dropped
    }

    /// An address without prefix.
    pub(super) fn entry_address(&mut self, word: &Token) -> Option<IpAddr> {
        let found = address(&word.text);
        if found.is_none() {
            self.invalid_address(word);
        }
        found
    }

    /// A number whose refusal drops the entry.
    pub(super) fn entry_number(
        &mut self,
        word: &Token,
        range: Number,
        text: impl Into<String>,
    ) -> Result<i64, Dropped> {
        self.number(word, range)
            .ok_or_else(|| self.drop_entry(word, text))
    }

    /// An interface that must exist.
    pub(super) fn entry_interface(&mut self, word: &Token, what: &str) -> Result<String, Dropped> {
        if self.interface_usable(&word.text) {
            return Ok(word.text.clone());
        }
        let text = format!("WARNING - interface {} for {what} doesn't exist", word.text);
        let help = self.interface_help(&word.text);
        self.complain(Code::MissingInterface, word.span, text).help = Some(help);
        Err(Dropped)
    }
}

/// The family of an address.
pub(super) fn family_of(address: IpAddr) -> Family {
    match address {
        IpAddr::V4(_) => Family::Inet,
        IpAddr::V6(_) => Family::Inet6,
    }
}
