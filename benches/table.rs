//! The result.

use std::process::Command;

use anyhow::Result;

use crate::Programs;

/// A line of the result.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    what: String,
    values: [Value; 2],
    goal: Option<Goal>,
}

/// Something measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    /// Milliseconds.
    Milliseconds(f64),
    /// Mebibytes.
    Mebibytes(f64),
    /// Advert intervals.
    Intervals(f64),
    /// How many times as much.
    Factor(f64),
    /// Hundredths.
    Percent(f64),
    /// A number of things.
    Count(f64),
    /// Whether it happened.
    Happened(bool),
}

/// What ours has to reach.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// In the row's own unit.
    AtMost(f64),
    /// As a multiple of theirs.
    TimesTheirs(f64),
    /// For `Happened`.
    Is(bool),
}

impl Row {
    /// A line without a goal; `values` are ours and theirs.
    pub(crate) fn new(what: impl Into<String>, values: [Value; 2]) -> Self {
        Self {
            what: what.into(),
            values,
            goal: None,
        }
    }

    /// The same line with a goal.
    pub(crate) fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    fn ratio(&self) -> Option<f64> {
        let [ours, theirs] = self.values;
        let (ours, theirs) = (ours.number()?, theirs.number()?);
        (theirs > 0.0 && ours >= 0.0).then(|| ours / theirs)
    }

    fn reached(&self) -> Option<bool> {
        let [ours, _] = self.values;
        Some(match self.goal? {
            Goal::AtMost(limit) => ours.number()? <= limit,
            Goal::TimesTheirs(limit) => self.ratio()? <= limit,
            Goal::Is(wanted) => ours == Value::Happened(wanted),
        })
    }
}

impl Value {
    fn number(self) -> Option<f64> {
        match self {
            Self::Milliseconds(n)
            | Self::Mebibytes(n)
            | Self::Intervals(n)
            | Self::Factor(n)
            | Self::Percent(n)
            | Self::Count(n) => Some(n),
            Self::Happened(_) => None,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Milliseconds(n) if n.abs() < 20.0 => format!("{n:.3} ms"),
            Self::Milliseconds(n) => format!("{n:.1} ms"),
            Self::Mebibytes(n) => format!("{n:.2} MiB"),
            Self::Intervals(n) => format!("{n:.2} int"),
            Self::Factor(n) => format!("{n:.1} x"),
            Self::Percent(n) => format!("{n:.2} %"),
            Self::Count(n) => format!("{n:.0}"),
            Self::Happened(true) => "yes".to_owned(),
            Self::Happened(false) => "no".to_owned(),
        }
    }
}

/// All lines.
#[derive(Debug)]
pub(crate) struct Table {
    heading: Vec<String>,
    rows: Vec<Row>,
    errors: Vec<String>,
}

impl Table {
    /// An empty table that names the programs.
    pub(crate) fn new(programs: &Programs) -> Self {
        let heading = [("ours", &programs.ours), ("theirs", &programs.theirs)]
            .map(|(side, path)| format!("{side:<7} {} ({})", path.display(), version(path)));
        Self {
            heading: heading.into(),
            rows: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Adds lines, or the reason why there are none.
    pub(crate) fn add(&mut self, title: &str, rows: Result<Vec<Row>>) {
        match rows {
            Ok(rows) => self.rows.extend(rows),
            Err(error) => self.errors.push(format!("{title}: {error:#}")),
        }
    }

    /// Prints everything; says whether everything could be measured.
    #[expect(clippy::print_stdout, reason = "the table is the output")]
    pub(crate) fn print(&self) -> bool {
        println!();
        for line in &self.heading {
            println!("{line}");
        }
        println!(
            "\n{:<52} {:>13} {:>13} {:>7}  goal",
            "", "ours", "theirs", "ratio"
        );
        for row in &self.rows {
            let [ours, theirs] = row.values.map(Value::text);
            let ratio = row.ratio().map_or(String::new(), |r| format!("{r:.2}"));
            println!(
                "{:<52} {ours:>13} {theirs:>13} {ratio:>7}  {}",
                row.what,
                goal_text(row)
            );
        }
        for error in &self.errors {
            println!("NOT MEASURED {error}");
        }
        let missed = self
            .rows
            .iter()
            .filter(|row| row.reached() == Some(false))
            .count();
        let goals = self.rows.iter().filter(|row| row.goal.is_some()).count();
        println!("\n{} of {goals} goals reached", goals - missed);
        self.errors.is_empty()
    }
}

fn goal_text(row: &Row) -> String {
    let text = match row.goal {
        None => return String::new(),
        Some(Goal::AtMost(limit)) => format!("<= {limit}"),
        Some(Goal::TimesTheirs(limit)) => format!("<= {limit:.1} x"),
        Some(Goal::Is(true)) => "yes".to_owned(),
        Some(Goal::Is(false)) => "no".to_owned(),
    };
    let mark = if row.reached() == Some(true) {
        "reached"
    } else {
        "MISSED"
    };
    format!("{text:<8} {mark}")
}

/// First line of what a program says about itself.
fn version(program: &std::path::Path) -> String {
    let output = Command::new(program).arg("-v").output();
    let bytes = output.map_or_else(
        |_| Vec::new(),
        |output| [output.stderr, output.stdout].concat(),
    );
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.lines().next().unwrap_or("unknown").to_owned()
}

/// The median; 0 of nothing.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which the share `q` of all values lies; 0 of nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an index into a short list"
)]
pub(crate) fn quantile(values: &mut [f64], q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let index = (last as f64 * q).round() as usize;
    values.get(index).copied().unwrap_or(0.0)
}
