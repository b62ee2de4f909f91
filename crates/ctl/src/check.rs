//! `evervip check`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use evervip_config::{Host, Mode, Options, load_with_tree, network_namespace};
use evervip_host::{SystemFiles, SystemHost, within_network_namespace};
use evervip_lint::{Elsewhere, Input};

use crate::explain;
use crate::pair::Nodes;
use crate::report::{self, Format, Report, Style};

/// What `check` is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Check {
    /// At least one.
    pub files: Vec<PathBuf>,
    /// Warnings count as failure.
    pub strict: bool,
    /// The files are for other machines.
    pub elsewhere: bool,
    /// The files are those of all nodes of a group.
    pub pair: bool,
    /// How diagnostics are written.
    pub format: Format,
    /// When they are coloured.
    pub colour: Colour,
    /// `-i` of the daemon.
    pub config_id: Option<String>,
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// On a terminal, unless the environment forbids it.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Check {
    /// Checks every file; the worst exit code wins.
    pub(crate) fn run(&self, on_terminal: bool, out: &mut dyn Write) -> io::Result<u8> {
        let mut reports: Vec<_> = self.files.iter().map(|file| self.report(file)).collect();
        let nodes = self
            .pair
            .then(|| Nodes::read(&self.files, self.config_id.as_deref()));
        if let Some(nodes) = &nodes {
            reports.push(pair_report(nodes));
        }
        report::write(&reports, self.format, self.style(on_terminal), out)?;
        if let (Some(nodes), Format::Text) = (&nodes, self.format) {
            explain::write_outcomes(&nodes.group(), out)?;
        }
        Ok(reports.iter().map(|r| self.exit_code(r)).max().unwrap_or(0))
    }

    fn report(&self, file: &Path) -> Report {
        let here = SystemHost::default();
        if self.elsewhere || self.pair {
            return self.report_elsewhere(file, &here);
        }
        let Some(name) = network_namespace(file, &SystemFiles, &here, &self.options()) else {
            return self.report_for(file, &here);
        };
        let within = || self.report_for(file, &SystemHost::default());
        within_network_namespace(&name, within).unwrap_or_else(|error| {
            let mut report = self.report_elsewhere(file, &here);
            let namespace = format!("the network namespace {name} ({error})");
            report.assumed.insert(0, namespace);
            report
        })
    }

    /// What this machine lacks is taken to be there.
    fn report_elsewhere(&self, file: &Path, here: &SystemHost) -> Report {
        let there = Elsewhere::new(here);
        let report = self.report_for(file, &there);
        Report {
            assumed: there.assumed(),
            ..report
        }
    }

    fn options(&self) -> Options {
        Options {
            config_id: self.config_id.clone(),
            ..Options::default()
        }
    }

    fn report_for(&self, file: &Path, host: &dyn Host) -> Report {
        let options = self.options();
        let (loaded, tree) = load_with_tree(file, &SystemFiles, host, Mode::Test, &options);
        let diagnostics = evervip_lint::check(&Input {
            loaded: &loaded,
            tree: &tree,
            host,
        });
        Report {
            name: file.display().to_string(),
            refused: loaded.start_failure().is_some(),
            assumed: Vec::new(),
            diagnostics,
            sources: loaded.sources,
        }
    }

    fn style(&self, on_terminal: bool) -> Style {
        match self.colour {
            Colour::Always => Style::Coloured,
            Colour::Auto if on_terminal => Style::Coloured,
            Colour::Auto | Colour::Never => Style::Plain,
        }
    }

    fn exit_code(&self, report: &Report) -> u8 {
        if report.refused || report.errors() > 0 {
            2
        } else {
            u8::from(self.strict && !report.diagnostics.is_empty())
        }
    }
}

/// What no single file shows.
fn pair_report(nodes: &Nodes) -> Report {
    let group = nodes.group();
    Report {
        name: nodes.names().join(", "),
        refused: false,
        assumed: Vec::new(),
        diagnostics: group.check(),
        sources: group.sources,
    }
}

#[cfg(test)]
mod tests;
