//! What is handed out: manual pages and packages.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{cargo, target, top};

/// Writes manual pages and completions to `target/manual`.
pub(crate) fn man() -> Result<()> {
    let mut command = cargo();
    command
        .args([
            "run",
            "--quiet",
            "--locked",
            "--package",
            "evervip-manual",
            "--",
        ])
        .arg(target()?.join("manual"));
    succeed(&mut command)
}

/// Runs a command in the top directory; its failure is ours.
fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .current_dir(top()?)
        .status()
        .with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}
