//! What the loader has to say about a configuration.

pub use crate::code::Code;
use crate::source::{SourceMap, Span};

/// What a diagnostic means for the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Logged; the daemon runs with the value that the message states.
    Warning,
    /// The daemon refuses to start.
    Error,
}

/// keepalived's class of a complaint; the greatest one decides the exit code of `-t`
/// (spec config-language 9.2, vrrp-keywords 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// A plain log line: not a complaint, not shown by `-t`, does not count.
    Log,
    /// Shown by `-t`, and does not count: an `include` that finds nothing.
    Notice,
    /// A file is missing.
    FileNotFound,
    /// An interface is missing.
    BadInterface,
    /// "Cannot run" for one entry.
    Fatal,
    /// A pattern matched several files where one is meant.
    MultipleFiles,
    /// Unknown keyword.
    UnknownKeyword,
    /// `{` where none is expected.
    UnexpectedOpen,
    /// `{` missing.
    MissingOpen,
    /// `}` too many.
    UnexpectedClose,
    /// `}` missing.
    MissingClose,
    /// Quote not closed.
    UnmatchedQuote,
    /// Argument missing; ends the run at once.
    MissingParameter,
    /// A word that is no number or outside its range.
    InvalidNumber,
    /// All other complaints.
    General,
    /// "Sensible" advice.
    Warning,
    /// Old spelling.
    Deprecated,
    /// Script security.
    Security,
}

impl Class {
    /// Exit code of `-t` when this is the greatest class.
    #[must_use]
    pub const fn test_exit_code(self) -> u8 {
        match self {
            Self::Log | Self::Notice => 0,
            Self::FileNotFound | Self::BadInterface | Self::Fatal => 4,
            Self::MissingParameter => 2,
            Self::Security => 6,
            Self::MultipleFiles
            | Self::UnknownKeyword
            | Self::UnexpectedOpen
            | Self::MissingOpen
            | Self::UnexpectedClose
            | Self::MissingClose
            | Self::UnmatchedQuote
            | Self::InvalidNumber
            | Self::General
            | Self::Warning
            | Self::Deprecated => 5,
        }
    }
}

/// A second place that a diagnostic points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// One thing the loader has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable kind.
    pub code: Code,
    /// Whether the daemon runs all the same.
    pub severity: Severity,
    /// keepalived's class.
    pub class: Class,
    /// The text, as keepalived 2.2.7 words it wherever it has such a message; no file name in it.
    pub message: String,
    /// Where; `None` for checks made after the whole file has been read, as in the original.
    pub primary: Option<Span>,
    /// Other places. For a diagnostic without `primary` the first says where the matter is defined.
    pub labels: Vec<Label>,
    /// Explanations.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A warning without place.
    #[must_use]
    pub fn new(code: Code, class: Class, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Warning,
            class,
            message: message.into(),
            primary: None,
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// Makes it an error: the daemon refuses to start.
    #[must_use]
    pub fn error(mut self) -> Self {
        self.severity = Severity::Error;
        self
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.primary = Some(span);
        self
    }

    /// Adds a place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds an explanation.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Where the matter is, whether or not the original would name a line.
    #[must_use]
    pub fn place(&self) -> Option<Span> {
        self.primary.or_else(|| self.labels.first().map(|l| l.span))
    }

    /// The line that the original writes, `(FILE: Line N) text`, and nothing else. Control
    /// characters of the file are replaced by `?`.
    #[must_use]
    pub fn original_line(&self, sources: &SourceMap) -> String {
        let mut line = String::new();
        if let Some(span) = self.primary {
            let at = sources.position(span);
            line = format!("({}: Line {}) ", at.file, at.line);
        }
        line.push_str(&self.message);
        printable(&line)
    }

    /// What we add to the original's line: the remedy, and the place of the definition where the
    /// original names no line.
    #[must_use]
    pub fn remedy(&self, sources: &SourceMap) -> Option<String> {
        let place = self.labels.first().filter(|_| self.primary.is_none());
        let place = place.map(|label| {
            let at = sources.position(label.span);
            format!("({}: Line {})", at.file, at.line)
        });
        let parts: Vec<_> = self.help.iter().cloned().chain(place).collect();
        (!parts.is_empty()).then(|| printable(&parts.join(" ")))
    }

    /// All in one line, for the log: the original's line, then ` - ` and the remedy.
    #[must_use]
    pub fn one_line(&self, sources: &SourceMap) -> String {
        let line = self.original_line(sources);
        match self.remedy(sources) {
            Some(remedy) if self.help.is_some() => format!("{line} - {remedy}"),
            Some(place) => format!("{line} {place}"),
            None => line,
        }
    }
}

