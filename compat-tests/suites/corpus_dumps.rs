//! The files that signals ask for, for real configurations that the original runs with, line by
//! line beside the original's.
//!
//! Both daemons start at the same time, each on a machine of its own with the same interfaces. They
//! are asked again and again until they say the same, for as long as it takes an instance to become
//! MASTER and longer: only what stays different is a difference.

use std::{
    net::IpAddr,
    process::Command,
    time::{Duration, Instant},
};

use evervip_lab::{Error, Lab, Node, Process, wait_until};

use crate::{
    corpus::{self, Entry},
    dumps::{DATA, JSON, JSON_SIGNAL, PARENT, STATISTICS, changes, normalised},
    ensure,
    models::{self, CONFIG},
    plan::{Combo, Plan},
    program::Program,
    verdict::Verdict,
};

/// How long two daemons may differ.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two questions.
const PACE: Duration = Duration::from_millis(300);

/// Configurations of which the dumps differ, each with the reason (docs/deviations.md).
const DIFFERENT: &[(&str, &str)] = &[
    ("092", "decimals of an interval"),
    ("093", "a route names the virtual MAC interface"),
    ("119", "an unknown block"),
    ("124", "decimals of an interval"),
    ("130", "a reader of a FIFO that is not there"),
    ("163", "json_version"),
    ("306", "a default interface that nothing uses"),
    ("315", "braces that do not match"),
];

/// What is not compared where the relay has a name: the original looks it up at the start.
const RELAY: [&str; 3] = [
    " Smtp server = ",
    " Smtp server port = ",
    " Smtp HELO name = ",
];

/// Adds a case for each configuration.
pub fn add(plan: &mut Plan) {
    let entries = corpus::entries().unwrap_or_else(|reason| {
        eprintln!("SKIPPED: dumps of real configurations: {reason}");
        Vec::new()
    });
    let differs = |entry: &Entry| DIFFERENT.iter().any(|(id, _)| *id == entry.id);
    let entries = entries.into_iter().filter(|e| e.has_vrrp && e.runs);
    for entry in entries.filter(|e| !differs(e)) {
        plan.compare(&format!("corpus-dumps::{}", entry.id), move |combo| {
            compare(combo, &entry)
        });
    }
}

fn compare(combo: &Combo, entry: &Entry) -> Verdict {
    let (left, right) = (Lab::new("dumps")?, Lab::new("dumps")?);
    let ours = Side::start(&left, &combo.subject, entry)?;
    let theirs = Side::start(&right, &combo.peer, entry)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (left, right) = (ours.ask()?, theirs.ask()?);
        if left == right {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "{}",
            changes(&left, &right).join("\n")
        );
        std::thread::sleep(PACE);
    }
}

/// A daemon on its machine.
struct Side {
    node: Node,
    daemon: Process,
    /// What begins so is not compared.
    left_out: &'static [&'static str],
}

impl Side {
    fn start(lab: &Lab, program: &Program, entry: &Entry) -> Verdict<Self> {
        let text = models::with_runnable_scripts(&entry.text);
        let node = models::machine(lab, "machine", entry, &text)
            .bind(&program.path, "/run/program/keepalived")
            .start()?;
        // The original stays in FAULT for a source address that is not its machine's yet.
        wait_until(PATIENCE, "the end of duplicate address detection", || {
            node.ip(&["-6", "address", "show", "tentative"])
                .is_ok_and(|list| list.is_empty())
        })?;
        node.write_file(CONFIG, &text, 0o644)?;
        let mut command = Command::new("/run/program/keepalived");
        command.args(["-n", "-l", "-D", "-P", "-f", CONFIG]);
        command.args(["-p", "/run/pid", "-r", "/run/vrrp", "-b", "/run/bfd"]);
        let daemon = node.spawn("keepalived", command)?;
        daemon.log().wait_for("Startup complete", PATIENCE)?;
        let relay = models::value_of(&text, "smtp_server");
        let has_name = relay.is_some_and(|relay| relay.parse::<IpAddr>().is_err());
        Ok(Self {
            node,
            daemon,
            left_out: if has_name { &RELAY } else { &[] },
        })
    }

    /// Every file, as lines.
    fn ask(&self) -> Verdict<Vec<String>> {
        let mut lines = Vec::new();
        for (file, signal) in [(DATA, "10"), (STATISTICS, "12"), (JSON, JSON_SIGNAL)] {
            lines.extend(normalised(&self.one(file, signal)?));
        }
        // Written by the first signal.
        lines.extend(normalised(&self.node.read_file(PARENT)?));
        lines.retain(|line| !self.left_out.iter().any(|start| line.starts_with(start)));
        // The kernel numbers interfaces as it likes.
        let lines = lines
            .into_iter()
            .map(|line| match line.split_once(", ifindex ") {
                Some((known, _)) => known.to_owned(),
                None => line,
            });
        Ok(lines.collect())
    }

    fn one(&self, file: &str, signal: &str) -> Verdict<String> {
        let _ = self.node.exec(&["rm", "-f", file])?;
        let pid = self.daemon.pid().to_string();
        let sent = self.node.exec(&["kill", "-s", signal, &pid])?;
        if !sent.status.success() {
            return Err(Error::new(format!(
                "the daemon has ended:\n{}",
                self.daemon.log().text()
            )));
        }
        // The original makes the file first and fills it then.
        let mut before = String::new();
        wait_until(PATIENCE, file, || {
            let text = self.node.read_file(file).unwrap_or_default();
            let settled = !text.is_empty() && text == before;
            before = text;
            settled
        })?;
        self.node.read_file(file)
    }
}
