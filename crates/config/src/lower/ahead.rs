//! Definitions that stand below the line being read: what is tracked must be defined above.

use std::collections::HashMap;

use super::Lower;
use crate::diagnostic::Label;
use crate::lex::words;
use crate::source::Span;
use crate::tree::{Logical, Node};

/// Blocks that define what instances and groups track.
const DEFINITIONS: [&str; 4] = [
    "vrrp_script",
    "track_file",
    "vrrp_track_process",
    "bfd_instance",
];

/// The last definition of each name that has not been read yet, by the keyword of its block.
#[derive(Default)]
pub(super) struct Ahead(HashMap<(&'static str, String), Span>);

impl Ahead {
    pub(super) fn new(lines: &[Logical]) -> Self {
        let mut ahead = HashMap::new();
        for line in lines {
            let Logical::Words(text) = line else {
                continue;
            };
            let is_definition = DEFINITIONS
                .iter()
                .any(|d| spelled(text.bytes()).starts_with(d.as_bytes()));
            if !is_definition {
                continue;
            }
            if let [keyword, name, ..] = words(text).tokens.as_slice() {
                if let Some(keyword) = definition(&keyword.text) {
                    ahead.insert((keyword, name.text.clone()), name.span);
                }
            }
        }
        Self(ahead)
    }

    /// Takes a block that is being read out.
    pub(super) fn reached(&mut self, node: &Node) {
        let Some(keyword) = definition(&node.keyword().text) else {
            return;
        };
        if let Some(name) = node.args().first() {
            let key = (keyword, name.text.clone());
            if self.0.get(&key) == Some(&name.span) {
                self.0.remove(&key);
            }
        }
    }
}

/// Without the beginning that only the old spelling has.
fn spelled(word: &[u8]) -> &[u8] {
    match word.strip_prefix(b"vrrp_") {
        Some(rest) if rest.starts_with(b"track_file") => rest,
        _ => word,
    }
}

fn definition(word: &str) -> Option<&'static str> {
    let word = spelled(word.as_bytes());
    DEFINITIONS.into_iter().find(|d| d.as_bytes() == word)
}

/// Points at a definition that comes too late.
pub(super) fn defined_below(span: Span) -> Label {
    Label {
        span,
        text: "defined here, below its use".to_owned(),
    }
}

impl Lower<'_> {
    /// What to do about a tracked name that is not known, and where it is defined if that is below.
    pub(super) fn unknown_tracked<'n>(
        &self,
        definition: &'static str,
        name: &str,
        known: impl Iterator<Item = &'n str>,
    ) -> (String, Option<Span>) {
        if let Some(span) = self.ahead.0.get(&(definition, name.to_owned())) {
            let help = format!("move {definition} {name} up: it must stand above its use");
            return (help, Some(*span));
        }
        let help = match self.closest_name(name, known) {
            Some(better) => format!("did you mean '{better}'?"),
            None => {
                format!("define it above with {definition}; without it failures go unnoticed")
            }
        };
        (help, None)
    }
}
