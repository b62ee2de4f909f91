//! Python packages of programs that are built around keepalived, for the compat suite `clients`: those
//! of `compat-tests/suites/clients/requirements.txt`, below the target directory.
//!
//! They stay there until the list or Python changes. Where they cannot be had (no Python, no pip, no
//! registry), the cases that want them are not run.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::{target, top};

/// How long pip may take, in seconds: a minute where the registry is near.
const LONGEST: &str = "300";

/// Begins to install them; [`installed`] waits for the end.
pub(crate) fn begin() {
    thread::spawn(installed);
}

/// Whether they are there, after an attempt to install them; prints why not.
#[expect(clippy::print_stdout, reason = "the output of a chore")]
pub(crate) fn installed() -> bool {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    *INSTALLED.get_or_init(|| match install() {
        Ok(()) => true,
        Err(error) => {
            println!("SKIPPED: Python packages of clients cannot be installed: {error:#}");
            false
        }
    })
}

/// Leaves either nothing or all of them in `clients/modules`.
fn install() -> Result<()> {
    let requirements = top()?.join("compat-tests/suites/clients/requirements.txt");
    let directory = target()?.join("clients");
    let (modules, origin) = (directory.join("modules"), directory.join("made-of"));
    let wanted = fs::read_to_string(&requirements)? + &version()?;
    if fs::read_to_string(&origin).is_ok_and(|made_of| made_of == wanted) {
        return Ok(());
    }
    let unfinished = directory.join("unfinished");
    for old in [&modules, &unfinished] {
        if old.exists() {
            fs::remove_dir_all(old)?;
        }
    }
    fs::create_dir_all(&directory)?;
    pip(&requirements, &unfinished)?;
    fs::rename(&unfinished, &modules)?;
    fs::write(&origin, wanted)?;
    Ok(())
}

/// What `python3` calls itself: compiled packages are for one version.
fn version() -> Result<String> {
    let output = Command::new("python3").arg("--version").output();
    let output = output.context("python3")?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The list is complete, so nothing needs to be resolved; and nothing is built here.
fn pip(requirements: &Path, directory: &Path) -> Result<()> {
    let mut command = Command::new("timeout");
    command
        .args([LONGEST, "python3", "-m", "pip", "install", "--quiet"])
        .args(["--no-deps", "--only-binary", ":all:"])
        .args(["--retries", "1", "--timeout", "15"])
        .arg("--target")
        .arg(directory)
        .arg("--requirement")
        .arg(requirements)
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .stdin(Stdio::null());
    let output = command.output().context("timeout")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.trim_end().lines().last().unwrap_or_default();
    ensure!(output.status.success(), "pip: {}: {last}", output.status);
    Ok(())
}
