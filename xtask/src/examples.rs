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

/// One verdict per file, each printed.
#[expect(clippy::print_stdout, reason = "the output of a chore")]
pub(crate) fn check_all() -> Result<Vec<bool>> {
    let evervip = target()?.join("release/evervip");
    let top = top()?;
    let mut files = Vec::new();
    collect(&top.join("examples"), &mut files)?;
    ensure!(!files.is_empty(), "no configuration under examples/");
    files.sort();
    let mut verdicts = Vec::new();
    for file in files {
        let output = Command::new(&evervip)
            .args(["check", "--elsewhere"])
            .arg(&file)
            .output()
            .context("evervip")?;
        let good = ACCEPTED.contains(&output.status.code().unwrap_or(-1));
        let name = file.strip_prefix(&top).unwrap_or(&file).display();
        println!("example {name} ... {}", if good { "ok" } else { "FAILED" });
        if !good {
            println!(
                "{}{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr),
                output.status
            );
        }
        verdicts.push(good);
    }
    Ok(verdicts)
}

/// Whether a file is a configuration for keepalived, and not for another program of the example.
fn is_keepalived_conf(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".conf") && !FOREIGN.iter().any(|program| name.starts_with(program))
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
        } else if is_keepalived_conf(&path) {
            files.push(path);
        }
    }
    Ok(())
}
