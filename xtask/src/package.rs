//! What is handed out: manual pages and packages, all from one build of the programs.
//!
//! `EVERVIP_PROFILE=dev` packs the debug build, for tests of the packages.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::{cargo, target, top};

/// A cargo subcommand that packs, in the version that our metadata is written for.
struct Packer {
    name: &'static str,
    version: &'static str,
}

const DEB: Packer = Packer {
    name: "cargo-deb",
    version: "3.8.0",
};

impl Packer {
    /// Its program; built below the target directory when this machine has none.
    fn program(&self) -> Result<PathBuf> {
        let root = target()?.join("tools");
        let program = root.join("bin").join(self.name);
        if !program.exists() {
            let mut install = cargo();
            install
                .args(["install", "--quiet", "--locked", "--debug", "--root"])
                .arg(&root)
                .arg(format!("{}@{}", self.name, self.version))
                .env("CARGO_TARGET_DIR", root.join("build"));
            succeed(&mut install)?;
        }
        Ok(program)
    }
}

/// The profile, and the directory below the target directory in which its programs are.
fn profile() -> Result<(&'static str, &'static str)> {
    match std::env::var("EVERVIP_PROFILE").as_deref() {
        Err(_) | Ok("release") => Ok(("release", "release")),
        Ok("dev") => Ok(("dev", "debug")),
        Ok(other) => bail!("EVERVIP_PROFILE is release or dev, not {other}"),
    }
}

/// Writes manual pages and completions to `manual` beside the programs, where the packers look for them.
pub(crate) fn man() -> Result<()> {
    let (_, directory) = profile()?;
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
        .arg(target()?.join(directory).join("manual"));
    succeed(&mut command)
}

/// Packs the programs, which must have been built, as `debian/evervip_*.deb` in the target directory.
pub(crate) fn deb() -> Result<()> {
    man()?;
    let (profile, _) = profile()?;
    let mut command = Command::new(DEB.program()?);
    command.args([
        "deb",
        "--quiet",
        "--no-build",
        "--package",
        "evervip-daemon",
    ]);
    command
        .args(["--profile", profile, "--output"])
        .arg(deb_file()?);
    succeed(&mut command)
}

/// Where the package is.
fn deb_file() -> Result<PathBuf> {
    Ok(target()?.join("debian/evervip.deb"))
}

/// Installs the package in a Debian made for it, over keepalived, and goes back.
pub(crate) fn install_test() -> Result<bool> {
    deb()?;
    let status = Command::new("sh")
        .arg(top()?.join("packaging/tests/install.sh"))
        .arg(deb_file()?)
        .arg(target()?.join("package-test"))
        .status()
        .context("sh")?;
    Ok(status.success())
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
