//! One line per diagnostic, in the form that editors know from compilers.

use std::io::{self, Write};

use super::{Report, Style, clean, severity_name};

/// `FILE:LINE:COLUMN: SEVERITY[CODE]: MESSAGE (HELP)`.
pub(super) fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for diagnostic in &report.diagnostics {
        let place = report.place(diagnostic);
        let at = match place.range {
            Some([(line, column), _]) => format!("{}:{line}:{column}", place.file),
            None => place.file.to_owned(),
        };
        let head = format!(
            "{}[{}]",
            severity_name(diagnostic.severity),
            diagnostic.code
        );
        let help = diagnostic.help.as_ref().map(|help| format!(" ({help})"));
        writeln!(
            out,
            "{}: {}: {}{}",
            style.strong(&clean(&at)),
            style.severity(diagnostic.severity, &head),
            clean(&diagnostic.message),
            clean(&help.unwrap_or_default())
        )?;
    }
    Ok(())
}
