//! Annotated source: the lines a diagnostic is about, what is marked in them, and what to do.

use std::fmt::Write as _;
use std::io::{self, Write};

use evervip_config::{Diagnostic, SourceMap, Span};

use super::line::show;
use super::secret::masked;
use super::{Place, Report, Style, clean, severity_name};

/// Writes all diagnostics of a configuration and their number.
pub(super) fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for diagnostic in &report.diagnostics {
        writeln!(out, "{}", annotated(diagnostic, &report.sources, style))?;
    }
    let name = clean(&report.name);
    if !report.assumed.is_empty() {
        let assumed = clean(&report.assumed.join(", "));
        writeln!(out, "{name}: taken to be there: {assumed}")?;
    }
    let errors = report.errors();
    match (errors, report.diagnostics.len() - errors) {
        (0, 0) => writeln!(out, "{name}: ok"),
        (errors, warnings) => writeln!(
            out,
            "{name}: {}, {}",
            count(errors, "error"),
            count(warnings, "warning")
        ),
    }
}

fn count(n: usize, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {what}{plural}")
}

fn annotated(diagnostic: &Diagnostic, sources: &SourceMap, style: Style) -> String {
    let severity = diagnostic.severity;
    let head = format!("{}[{}]", severity_name(severity), diagnostic.code);
    let mut picture = Picture::new(diagnostic, sources, style);
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        picture.out,
        "{}{}",
        style.severity(severity, &head),
        style.strong(&format!(": {}", clean(&diagnostic.message)))
    );
    let paint = |mark: &str| style.severity(severity, mark);
    if let Some(span) = diagnostic.primary {
        picture.excerpt(span, "", '^', &paint);
    }
    for label in &diagnostic.labels {
        let first = diagnostic.primary.is_none();
        let mark = if first { '^' } else { '-' };
        picture.excerpt(label.span, &label.text, mark, &paint);
    }
    picture.remarks(diagnostic);
    picture.out
}

/// What is drawn of one diagnostic.
struct Picture<'a> {
    out: String,
    sources: &'a SourceMap,
    style: Style,
    /// Columns of the greatest line number.
    width: usize,
    /// The line that was shown last, so that it need not be shown again.
    last: Option<(&'a str, usize)>,
}

impl<'a> Picture<'a> {
    fn new(diagnostic: &Diagnostic, sources: &'a SourceMap, style: Style) -> Self {
        let labels = diagnostic.labels.iter().map(|label| label.span);
        let spans = diagnostic.primary.into_iter().chain(labels);
        let greatest = spans.map(|span| sources.position(span).line).max();
        Self {
            out: String::new(),
            sources,
            style,
            width: greatest.unwrap_or(0).to_string().len(),
            last: None,
        }
    }

    /// A source line with a mark below what it is about.
    fn excerpt(&mut self, span: Span, label: &str, mark: char, paint: &dyn Fn(&str) -> String) {
        let place = Place::of(span, self.sources);
        let Some([(line, from), (last_line, last_to)]) = place.range else {
            return;
        };
        let text = masked(&self.sources.line_text(span));
        // What goes on in the next line is marked to the end of this one.
        let to = if last_line == line {
            last_to
        } else {
            text.chars().count() + 1
        };
        let shown = show(&text, from - 1, to - 1);
        if self.last != Some((place.file, line)) {
            self.heading(place.file, line, from);
            let number = self
                .style
                .frame(&format!("{line:>width$} |", width = self.width));
            let _ = writeln!(self.out, "{number} {}", shown.text.trim_end());
        }
        let marks = mark.to_string().repeat(shown.marked);
        let label = format!("{marks} {}", clean(label));
        let bar = self.bar();
        let _ = writeln!(
            self.out,
            "{bar} {:before$}{}",
            "",
            paint(label.trim_end()),
            before = shown.before
        );
        self.last = Some((place.file, line));
    }

    fn heading(&mut self, file: &str, line: usize, column: usize) {
        let arrow = if self.last.is_none() { "-->" } else { ":::" };
        let arrow = self.style.frame(arrow);
        let (bar, width) = (self.bar(), self.width);
        let _ = writeln!(
            self.out,
            "{:width$}{arrow} {}:{line}:{column}",
            "",
            clean(file)
        );
        let _ = writeln!(self.out, "{bar}");
    }

    fn bar(&self) -> String {
        self.style
            .frame(&format!("{:width$} |", "", width = self.width))
    }

    fn remarks(&mut self, diagnostic: &Diagnostic) {
        let width = self.width;
        let sign = self.style.frame("=");
        for note in &diagnostic.notes {
            let word = self.style.strong("note");
            let _ = writeln!(self.out, "{:width$} {sign} {word}: {}", "", clean(note));
        }
        if let Some(help) = &diagnostic.help {
            let word = self.style.remedy("help");
            let _ = writeln!(self.out, "{:width$} {sign} {word}: {}", "", clean(help));
        }
    }
}
