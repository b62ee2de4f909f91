//! Diagnostics as annotated source.

use std::fmt::Write;

use evervip_config::{Diagnostic, Severity, SourceMap, Span};

/// A diagnostic with the lines it is about, carets below the words, and what to do.
#[must_use]
pub fn annotate(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let severity = match diagnostic.severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    // Writing to a `String` cannot fail.
    let mut out = format!(
        "{severity}[{}]: {}\n",
        diagnostic.code,
        clean(&diagnostic.message)
    );
    let mut width = 1;
    if let Some(span) = diagnostic.primary {
        width = excerpt(&mut out, span, "", sources);
    }
    for label in &diagnostic.labels {
        width = excerpt(&mut out, label.span, &label.text, sources);
    }
    for note in &diagnostic.notes {
        let _ = writeln!(out, "{:width$} = note: {}", "", clean(note));
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(out, "{:width$} = help: {}", "", clean(help));
    }
    out
}

/// One source line with carets; returns the width of the line number.
fn excerpt(out: &mut String, span: Span, label: &str, sources: &SourceMap) -> usize {
    let at = sources.position(span);
    let number = at.line.to_string();
    let width = number.len();
    let text = sources.line_text(span);
    let marked = String::from_utf8_lossy(
        sources
            .bytes(span.file)
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default(),
    )
    .lines()
    .next()
    .map_or(1, |line| line.chars().count())
    .max(1);
    // Tabs stay tabs, so that the carets stand below their words however wide a tab is.
    let indent: String = text
        .chars()
        .take(at.column - 1)
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect();
    let carets = "^".repeat(marked.min(LONGEST_MARK));
    let _ = writeln!(
        out,
        "{:width$}--> {}:{}:{}",
        "",
        clean(at.file),
        at.line,
        at.column
    );
    let _ = writeln!(out, "{:width$} |", "");
    let _ = writeln!(out, "{number} | {}", clean(&text));
    let _ = writeln!(
        out,
        "{:width$} | {}",
        "",
        format!("{indent}{carets} {label}").trim_end()
    );
    width
}

/// Terminals must not act on what a file contains.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\t' { '?' } else { c })
        .collect()
}

const LONGEST_MARK: usize = 120;
