//! `global_defs` and the single keywords of the top level (spec config-language 10 and 11).
//!
//! Each theme has a file; its reader tells whether a keyword is one of its own. What this version
//! does not act on is read, checked and put into the model all the same.

mod buffers;
mod dump_only;
mod firewall;
mod garp;
mod identity;
mod lvs;
mod monitoring;
mod process;
mod reload;
mod script;
mod top;
mod vrrp;

use std::path::PathBuf;

use super::Lower;
use crate::diagnostic::Code;
use crate::lex::Token;
use crate::read::Number;
use crate::tree::Node;

impl Lower<'_> {
    pub(super) fn global_keyword(&mut self, node: &Node) {
        let _known = self.identity_keyword(node)
            || self.process_keyword(node)
            || self.global_script_keyword(node)
            || self.vrrp_keyword(node)
            || self.garp_keyword(node)
            || self.firewall_keyword(node)
            || self.buffer_keyword(node)
            || self.reload_keyword(node)
            || self.monitoring_keyword(node)
            || self.lvs_setting(node);
    }

    /// The first argument, or a complaint that it is missing.
    fn argument<'n>(&mut self, node: &'n Node, missing: &str) -> Option<&'n Token> {
        let word = node.args().first();
        if word.is_none() {
            let arguments = node.entry.map_or("", |e| e.arguments);
            let help = format!("write '{} {arguments}'", node.keyword().text);
            self.complain(Code::MissingParameter, node.span(), missing)
                .help = Some(help);
        }
        word
    }

    /// A word that has to be a number; `complaint` is what the keyword says when it is none.
    fn checked_number<T: TryFrom<i64>>(
        &mut self,
        word: &Token,
        number: Number,
        complaint: impl FnOnce(&str) -> String,
    ) -> Option<T> {
        let value = self.number(word, number).and_then(|n| T::try_from(n).ok());
        if value.is_none() {
            let text = complaint(&word.text);
            self.complain(Code::OutOfRange, word.span, text).help =
                Some(format!("use a number from {number}"));
        }
        value
    }

    /// A switch whose complaint does not name the word.
    fn global_switch(&mut self, node: &Node) -> Option<bool> {
        let text = format!("Invalid value for {} specified", node.keyword().text);
        self.switch_or(node, text)
    }

    /// A switch whose complaint names the word.
    fn named_switch(&mut self, node: &Node) -> Option<bool> {
        let word = node.args().first().map_or("", |w| w.text.as_str());
        let name = match node.keyword().text.as_str() {
            // The original misspells it.
            "data_use_instance" => "date_use_instance",
            name => name,
        };
        self.switch_or(
            node,
            format!("Invalid value '{word}' for global {name} specified"),
        )
    }

    fn switch_or(&mut self, node: &Node, complaint: String) -> Option<bool> {
        let on = Self::optional_switch(node);
        if on.is_none() {
            self.complain(Code::InvalidValue, node.span(), complaint)
                .help = Some(SWITCH_HELP.to_owned());
        }
        on
    }

    /// A flag that people take for a switch: the original does not look at the word behind it.
    fn flag_despite_word(&mut self, node: &Node) {
        let Some(word) = node.args().first() else {
            return;
        };
        if crate::read::switch(&word.text) == Some(false) {
            let name = &node.keyword().text;
            let text = format!(
                "{name} is on: the word '{}' behind it is ignored",
                word.text
            );
            self.log(Code::Suspicious, word.span, text).help =
                Some("remove the line to switch it off".to_owned());
        }
    }
}

/// A path as written.
fn path(word: &Token) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(word.bytes().to_vec()))
}

pub(super) const SWITCH_HELP: &str = "use on, yes, true, off, no or false, in lower case";
