//! Entries of `track_interface` and `track_script` (spec vrrp-keywords 14).

use evervip_model::TrackedInterface;

use super::Lower;
use super::ahead::defined_below;
use super::draft::{TrackDraft, Trackers};
use crate::diagnostic::Code;
use crate::lex::Token;
use crate::read::Number;
use crate::tree::Node;

/// What the words behind the name say.
struct Weighted {
    weight: Option<i32>,
    reverse: Option<bool>,
}

/// The two spellings of a block's name in the messages, and its weight complaint.
struct Wording {
    /// `track script`.
    spaced: &'static str,
    /// `track_script`.
    joined: &'static str,
}

impl Lower<'_> {
    pub(super) fn track_interfaces(&mut self, trackers: &mut Trackers, owner: &str, node: &Node) {
        for entry in node.nodes() {
            let name = entry.keyword();
            if !self.interface_usable(&name.text) {
                let text = format!("({owner}) tracked interface {} doesn't exist", name.text);
                let help = self.interface_help(&name.text);
                self.complain(Code::MissingInterface, name.span, text).help = Some(help);
                continue;
            }
            if trackers.seen().interfaces.contains(&name.text) {
                let text = format!(
                    "({owner}) duplicate track_interface {} - ignoring",
                    name.text
                );
                self.complain(Code::Duplicate, name.span, text).help = Some("keep one".to_owned());
                continue;
            }
            let wording = Wording {
                spaced: "track_interface",
                joined: "track_interace",
            };
            let Some(weighted) = self.weight_words(owner, &wording, &entry.line.tokens, false)
            else {
                continue;
            };
            trackers.seen().interfaces.insert(name.text.clone());
            trackers.interfaces.push(TrackedInterface {
                interface: name.text.clone(),
                weight: weighted.weight.unwrap_or(0),
                reverse: weighted.reverse.unwrap_or(false),
            });
        }
    }

    pub(super) fn track_scripts(&mut self, trackers: &mut Trackers, owner: &str, node: &Node) {
        for entry in node.nodes() {
            let name = entry.keyword();
            let Some(&index) = self.script_index.get(&name.text) else {
                let text = format!(
                    "({owner}) track script {} not found, ignoring...",
                    name.text
                );
                let known = self.scripts.iter().map(|s| s.name.as_str());
                let (help, below) = self.unknown_tracked("vrrp_script", &name.text, known);
                let said = self.complain(Code::UnknownName, name.span, text);
                said.help = Some(help);
                said.labels.extend(below.map(defined_below));
                continue;
            };
            if trackers.seen().scripts.contains(&index) {
                let text = format!("({owner}) duplicate track_script {} - ignoring", name.text);
                self.complain(Code::Duplicate, name.span, text).help = Some("keep one".to_owned());
                continue;
            }
            let wording = Wording {
                spaced: "track script",
                joined: "track_script",
            };
            let Some(weighted) = self.weight_words(owner, &wording, &entry.line.tokens, true)
            else {
                continue;
            };
            let script = &self.scripts[index];
            trackers.seen().scripts.insert(index);
            trackers.scripts.push(TrackDraft {
                script: index,
                weight: weighted.weight.unwrap_or(script.weight),
                reverse: weighted.reverse.unwrap_or(script.reverse),
            });
        }
    }

    /// `[weight N [reverse|noreverse]]`; `None` drops the entry.
    fn weight_words(
        &mut self,
        owner: &str,
        wording: &Wording,
        tokens: &[Token],
        noreverse: bool,
    ) -> Option<Weighted> {
        let name = &tokens[0].text;
        let mut weighted = Weighted {
            weight: None,
            reverse: None,
        };
        let Some(option) = tokens.get(1) else {
            return Some(weighted);
        };
        if option.text != "weight" {
            let middle = if wording.spaced == "track_interface" {
                format!("{name} ")
            } else {
                String::new()
            };
            let text = format!(
                "({owner}) unknown {} {middle}option {} - ignoring",
                wording.spaced, option.text
            );
            self.complain(Code::UnknownKeyword, option.span, text).help =
                Some("write 'weight N' with a blank between; the entry is dropped".to_owned());
            return None;
        }
        let Some(value) = tokens.get(2) else {
            let text = format!(
                "({owner}) weight without value specified for {} {name} - ignoring",
                wording.spaced
            );
            self.complain(Code::MissingParameter, option.span, text)
                .help = Some("write 'weight N'; the entry is dropped".to_owned());
            return None;
        };
        weighted.weight = self.track_weight(owner, wording, name, value);
        match tokens.get(3).map(|t| t.text.as_str()) {
            None => {}
            Some("reverse") => weighted.reverse = Some(true),
            Some("noreverse") if noreverse => weighted.reverse = Some(false),
            Some(other) => {
                let text = format!(
                    "({owner}) unknown {} {name} weight option {other} - ignoring",
                    wording.joined
                );
                let words = if noreverse {
                    "reverse or noreverse"
                } else {
                    "reverse, or nothing"
                };
                self.complain(Code::InvalidValue, tokens[3].span, text).help =
                    Some(format!("write {words}"));
            }
        }
        Some(weighted)
    }

    fn track_weight(
        &mut self,
        owner: &str,
        wording: &Wording,
        name: &str,
        value: &Token,
    ) -> Option<i32> {
        let number = self.number(value, Number::whole(-254, 254).lenient());
        match number.and_then(|n| i32::try_from(n).ok()) {
            Some(n @ (-254 | 254)) => {
                let text =
                    format!("({owner}) weight for {name} cannot be +/-254. Setting to +/-253");
                self.complain(Code::OutOfRange, value.span, text).help =
                    Some("write 253 or -253".to_owned());
                Some(n.signum() * 253)
            }
            Some(n) => Some(n),
            None => {
                let text = if wording.spaced == "track_interface" {
                    format!(
                        "({owner}) weight {} for {name} must be between [-253..253] inclusive. Ignoring...",
                        value.text
                    )
                } else {
                    format!(
                        "({owner}) track script {name}: weight must be between [-253..253] inclusive, ignoring..."
                    )
                };
                self.complain(Code::OutOfRange, value.span, text).help =
                    Some("write a whole number from -253 to 253".to_owned());
                None
            }
        }
    }
}
