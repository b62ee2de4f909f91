//! Diagnostics for people and for programs.

mod json;
mod line;
mod secret;
mod short;
mod style;
mod text;

use std::io::{self, Write};

use evervip_config::{Code, Diagnostic, Severity, SourceMap, Span};

pub(crate) use style::Style;

/// How diagnostics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Annotated source, for people.
    #[default]
    Text,
    /// One line each, for editors.
    Short,
    /// One array of objects, for programs.
    Json,
}

/// What there is to say about one configuration.
pub(crate) struct Report {
    /// The file as it was named.
    pub(crate) name: String,
    /// The daemon would not start with it.
    pub(crate) refused: bool,
    /// What this machine lacks and another is taken to have.
    pub(crate) assumed: Vec<String>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) sources: SourceMap,
}

impl Report {
    pub(crate) fn errors(&self) -> usize {
        let severities = self.diagnostics.iter().map(|d| d.severity);
        severities.filter(|s| *s == Severity::Error).count()
    }

    /// Where a diagnostic is, as far as it has a place.
    fn place(&self, diagnostic: &Diagnostic) -> Place<'_> {
        match diagnostic.place() {
            Some(span) => Place::of(span, &self.sources),
            None => Place {
                file: &self.name,
                range: None,
            },
        }
    }
}

/// A file, and lines and columns from 1; the end is one behind the last character.
struct Place<'a> {
    file: &'a str,
    range: Option<[(usize, usize); 2]>,
}

impl<'a> Place<'a> {
    fn of(span: Span, sources: &'a SourceMap) -> Self {
        let start = sources.position(span);
        let end = sources.position(Span {
            start: span.end.max(span.start),
            ..span
        });
        Self {
            file: start.file,
            range: Some([(start.line, start.column), (end.line, end.column)]),
        }
    }
}

/// Writes reports in one of the formats.
pub(crate) fn write(
    reports: &[Report],
    format: Format,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => reports.iter().try_for_each(|r| text::write(r, style, out)),
        Format::Short => reports.iter().try_for_each(|r| short::write(r, style, out)),
        Format::Json => json::write(reports, out),
    }
}

const fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// The section that explains a code, from the top of the source tree.
fn documentation(code: Code) -> String {
    format!("docs/diagnostics.md#{code}")
}

/// A terminal must not act on what a file contains.
fn clean(text: &str) -> String {
    let safe = |c: char| if c.is_control() { '?' } else { c };
    text.chars().map(safe).collect()
}
