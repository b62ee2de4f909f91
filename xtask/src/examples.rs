//! Every configuration under `examples/` must pass the operator's own check.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{target, top};

/// Checks all of them; prints each verdict and says whether all are good.
pub(crate) fn run() -> Result<bool> {
    Ok(check_all()?.iter().all(|passed| *passed))
}

/// One verdict per file and per pair, each printed.
pub(crate) fn check_all() -> Result<Vec<bool>> {
    let evervip = target()?.join("release/evervip");
    let top = top()?;
    let mut files = Vec::new();
    collect(&top.join("examples"), &mut files)?;
    ensure!(!files.is_empty(), "no configuration under examples/");
    files.sort();
    let mut verdicts = Vec::new();
    for file in files {
        let name = file.strip_prefix(&top).unwrap_or(&file).to_owned();
        verdicts.push(check(&evervip, &["--elsewhere"], &top, &[name])?);
    }
    for [directory, one, other] in PAIRS {
        let directory = Path::new("examples").join(directory);
        let nodes = [directory.join(one), directory.join(other)];
        verdicts.push(check(&evervip, &["--pair"], &top, &nodes)?);
    }
    Ok(verdicts)
}

/// What `evervip check` says about files below the top directory, printed where it is bad.
#[expect(clippy::print_stdout, reason = "the output of a chore")]
fn check(evervip: &Path, options: &[&str], top: &Path, files: &[PathBuf]) -> Result<bool> {
    let mut command = Command::new(evervip);
    command.arg("check").args(options).args(files);
    let output = command.current_dir(top).output().context("evervip")?;
    let good = ACCEPTED.contains(&output.status.code().unwrap_or(-1));
    let names: Vec<_> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let verdict = if good { "ok" } else { "FAILED" };
    println!("example {} ... {verdict}", names.join(" with "));
    if !good {
        println!(
            "{}{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
            output.status
        );
    }
    Ok(good)
}

/// Directories below `examples/` with the files of two nodes of one group.
const PAIRS: &[[&str; 3]] = &[
    ["haproxy-pair", "master.conf", "backup.conf"],
    ["haproxy-pair/active-active", "lb1.conf", "lb2.conf"],
    ["failover-json", "a.json", "b.json"],
    [
        "route-server-failover",
        "keepalived-primary.conf",
        "keepalived-secondary.conf",
    ],
    [
        "route-server-failover/fast",
        "keepalived-primary.conf",
        "keepalived-secondary.conf",
    ],
    [
        "virtual-circuit-failover/as-posted",
        "node01.conf",
        "node02.conf",
    ],
    [
        "virtual-circuit-failover/better",
        "node01.conf",
        "node02.conf",
    ],
];

/// Whether a file is a configuration for the daemon, and not for another program of the example.
fn is_configuration(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_conf = name.ends_with(".conf") || name.ends_with(".json");
    is_conf && !FOREIGN.iter().any(|program| name.starts_with(program))
}

/// How the names of other programs' configurations begin.
const FOREIGN: [&str; 2] = ["bird", "exabgp"];

/// Exit codes of `evervip check` that an example may have.
const ACCEPTED: [i32; 1] = [0];

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if is_configuration(&path) {
            files.push(path);
        }
    }
    Ok(())
}
