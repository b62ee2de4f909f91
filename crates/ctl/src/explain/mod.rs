//! `evervip explain`: what the daemon will do, for people.

mod json;
mod outcome;
mod text;

use std::io::{self, Write};
use std::path::PathBuf;

use evervip_config::print::Names;
use evervip_host::SystemNames;
use evervip_lint::explain::{Section, explain};

use crate::pair::{Node, Nodes};
use crate::report::Format;

pub(crate) use text::write_outcomes;

/// What `explain` is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explain {
    /// At least one.
    pub files: Vec<PathBuf>,
    /// The files are those of all nodes of a group.
    pub pair: bool,
    /// Text for people, JSON for programs.
    pub format: Format,
    /// `-i` of the daemon.
    pub config_id: Option<String>,
}

/// The names of users on the node that a file is for.
struct NodeNames<'a>(&'a Node);

impl Names for NodeNames<'_> {
    fn user(&self, uid: u32) -> Option<String> {
        let mut assumed = self.0.users.iter();
        let known = assumed.find(|(id, _)| *id == uid);
        known
            .map(|(_, name)| name.clone())
            .or_else(|| SystemNames.user(uid))
    }

    fn group(&self, gid: u32) -> Option<String> {
        SystemNames.group(gid)
    }
}

/// One configuration explained.
struct Explanation<'a> {
    node: &'a Node,
    sections: Vec<Section>,
}

impl Explain {
    /// Explains every file, and what the nodes do together. The exit code is 2 when the daemon
    /// would refuse one of the files; the log says why.
    pub(crate) fn run(&self, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
        let nodes = Nodes::read(&self.files, self.config_id.as_deref());
        let mut code = 0;
        let mut explained = Vec::new();
        for node in &nodes.all {
            let Some(config) = &node.loaded.config else {
                for line in node.loaded.log_lines() {
                    writeln!(err, "{line}")?;
                }
                code = 2;
                continue;
            };
            explained.push(Explanation {
                node,
                sections: explain(config, &node.loaded.diagnostics, &NodeNames(node)),
            });
        }
        let group = self.pair.then(|| nodes.group());
        match self.format {
            Format::Json => json::write(&explained, group.as_ref(), out)?,
            Format::Text | Format::Short => text::write(&explained, group.as_ref(), out)?,
        }
        Ok(code)
    }
}

#[cfg(test)]
mod tests;
