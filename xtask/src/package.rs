//! What is handed out: manual pages and packages, all from one build of the programs.
//!
//! `EVERVIP_PROFILE=dev` packs the debug build, for tests of the packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::notices::{self, Linking};
use crate::tool::Tool;
use crate::{cargo, docs, target, top};

const DEB: Tool = Tool {
    name: "cargo-deb",
    version: "3.8.0",
    arguments: &[],
};

const RPM: Tool = Tool {
    name: "cargo-generate-rpm",
    version: "0.21.1",
    arguments: &[],
};

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

/// Where the packers find the licences of what the programs are linked with.
fn write_notices() -> Result<()> {
    let (_, directory) = profile()?;
    let file = target()?.join(directory).join("notices").join(NOTICES);
    notices::write(&file, Linking::Dynamic)
}

const NOTICES: &str = "THIRD-PARTY-NOTICES";

/// Writes what both packers look for beside the programs: manual pages as packages have them, the
/// documentation and the notices.
fn write_companions() -> Result<()> {
    man()?;
    let (_, directory) = profile()?;
    let built = target()?.join(directory);
    let pages = MANUAL_PAGES.map(|page| built.join("manual").join(page));
    // Neither name nor time: the same page always gives the same file.
    succeed(Command::new("gzip").args(["-9nfk"]).args(pages))?;
    docs::write_pages(&built.join("pages"))?;
    write_notices()
}

const MANUAL_PAGES: [&str; 3] = ["keepalived.8", "keepalived.conf.5", "evervip.1"];

/// Packs the programs, which must have been built, as `debian/evervip.deb` in the target directory.
pub(crate) fn deb() -> Result<()> {
    write_companions()?;
    let (profile, _) = profile()?;
    let mut command = Command::new(DEB.program()?);
    command.args([
        "deb",
        "--quiet",
        "--no-build",
        // Of its own accord it keeps the line tables of our profile, which are most of the size.
        "--strip",
        "--package",
        "evervip-daemon",
    ]);
    command
        .args(["--profile", profile, "--output"])
        .arg(deb_file()?);
    succeed(&mut command)
}

/// Packs the programs, which must have been built, as `rpm/evervip.rpm` in the target directory.
pub(crate) fn rpm() -> Result<()> {
    write_companions()?;
    let (profile, directory) = profile()?;
    let built = target()?.join(directory);
    // cargo-generate-rpm takes files as they are.
    strip(&built, &built.join("stripped"))?;
    let package = rpm_file()?;
    std::fs::create_dir_all(target()?.join("rpm"))?;
    let mut command = Command::new(RPM.program()?);
    command.args([
        "generate-rpm",
        "--package",
        "crates/daemon",
        "--profile",
        profile,
    ]);
    // On Debian the libraries' names are asked of ldd: what rpm brings along knows no such file.
    command.args([
        "--auto-req",
        "builtin",
        "--payload-compress",
        "gzip",
        "--target-dir",
    ]);
    command.arg(target()?).arg("--output").arg(package);
    succeed(&mut command)
}

/// Puts copies of the programs without symbols into a directory.
fn strip(built: &Path, stripped: &Path) -> Result<()> {
    std::fs::create_dir_all(stripped)?;
    for program in PROGRAMS {
        let mut command = Command::new("strip");
        command
            .arg("-o")
            .arg(stripped.join(program))
            .arg(built.join(program));
        succeed(&mut command)?;
    }
    Ok(())
}

/// Builds static programs and packs them with manual pages, unit and completions as
/// `evervip-VERSION-linux-ARCH.tar.gz`; beside it is the directory that it was made of, for the image.
pub(crate) fn tarball() -> Result<()> {
    man()?;
    let (profile, directory) = profile()?;
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    // A directory of its own, since other flags would build everything anew each time.
    let built = target()?.join("static");
    let mut build = cargo();
    build
        .args([
            "build",
            "--locked",
            "--profile",
            profile,
            "--target",
            &triple,
        ])
        .args(["--package", "evervip-daemon", "--package", "evervip-ctl"])
        // Without --target these flags would be for build scripts and macros, too.
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .env("CARGO_TARGET_DIR", &built);
    succeed(&mut build)?;
    let root = tarball_root()?;
    docs::write_pages(&root)?;
    let programs = root.join("programs");
    strip(&built.join(&triple).join(directory), &programs)?;
    let manual = target()?.join(directory).join("manual");
    for (from, to) in TARBALL {
        let from = match from.split_once('/') {
            Some(("programs", name)) => programs.join(name),
            Some(("manual", name)) => manual.join(name),
            _ => top()?.join(from),
        };
        let to = root.join(to);
        std::fs::create_dir_all(to.parent().context("a file stands in a directory")?)?;
        std::fs::copy(&from, &to).with_context(|| format!("{}", from.display()))?;
    }
    std::fs::remove_dir_all(&programs)?;
    notices::write(&root.join(NOTICES), Linking::Static)?;
    let name = root.file_name().context("it has a name")?;
    let mut file = root.clone().into_os_string();
    file.push(".tar.gz");
    let mut tar = Command::new("tar");
    tar.args(["--owner=0", "--group=0", "--sort=name", "-czf"])
        .arg(file);
    tar.arg("-C").arg(target()?.join("tarball")).arg(name);
    succeed(&mut tar)
}

