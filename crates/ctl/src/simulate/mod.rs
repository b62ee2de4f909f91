//! `evervip simulate`: configurations of several nodes on a virtual network.
//!
//! * `file` - the scenario's file and the configurations that it names;
//! * `plan` - what it means for these nodes, step by step;
//! * `network` - the virtual network that the configurations describe;
//! * `limits` - what of them is left out;
//! * `play` - the run; `timeline`, `ownership` - what came of it;
//! * `text`, `json` - the same for people and for programs.

mod file;
mod json;
mod limits;
mod network;
mod ownership;
mod plan;
mod play;
mod text;
mod timeline;

use std::io::{self, Write};
use std::path::PathBuf;

use evervip_config::{Config, Loaded};

use crate::pair::Nodes;
use crate::report::{self, Format, Report, Style};
use file::{Lines, Other, ScenarioFile};
use plan::{Cast, Plan};
use play::{Play, Stage};

/// What `simulate` is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Simulate {
    /// One for each node.
    pub files: Vec<PathBuf>,
    /// What happens to them.
    pub scenario: Option<PathBuf>,
    /// Which of the possible runs.
    pub seed: u64,
    /// `-i` of the daemon.
    pub config_id: Option<String>,
    /// Text or JSON.
    pub format: Format,
}

/// Exit code when something was expected otherwise, or the scenario is wrong.
const UNEXPECTED: u8 = 1;
/// Exit code when the daemon would refuse one of the files.
const REFUSED: u8 = 2;

impl Simulate {
    /// Runs the scenario. The exit code is 0 when everything expected came true.
    pub(crate) fn run(&self, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
        let nodes = Nodes::read(&self.files, self.config_id.as_deref());
        for node in nodes.all.iter().filter(|node| node.loaded.config.is_none()) {
            for line in node.loaded.log_lines() {
                writeln!(err, "{line}")?;
            }
        }
        if nodes.all.iter().any(|node| node.loaded.config.is_none()) {
            return Ok(REFUSED);
        }
        let file = match self.scenario.as_deref().map(ScenarioFile::read).transpose() {
            Ok(file) => file,
            Err(report) => return self.mistaken(report, err),
        };
        let others = file.as_ref().map(|file| file.others(&nodes));
        let others = others.unwrap_or_default();
        let (plan, lines) = match file.map(|file| file.plan(&cast(&nodes, &others))) {
            None => (Plan::death(), Lines::none()),
            Some(Ok(plan)) => plan,
            Some(Err(report)) => return self.mistaken(report, err),
        };
        let stage = Stage {
            names: &nodes.names(),
            network: network(&nodes, &others),
            others: &others,
            plan: &plan,
            lines: &lines,
            left_out: left_out(&nodes, &others),
            seed: self.seed,
        };
        let play = Play::perform(&stage);
        match self.format {
            Format::Json => json::write(&play, out)?,
            Format::Text | Format::Short => text::write(&play, out)?,
        }
        Ok(if play.failed.is_empty() {
            0
        } else {
            UNEXPECTED
        })
    }

    fn mistaken(&self, report: Report, err: &mut dyn Write) -> io::Result<u8> {
        report::write(&[report], self.format, Style::Plain, err)?;
        Ok(UNEXPECTED)
    }
}

/// Every node with all that it runs in the course of the scenario.
fn cast<'a>(nodes: &'a Nodes, others: &'a [Other]) -> Vec<Cast<'a>> {
    let cast = nodes.all.iter().enumerate().map(|(number, node)| {
        let first: Option<&Config> = node.loaded.config.as_ref();
        let later = others.iter().filter(|other| other.node == number);
        let later = later.filter_map(|other| other.read.loaded.config.as_ref());
        Cast {
            name: &node.name,
            configs: first.into_iter().chain(later).collect(),
        }
    });
    cast.collect()
}

/// A network on which all these configurations can run.
fn network(nodes: &Nodes, others: &[Other]) -> Vec<evervip_simulation::Node> {
    let usable = others.iter().filter(|o| o.read.loaded.config.is_some());
    let later = usable.map(|other| nodes.group_with(other.node, &other.read));
    let groups: Vec<_> = [nodes.group()].into_iter().chain(later).collect();
    network::nodes(&groups)
}

fn left_out(nodes: &Nodes, others: &[Other]) -> Vec<String> {
    let first = nodes.all.iter();
    let all = first.chain(others.iter().map(|other| &other.read));
    let all: Vec<(&str, &Loaded)> = all.map(|n| (n.name.as_str(), &n.loaded)).collect();
    limits::left_out(&all)
}