/// A log must not act on what a file contains.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

/// A word may be as long as a file, and be complained about often.
fn shorten(message: &mut String) {
    if message.len() > LONGEST_MESSAGE {
        let end = (0..=LONGEST_MESSAGE).rfind(|at| message.is_char_boundary(*at));
        message.truncate(end.unwrap_or(0));
        message.push_str("...");
    }
}

/// Where diagnostics are collected. A broken file must not fill the memory or the log: beyond a
/// limit only what is worse than the last one is kept.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    list: Vec<Diagnostic>,
    dropped: bool,
}

impl Diagnostics {
    /// Adds one; the reference serves to complete it.
    pub(crate) fn push(&mut self, mut diagnostic: Diagnostic) -> &mut Diagnostic {
        shorten(&mut diagnostic.message);
        if self.list.len() <= MOST_DIAGNOSTICS {
            self.list.push(diagnostic);
        } else {
            self.dropped = true;
            let last = &mut self.list[MOST_DIAGNOSTICS];
            if (diagnostic.severity, diagnostic.class) >= (last.severity, last.class) {
                *last = diagnostic;
            }
        }
        let at = self.list.len() - 1;
        &mut self.list[at]
    }

    /// The one added last.
    pub(crate) fn last_mut(&mut self) -> Option<&mut Diagnostic> {
        self.list.last_mut()
    }

    /// Whether more would be dropped: then nobody reads a remedy that costs time to find.
    pub(crate) fn is_full(&self) -> bool {
        self.list.len() > MOST_DIAGNOSTICS
    }

    /// All of them, sorted by place: files in the order they were opened, then what has no place
    /// in the order it was found.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|d| {
            d.primary
                .map_or((1, None), |s| (0, Some((s.file, s.start))))
        });
        if self.dropped {
            self.list.push(
                Diagnostic::new(
                    Code::Limit,
                    Class::Log,
                    "too many messages; the rest is left out",
                )
                .help("correct what is reported first"),
            );
        }
        self.list
    }
}

const MOST_DIAGNOSTICS: usize = 1000;

/// Bytes of a message. A line that keepalived reads has 1024.
const LONGEST_MESSAGE: usize = 3 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_cut_and_keeps_the_worst() {
        let mut all = Diagnostics::default();
        for i in 0..5000 {
            let class = if i == 3000 {
                Class::Security
            } else {
                Class::General
            };
            all.push(Diagnostic::new(Code::InvalidValue, class, i.to_string()));
        }
        let all = all.finish();
        assert!(all.len() < 1010);
        assert_eq!(all.iter().map(|d| d.class).max(), Some(Class::Security));
        assert!(all.last().unwrap().message.contains("too many"));
    }

    #[test]
    fn one_line_has_the_originals_form_then_the_remedy() {
        let mut sources = SourceMap::default();
        let (file, _) = sources.add("k.conf", b"a\nb\n".to_vec());
        let span = Span {
            file,
            start: 2,
            end: 3,
        };
        let d = Diagnostic::new(
            Code::UnknownKeyword,
            Class::UnknownKeyword,
            "Unknown keyword 'b\x07'",
        );
        assert_eq!(d.one_line(&sources), "Unknown keyword 'b?'");
        let d = d.at(span).help("remove it");
        assert_eq!(
            d.one_line(&sources),
            "(k.conf: Line 2) Unknown keyword 'b?' - remove it"
        );
    }
}