/// The directory that the tarball is made of.
fn tarball_root() -> Result<PathBuf> {
    let version = env!("CARGO_PKG_VERSION");
    let arch = std::env::consts::ARCH;
    Ok(target()?.join(format!("tarball/evervip-{version}-linux-{arch}")))
}

/// What is in the tarball: from where, and where below its directory.
const TARBALL: &[(&str, &str)] = &[
    ("programs/keepalived", "sbin/keepalived"),
    ("programs/evervip", "bin/evervip"),
    ("manual/keepalived.8", "share/man/man8/keepalived.8"),
    (
        "manual/keepalived.conf.5",
        "share/man/man5/keepalived.conf.5",
    ),
    ("manual/evervip.1", "share/man/man1/evervip.1"),
    (
        "manual/evervip.bash",
        "share/bash-completion/completions/evervip",
    ),
    ("manual/_evervip", "share/zsh/site-functions/_evervip"),
    (
        "manual/evervip.fish",
        "share/fish/vendor_completions.d/evervip.fish",
    ),
    (
        "manual/keepalived.bash",
        "share/bash-completion/completions/keepalived",
    ),
    ("manual/_keepalived", "share/zsh/site-functions/_keepalived"),
    (
        "manual/keepalived.fish",
        "share/fish/vendor_completions.d/keepalived.fish",
    ),
    (
        "packaging/systemd/debian.service",
        "share/evervip/keepalived.service",
    ),
    ("packaging/systemd/strict.conf", "share/evervip/strict.conf"),
    (
        "packaging/dbus/org.keepalived.Vrrp1.conf",
        "share/dbus-1/system.d/org.keepalived.Vrrp1.conf",
    ),
    (
        "packaging/dbus/org.keepalived.Vrrp1.Instance.xml",
        "share/dbus-1/interfaces/org.keepalived.Vrrp1.Instance.xml",
    ),
    (
        "packaging/dbus/org.keepalived.Vrrp1.Vrrp.xml",
        "share/dbus-1/interfaces/org.keepalived.Vrrp1.Vrrp.xml",
    ),
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
];

const PROGRAMS: &[&str] = &["keepalived", "evervip"];

/// Where the package is.
fn deb_file() -> Result<PathBuf> {
    Ok(target()?.join("debian/evervip.deb"))
}

/// Where the package for Fedora and RHEL is.
fn rpm_file() -> Result<PathBuf> {
    Ok(target()?.join("rpm/evervip.rpm"))
}

/// Installs that package with dnf in the place of a stand-in for keepalived's, and goes back.
pub(crate) fn rpm_test() -> Result<bool> {
    rpm()?;
    run_test("rpm.sh", &[rpm_file()?, work()?])
}

/// Installs the package in a Debian made for it, over keepalived, and goes back.
pub(crate) fn install_test() -> Result<bool> {
    deb()?;
    run_test("install.sh", &[deb_file()?, work()?])
}

/// Runs the static programs in a directory that has nothing else.
pub(crate) fn static_test() -> Result<bool> {
    tarball()?;
    run_test("static.sh", &[tarball_root()?, work()?])
}

/// Builds the container image of those and runs it, with a docker daemon of its own.
pub(crate) fn image_test() -> Result<bool> {
    tarball()?;
    run_test("image.sh", &[tarball_root()?, work()?])
}

/// Installs the package in a guest with systemd, over a running keepalived, and puts it through its paces.
pub(crate) fn systemd_test() -> Result<bool> {
    deb()?;
    let kernel = target()?.join("guest/kernel");
    run_test("systemd.sh", &[deb_file()?, work()?, kernel])
}

/// Where the tests keep their Debian.
fn work() -> Result<PathBuf> {
    Ok(target()?.join("package-test"))
}

