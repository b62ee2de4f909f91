//! What both programs say to a configuration under `-t`.

use std::{collections::BTreeSet, path::Path, process::Command};

use evervip_lab::{Interface, Lab, Node};

use crate::{plan::Combo, verdict::Verdict};

/// Interfaces of the node on which configurations are tested; the same that the tests of the
/// loader invent.
const INTERFACES: [&str; 8] = [
    "eth0", "eth1", "eth2", "eth3", "ens192", "ens33", "enp0s3", "bond0",
];

/// Name of the configuration in every test run.
const FILE: &str = "k";

/// Where the two programs are asked.
#[derive(Debug)]
pub struct Bench<'a> {
    combo: &'a Combo,
    node: Node,
    /// Last: it is removed after the node.
    _lab: Lab,
}

/// Exit code and complaints.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    /// `None` when a signal ended it.
    pub code: Option<i32>,
    /// The complaints, each once: the original repeats some for every pass over the file.
    pub lines: BTreeSet<String>,
}

impl<'a> Bench<'a> {
    /// A node with the usual interfaces and further ones.
    pub fn new(combo: &'a Combo, further: &BTreeSet<String>) -> Verdict<Self> {
        let lab = Lab::new("verdicts")?;
        let usual = INTERFACES.iter().map(|name| (*name).to_owned());
        let names: BTreeSet<_> = usual.chain(further.iter().cloned()).collect();
        let mut node = lab.node("machine");
        for (at, name) in names.iter().enumerate() {
            let address = format!("10.{}.{}.1/24", 128 + at / 250, at % 250 + 1);
            node = node.interface(Interface::new(name).address(&address));
        }
        let node = node
            .bind(&combo.subject.path, "/run/ours/keepalived")
            .bind(&combo.peer.path, "/run/theirs/keepalived")
            .start()?;
        Ok(Self {
            combo,
            node,
            _lab: lab,
        })
    }

    /// What evervip says.
    pub fn ours(&self, text: &[u8]) -> Verdict<Said> {
        debug_assert!(self.combo.subject.is_ours());
        let (code, stderr) = self.ask("/run/ours/keepalived", text)?;
        let mut lines = BTreeSet::new();
        for line in stderr.lines() {
            // Indented lines are our remedies; what this version does not honour is no complaint.
            let is_ours = line.starts_with("    ")
                || line.ends_with("supported by this version")
                || line.ends_with("not run by this build");
            if !is_ours {
                lines.insert(line.to_owned());
            }
        }
        Ok(Said { code, lines })
    }

    /// What the original says.
    pub fn theirs(&self, text: &[u8]) -> Verdict<Said> {
        let (code, stderr) = self.ask("/run/theirs/keepalived", text)?;
        let lines = stderr.lines().map(|line| {
            line.strip_prefix("(Line ")
                .map_or_else(|| line.to_owned(), |rest| format!("({FILE}: Line {rest}"))
        });
        Ok(Said {
            code,
            lines: lines.collect(),
        })
    }

    fn ask(&self, program: &str, text: &[u8]) -> Verdict<(Option<i32>, String)> {
        self.node
            .write_file(Path::new("/tmp").join(FILE), text, 0o644)?;
        // A relative name, as messages show it; the shell enters the node's own /tmp.
        let shell = format!("cd /tmp && exec timeout 20 {program} -t -f {FILE}");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &shell]);
        let output = self.node.output(command)?;
        Ok((output.status.code(), output.stderr))
    }
}
