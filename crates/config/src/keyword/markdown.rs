//! `docs/keywords.md`.

use std::fmt::Write;

use super::{BLOCKS, Keyword, Need, Shape, keywords};

/// The reference of all keywords as Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(HEAD);
    for (block, title) in BLOCKS {
        // Writing to a `String` cannot fail.
        let _ = write!(out, "\n## {title}\n\n{TABLE_HEAD}");
        for keyword in keywords(*block) {
            row(&mut out, keyword);
        }
    }
    out
}

fn row(out: &mut String, k: &Keyword) {
    let arguments = match (k.shape, k.arguments) {
        (Shape::Bool, _) => "[on/off]".to_owned(),
        (Shape::Keywords(_), "") => "{ … }".to_owned(),
        (Shape::Keywords(_), name) => format!("{name} {{ … }}"),
        (Shape::Flag | Shape::Words | Shape::Script | Shape::Values, text) => text.to_owned(),
    };
    let missing = match k.need {
        Need::Fatal => "exit 2",
        Need::Complain => "ignored",
        Need::Optional => "",
    };
    let cells = [
        format!("`{}`", k.name),
        arguments,
        missing.to_owned(),
        k.default.to_owned(),
        k.since.to_owned(),
        k.status.as_str().to_owned(),
        k.help.to_owned(),
    ];
    let cells: Vec<_> = cells.iter().map(|c| c.replace('|', "\\|")).collect();
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

const HEAD: &str = "\
# Keywords

Generated from the keyword table; do not edit.

\"Honoured\": *yes* - it does what it says; *accepted* - read, and there is nothing to do;
*not yet* - a warning says that it has no effect; *LVS* - this build runs no virtual servers.
\"Missing\": what a missing argument does. \"Since\": the first keepalived release, empty when older
than 2.0. A default that is itself a keyword means its value in `global_defs`.
";

const TABLE_HEAD: &str = "\
| Keyword | Arguments | Missing | Default | Since | Honoured | Meaning |
|---|---|---|---|---|---|---|
";
