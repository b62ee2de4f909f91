//! A line of text that remembers where each of its bytes came from.
//!
//! Comments, escapes and substitutions change lines; messages must point at what the user wrote.
//! Most lines stand in the file as they are: they share its bytes and need no memory of their own.

use std::ops::Range;
use std::sync::Arc;

use crate::source::{FileId, Span};

/// A part of some bytes with a known origin. Cheap to clone and to cut.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    buffer: Arc<Buffer>,
    start: u32,
    end: u32,
}

#[derive(Debug)]
struct Buffer {
    file: FileId,
    bytes: Vec<u8>,
    /// In the order of the bytes; none when these are the file itself.
    runs: Vec<Run>,
    /// Where a text without any byte stands.
    anchor: u32,
}

/// Bytes from `at` up to the next run that came from one place.
#[derive(Debug, Clone, Copy)]
struct Run {
    at: u32,
    source: (u32, u32),
    /// Byte by byte the same as the source; otherwise all of them stand for all of it.
    copied: bool,
}

impl Run {
    /// The source of the byte at `index`.
    fn origin(self, index: u32) -> (u32, u32) {
        if self.copied {
            let start = self.source.0 + (index - self.at);
            (start, start + 1)
        } else {
            self.source
        }
    }
}

impl Text {
    /// A whole file. The loader refuses files that 32 bits cannot address.
    pub(crate) fn whole_file(file: FileId, bytes: Vec<u8>) -> Self {
        let end = offset(bytes.len());
        let buffer = Buffer {
            file,
            bytes,
            runs: Vec::new(),
            anchor: 0,
        };
        Self {
            buffer: Arc::new(buffer),
            start: 0,
            end,
        }
    }

    /// Bytes that stand for a place in a file.
    pub(crate) fn standing_for(span: Span, bytes: &[u8]) -> Self {
        let run = Run {
            at: 0,
            source: (span.start, span.end),
            copied: false,
        };
        let made = Builder {
            file: span.file,
            anchor: span.start,
            bytes: bytes.to_vec(),
            runs: vec![run],
        };
        made.finish()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer.bytes[self.start as usize..self.end as usize]
    }

    pub(crate) fn len(&self) -> usize {
        (self.end - self.start) as usize
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The text with invalid UTF-8 replaced, for messages.
    pub(crate) fn lossy(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// A part of the text.
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        let start = (self.start + offset(range.start)).min(self.end);
        Self {
            buffer: Arc::clone(&self.buffer),
            start,
            end: (self.start + offset(range.end)).clamp(start, self.end),
        }
    }

    /// The text without blanks and tabs at either end.
    pub(crate) fn trimmed(&self) -> Self {
        let blank = |b: &u8| *b == b' ' || *b == b'\t';
        let bytes = self.bytes();
        let start = bytes.iter().position(|b| !blank(b)).unwrap_or(0);
        let end = bytes.iter().rposition(|b| !blank(b)).map_or(0, |e| e + 1);
        self.slice(start..end)
    }

    /// Source span of a part; the place alone when the part is empty.
    pub(crate) fn span(&self, range: Range<usize>) -> Span {
        let start = (self.start + offset(range.start)).min(self.end);
        let end = (self.start + offset(range.end)).clamp(start, self.end);
        let (start, end) = if start == end {
            let at = self.buffer.place(start);
            (at, at)
        } else {
            let first = self.buffer.origin(start);
            let last = self.buffer.origin(end - 1);
            (first.0.min(last.0), first.1.max(last.1))
        };
        Span {
            file: self.buffer.file,
            start,
            end,
        }
    }

    /// Source span of the whole.
    pub(crate) fn whole(&self) -> Span {
        self.span(0..self.len())
    }
}

impl Buffer {
    /// The source of a byte.
    fn origin(&self, index: u32) -> (u32, u32) {
        let after = self.runs.partition_point(|run| run.at <= index);
        match after.checked_sub(1) {
            None => (index, index + 1),
            Some(at) => self.runs[at].origin(index),
        }
    }

