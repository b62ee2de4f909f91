//! The file of a scenario, and the configurations that it names.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use evervip_config::{Class, Code, Diagnostic, FileId, Severity, SourceMap, Span};

use super::plan::{Cast, Plan};
use crate::pair::{Node, Nodes};
use crate::report::Report;
use crate::scenario::{Deed, Mistake, Scenario, Statement};

/// A scenario that could be read.
pub(super) struct ScenarioFile {
    path: PathBuf,
    sources: SourceMap,
    id: FileId,
    scenario: Scenario,
}

/// A configuration that a node is to reload.
pub(super) struct Other {
    pub(super) node: usize,
    /// As the scenario names it.
    pub(super) name: String,
    pub(super) read: Node,
}

/// Longest file: a hundred times what anybody writes.
const LONGEST: usize = 1 << 20;
/// So many mistakes are shown.
const MOST_SAID: usize = 100;

impl ScenarioFile {
    pub(super) fn read(path: &Path) -> Result<Self, Report> {
        let name = path.display().to_string();
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let text = format!("cannot read {name}: {error}");
                let mut diagnostic = Diagnostic::new(Code::UnreadableFile, Class::General, text);
                diagnostic.severity = Severity::Error;
                return Err(report(path, SourceMap::default(), vec![diagnostic]));
            }
        };
        let (scenario, mistakes) = match text(&bytes) {
            Ok(text) => Scenario::parse(text),
            Err(mistake) => (Scenario::default(), vec![mistake]),
        };
        let (sources, id) = SourceMap::of_file(&name, bytes);
        let file = Self {
            path: path.to_owned(),
            sources,
            id,
            scenario,
        };
        if mistakes.is_empty() {
            Ok(file)
        } else {
            Err(file.report(mistakes))
        }
    }

    fn report(self, mut mistakes: Vec<Mistake>) -> Report {
        mistakes.sort_by_key(|mistake| mistake.at.start);
        let mistakes = mistakes.into_iter().take(MOST_SAID);
        let diagnostics = mistakes.map(|mistake| mistake.diagnostic(self.id));
        report(&self.path, self.sources, diagnostics.collect())
    }

    /// The configurations that its reloads name, each once for each node.
    pub(super) fn others(&self, nodes: &Nodes) -> Vec<Other> {
        let names = nodes.names();
        let directory = self.path.parent().unwrap_or(Path::new(""));
        let mut seen = BTreeSet::new();
        let mut others = Vec::new();
        for statement in &self.scenario.statements {
            let Statement::At {
                deed: Deed::Reload { node, file },
                ..
            } = &statement.what
            else {
                continue;
            };
            let Some(node) = names.iter().position(|name| *name == node.what) else {
                continue;
            };
            if seen.insert((node, &file.what)) {
                others.push(Other {
                    node,
                    name: file.what.clone(),
                    read: nodes.read_other(node, &directory.join(&file.what)),
                });
            }
        }
        others
    }

    /// What it means for these nodes.
    pub(super) fn plan(self, nodes: &[Cast<'_>]) -> Result<(Plan, Lines), Report> {
        let (plan, mistakes) = Plan::new(&self.scenario, nodes);
        if mistakes.is_empty() {
            Ok((plan, Lines(Some((self.sources, self.id)))))
        } else {
            Err(self.report(mistakes))
        }
    }
}

/// Tells on which line of the scenario something stands.
pub(super) struct Lines(Option<(SourceMap, FileId)>);

impl Lines {
    /// There is no scenario.
    pub(super) const fn none() -> Self {
        Self(None)
    }

    /// The line, from 1.
    pub(super) fn of(&self, place: Option<&Range<usize>>) -> Option<usize> {
        let (sources, file) = self.0.as_ref()?;
        let start = u32::try_from(place?.start).ok()?;
        let span = Span {
            file: *file,
            start,
            end: start,
        };
        Some(sources.position(span).line)
    }
}

fn text(bytes: &[u8]) -> Result<&str, Mistake> {
    let mistake = |code, at, message: String| Mistake {
        code,
        at,
        message,
        help: None,
    };
    if bytes.len() > LONGEST {
        let message = format!("a scenario has {LONGEST} bytes at most");
        return Err(mistake(Code::Limit, 0..0, message));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let message = "this is not UTF-8".to_owned();
        mistake(Code::InvalidValue, at..at + 1, message)
    })
}

fn report(path: &Path, sources: SourceMap, diagnostics: Vec<Diagnostic>) -> Report {
    Report {
        name: path.display().to_string(),
        refused: true,
        assumed: Vec::new(),
        diagnostics,
        sources,
    }
}
