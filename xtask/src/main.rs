//! Chores of this repository: `cargo xtask layers`, `cargo xtask test`, `cargo xtask deb`.

mod clients;
mod docs;
mod examples;
mod layers;
mod notices;
mod package;
mod test;
mod tool;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

fn main() -> ExitCode {
    let task = std::env::args().nth(1).unwrap_or_default();
    let passed = match task.as_str() {
        "layers" => layers::run(),
        "examples" => examples::run(),
        "test" => Ok(test::run()),
        "clients" => Ok(clients::installed()),
        "guest" => test::run_guest(),
        "docs" => docs::run(),
        "man" => package::man().map(|()| true),
        "deb" => package::deb().map(|()| true),
        "rpm" => package::rpm().map(|()| true),
        "tarball" => package::tarball().map(|()| true),
        "static-test" => package::static_test(),
        "image-test" => package::image_test(),
        "systemd-test" => package::systemd_test(),
        "rpm-test" => package::rpm_test(),
        "install-test" => package::install_test(),
        _ => {
            eprintln!(
                "usage: cargo xtask TASK\n  layers    check which crate uses which\n  \
                 examples  check the configurations under examples/\n  \
                 test      run every test there is and count\n  \
                 clients   install Python packages that tests against keepalived use\n  \
                 guest     run the tests that need another kernel, under QEMU\n  \
                 docs      make the book out of docs/\n  \
                 man       write manual pages and shell completions\n  \
                 deb       pack the release build for Debian\n  \
                 rpm       pack it for Fedora and RHEL\n  \
                 tarball   build static programs and pack them\n  \
                 static-test    run those in a directory that has nothing else\n  \
                 image-test     build the container image and run it\n  \
                 rpm-test       install the .rpm with dnf, and go back\n  \
                 install-test   install the .deb over keepalived, and go back\n  \
                 systemd-test   do that under systemd, in a guest"
            );
            return ExitCode::from(2);
        }
    };
    match passed {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask {task}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The top directory of the repository.
fn top() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let top = here.parent().context("xtask has no parent directory")?;
    Ok(top.to_owned())
}

/// Where cargo puts what it builds.
fn target() -> Result<PathBuf> {
    let top = top()?;
    Ok(
        std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| top.join("target"), |dir| top.join(dir)),
    )
}

/// The cargo that runs us.
fn cargo() -> std::process::Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    std::process::Command::new(cargo)
}
