//! `evervip-manual DIRECTORY`: writes all pages and completions there.

use std::path::PathBuf;

use anyhow::{Context, Result};

fn main() -> Result<()> {
    let directory = std::env::args_os()
        .nth(1)
        .context("usage: evervip-manual DIRECTORY")?;
    let directory = PathBuf::from(directory);
    std::fs::create_dir_all(&directory).with_context(|| format!("{}", directory.display()))?;
    for file in evervip_manual::files() {
        let path = directory.join(file.name);
        std::fs::write(&path, file.text).with_context(|| format!("{}", path.display()))?;
    }
    Ok(())
}