/// Runs a script of `packaging/tests`; says whether it passed.
fn run_test(script: &str, arguments: &[PathBuf]) -> Result<bool> {
    std::fs::create_dir_all(work()?)?;
    let mut command = Command::new("sh");
    command
        .arg(top()?.join("packaging/tests").join(script))
        .args(arguments);
    let status = command.status().with_context(|| format!("{command:?}"))?;
    Ok(status.success())
}

/// Runs a command in the top directory; its failure is ours.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .current_dir(top()?)
        .status()
        .with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// What the daemon's manifest says for packers.
    fn metadata() -> Value {
        let output = cargo()
            .current_dir(top().unwrap())
            .args([
                "metadata",
                "--format-version=1",
                "--no-deps",
                "--offline",
                "--locked",
            ])
            .output()
            .unwrap();
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let daemon = packages.iter().find(|p| p["name"] == "evervip-daemon");
        daemon.unwrap()["metadata"].clone()
    }

    /// Files of the repository, or what the build makes.
    fn check_source(from: &Path, source: &str) {
        let built = ["manual/", "programs/", "target/release/"];
        if built.iter().any(|prefix| source.starts_with(prefix)) {
            return;
        }
        let path = from.join(source.split('*').next().unwrap());
        assert!(path.exists(), "{source} is not in the repository");
    }

    #[test]
    fn what_the_packages_take_is_there() {
        let (metadata, top) = (metadata(), top().unwrap());
        let deb = &metadata["deb"];
        for asset in deb["assets"].as_array().unwrap() {
            check_source(&top.join("crates/daemon"), asset[0].as_str().unwrap());
        }
        let rpm = metadata["generate-rpm"].as_object().unwrap();
        for asset in rpm["assets"].as_array().unwrap() {
            check_source(&top, asset["source"].as_str().unwrap());
        }
        for (_, script) in rpm.iter().filter(|(name, _)| name.ends_with("_script")) {
            check_source(&top, script.as_str().unwrap());
        }
        for (source, _) in TARBALL {
            check_source(&top, source);
        }
    }

    /// Where each form puts its files, without directories and endings that are its own.
    #[test]
    fn all_forms_have_the_same_pages_and_completions() {
        let metadata = metadata();
        let of = |sources: Vec<&str>| {
            let mut names: Vec<_> = sources
                .into_iter()
                .filter(|source| source.contains("manual/"))
                .filter_map(|source| source.rsplit('/').next())
                .map(|name| name.trim_end_matches(".gz").to_owned())
                .collect();
            names.sort();
            names
        };
        let deb = metadata["deb"]["assets"].as_array().unwrap();
        let rpm = metadata["generate-rpm"]["assets"].as_array().unwrap();
        let deb = of(deb.iter().map(|a| a[0].as_str().unwrap()).collect());
        let rpm = of(rpm.iter().map(|a| a["source"].as_str().unwrap()).collect());
        assert_eq!(deb.len(), 9, "{deb:?}");
        assert_eq!(deb, rpm);
        assert_eq!(deb, of(TARBALL.iter().map(|(source, _)| *source).collect()));
    }

    #[test]
    fn the_changelog_of_debian_names_this_version() {
        let changelog = top().unwrap().join("packaging/debian/changelog");
        let changelog = std::fs::read_to_string(changelog).unwrap();
        let version = concat!("evervip (", env!("CARGO_PKG_VERSION"), "-1) ");
        assert!(changelog.starts_with(version), "{changelog}");
    }

    #[test]
    fn shells_read_the_scripts() {
        let packaging = top().unwrap().join("packaging");
        let mut read = 0;
        for directory in ["debian", "rpm", "tests"] {
            for entry in std::fs::read_dir(packaging.join(directory)).unwrap() {
                let path = entry.unwrap().path();
                let is_script = path.extension().is_some_and(|extension| extension == "sh")
                    || std::fs::read(&path).is_ok_and(|text| text.starts_with(b"#!"));
                if !is_script {
                    continue;
                }
                let output = Command::new("sh").arg("-n").arg(&path).output().unwrap();
                let complaint = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{}: {complaint}", path.display());
                read += 1;
            }
        }
        assert!(read > 10, "{read}");
    }

    #[test]
    fn units_differ_in_their_options_alone() {
        let units = top().unwrap().join("packaging/systemd");
        let read = |name: &str| std::fs::read_to_string(units.join(name)).unwrap();
        let debian = read("debian.service")
            .replace("the Debian package", "the RPM package")
            .replace("/etc/default/", "/etc/sysconfig/")
            .replace("$DAEMON_ARGS", "$KEEPALIVED_OPTIONS");
        assert_eq!(debian, read("rpm.service"));
    }
}