    /// Where a text stands that would begin at this byte.
    fn place(&self, index: u32) -> u32 {
        if self.runs.is_empty() && !self.bytes.is_empty() {
            return index;
        }
        match offset(self.bytes.len()).checked_sub(1) {
            None => self.anchor,
            Some(last) if index > last => self.origin(last).1,
            Some(_) => self.origin(index).0,
        }
    }
}

/// Puts a changed line together.
#[derive(Debug)]
pub(crate) struct Builder {
    file: FileId,
    bytes: Vec<u8>,
    runs: Vec<Run>,
    anchor: u32,
}

impl Builder {
    /// Nothing yet, standing where `text` does.
    pub(crate) fn in_place_of(text: &Text) -> Self {
        let at = text.span(0..0);
        Self {
            file: at.file,
            bytes: Vec::with_capacity(text.len()),
            runs: Vec::new(),
            anchor: at.start,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends a part of a text with its origin.
    pub(crate) fn push(&mut self, text: &Text, range: Range<usize>) {
        let part = text.slice(range);
        let runs = &text.buffer.runs;
        let mut from = part.start;
        while from < part.end {
            let next = runs.partition_point(|run| run.at <= from);
            let until = runs.get(next).map_or(part.end, |run| run.at.min(part.end));
            self.runs.push(Run {
                at: offset(self.bytes.len()),
                source: text.buffer.origin(from),
                copied: next == 0 || runs[next - 1].copied,
            });
            let bytes = &text.buffer.bytes[from as usize..until as usize];
            self.bytes.extend_from_slice(bytes);
            from = until;
        }
    }

    /// Appends bytes that stand for a part of a text.
    pub(crate) fn push_for(&mut self, bytes: &[u8], text: &Text, range: Range<usize>) {
        if bytes.is_empty() {
            return;
        }
        let span = text.span(range);
        self.runs.push(Run {
            at: offset(self.bytes.len()),
            source: (span.start, span.end),
            copied: false,
        });
        self.bytes.extend_from_slice(bytes);
    }

    /// The text.
    pub(crate) fn finish(self) -> Text {
        let end = offset(self.bytes.len());
        Text {
            buffer: Arc::new(Buffer {
                file: self.file,
                bytes: self.bytes,
                runs: self.runs,
                anchor: self.anchor,
            }),
            start: 0,
            end,
        }
    }
}

/// A place in a text; neither files nor changed lines come near 4 GiB.
fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceMap;

    fn file(bytes: &str) -> Text {
        SourceMap::default().add("f", bytes.as_bytes().to_vec()).1
    }

    #[track_caller]
    fn at(text: &Text, range: Range<usize>, start: u32, end: u32) {
        let span = text.span(range);
        assert_eq!((span.start, span.end), (start, end));
    }

    #[test]
    fn parts_of_a_file_know_their_place() {
        let line = file("ab cd  \n").slice(2..7);
        assert_eq!(line.bytes(), b" cd  ");
        let trimmed = line.trimmed();
        assert_eq!(trimmed.bytes(), b"cd");
        at(&trimmed, 0..2, 3, 5);
        at(&trimmed, 1..1, 4, 4);
        at(&trimmed, 2..2, 5, 5);
        assert!(file(" \t").trimmed().is_empty());
    }

    #[test]
    fn changed_lines_know_what_their_parts_stand_for() {
        let line = file("0123456789").slice(2..10);
        let mut builder = Builder::in_place_of(&line);
        builder.push(&line, 0..2);
        builder.push_for(b"xyz", &line, 3..5);
        builder.push(&line, 6..8);
        let made = builder.finish();
        assert_eq!(made.bytes(), b"23xyz89");
        at(&made, 0..2, 2, 4);
        at(&made, 3..4, 5, 7);
        at(&made, 1..6, 3, 9);
        at(&made, 7..7, 10, 10);
        // A change of a change.
        let mut builder = Builder::in_place_of(&made);
        builder.push(&made, 1..6);
        let again = builder.finish();
        assert_eq!(again.bytes(), b"3xyz8");
        at(&again, 0..1, 3, 4);
        at(&again, 1..2, 5, 7);
        at(&again, 4..5, 8, 9);
    }

    #[test]
    fn an_empty_line_stands_where_it_was_made() {
        let line = file("0123").slice(2..4);
        at(&Builder::in_place_of(&line).finish(), 0..0, 2, 2);
    }
}
