//! All diagnostics as one array. The names of the members are an interface.

use std::io::{self, Write};

use evervip_config::{Diagnostic, Label, SourceMap};
use serde_json::{Value, json};

use super::{Place, Report, documentation, severity_name};

pub(super) fn write(reports: &[Report], out: &mut dyn Write) -> io::Result<()> {
    let all: Vec<_> = reports
        .iter()
        .flat_map(|report| report.diagnostics.iter().map(|d| diagnostic(report, d)))
        .collect();
    serde_json::to_writer_pretty(&mut *out, &all)?;
    writeln!(out)
}

fn diagnostic(report: &Report, diagnostic: &Diagnostic) -> Value {
    let mut object = located(&report.place(diagnostic));
    object["configuration"] = json!(report.name);
    object["severity"] = json!(severity_name(diagnostic.severity));
    object["code"] = json!(diagnostic.code.as_str());
    object["message"] = json!(diagnostic.message);
    object["notes"] = json!(diagnostic.notes);
    object["help"] = json!(diagnostic.help);
    let labels = diagnostic.labels.iter();
    object["labels"] = labels.map(|l| label(l, &report.sources)).collect();
    object["docs"] = json!(documentation(diagnostic.code));
    object
}

fn label(label: &Label, sources: &SourceMap) -> Value {
    let mut object = located(&Place::of(label.span, sources));
    object["text"] = json!(label.text);
    object
}

/// Lines and columns are null for what is about no line.
fn located(place: &Place<'_>) -> Value {
    let [start, end] = match place.range {
        Some(range) => range.map(Some),
        None => [None; 2],
    };
    json!({
        "file": place.file,
        "line": start.map(|p| p.0),
        "column": start.map(|p| p.1),
        "endLine": end.map(|p| p.0),
        "endColumn": end.map(|p| p.1),
    })
}
