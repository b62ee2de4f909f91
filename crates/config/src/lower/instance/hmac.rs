//! `auth_hmac` (spec vrrp-keywords 5.2). 2.2.7 has no such block; the messages are ours.

use std::path::Path;

use evervip_model::{AntiReplay, HmacKey, HmacMode};

use crate::diagnostic::{Class, Code, Diagnostic};
use crate::keyword::Block;
use crate::lex::Token;
use crate::lower::Lower;
use crate::lower::draft::{HmacDraft, InstanceDraft};
use crate::machine::FileKind;
use crate::read::Number;
use crate::tree::Node;

impl Lower<'_> {
    /// Several blocks add to one set.
    pub(super) fn auth_hmac(&mut self, draft: &mut InstanceDraft, node: &Node) {
        let mut hmac = draft.hmac.take().unwrap_or_default();
        self.keywords(node.nodes(), Block::AuthHmac, |lower, node| {
            lower.hmac_keyword(&draft.name, &mut hmac, node);
        });
        draft.hmac = Some(hmac);
    }

    fn hmac_keyword(&mut self, owner: &str, hmac: &mut HmacDraft, node: &Node) {
        match node.keyword().text.as_str() {
            "key" => self.hmac_key(owner, hmac, node),
            "active_key" => {
                if let Some(id) = self.hmac_number(owner, node, 255) {
                    hmac.active_key = u8::try_from(id).ok();
                }
            }
            "time_window" => {
                hmac.time_window = self.hmac_number(owner, node, 300).or(hmac.time_window);
            }
            "anti_replay" => {
                let choices = [AntiReplay::Time, AntiReplay::Monotonic];
                let words = choices.map(AntiReplay::as_str);
                if let Some(at) = self.hmac_choice(owner, node, &words) {
                    hmac.anti_replay = choices[at];
                }
            }
            _ => {
                let choices = [
                    HmacMode::Enforce,
                    HmacMode::Permissive,
                    HmacMode::ReceiveOnly,
                ];
                let words = choices.map(HmacMode::as_str);
                if let Some(at) = self.hmac_choice(owner, node, &words) {
                    hmac.mode = choices[at];
                }
            }
        }
    }

    fn hmac_number(&mut self, owner: &str, node: &Node, max: u32) -> Option<u32> {
        let word = &node.args()[0];
        let number = self.number(word, Number::whole(1, i64::from(max)));
        let number = number.and_then(|n| u32::try_from(n).ok());
        if number.is_none() {
            let text = format!(
                "({owner}) auth_hmac {} '{}' must be between 1 and {max} - ignoring",
                node.keyword().text,
                word.text
            );
            self.complain(Code::OutOfRange, word.span, text).help =
                Some(format!("write a number from 1 to {max}"));
        }
        number
    }

    /// The place of the word among the choices.
    fn hmac_choice(&mut self, owner: &str, node: &Node, choices: &[&'static str]) -> Option<usize> {
        let word = &node.args()[0];
        let found = choices.iter().position(|c| *c == word.text);
        if found.is_none() {
            let text = format!(
                "({owner}) unknown auth_hmac {} '{}' - ignoring",
                node.keyword().text,
                word.text
            );
            let help = match self.closest_name(&word.text, choices.iter().copied()) {
                Some(better) => format!("did you mean '{better}'?"),
                None => format!("use {}", choices.join(" or ")),
            };
            self.complain(Code::InvalidValue, word.span, text).help = Some(help);
        }
        found
    }

    fn hmac_key(&mut self, owner: &str, hmac: &mut HmacDraft, node: &Node) {
        let [id, value, ..] = node.args() else {
            let text = format!("({owner}) auth_hmac key requires an id and a value - ignoring");
            self.complain(Code::MissingParameter, node.span(), text)
                .help = Some(KEY_HELP.to_owned());
            return;
        };
        let number = self.number(id, Number::whole(1, 255));
        let Some(number) = number.and_then(|n| u8::try_from(n).ok()) else {
            let text = format!(
                "({owner}) auth_hmac key id '{}' must be between 1 and 255 - ignoring",
                id.text
            );
            self.complain(Code::OutOfRange, id.span, text).help = Some(KEY_HELP.to_owned());
            return;
        };
        if hmac.keys.iter().any(|key| key.id == number) {
            let text = format!("({owner}) auth_hmac key {number} already specified - ignoring");
            self.complain(Code::Duplicate, id.span, text).help =
                Some("give each key an id of its own".to_owned());
            return;
        }
        let Some(secret) = self.hmac_secret(owner, number, value) else {
            return;
        };
        if !(SHORTEST_KEY..=LONGEST_KEY).contains(&secret.len()) {
            let text = format!(
                "({owner}) auth_hmac key {number} has {} bytes, must have {SHORTEST_KEY} to {LONGEST_KEY} - ignoring",
                secret.len()
            );
            self.complain(Code::OutOfRange, value.span, text).help =
                Some("make one with 'openssl rand -hex 32', and write it behind 'hex:'".to_owned());
            return;
        }
        hmac.keys.push(HmacKey { id: number, secret });
    }

    /// `hex:DIGITS`, `file:PATH`, or the text itself.
    fn hmac_secret(&mut self, owner: &str, id: u8, value: &Token) -> Option<Vec<u8>> {
        let Some(path) = value.text.strip_prefix("file:") else {
            return self.hmac_bytes(owner, id, value, value.bytes());
        };
        let problem = match self.files.kind(Path::new(path)) {
            Err(error) => error.to_string(),
            Ok(FileKind::Regular { .. }) => match self.files.read(Path::new(path)) {
                Ok(content) if content.len() > LARGEST_KEY_FILE => "too large".to_owned(),
                Ok(content) => {
                    if self.files.is_shared(Path::new(path)) {
                        self.shared_key_file(owner, id, value, path);
                    }
                    let text = without_line_end(&content);
                    return self.hmac_bytes(owner, id, value, text);
                }
                Err(error) => error.to_string(),
            },
            Ok(_) => "not a regular file".to_owned(),
        };
        let text =
            format!("({owner}) auth_hmac key {id}: cannot read {path} ({problem}) - ignoring");
        self.complain(Code::UnreadableFile, value.span, text).help =
            Some("write the path of a file with the key alone in it".to_owned());
        None
    }

    fn shared_key_file(&mut self, owner: &str, id: u8, value: &Token, path: &str) {
        let text = format!(
            "({owner}) SECURITY VIOLATION - auth_hmac key {id}: file {path} is accessible to group or others"
        );
        self.say(
            Diagnostic::new(Code::InsecureKey, Class::Security, text)
                .at(value.span)
                .help(format!("chmod go= {path}")),
        );
    }

    fn hmac_bytes(&mut self, owner: &str, id: u8, value: &Token, text: &[u8]) -> Option<Vec<u8>> {
        let Some(digits) = text.strip_prefix(b"hex:") else {
            return Some(text.to_vec());
        };
        let bytes = hex(digits);
        if bytes.is_none() {
            let text =
                format!("({owner}) auth_hmac key {id} has invalid hexadecimal digits - ignoring");
            self.complain(Code::InvalidValue, value.span, text).help =
                Some("write two digits from 0 to f for each byte".to_owned());
        }
        bytes
    }
}

/// Two digits a byte.
fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    if digits.len() % 2 != 0 {
        return None;
    }
    let digit = |b: u8| char::from(b).to_digit(16);
    digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok())
        .collect()
}

/// Without the carriage returns and line feeds at its end.
fn without_line_end(content: &[u8]) -> &[u8] {
    let end = content
        .iter()
        .rposition(|b| !matches!(b, b'\r' | b'\n'))
        .map_or(0, |last| last + 1);
    &content[..end]
}

const KEY_HELP: &str = "write key ID VALUE with an id from 1 to 255";
/// Bytes.
const SHORTEST_KEY: usize = 32;
const LONGEST_KEY: usize = 64;
/// Bytes; the longest key in hexadecimal digits is a small part of it.
const LARGEST_KEY_FILE: usize = 4096;
