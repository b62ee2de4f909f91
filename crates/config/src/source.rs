//! Where text came from: files, spans, and lines and columns computed late.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::text::Text;

/// One file of a [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

/// A range of bytes of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Which file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One behind the last byte.
    pub end: u32,
}

impl Span {
    /// The same place in a map to which the span's own was appended.
    #[must_use]
    pub fn moved(self, by: FileOffset) -> Self {
        let file = FileId(self.file.0.saturating_add(by.0));
        Self { file, ..self }
    }

    /// The smallest span that holds both; `self` when they are of different files.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        if self.file != other.file {
            return self;
        }
        Self {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// How far the files of a map that was appended to another one have moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileOffset(u32);

/// Line and column of a span's start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position<'a> {
    /// File name as it was given or as an `include` pattern expanded to it.
    pub file: &'a str,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

#[derive(Debug, Clone)]
struct SourceFile {
    name: String,
    text: Text,
    /// Found when the first line is asked for: a file without complaints needs none.
    line_starts: OnceLock<Vec<u32>>,
}

impl SourceFile {
    fn bytes(&self) -> &[u8] {
        self.text.bytes()
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let bytes = self.bytes().iter().enumerate();
            let newlines = bytes.filter(|(_, b)| **b == b'\n');
            std::iter::once(0)
                .chain(newlines.map(|(i, _)| offset(i + 1)))
                .collect()
        })
    }

    /// The line with the byte at `at`, from 0.
    fn line_index(&self, at: u32) -> usize {
        let after = self.line_starts().partition_point(|s| *s <= at);
        after.saturating_sub(1)
    }
}

/// All files that a load has read.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

impl SourceMap {
    /// A single file, for messages about what is no configuration.
    #[must_use]
    pub fn of_file(name: &str, bytes: Vec<u8>) -> (Self, FileId) {
        let mut map = Self::default();
        let (file, _) = map.add(name, bytes);
        (map, file)
    }

    /// Adds a file; text beyond 4 GiB cannot be addressed and is cut (the loader refuses it before).
    pub(crate) fn add(&mut self, name: &str, mut bytes: Vec<u8>) -> (FileId, Text) {
        bytes.truncate(u32::MAX as usize);
        let file = FileId(offset(self.files.len()));
        let text = Text::whole_file(file, bytes);
        self.files.push(SourceFile {
            name: name.to_owned(),
            text: text.clone(),
            line_starts: OnceLock::new(),
        });
        (file, text)
    }

    /// Text of a file, byte for byte.
    #[must_use]
    pub fn bytes(&self, file: FileId) -> &[u8] {
        self.files
            .get(file.0 as usize)
            .map_or(&[], SourceFile::bytes)
    }

    /// Name of a file.
    #[must_use]
    pub fn name(&self, file: FileId) -> &str {
        self.files
            .get(file.0 as usize)
            .map_or("", |f| f.name.as_str())
    }

    /// Takes over the files of another map, for messages about several configurations; gives what
    /// spans of that map have to be moved by.
    pub fn append(&mut self, other: &Self) -> FileOffset {
        let by = FileOffset(offset(self.files.len()));
        self.files.extend(other.files.iter().cloned());
        by
    }

    /// Name and text of each file, in the order in which they were read.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|f| (f.name.as_str(), f.bytes()))
    }

    /// Number of files read, included ones too.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Where a span starts.
    #[must_use]
    pub fn position(&self, span: Span) -> Position<'_> {
        let Some(file) = self.files.get(span.file.0 as usize) else {
            return Position {
                file: "",
                line: 0,
                column: 0,
            };
        };
        let line = file.line_index(span.start);
        let start = file.line_starts()[line] as usize;
        let end = (span.start as usize).clamp(start, file.bytes().len());
        Position {
            file: &file.name,
            line: line + 1,
            column: String::from_utf8_lossy(&file.bytes()[start..end])
                .chars()
                .count()
                + 1,
        }
    }

    /// The whole line in which a span starts, without its line end.
    #[must_use]
    pub fn line_text(&self, span: Span) -> Cow<'_, str> {
        let Some(file) = self.files.get(span.file.0 as usize) else {
            return Cow::Borrowed("");
        };
        let line = file.line_index(span.start);
        let starts = file.line_starts();
        let start = starts[line] as usize;
        let end = starts
            .get(line + 1)
            .map_or(file.bytes().len(), |e| *e as usize);
        let text = file.bytes()[start..end].trim_ascii_end();
        String::from_utf8_lossy(text)
    }
}

/// A byte offset; `SourceMap::add` keeps every file below 4 GiB.
fn offset(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let mut map = SourceMap::default();
        let (file, _) = map.add("f", "a\r\nbü c\n".as_bytes().to_vec());
        let span = |start, end| Span { file, start, end };
        assert_eq!(map.position(span(0, 1)).line, 1);
        let c = map.position(span(7, 8));
        assert_eq!((c.file, c.line, c.column), ("f", 2, 4));
        assert_eq!(map.line_text(span(7, 8)), "bü c");
        assert_eq!(map.line_text(span(0, 1)), "a");
        assert_eq!(map.position(span(9, 9)).line, 3);
    }

    #[test]
    fn files_of_an_appended_map_are_found() {
        let (mut a, mut b) = (SourceMap::default(), SourceMap::default());
        a.add("a", b"1\n2\n".to_vec());
        let (file, _) = b.add("b", b"3\n4\n".to_vec());
        let span = Span {
            file,
            start: 2,
            end: 3,
        };
        let moved = span.moved(a.append(&b));
        assert_eq!(a.position(moved).file, "b");
        assert_eq!(a.line_text(moved), "4");
        assert_eq!(a.line_text(span), "2");
    }

    #[test]
    fn spans_join_within_one_file_only() {
        let mut map = SourceMap::default();
        let ((f, _), (g, _)) = (map.add("f", vec![]), map.add("g", vec![]));
        let a = Span {
            file: f,
            start: 4,
            end: 6,
        };
        let b = Span {
            file: f,
            start: 1,
            end: 5,
        };
        assert_eq!(
            a.to(b),
            Span {
                file: f,
                start: 1,
                end: 6
            }
        );
        assert_eq!(a.to(Span { file: g, ..b }), a);
    }
}
