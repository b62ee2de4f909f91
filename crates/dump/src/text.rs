//! A text that grows line by line.

use std::fmt::{self, Write as _};

/// The text.
#[derive(Debug, Default)]
pub(crate) struct Text(String);

impl Text {
    /// Adds a line.
    pub(crate) fn line(&mut self, line: fmt::Arguments<'_>) {
        // Writing into memory does not fail.
        let _ = self.0.write_fmt(line);
        self.0.push('\n');
    }

    /// Adds a line that is the same every time.
    pub(crate) fn fixed(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// Adds the heading of a section.
    pub(crate) fn section(&mut self, title: &str) {
        self.line(format_args!("------< {title} >------"));
    }

    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// A word for whether something is on.
pub(crate) const fn on_off(on: bool) -> &'static str {
    if on { "enabled" } else { "disabled" }
}

/// A word for an answer.
pub(crate) const fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}
