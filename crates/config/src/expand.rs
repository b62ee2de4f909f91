//! What becomes of a line before its words are looked at: conditions, definitions, loops and
//! substitution (spec config-language 5 and 6).

use crate::define::{Expanded, Refused, definition};
use crate::diagnostic::{Class, Code, Diagnostic};
use crate::keyword::{self, Block};
use crate::lex::{strip_comment, words};
use crate::lines::Reader;
use crate::load::Refusal;
use crate::sequence::{self, Problem, Round};
use crate::source::Span;
use crate::text::Text;
use crate::tree::{Line, Logical};

/// A loop over the rest of its line.
struct Repeat {
    word: &'static str,
    rounds: Vec<Round>,
    body: Text,
}

impl Reader<'_> {
    /// A line of a multi-line definition; an empty one ends it.
    pub(crate) fn collect(&mut self, text: &Text) -> bool {
        let Some((_, lines)) = &mut self.collecting else {
            return false;
        };
        let bytes = text.bytes();
        let goes_on = bytes.strip_suffix(b"\\");
        if let Some(more) = goes_on {
            lines.push(more.trim_ascii_end().to_vec());
        } else {
            if !bytes.is_empty() {
                lines.push(bytes.to_vec());
            }
            self.end_collecting();
        }
        true
    }

    pub(crate) fn end_collecting(&mut self) {
        if let Some((name, lines)) = self.collecting.take() {
            self.definitions.set_lines(&name, lines);
        }
    }

    /// A line without comment.
    pub(crate) fn line(&mut self, mut text: Text) {
        if text.bytes().first() == Some(&b'@') {
            match self.condition(&text) {
                Some(rest) => text = rest,
                None => return,
            }
        }
        if self.define(&text) {
            return;
        }
        if text.bytes().starts_with(b"~SEQ") || text.bytes().starts_with(b"~LST") {
            self.repeat(&text);
            return;
        }
        match self.definitions.expand(&text) {
            Ok(Expanded::Line(text, false)) => self.logical(text),
            Ok(Expanded::Line(text, true)) => self.made(&text, None),
            Ok(Expanded::Lines(name, lines)) => self.made_lines(&text, &name, &lines),
            Err(refused) => self.refused(text.whole(), &text, refused),
        }
    }

    /// A line that a replacement has made.
    fn made(&mut self, text: &Text, within: Option<&str>) {
        if !self.may_expand(text) {
            return;
        }
        let text = self.stripped(text);
        match (text.bytes().first(), within) {
            (None, _) => {}
            // A value may bring a condition or a loop with it; a line of a multi-line definition may
            // be anything.
            (Some(b'@' | b'~'), None) => self.nested("", |reader| reader.line(text)),
            (Some(_), Some(name)) => self.nested(name, |reader| reader.line(text)),
            (Some(_), None) => self.logical(text),
        }
    }

    fn made_lines(&mut self, text: &Text, name: &str, lines: &[Text]) {
        if let Some(first) = self.nesting.iter().position(|n| n == name) {
            let mut chain = self.nesting[first..].to_vec();
            chain.retain(|n| !n.is_empty());
            chain.push(name.to_owned());
            self.refused(text.whole(), text, Refused::Cycle(chain));
            return;
        }
        for line in lines {
            self.made(line, Some(name));
            if self.exhausted {
                return;
            }
        }
    }

    fn nested(&mut self, name: &str, read: impl FnOnce(&mut Self)) {
        self.nesting.push(name.to_owned());
        read(self);
        self.nesting.pop();
    }

    /// Whether another line may be made; what it costs is counted.
    fn may_expand(&mut self, text: &Text) -> bool {
        self.expanded_bytes += COST_OF_A_LINE + text.len();
        let endless = self.nesting.len() > MAX_NESTED;
        if endless || self.expanded_bytes > MAX_EXPANDED {
            self.give_up("definitions expand without end", Some(text.whole()));
        }
        !self.exhausted
    }

    /// `$NAME=value`, or the first line of one with several.
    fn define(&mut self, text: &Text) -> bool {
        let Some((name, value)) = definition(text.bytes()) else {
            return false;
        };
        let value = text.bytes()[value].trim_ascii();
        match value.strip_suffix(b"\\") {
            None => self.definitions.set(name, value),
            Some(first) => {
                let first = first.trim_ascii_end();
                let lines = (!first.is_empty()).then(|| first.to_vec());
                self.collecting = Some((name.to_owned(), lines.into_iter().collect()));
            }
        }
        true
    }

    fn refused(&mut self, at: Span, text: &Text, refused: Refused) {
        let diagnostic = match refused {
            Refused::Cycle(names) => {
                let chain: Vec<_> = names.iter().map(|n| format!("${n}")).collect();
                let text = format!("definition refers to itself: {}", chain.join(" -> "));
                Diagnostic::new(Code::Limit, Class::General, text).help("break the chain")
            }
            Refused::TooLong => Diagnostic::new(
                Code::Limit,
                Class::General,
                format!(
                    "Parameter substitution on line '{}' would exceed maximum line length",
                    shortened(text)
                ),
            )
            .help("make the definitions shorter"),
            Refused::Endless => {
                self.give_up("definitions expand without end", Some(at));
                return;
            }
        };
        self.refusal = self.refusal.or(Some(Refusal::Fatal));
        self.diagnostics.push(diagnostic.at(at).error());
    }

    /// `~SEQ` and `~LST`.
    fn repeat(&mut self, text: &Text) {
        let repeat = match self.repetition(text) {
            Ok(repeat) => repeat,
            Err(problem) => {
                self.invalid_repetition(text, problem);
                return;
            }
        };
        for round in repeat.rounds {
            for (name, value) in round {
                self.definitions.set(&name, value.as_bytes());
            }
            if !self.may_expand(&repeat.body) {
                return;
            }
            if !repeat.body.is_empty() {
                let body = repeat.body.clone();
                self.nested(repeat.word, |reader| reader.line(body));
            }
        }
    }

    fn repetition(&mut self, text: &Text) -> Result<Repeat, Problem> {
        let pieces = sequence::split(text.bytes())?;
        let mut inner = text.slice(pieces.inner);
        // The values of a list may refer to what is defined later, the numbers may not.
        if pieces.word != "~LST" {
            inner = match self.definitions.expand(&inner) {
                Ok(Expanded::Line(inner, _)) => inner,
                Ok(Expanded::Lines(..)) | Err(_) => return Err(Some("Invalid ~SEQ definition")),
            };
        }
        Ok(Repeat {
            word: pieces.word,
            rounds: sequence::rounds(pieces.word, &inner.lossy())?,
            body: text.slice(pieces.body).trimmed(),
        })
    }

    fn invalid_repetition(&mut self, text: &Text, problem: Problem) {
        let (word, form) = if text.bytes().starts_with(b"~LST") {
            (
                "~LST",
                "~LST(NAME, VALUE, ...) or ~LST({NAME, ...}, {VALUE, ...}, ...)",
            )
        } else {
            ("~SEQ", "~SEQ(NAME, [START, [STEP,]] END)")
        };
        let line = shortened(text);
        let first = problem.map(|problem| format!("{problem} '{line}'"));
        let last = format!("Invalid {word} specification '{line}'");
        for message in first.into_iter().chain([last]) {
            self.diagnostics.push(
                Diagnostic::new(Code::InvalidValue, Class::General, message)
                    .at(text.whole())
                    .help(format!("write {form} and behind it what is to be repeated")),
            );
        }
    }

    /// The rest of a conditional line that applies.
    fn condition(&mut self, text: &Text) -> Option<Text> {
        let blank = |b: &u8| *b == b' ' || *b == b'\t';
        let end = text.bytes().iter().position(blank)?;
        let rest = text.slice(end..text.len()).trimmed();
        let id = &text.bytes()[1..end];
        if id == b"evervip" {
            let rest = match self.definitions.expand(&rest) {
                Ok(Expanded::Line(line, _)) => line,
                Ok(Expanded::Lines(..)) | Err(_) => rest,
            };
            self.own_line(rest);
            return None;
        }
        let applies = match id.strip_prefix(b"^") {
            Some(id) => id != self.config_id.as_bytes(),
            None => id == self.config_id.as_bytes(),
        };
        applies.then_some(rest)
    }

    /// An `@evervip` line: one for the whole file, or one for the block that it stands in.
    fn own_line(&mut self, text: Text) {
        let words = words(&text);
        let Some(word) = words.tokens.first() else {
            return;
        };
        if keyword::find(Block::EvervipInstance, &word.text).is_some() {
            self.lines.push(Logical::Own(text));
        } else {
            self.directives.push(Line {
                text,
                tokens: words.tokens,
            });
        }
    }

    /// The line without its comment; what is wrong with its quotes and characters is said.
    pub(crate) fn stripped(&mut self, line: &Text) -> Text {
        let stripped = strip_comment(line);
        if let Some(span) = stripped.invisible {
            self.diagnostics.push(
                Diagnostic::new(
                    Code::Suspicious,
                    Class::UnknownKeyword,
                    "invisible character in the line: read as if it were not there",
                )
                .at(span)
                .help("remove it (zero-width or no-break space, byte-order mark); keepalived does not know the word"),
            );
        }
        if stripped.open_quote {
            let message = format!("Unterminated quote '{}'", shortened(&stripped.text));
            self.diagnostics.push(
                Diagnostic::new(Code::UnmatchedQuote, Class::UnmatchedQuote, message)
                    .at(stripped.text.whole())
                    .help("close the double quote on the same line"),
            );
        }
        stripped.text
    }
}

/// A line for a message; who wants all of a very long one finds it at its place.
fn shortened(text: &Text) -> String {
    if text.len() <= LONGEST_SHOWN {
        text.lossy()
    } else {
        text.slice(0..LONGEST_SHOWN).lossy() + "..."
    }
}

/// Definitions and loops that bring one another.
const MAX_NESTED: usize = 50;
/// Bytes that definitions and loops may bring altogether.
const MAX_EXPANDED: usize = 64 << 20;
/// What a line needs beside its bytes.
const COST_OF_A_LINE: usize = 128;
/// As much as keepalived reads as one line.
const LONGEST_SHOWN: usize = 1024;
