//! `@evervip` lines: what only evervip has, and keepalived skips.
//!
//! They are read before everything else, so that it does not matter where in the file they stand.
//! Complaints about them are shown by `-t` and do not count there: to keepalived the file is right.

use std::ops::RangeInclusive;
use std::time::Duration;

use evervip_model::{NotifyOrder, RemovedAddresses, UnrunnableScripts};

use super::Lower;
use super::draft::InstanceDraft;
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::keyword::{self, Block};
use crate::lex::Token;
use crate::read::switch;
use crate::source::Span;
use crate::tree::{Line, Node};

impl Lower<'_> {
    pub(super) fn directives(&mut self, lines: &[Line]) {
        let mut seen: Vec<&str> = Vec::new();
        for line in lines {
            let (word, args) = (&line.tokens[0], &line.tokens[1..]);
            let Some(entry) = keyword::find(Block::Evervip, &word.text) else {
                self.unknown_directive(word);
                continue;
            };
            if seen.contains(&entry.name) {
                let text = format!(
                    "'@evervip {}' stands here again - the last one counts",
                    word.text
                );
                self.notice(
                    Code::Duplicate,
                    word.span,
                    text,
                    "keep one of them".to_owned(),
                );
            }
            seen.push(entry.name);
            let Some(value) = args.first() else {
                let text = format!("'@evervip {}' needs a value - ignoring", word.text);
                let help = format!("write '@evervip {} {}'", word.text, entry.arguments);
                self.notice(Code::MissingParameter, word.span, text, help);
                continue;
            };
            if let Some(surplus) = args.get(1) {
                let text = format!("'{}' means nothing here - ignoring", surplus.text);
                let help = format!("write '@evervip {} {}'", word.text, value.text);
                self.notice(Code::InvalidValue, surplus.span, text, help);
            }
            match entry.name {
                "unrunnable_scripts" => self.unrunnable_scripts(value),
                "reinstate_addresses" => self.reinstate_addresses(value),
                "notify_order" => self.notify_order(value),
                "notify_timeout" => {
                    if let Some(seconds) = self.bounded(entry.name, value, 1..=4294) {
                        let timeout = Duration::from_secs(u64::from(seconds));
                        self.globals.model.extensions.notify.timeout = Some(timeout);
                    }
                }
                "notify_retries" => {
                    if let Some(retries) = self.bounded(entry.name, value, 0..=100) {
                        self.globals.model.extensions.notify.retries = retries;
                    }
                }
                _ => {}
            }
        }
    }

    fn unrunnable_scripts(&mut self, value: &Token) {
        let setting = &mut self.globals.model.extensions.unrunnable_scripts;
        match value.text.as_str() {
            "succeed" => *setting = UnrunnableScripts::Succeed,
            "fail" => *setting = UnrunnableScripts::Fail,
            _ => self.bad_choice("unrunnable_scripts", value, &["succeed", "fail"]),
        }
    }

    fn reinstate_addresses(&mut self, value: &Token) {
        match switch(&value.text) {
            Some(true) => {
                self.globals.model.extensions.removed_addresses = RemovedAddresses::Reinstate;
            }
            Some(false) => {
                self.globals.model.extensions.removed_addresses = RemovedAddresses::GiveWay;
            }
            None => self.bad_choice("reinstate_addresses", value, &["on", "off"]),
        }
    }

    fn notify_order(&mut self, value: &Token) {
        let order = &mut self.globals.model.extensions.notify.order;
        match value.text.as_str() {
            "parallel" => *order = NotifyOrder::SideBySide,
            "serial" => *order = NotifyOrder::Serial,
            _ => self.bad_choice("notify_order", value, &["parallel", "serial"]),
        }
    }

    fn bounded(&mut self, keyword: &str, value: &Token, range: RangeInclusive<u32>) -> Option<u32> {
        let number = value.text.parse().ok().filter(|n| range.contains(n));
        if number.is_none() {
            let text = format!(
                "'@evervip {keyword}' has no value '{}' - ignoring",
                value.text
            );
            let help = format!(
                "write a whole number from {} to {}",
                range.start(),
                range.end()
            );
            self.notice(Code::InvalidValue, value.span, text, help);
        }
        number
    }

    fn bad_choice(&mut self, keyword: &str, value: &Token, choices: &[&str]) {
        let text = format!(
            "'@evervip {keyword}' has no value '{}' - ignoring",
            value.text
        );
        let help = match self.closest_name(&value.text, choices.iter().copied()) {
            Some(meant) => format!("did you mean '{meant}'?"),
            None => format!("write {}", choices.join(" or ")),
        };
        self.notice(Code::InvalidValue, value.span, text, help);
    }

    fn unknown_directive(&mut self, word: &Token) {
        let known = [Block::Evervip, Block::EvervipInstance].map(keyword::keywords);
        let names = known.into_iter().flatten().map(|k| k.name);
        let help = match self.closest_name(&word.text, names) {
            Some(better) => format!("did you mean '{better}'?"),
            None => "remove the line; it has no effect".to_owned(),
        };
        let text = format!("Unknown keyword '@evervip {}'", word.text);
        self.notice(Code::UnknownKeyword, word.span, text, help);
    }

    /// `fault_latch` of an instance.
    pub(super) fn fault_latch(&mut self, draft: &mut InstanceDraft, node: &Node) {
        match (Self::optional_switch(node), node.args().first()) {
            (Some(on), _) => draft.fault_latch = on,
            (None, Some(value)) => self.bad_choice("fault_latch", value, &["on", "off"]),
            (None, None) => {}
        }
    }

    fn notice(&mut self, code: Code, at: Span, text: String, help: String) {
        self.say(Diagnostic::new(code, Class::Notice, text).at(at).help(help));
    }
}
