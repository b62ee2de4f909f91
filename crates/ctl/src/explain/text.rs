//! Explanations and tables of outcomes as text.

use std::io::{self, Write};

use evervip_lint::explain::Section;
use evervip_lint::group::Group;

use super::{Explanation, outcome};

/// Writes the explanations of all files, then what the nodes do together.
pub(super) fn write(
    explained: &[Explanation<'_>],
    group: Option<&Group<'_>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    for explanation in explained {
        if explained.len() > 1 {
            writeln!(out, "=== {} ===\n", clean(&explanation.node.name))?;
        }
        for section in &explanation.sections {
            write_section(section, out)?;
        }
        let assumed = &explanation.node.assumed;
        if !assumed.is_empty() {
            let assumed = clean(&assumed.join(", "));
            writeln!(out, "taken to be there: {assumed}\n")?;
        }
    }
    group.map_or(Ok(()), |group| write_outcomes(group, out))
}

/// Writes who is MASTER after each failure.
pub(crate) fn write_outcomes(group: &Group<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "=== who is MASTER ===\n")?;
    let tables = outcome::tables(group);
    tables.iter().try_for_each(|table| write_table(table, out))
}

fn write_section(section: &Section, out: &mut dyn Write) -> io::Result<()> {
    if section.topics.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", clean(&section.title))?;
    let width = section.topics.iter().map(|t| t.name.len()).max();
    let width = width.unwrap_or(0);
    for topic in &section.topics {
        let mut name = topic.name;
        for line in &topic.lines {
            writeln!(out, "  {name:width$}  {}", clean(line))?;
            name = "";
        }
    }
    writeln!(out)
}

fn write_table(table: &outcome::Table, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", clean(&table.title))?;
    let rows: Vec<&[String]> = std::iter::once(table.head.as_slice())
        .chain(table.rows.iter().map(Vec::as_slice))
        .collect();
    let columns = table.head.len();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{:width$}", clean(cell)))
            .collect();
        writeln!(out, "  {}", cells.join("  ").trim_end())?;
    }
    for note in &table.notes {
        writeln!(out, "  {}", clean(note))?;
    }
    writeln!(out)
}

/// A terminal must not act on what a file contains.
fn clean(text: &str) -> String {
    let safe = |c: char| if c.is_control() { '?' } else { c };
    text.chars().map(safe).collect()
}
