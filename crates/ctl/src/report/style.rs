//! Colours.

use evervip_config::Severity;

/// Whether output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Coloured,
}

impl Style {
    pub(crate) fn severity(self, severity: Severity, text: &str) -> String {
        match severity {
            Severity::Warning => self.paint("1;33", text),
            Severity::Error => self.paint("1;31", text),
        }
    }

    /// Line numbers and what holds the picture together.
    pub(crate) fn frame(self, text: &str) -> String {
        self.paint("1;34", text)
    }

    pub(crate) fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn remedy(self, text: &str) -> String {
        self.paint("1;32", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Coloured if !text.is_empty() => format!("\x1b[{code}m{text}\x1b[0m"),
            Self::Coloured | Self::Plain => text.to_owned(),
        }
    }
}
