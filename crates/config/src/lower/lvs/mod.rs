//! Virtual servers: their keywords and values are checked as the original does, because its verdict
//! on a file depends on it; nothing of them is kept for the run.

mod checker;
mod group;
mod rule;
mod service;

pub(super) use service::Service;

use super::Lower;
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::keyword::Block;
use crate::read::{address, switch};
use crate::tree::Node;
use rule::{Rule, rule};

impl Lower<'_> {
    pub(super) fn ssl(&mut self, node: &Node) {
        self.keywords(node.nodes(), Block::Ssl, |lower, node| {
            lower.lvs_value(node, Block::Ssl);
        });
    }

    /// Checks the first word behind a keyword; false when the original does not take the line.
    fn lvs_value(&mut self, node: &Node, block: Block) -> bool {
        let Some(rule) = rule(block, &node.keyword().text) else {
            return true;
        };
        let first = node.args().first();
        let word = first.map_or("", |w| w.text.as_str());
        let (good, text, help) = match (rule, first) {
            (Rule::Number(number, text), Some(token)) => (
                self.number(token, number).is_some(),
                text,
                format!("use a number from {number}"),
            ),
            (Rule::Choice(known, text), Some(_)) => {
                (known.contains(&word), text, self.choice_help(word, known))
            }
            (Rule::Switch(text), Some(_)) => (
                switch(word).is_some(),
                text,
                super::global::SWITCH_HELP.to_owned(),
            ),
            (Rule::Address(text), Some(_)) => (
                address(word).is_some(),
                text,
                "write an IP address".to_owned(),
            ),
            (Rule::Present(text) | Rule::Single(text), None) => {
                (false, text, "write it behind the keyword".to_owned())
            }
            (Rule::Single(text), Some(_)) => (
                node.args().len() == 1,
                text,
                "write one word, in quotes when it has blanks".to_owned(),
            ),
            (Rule::Present(_), Some(_)) | (_, None) => return true,
        };
        if !good {
            let text = text.replace("{}", word);
            let at = first.map_or_else(|| node.span(), |w| w.span);
            self.complain(Code::InvalidValue, at, text).help = Some(help);
        }
        good
    }

    fn choice_help(&self, word: &str, known: &[&str]) -> String {
        match self.closest_name(word, known.iter().copied()) {
            Some(meant) => format!("did you mean '{meant}'?"),
            None => format!("use one of {}", known.join(", ")),
        }
    }

    fn old_retry(&mut self, node: &Node) {
        let text = "nb_get_retry is deprecated - please use 'retry'";
        self.say(Diagnostic::new(Code::Deprecated, Class::Deprecated, text).at(node.span()));
    }
}
