//! A line of text that remembers where each of its bytes came from.
//!
//! Comments, escapes and substitutions change lines; messages must point at what the user wrote.

use std::ops::Range;

use crate::source::{FileId, Span};

/// Bytes with the source range of each.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    bytes: Vec<u8>,
    origin: Vec<(u32, u32)>,
    file: FileId,
    /// Where the text stands when it is empty.
    anchor: u32,
}

impl Text {
    /// The text of a source range as it stands.
    pub(crate) fn from_source(file: FileId, start: usize, bytes: &[u8]) -> Self {
        let at = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
        Self {
            bytes: bytes.to_vec(),
            origin: (start..start + bytes.len())
                .map(|i| (at(i), at(i + 1)))
                .collect(),
            file,
            anchor: at(start),
        }
    }

    /// An empty text that stands at the start of this one.
    pub(crate) fn emptied(&self) -> Self {
        Self {
            bytes: Vec::new(),
            origin: Vec::new(),
            file: self.file,
            anchor: self.span(0..0).start,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The text with invalid UTF-8 replaced, for messages.
    pub(crate) fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Appends bytes of another text, with their origin.
    pub(crate) fn push(&mut self, other: &Self, range: Range<usize>) {
        self.bytes.extend_from_slice(&other.bytes[range.clone()]);
        self.origin.extend_from_slice(&other.origin[range]);
    }

    /// Appends bytes that stand for a range of another text.
    pub(crate) fn push_for(&mut self, bytes: &[u8], other: &Self, range: Range<usize>) {
        let span = other.span(range);
        self.bytes.extend_from_slice(bytes);
        self.origin
            .extend(std::iter::repeat_n((span.start, span.end), bytes.len()));
    }

    /// A part of the text.
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        let mut part = Self {
            anchor: self.span(range.clone()).start,
            ..self.emptied()
        };
        part.push(self, range);
        part
    }

    /// The text without blanks and tabs at either end.
    pub(crate) fn trimmed(&self) -> Self {
        let blank = |b: &u8| *b == b' ' || *b == b'\t';
        let Some(start) = self.bytes.iter().position(|b| !blank(b)) else {
            return self.emptied();
        };
        let end = self
            .bytes
            .iter()
            .rposition(|b| !blank(b))
            .map_or(0, |e| e + 1);
        self.slice(start..end)
    }

    /// Source span of a part; the place alone when the part is empty.
    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        let part = self.origin.get(range.clone()).unwrap_or_default();
        let (start, end) = match (part.first(), part.last()) {
            (Some(first), Some(last)) => (first.0.min(last.0), first.1.max(last.1)),
            _ => {
                let at = self
                    .origin
                    .get(range.start)
                    .map(|o| o.0)
                    .or_else(|| self.origin.last().map(|o| o.1))
                    .unwrap_or(self.anchor);
                (at, at)
            }
        };
        Span {
            file: self.file,
            start,
            end,
        }
    }

    /// Source span of the whole.
    pub(crate) fn whole(&self) -> Span {
        self.span(0..self.len())
    }
}
